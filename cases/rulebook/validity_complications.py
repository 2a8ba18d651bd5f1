"""Validity of complications (X-46 to X-50, X-58)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.derived import egfr_ml_min
from cases.endpoints import EARLY_DAYS, day, death_day, died_within, onset_day
from cases.rulebook.authority import CKD_EPI, CLAVIEN, LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import each
from cases.rulebook.terms import death_recorded
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    ClavienDindo,
    ComplicationOutcome,
    ComplicationTreatment,
    ComplicationType,
    DeathCause,
    GraftStatus,
    OperationType,
    Severity,
    Sex,
)
from registry.tongues import say

MAJOR, LIFE_THREATENING = CLAVIEN_DINDO_RANK[ClavienDindo.IIIA], CLAVIEN_DINDO_RANK[ClavienDindo.IVA]
EARLY_DEATH_DAYS = 30
GREAT_FALL_PCT = 50
OPEN_GRAFT = frozenset({GraftStatus.PATENT, GraftStatus.STENOSIS_LT50})


@derived("day of death", "death.died_on", "death.months_after_resection")
def died_on_day(case: Any, row: Any, as_of: date) -> int | None:
    """Days from the resection to death."""
    return death_day(case)


@derived("day of death", "death.died_on", "death.months_after_resection")
def died_in_30_days(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether death surely came within 30 days; None when its date leaves that open."""
    return died_within(case, EARLY_DEATH_DAYS)


