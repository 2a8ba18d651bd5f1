"""Validity of follow-up, recurrence and death (X-51 to X-55, X-59)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases import endpoints
from cases.endpoints import STALE_DAYS, STALE_MONTHS, day
from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX, each
from cases.rulebook.terms import contact_expected, death_recorded
from cases.vocabulary import (
    GRAFTS,
    ComplicationOutcome,
    DeathCause,
    DischargeTo,
    DiseaseStatus,
    GraftStatus,
    GrossResult,
    IntraoperativeEvent,
    IvcMethod,
    Margin,
    RecurrenceResection,
    RecurrenceTreatment,
    ResectionType,
    Severity,
    VitalStatus,
)
from registry.dates import PartialDate
from registry.tongues import say

DEATH_FORM_DAYS = 30
NO_STATUS = frozenset({GraftStatus.NO_GRAFT, GraftStatus.NOT_ASSESSED})
WITH_GRAFT_OR_PATCH = GRAFTS | {IvcMethod.PATCH}
CLEARED = frozenset({RecurrenceResection.R0, RecurrenceResection.R1})
LOCAL_TREATMENT = frozenset(
    {RecurrenceTreatment.SURGERY, RecurrenceTreatment.ABLATION, RecurrenceTreatment.RT}
)


@derived("reconstruction methods", "operations.reconstruction", of_case=True, codes=IvcMethod)
def methods(case: Any, row: Any, as_of: date) -> frozenset[str] | None:
    """How the vein was reconstructed in any operation; None when nothing is recorded of it."""
    found = (o.reconstruction.ivc_method for o in case.operations if o.reconstruction)
    return frozenset(method for method in found if method) or None


@derived("recurrences open at this visit", "recurrences", "follow_ups.visit_on")
def open_recurrences(case: Any, row: Any, as_of: date) -> int | None:
    """How many recurrences, detected before the visit, had no treatment that could clear them; None if undated."""
    untreated = [
        r
        for r in case.recurrences
        if r.resected not in CLEARED and not (r.treatment or frozenset()) & LOCAL_TREATMENT
    ]
    if not untreated:
        return 0
    visit = day(case, row.visit_on, row.months_after_resection)
    detected = [day(case, r.detected_on, r.months_after_resection) for r in untreated]
    if visit is None or None in detected:
        return None
    return sum(1 for found in detected if found < visit)  # type: ignore[operator]


@derived("disease left or come back", "recurrences", "tumor.metastasis_at_diagnosis", "pathology.margin")
def disease_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether a recurrence, a metastasis, an R2 margin, gross residue or disease at a visit was ever recorded."""
    return bool(
        case.recurrences
        or (case.tumor and case.tumor.metastasis_at_diagnosis)
        or any(p.margin == Margin.R2 for p in case.pathology)
        or any(o.gross_result == GrossResult.MACROSCOPIC_RESIDUE for o in case.operations)
        or any(visit.disease_status == DiseaseStatus.AWD for visit in case.follow_ups)
    )


@derived("last contact", "follow_ups.visit_on")
def last_contact_on(case: Any, row: Any, as_of: date) -> PartialDate | None:
    """The last dated sign of life, read as late as the dates allow; None when nothing is dated."""
    return endpoints.last_contact(case)


