"""Made-up patients with every endpoint, for what outsiders could work out from the curves of all of them."""

import random
from dataclasses import dataclass, replace

from reports import estimates, prognosis
from reports.content import FlowStep, ReportContent
from reports.endpoints import ENDPOINTS
from reports.lifetable import LifeTable
from tests.reports.handmade import founding_content

OUTCOMES = (
    "disease_specific_survival",
    "disease_free_survival",
    "local_recurrence",
    "distant_metastasis",
    "graft_patency",
)


@dataclass(frozen=True, kw_only=True)
class Life:
    """Days of one patient; None where it did not happen."""

    last: int
    died: bool
    of_disease: bool
    local: int | None
    distant: int | None
    occluded: int | None
    waited: int  # days from diagnosis to resection


def lives(seed, size):
    """Exponential times, seen for one to ten years; the share of deaths of the disease differs by seed."""
    chance = random.Random(seed)
    share, found = chance.choice((0.6, 0.9, 0.97, 1.0)), []
    for _ in range(size):
        until = chance.randint(365, 3650)
        death = int(chance.expovariate(1 / 1800))
        last = min(until, death)
        local, distant, occluded = (int(chance.expovariate(1 / mean)) for mean in (6000, 1500, 9000))
        found.append(
            Life(
                last=last,
                died=death <= until,
                of_disease=chance.random() < share,
                local=local if local <= last else None,
                distant=distant if distant <= last else None,
                occluded=occluded if occluded <= last else None,
                waited=chance.randint(0, 60),
            )
        )
    return found


def table(name, patients):
    """Count one endpoint as docs/statistics.md defines it."""
    first = {
        "disease_free_survival": lambda p: [p.local, p.distant, p.last if p.died else None],
        "local_recurrence": lambda p: [p.local],
        "distant_metastasis": lambda p: [p.distant],
        "graft_patency": lambda p: [p.occluded],
        "disease_specific_survival": lambda p: [p.last if p.died and p.of_disease else None],
    }[name]
    days, causes = [], []
    for patient in patients:
        event = min((day for day in first(patient) if day is not None), default=None)
        days.append(patient.last if event is None else event)
        causes.append(1 if event is not None else 2 if patient.died else 0)
    competes = bool(ENDPOINTS[name].competing)
    return LifeTable.from_arrays(
        days, causes if competes else [int(c == 1) for c in causes], causes=1 + competes
    )


def content(patients, **changes) -> ReportContent:
    """The whole report on them, before anything is withheld."""
    days, died = [p.last for p in patients], [p.died for p in patients]
    overall = LifeTable.from_arrays(days, died)
    since = LifeTable.from_arrays(
        [p.last + p.waited + 1 for p in patients], died, entry=[p.waited for p in patients]
    )
    flow = tuple(FlowStep(label=label, n=len(patients)) for label in ("Registered", "Resected", "Followed"))
    return replace(
        founding_content(),
        source="clinical",
        centers=4,
        flow=flow,
        survival=estimates.overall_survival(overall),
        from_diagnosis=estimates.overall_survival(since, origin="diagnosis"),
        outcomes=tuple(estimates.outcome(table(name, patients), ENDPOINTS[name]) for name in OUTCOMES),
        prognosis=prognosis.prognosis(overall),
        **changes,
    )
