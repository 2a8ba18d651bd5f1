"""The tumor board, from guidance and series: L-02, L-18, L-19, L-22 and L-25."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cases.endpoints import is_dead
from cases.rulebook.algorithm_workup_facts import DAYS_PER_WEEK
from cases.rulebook.authority import (
    TARPSWG_2021,
    TO_BE_CHECKED,
    UK_2024,
    VLFDC_2020,
    literature,
)
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import all_of, any_of, is_neoadjuvant
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import (
    Firmness,
    Grade,
    Intent,
    MdtDecision,
    MdtPhase,
    MetastasisStage,
    Severity,
    TherapyModality,
)
from registry.dates import PartialDate

BEFOREHAND = frozenset({MdtPhase.PRE_BIOPSY, MdtPhase.PRE_TREATMENT})
FOR_NEOADJUVANT_RT = frozenset({MdtDecision.NEOADJUVANT, MdtDecision.RT})


# --- the tumor board -----------------------------------------------------------------------------


def _was_beforehand(case: Any, meeting: Any) -> bool | None:
    """Whether a meeting came before the resection: its date, or where that is too coarse or absent, its phase."""
    operated_on = case.index.operated_on if case.index else None
    if meeting.held_on is not None and operated_on is not None:
        if meeting.held_on.surely_after(operated_on):
            return False
        if meeting.held_on.latest <= operated_on.earliest:
            return True
    if meeting.phase is not None:
        return meeting.phase in BEFOREHAND
    return True if case.index is None else None


@derived("specialist sarcoma board before treatment", "mdt_meetings", of_case=True)
def sarcoma_board_beforehand(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether a specialist sarcoma team met before the resection; None without any meeting on record."""
    if not case.mdt_meetings:
        return None
    return any_of(all_of((m.is_sarcoma_mdt, _was_beforehand(case, m))) for m in case.mdt_meetings)


