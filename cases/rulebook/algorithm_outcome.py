"""Early events and surveillance: S-14, S-15 and S-17 of the founding paper."""

from __future__ import annotations

from cases.endpoints import EARLY_DAYS
from cases.rulebook.algorithm_facts import (
    days_passed,
    died,
    early_death,
    early_thromboembolism,
    highest_early_grade,
    severe_events,
    thromboembolic_events,
    visits_without_disease,
    visits_without_imaging,
)
from cases.rulebook.authority import seed
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import CLAVIEN_DINDO_RANK, ClavienDindo, Firmness, Severity
from registry.tongues import say_many


def _ninety_days_over(died: bool, days_passed: int | None) -> bool | None:
    if died:
        return True
    return None if days_passed is None else days_passed > EARLY_DAYS


def _is_time_for_events(
    died: bool, days_passed: int | None, early_thromboembolism: frozenset[str] | None
) -> bool | None:
    """An event that is known needs no 90 days to pass."""
    return True if early_thromboembolism else _ninety_days_over(died, days_passed)


def _is_time_for_grades(died: bool, days_passed: int | None, highest_early_grade: str | None) -> bool | None:
    return True if _is_severe(highest_early_grade) else _ninety_days_over(died, days_passed)


def _is_severe(grade: str | None) -> bool:
    return CLAVIEN_DINDO_RANK.get(grade or "", 0) > CLAVIEN_DINDO_RANK[ClavienDindo.II]


def _no_early_event(early_thromboembolism: frozenset[str] | None, early_death: bool | None) -> bool | None:
    if early_thromboembolism or early_death:
        return False
    return None if early_thromboembolism is None or early_death is None else True


RULES = (
    Rule(
        id="S-14",
        edition=2,
        title="No thromboembolism or early death",
        asks="no embolism, no thrombosis of deep veins, vena cava or graft and no death within 90 days",
        when="90 days have passed since the index resection, the patient died, or such an event is known",
        severity=Severity.SENTINEL,
        scope=INDEX,
        at="early_thromboembolism",
        needs_to_apply=(died, days_passed.or_unknown, early_thromboembolism.or_unknown),
        applies=_is_time_for_events,
        needs_to_judge=(early_death.or_unknown, thromboembolic_events.or_unknown),
        expects=_no_early_event,
        says="Within 90 days: {early_thromboembolism}; death: {early_death}. A sentinel event, to be"
        " reviewed.",
        **seed("were not observed"),
    ),
    Rule(
        id="S-15",
        edition=2,
        title="No complication above grade II",
        asks="no complication above Clavien-Dindo II within 90 days; a death is grade V",
        when="90 days have passed since the index resection, the patient died, or such a complication is known",
        severity=Severity.SENTINEL,
        scope=INDEX,
        at="highest_early_grade",
        needs_to_apply=(died, days_passed.or_unknown, highest_early_grade.or_unknown),
        applies=_is_time_for_grades,
        needs_to_judge=(severe_events.or_unknown,),
        expects=lambda highest_early_grade: (
            None if highest_early_grade is None else not _is_severe(highest_early_grade)
        ),
        says="A complication of grade {highest_early_grade} within 90 days. A sentinel event, to be"
        " reviewed.",
        **seed("Degree II ... in 2 (25%)"),
    ),
    Rule(
        id="S-17",
        edition=2,
        title="Imaging of liver and lungs at follow-up",
        asks="each visit without evidence of disease rests on imaging of abdomen and chest of the last {window_months}"
        " months (of the last {late_window_months}, once {late_after_months} have passed since the resection)",
        when="a visit found no evidence of disease, {window_months} months or more after the resection",
        severity=Severity.MINOR,
        scope=INDEX,
        thresholds=(
            Threshold("window_months", "Age of imaging at a visit", 6, "mo"),
            Threshold("late_window_months", "Age of imaging at a late visit", 12, "mo"),
            Threshold("late_after_months", "A visit is late after", 60, "mo"),
        ),
        needs_to_apply=(visits_without_disease,),
        applies=lambda visits_without_disease: visits_without_disease > 0,
        needs_to_judge=(visits_without_imaging,),
        at="visits_without_imaging",
        expects=lambda visits_without_imaging: not visits_without_imaging,
        says=lambda visits_without_imaging: say_many(
            "No evidence of disease was stated without recent imaging of liver and lungs at {n} visit: {visits}.",
            "No evidence of disease was stated without recent imaging of liver and lungs at {n} visits: {visits}.",
            n=len(visits_without_imaging),
            visits=", ".join(visits_without_imaging[:5]),
        ),
        **{
            **seed("remote hepatic and pulmonary metastases ... leading to their death"),
            "firmness": Firmness.SEED_INFERRED,
        },
    ),
)