@derived("day of death", "death.died_on", "death.months_after_resection")
def died_in_90_days(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether death surely came within 90 days; None when its date leaves that open."""
    return died_within(case, EARLY_DAYS)


@derived("Clavien-Dindo grades", "complications.clavien_dindo", codes=ClavienDindo)
def grades(case: Any, row: Any, as_of: date) -> frozenset[str] | None:
    """The grades of all complications; None when one is not graded."""
    found = [c.clavien_dindo for c in case.complications]
    return None if None in found else frozenset(found)


def _death_explains_grade(death_recorded: bool, cause: str | None, died_in_90_days: bool | None) -> bool:
    early = died_in_90_days is not False
    return death_recorded and early and cause in (None, DeathCause.TREATMENT_RELATED, DeathCause.UNKNOWN)


@derived("visits after this complication", "follow_ups.graft_status", codes=GraftStatus)
def next_graft_status(case: Any, row: Any, as_of: date) -> str | None:
    """What the first later visit that looked at the graft says of it."""
    onset = onset_day(case, row)
    seen = [
        (at, visit.graft_status)
        for visit in case.follow_ups
        if visit.graft_status not in (None, GraftStatus.NOT_ASSESSED)
        and (at := day(case, visit.visit_on, visit.months_after_resection)) is not None
    ]
    return min((s for s in seen if onset is not None and s[0] >= onset), default=(0, None))[1]


@derived("graft thrombosis among the complications", "complications.type")
def graft_thrombosis_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether a graft thrombosis is recorded."""
    return any(c.type == ComplicationType.GRAFT_THROMBOSIS for c in case.complications)


@derived("graft status and day of the visit", "follow_ups.graft_status", "follow_ups.visit_on")
def early_occlusion(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether this visit, within 90 days, finds the graft occluded."""
    if row.graft_status != GraftStatus.OCCLUDED:
        return None if row.graft_status is None else False
    found_on = day(case, row.visit_on, row.months_after_resection)
    return None if found_on is None else found_on <= EARLY_DAYS


@derived(
    "fall of the eGFR until discharge",
    "discharge.creatinine_discharge_umol_l",
    "presentation.creatinine_preop_umol_l",
    "patient.sex",
    "patient.born_on",
)
def egfr_fall_pct(case: Any, row: Any, as_of: date) -> float | None:
    """By how much the estimated filtration rate fell, in percent; 0 when creatinine did not rise."""
    before = case.presentation.creatinine_preop_umol_l if case.presentation else None
    after, sex = row.creatinine_discharge_umol_l, (case.patient.sex if case.patient else None)
    if before is None or after is None:
        return None
    if after <= before:
        return 0
    age = case.age_at_resection_years
    if age is None or sex not in (Sex.FEMALE, Sex.MALE):
        return None
    return 100 * (1 - egfr_ml_min(after, age, sex) / egfr_ml_min(before, age, sex))


@derived("kidney injury among the complications", "complications.type")
def kidney_injury_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether acute kidney injury or dialysis is recorded."""
    return any(c.type in (ComplicationType.AKI, ComplicationType.DIALYSIS) for c in case.complications)


RULES = (
    Rule(
        id="X-46",
        title="Grade V means death",
        asks="there is a death form, with death within 90 days and related to the treatment",
        when="a complication is graded V",
        severity=lambda death_recorded: Severity.QUERY if death_recorded else Severity.ERROR,
        severities="error without a death form (query if the death is late or unrelated)",
        scope=each("complications"),
        needs_to_apply=("clavien_dindo",),
        applies=lambda clavien_dindo: clavien_dindo == ClavienDindo.V,
        needs_to_judge=(death_recorded, "death.cause_category as cause?", died_in_90_days.or_unknown),
        at="clavien_dindo",
        expects=_death_explains_grade,
        says=lambda death_recorded: (
            say("A complication is graded V, yet the death is late or of another cause; confirm or correct.")
            if death_recorded
            else say("A complication is graded V and there is no death form; add it or correct the grade.")
        ),
        **CLAVIEN,
    ),
    Rule(
        id="X-46",
        title="Death of the treatment means grade V",
        asks="a complication is graded V",
        when="death came within 90 days and was treatment-related",
        severity=Severity.QUERY,
        scope=each("death"),
        needs_to_apply=("cause_category", died_in_90_days),
        applies=lambda cause_category, died_in_90_days: (
            cause_category == DeathCause.TREATMENT_RELATED and died_in_90_days
        ),
        needs_to_judge=(grades,),
        at="cause_category",
        expects=lambda grades: ClavienDindo.V in grades,
        says="Death within 90 days is treatment-related and no complication is graded V; add it or correct the cause.",
        **CLAVIEN,
    ),
    Rule(
        id="X-47",
        title="Death within 30 days means grade V",
        asks="a complication is graded V",
        when="death came within 30 days",
        severity=Severity.QUERY,
        scope=each("death"),
        needs_to_apply=(died_in_30_days,),
        applies=lambda died_in_30_days: died_in_30_days,
        needs_to_judge=(grades, died_on_day),
        at="died_on_day",
        expects=lambda grades: ClavienDindo.V in grades,
        says="Death came on day {died_on_day} and no complication is graded V; add the complication or confirm.",
        **CLAVIEN,
    ),
    Rule(
        id="X-48",
        title="Reoperation means grade III",
        asks="a complication is graded IIIa or higher",
        when="an operation treated a complication",
        severity=Severity.QUERY,
        scope=each("operations"),
        needs_to_apply=("operation_type",),
        applies=lambda operation_type: operation_type == OperationType.REOPERATION_COMPLICATION,
        needs_to_judge=(grades,),
        at="operation_type",
        expects=lambda grades: any(CLAVIEN_DINDO_RANK[grade] >= MAJOR for grade in grades),
        says="A reoperation is recorded and no complication of grade IIIa or higher (grades: {grades}); add or"
        " correct.",
        **CLAVIEN,
    ),
    Rule(
        id="X-49",
        title="Dialysis means grade IVa",
        asks="its grade is IVa or higher",
        when="a complication is dialysis or was treated by it",
        severity=Severity.QUERY,
        scope=each("complications"),
        needs_to_apply=("type?", "treatment?"),
        applies=lambda type, treatment: (
            type == ComplicationType.DIALYSIS or ComplicationTreatment.DIALYSIS in (treatment or ())
        ),
        needs_to_judge=("clavien_dindo",),
        expects=lambda clavien_dindo: CLAVIEN_DINDO_RANK[clavien_dindo] >= LIFE_THREATENING,
        says="Dialysis is grade IVa by definition, recorded is {clavien_dindo}; correct or confirm.",
        **CLAVIEN,
    ),
    Rule(
        id="X-50",
        title="Graft thrombosis and follow-up agree",
        asks="the next visit does not find an open graft, unless the thrombosis was resolved",
        when="a complication is a graft thrombosis that was not resolved",
        severity=Severity.QUERY,
        scope=each("complications"),
        needs_to_apply=("type", "outcome?"),
        applies=lambda type, outcome: (
            type == ComplicationType.GRAFT_THROMBOSIS and outcome != ComplicationOutcome.RESOLVED
        ),
        needs_to_judge=(next_graft_status,),
        at="type",
        expects=lambda next_graft_status: next_graft_status not in OPEN_GRAFT,
        says="A graft thrombosis is recorded, yet the next visit finds the graft open ({next_graft_status}); record"
        " its outcome or correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-50",
        title="Early occlusion is a complication",
        asks="a graft thrombosis is recorded",
        when="a visit within 90 days finds the graft occluded",
        severity=Severity.QUERY,
        scope=each("follow_ups"),
        needs_to_apply=(early_occlusion,),
        applies=lambda early_occlusion: early_occlusion,
        needs_to_judge=(graft_thrombosis_recorded,),
        at="early_occlusion",
        expects=lambda graft_thrombosis_recorded: graft_thrombosis_recorded,
        says="The graft is occluded within 90 days and no graft thrombosis is recorded; add the complication or"
        " correct the status.",
        **LOGIC,
    ),
    Rule(
        id="X-58",
        title="Loss of kidney function",
        asks="acute kidney injury or dialysis is recorded",
        when="the estimated filtration rate fell by more than half until discharge",
        severity=Severity.QUERY,
        scope=each("discharge"),
        needs_to_apply=(egfr_fall_pct,),
        applies=lambda egfr_fall_pct: egfr_fall_pct > GREAT_FALL_PCT,
        needs_to_judge=(kidney_injury_recorded,),
        expects=lambda kidney_injury_recorded: kidney_injury_recorded,
        says=lambda egfr_fall_pct: say(
            "eGFR fell by {fall}% until discharge and no kidney injury is recorded; add the complication or correct"
            " a creatinine.",
            fall=round(egfr_fall_pct, 1),
        ),
        **CKD_EPI,
    ),
)