@derived("decision of the tumor board before the resection", "mdt_meetings")
def decided_beforehand(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether a meeting before the resection has its decision on record; None without any meeting."""
    if not case.mdt_meetings:
        return None
    return any_of(all_of((m.decision is not None, _was_beforehand(case, m))) for m in case.mdt_meetings)


def _on_first_tumor(case: Any) -> list[tuple[Any, bool | None]]:
    """The meetings that may have been on the tumor before it came back, and whether they surely were."""
    found = [(meeting, _was_before_recurrence(case, meeting)) for meeting in case.mdt_meetings]
    return [(meeting, surely) for meeting, surely in found if surely is not False]


def _was_before_recurrence(case: Any, meeting: Any) -> bool | None:
    """Its phase says so, or its date; without a phase, a date that is too coarse or absent leaves it open."""
    if meeting.phase == MdtPhase.RECURRENCE:
        return False
    back = [r.detected_on for r in case.recurrences]
    on = meeting.held_on
    if on is not None and any(found is not None and on.earliest >= found.latest for found in back):
        return False
    if meeting.phase is not None or not back:
        return True
    return True if on is not None and all(found and on.surely_before(found) for found in back) else None


@derived("perioperative chemotherapy discussed", "mdt_meetings", "recurrences.detected_on")
def chemo_discussed(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether a meeting before any recurrence discussed it; None without such a meeting."""
    meetings = _on_first_tumor(case)
    return any_of(all_of((m.perioperative_chemo_discussed, s)) for m, s in meetings) if meetings else None


@derived("neoadjuvant radiotherapy", "therapies", of_case=True)
def irradiated_before(case: Any, row: Any, as_of: date) -> bool:
    """Whether radiotherapy before the resection is recorded."""
    return any(is_neoadjuvant(course) and course.modality == TherapyModality.RT for course in case.therapies)


@derived("decision for neoadjuvant radiotherapy", "mdt_meetings", "recurrences.detected_on", of_case=True)
def radiotherapy_decided(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether a meeting before any recurrence decided for radiotherapy or neoadjuvant therapy; None without one."""
    meetings = _on_first_tumor(case)
    if not meetings:
        return None
    decided = [(None if m.decision is None else m.decision in FOR_NEOADJUVANT_RT, s) for m, s in meetings]
    return any_of(all_of(answers) for answers in decided)


# --- recurrences -----------------------------------------------------------------------------------


@derived("recurrences", "recurrences", of_case=True)
def recurrence_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether the tumor came back."""
    return bool(case.recurrences)


@derived(
    "recurrences without a tumor board in time", "recurrences.detected_on", "mdt_meetings", "death.died_on"
)
def undiscussed_recurrences(case: Any, row: Any, as_of: date, within_weeks: int) -> frozenset[str] | None:
    """When recurrences were detected that no board discussed in time; None without any meeting or while undated.

    Who surely died before it was late waits for none.
    """
    detected = [r.detected_on for r in case.recurrences]
    if not case.mdt_meetings or None in detected:
        return None
    left = _left(case, detected, within_weeks)
    undated = any(m.held_on is None and m.phase in (None, MdtPhase.RECURRENCE) for m in case.mdt_meetings)
    return None if left and undated else frozenset(map(str, left))


@derived(
    "longest wait of a recurrence for a board",
    *("recurrences.detected_on", "mdt_meetings", "death.died_on", "as_of"),
)
def longest_wait_days(case: Any, row: Any, as_of: date, within_weeks: int) -> int:
    """Days that have surely passed since the first recurrence that no board discussed in time, up to the death."""
    left = _left(case, [r.detected_on for r in case.recurrences if r.detected_on], within_weeks)
    if not is_dead(case):
        until = as_of
    elif (died := _death_bounds(case)) is not None:
        until = min(as_of, died[0])
    else:
        return 0
    return max((max(0, (until - on.latest).days) for on in left), default=0)


def _left(case: Any, detected: list[PartialDate], within_weeks: int) -> list[PartialDate]:
    """The recurrences that no board discussed in time, though the patient may have lived so long."""
    died, within = _death_bounds(case), timedelta(days=within_weeks * DAYS_PER_WEEK)
    return [
        on
        for on in detected
        if not _discussed(on, case.mdt_meetings, within_weeks)
        and not (died and died[1] <= on.earliest + within)
    ]


def _death_bounds(case: Any) -> tuple[date, date] | None:
    """The first and the last day on which the patient can have died."""
    at, origin = case.death_time, case.index.operated_on if case.index else None
    if at is None or origin is None:
        return None
    return origin.earliest + timedelta(days=at.earliest), origin.latest + timedelta(days=at.latest)


def _discussed(detected_on: PartialDate, meetings: tuple[Any, ...], within_weeks: int) -> bool:
    last = detected_on.latest + timedelta(days=within_weeks * DAYS_PER_WEEK)
    dates = [m.held_on for m in meetings if m.held_on]
    return any(on.latest >= detected_on.earliest and on.earliest <= last for on in dates)


def _in_time(
    undiscussed_recurrences: frozenset[str], longest_wait_days: int, within_weeks: int
) -> bool | None:
    """A board that is not late yet may still meet."""
    if not undiscussed_recurrences:
        return True
    return False if longest_wait_days > within_weeks * DAYS_PER_WEEK else None


# --- who is discussed ----------------------------------------------------------------------------


@derived("FNCLCC grade of biopsy or specimen", "biopsies", "pathology", codes=Grade)
def highest_grade(case: Any, row: Any, as_of: date) -> str | None:
    """The highest grade that a biopsy or the specimen showed, not tissue from later; None where none was graded."""
    operated_on = case.index.operated_on if case.index else None
    grades = [case.specimen.fnclcc_grade if case.specimen else None]
    for biopsy in case.biopsies:
        if not (biopsy.performed_on and operated_on and biopsy.performed_on.surely_after(operated_on)):
            grades.append(biopsy.grade)
    return max((grade for grade in grades if grade not in (None, Grade.GX)), default=None)


def _has_metastasis(c_m: str | None, metastasis_at_diagnosis: bool | None) -> bool | None:
    if c_m == MetastasisStage.M1 or metastasis_at_diagnosis:
        return True
    return None if c_m is None and metastasis_at_diagnosis is None else False


def _has_high_risk(
    highest_grade: str | None,
    max_diameter_mm: int | None,
    c_m: str | None,
    metastasis_at_diagnosis: bool | None,
    large_mm: int,
) -> bool | None:
    return any_of(
        (
            None if highest_grade is None else highest_grade == Grade.G3,
            None if max_diameter_mm is None else max_diameter_mm > large_mm,
            _has_metastasis(c_m, metastasis_at_diagnosis),
        )
    )


RULES = (
    Rule(
        id="L-02",
        edition=2,
        title="Specialist sarcoma board before treatment",
        asks="a specialist sarcoma team discusses the case before biopsy or resection",
        when="every case",
        severity=Severity.MAJOR,
        needs_to_judge=(sarcoma_board_beforehand,),
        expects=lambda sarcoma_board_beforehand: sarcoma_board_beforehand,
        says="No specialist sarcoma team is on record as having discussed the case before treatment.",
        **literature(
            UK_2024,
            f"{TARPSWG_2021}: an experienced team at a referral center, as the first operation is the best chance",
            "EURACAN web guideline",
            firmness=Firmness.A,
            since=2025,
        ),
    ),
    Rule(
        id="L-18",
        edition=2,
        title="Perioperative chemotherapy discussed",
        asks="the tumor board discusses perioperative chemotherapy, before any recurrence",
        when="the tumor is of grade 3, larger than {large_mm} mm or metastatic at diagnosis, and was resected",
        severity=Severity.INFO,
        scope=INDEX,
        thresholds=(Threshold("large_mm", "Large tumor, above", 100, "mm"),),
        needs_to_apply=(
            highest_grade.or_unknown,
            "tumor.max_diameter_mm?",
            "tumor.c_m?",
            "tumor.metastasis_at_diagnosis?",
        ),
        applies=_has_high_risk,
        needs_to_judge=(chemo_discussed,),
        expects=lambda chemo_discussed: chemo_discussed,
        says="The risk is high (grade: {highest_grade}, largest diameter: {max_diameter_mm}, metastasis:"
        " {metastasis_at_diagnosis}); no tumor board discussed perioperative chemotherapy.",
        **literature(
            "Bertrand 2024: longer disease-free survival, in retrospect",
            f"{UK_2024}: not routine, to be considered in high risk",
            firmness=Firmness.C,
            since=2025,
        ),
    ),
    Rule(
        id="L-19",
        edition=2,
        title="Neoadjuvant radiotherapy decided by the board",
        asks="the tumor board's decision for it is recorded (its reason in words has no field)",
        when="neoadjuvant radiotherapy was given",
        severity=Severity.INFO,
        needs_to_apply=(irradiated_before,),
        applies=lambda irradiated_before: irradiated_before,
        needs_to_judge=(radiotherapy_decided,),
        expects=lambda radiotherapy_decided: radiotherapy_decided,
        says="Neoadjuvant radiotherapy was given, and no tumor board is on record as having decided for it.",
        **literature(
            f"STRASS trial, Bonvalot 2020 {TO_BE_CHECKED}: no benefit overall in retroperitoneal sarcoma",
            "yet 31% had it (VLFDC 2020)",
            firmness=Firmness.A,
            since=2021,
        ),
    ),
    Rule(
        id="L-22",
        edition=2,
        title="Board decision on a metastatic tumor",
        asks="the tumor board's decision before the resection is recorded",
        when="the tumor was metastatic at diagnosis and the index resection meant to cure",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("intent", "tumor.c_m?", "tumor.metastasis_at_diagnosis?"),
        applies=lambda intent, c_m, metastasis_at_diagnosis: all_of(
            (intent == Intent.CURATIVE, _has_metastasis(c_m, metastasis_at_diagnosis))
        ),
        needs_to_judge=(decided_beforehand,),
        expects=lambda decided_beforehand: decided_beforehand,
        says="The tumor was metastatic at diagnosis and resected to cure, and no decision of a tumor board before the"
        " resection is recorded.",
        **literature(
            f"22 to 23% in {VLFDC_2020}",
            "Ito 2007: long survivors with metastasis",
            firmness=Firmness.B,
            since=2021,
        ),
    ),
    Rule(
        id="L-25",
        edition=2,
        title="Recurrence discussed within {within_weeks} weeks",
        asks="a tumor board discusses each recurrence within {within_weeks} weeks, unless the patient dies before",
        when="a recurrence is recorded",
        severity=Severity.INFO,
        at="undiscussed_recurrences",
        thresholds=(Threshold("within_weeks", "From recurrence to board", 6, "wk"),),
        needs_to_apply=(recurrence_recorded,),
        applies=lambda recurrence_recorded: recurrence_recorded,
        needs_to_judge=(undiscussed_recurrences, longest_wait_days),
        expects=_in_time,
        says="No tumor board discussed a recurrence within {within_weeks} weeks (detected: {undiscussed_recurrences}).",
        **literature(
            "J Visc Surg 2016",
            "Zhang 2010: repeat surgery can prolong survival",
            firmness=Firmness.C,
            since=2017,
        ),
    ),
)