@derived("antithrombotic rows", "antithrombotics")
def antithrombotic_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether an antithrombotic row (possibly 'none') is recorded."""
    return bool(case.antithrombotics)


def _death_form_in_time(death_recorded: bool, on: Any, as_of: date) -> bool | None:
    if death_recorded:
        return True
    return None if on is None else (as_of - on.latest).days <= DEATH_FORM_DAYS


def _death_form(form: str, answer: str, on: str, code: str, when: str, says: str) -> Rule:
    """Return X-54 for one of the places that tell of a death; `on` is the date that goes with it."""
    return Rule(
        id="X-54",
        title="Death form after news of a death",
        asks="a death form exists 30 days later",
        when=when,
        severity=Severity.QUERY,
        scope=each(form),
        needs_to_apply=(f"{answer} as answer",),
        applies=lambda answer: code in answer if isinstance(answer, frozenset) else answer == code,
        needs_to_judge=(death_recorded, f"{on} as on?", "as_of"),
        at="answer",
        expects=_death_form_in_time,
        says=says,
        **LOGIC,
    )


RULES = (
    Rule(
        id="X-51",
        title="Graft status of a graft",
        asks="a graft (or a patch) was used",
        when="a visit gives the state of the graft",
        severity=Severity.ERROR,
        scope=each("follow_ups"),
        needs_to_apply=("graft_status",),
        applies=lambda graft_status: graft_status not in NO_STATUS,
        needs_to_judge=(methods,),
        at="graft_status",
        expects=lambda methods: bool(methods & WITH_GRAFT_OR_PATCH),
        says="The graft is called {graft_status}, yet no graft was used ({methods}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-52",
        title="No evidence of disease with an open recurrence",
        asks="every earlier recurrence was treated in a way that could clear it",
        when="a visit finds no evidence of disease",
        severity=Severity.QUERY,
        scope=each("follow_ups"),
        needs_to_apply=("disease_status",),
        applies=lambda disease_status: disease_status == DiseaseStatus.NED,
        needs_to_judge=(open_recurrences,),
        at="disease_status",
        expects=lambda open_recurrences: open_recurrences == 0,
        says="A visit finds {disease_status} with an open recurrence ({open_recurrences}); record its treatment or"
        " correct the status.",
        **LOGIC,
    ),
    Rule(
        id="X-53",
        title="Death of disease without disease",
        asks="a recurrence, metastasis, R2 margin or disease at a visit is recorded",
        when="the patient had a resection and died of the disease",
        severity=Severity.QUERY,
        scope=each("death"),
        needs_to_apply=("cause_category", "index.resection_type"),
        applies=lambda cause_category, resection_type: (
            cause_category == DeathCause.DISEASE and resection_type != ResectionType.NONE
        ),
        needs_to_judge=(disease_recorded,),
        at="cause_category",
        expects=lambda disease_recorded: disease_recorded,
        says="The cause of death is the disease, yet none was recorded after the resection; add the recurrence or"
        " correct the cause.",
        **LOGIC,
    ),
    _death_form(
        *("follow_ups", "vital_status", "visit_on", VitalStatus.DEAD),
        when="a visit finds the patient dead",
        says="A visit ({on}) says that the patient is dead and there is no death form; add it.",
    ),
    _death_form(
        *("operations", "intraop_events", "operated_on", IntraoperativeEvent.DEATH),
        when="the patient died during an operation",
        says="The patient died during the operation ({on}) and there is no death form; add it.",
    ),
    _death_form(
        *("discharge", "discharge_to", "discharged_on", DischargeTo.DIED),
        when="the patient died in hospital",
        says="The patient died in hospital ({on}) and there is no death form; add it.",
    ),
    _death_form(
        *("complications", "outcome", "onset_on", ComplicationOutcome.DEATH),
        when="a complication ended in death",
        says="A complication (of {on}) ended in death and there is no death form; add it.",
    ),
    Rule(
        id="X-55",
        title="Recent contact",
        asks=f"the last contact is at most {STALE_MONTHS} months old",
        when="the patient is not known to be dead, lost or withdrawn, nor known from a publication alone",
        severity=Severity.QUERY,
        needs_to_apply=(contact_expected,),
        applies=lambda contact_expected: contact_expected,
        needs_to_judge=(last_contact_on, "as_of"),
        at="last_contact_on",
        expects=lambda last_contact_on, as_of: (as_of - last_contact_on.latest).days <= STALE_DAYS,
        says=lambda last_contact_on: say(
            "The last contact ({on}) is more than {months} months old; record a visit, or that the patient is lost.",
            on=last_contact_on,
            months=STALE_MONTHS,
        ),
        **LOGIC,
    ),
    Rule(
        id="X-59",
        title="Antithrombotic plan recorded",
        asks="an antithrombotic row exists, possibly 'none' with its reason",
        when="a patch, graft or ligation was made and the patient was discharged alive",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method", "discharge.discharged_on", "discharge.discharge_to?"),
        applies=lambda ivc_method, discharge_to: (
            ivc_method in WITH_GRAFT_OR_PATCH | {IvcMethod.LIGATION} and discharge_to != DischargeTo.DIED
        ),
        needs_to_judge=(antithrombotic_recorded,),
        at="antithrombotic_recorded",
        expects=lambda antithrombotic_recorded: antithrombotic_recorded,
        says="The vein was treated by {ivc_method} and no antithrombotic treatment is recorded; add a row, or 'none'"
        " with its reason.",
        **LOGIC,
    ),
)
