"""What survival is estimated of: each endpoint as data, with its events, what competes with them, and who is at risk.

The days of the causes are decided in cases/endpoints.py and counted in reports/cohorts.py. Endpoints are those of the
RESAR registry (NCT03838718) and patency of the graft. Pure.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from reports.remarks import mark

# Raise it when a day of cases/endpoints.py comes to mean something else: tables of both meanings never meet.
MEANING_OF_DAYS = 1
LANDMARK_DAYS = (
    90  # who dies by then died of the operation as much as of the disease (EARLY_DAYS of cases/endpoints.py)
)
LANDMARK: Literal["day 90 after resection"] = "day 90 after resection"
RECURRENCE: Literal["first recurrence"] = "first recurrence"
Origin = Literal["resection", "diagnosis", "day 90 after resection", "first recurrence"]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that happens on one day: `what` names the column of days, `only` narrows it."""

    what: Literal[
        "death", "recurrence", "local_recurrence", "distant_metastasis", "graft_occlusion", "graft_removal"
    ]
    only: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. Without competing causes its answer is survival, with them the cumulative incidence of its events.

    `among` narrows the main curve to those at risk. Time begins at `origin`; observation begins at the resection, or at
    the landmark where that is the origin, with those alive and observed past it (Anderson, Cain and Gelber, J Clin
    Oncol 1983;1:710), or at the first recurrence where that is.
    """

    name: str
    title: str
    event: str
    events: tuple[Cause, ...]
    competitor: str = ""
    competing: tuple[Cause, ...] = ()
    among: dict[str, Any] = field(default_factory=dict)
    whom: str = ""  # the same in words
    origin: Origin = "resection"

    @property
    def digest(self) -> str:
        """SHA-256 of what is counted, whatever it is called in words."""
        counted = {
            key: value
            for key, value in asdict(self).items()
            if key not in ("title", "event", "competitor", "whom")
        }
        text = json.dumps({"days": MEANING_OF_DAYS, **counted}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


DEATH = Cause(what="death")
DISEASE_FREE = {"made_disease_free": True}
MADE_FREE = mark(
    "those made free of tumor: all visible tumor out, margin R0 or R1, and no metastasis at diagnosis"
)

OVERALL_SURVIVAL = Endpoint(
    name="overall_survival",
    title=mark("Overall survival"),
    event=mark("death from any cause"),
    events=(DEATH,),
)
# Of the periodic report alone: who can be asked for by name is in the list below.
AFTER_RECURRENCE = Endpoint(
    name="overall_survival_after_recurrence",
    title=OVERALL_SURVIVAL.title,
    event=OVERALL_SURVIVAL.event,
    events=(DEATH,),
    among=DISEASE_FREE,
    whom=mark("those made free of tumor whose tumor came back"),
    origin=RECURRENCE,
)
ENDPOINTS: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        OVERALL_SURVIVAL,
        Endpoint(
            name="overall_survival_from_diagnosis",
            title=OVERALL_SURVIVAL.title,
            event=OVERALL_SURVIVAL.event,
            events=(DEATH,),
            among={"days_from_diagnosis__isnull": False},
            whom=mark("those with a dated diagnosis, at risk from the resection on"),
            origin="diagnosis",
        ),
        Endpoint(
            name="overall_survival_from_day_90",
            title=OVERALL_SURVIVAL.title,
            event=OVERALL_SURVIVAL.event,
            events=(DEATH,),
            whom=mark("those alive and observed past day 90"),
            origin=LANDMARK,
        ),
        Endpoint(
            name="disease_specific_survival",
            title=mark("Death of disease"),
            event=mark("death of the disease"),
            events=(Cause(what="death", only={"death_cause": "disease"}),),
            competitor=mark("death of another or unknown cause"),
            # Every death competes; one of the disease is an event on the same day, and the event counts.
            competing=(DEATH,),
        ),
        Endpoint(
            name="disease_free_survival",
            title=mark("Disease-free survival"),
            event=mark("recurrence or death from any cause"),
            events=(Cause(what="recurrence"), DEATH),
            among=DISEASE_FREE,
            whom=MADE_FREE,
        ),
        Endpoint(
            name="local_recurrence",
            title=mark("Local recurrence"),
            event=mark("first local recurrence"),
            events=(Cause(what="local_recurrence"),),
            competitor=mark("death without it"),
            competing=(DEATH,),
            among=DISEASE_FREE,
            whom=MADE_FREE,
        ),
        Endpoint(
            name="distant_metastasis",
            title=mark("Distant metastasis"),
            event=mark("first distant metastasis"),
            events=(Cause(what="distant_metastasis"),),
            competitor=mark("death without it"),
            competing=(DEATH,),
            among=DISEASE_FREE,
            whom=MADE_FREE,
        ),
        Endpoint(
            name="graft_patency",
            title=mark("Graft occlusion"),
            event=mark("thrombosis or occlusion of the graft"),
            events=(Cause(what="graft_occlusion"),),
            competitor=mark("death or removal of the graft before"),
            competing=(DEATH, Cause(what="graft_removal")),
            among={"ivc_method__in": ("tube_graft", "bifurcated_graft", "autologous_tube")},
            whom=mark("those with a tube graft, bifurcated and autologous ones too"),
        ),
    )
}
