"""Result of the resection and its early course, from guidance and series: L-08, L-17, L-21 and L-24."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.endpoints import EARLY_DAYS, died_within
from cases.rulebook.algorithm_facts import days_passed, died, documented, early_complications
from cases.rulebook.authority import TO_BE_CHECKED, literature
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import RECORDED_WITHIN, neoadjuvant_given
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import Firmness, GrossResult, Intent, Margin, ResectionType, Severity

# --- report of the specimen ------------------------------------------------------------------------


@derived("days from the resection to the report", "pathology.reported_on", "index.operated_on")
def report_days(case: Any, row: Any, as_of: date) -> int | None:
    """The fewest days that can lie between the resection and the report of its specimen."""
    reported_on = case.specimen.reported_on if case.specimen else None
    if reported_on is None or row.operated_on is None:
        return None
    return max(0, (reported_on.earliest - row.operated_on.latest).days)


def _reported(
    fnclcc_grade: str | None,
    mitoses_per_10hpf: float | None,
    specimen_length_mm: int | None,
    margin: str | None,
    neoadjuvant_given: bool,
    report_days: int | None,
    days_passed: int | None,
    within_days: int,
) -> bool | None:
    """A grade is not asked of a treated tumor."""
    grade = fnclcc_grade is not None or neoadjuvant_given
    if not grade or None in (mitoses_per_10hpf, specimen_length_mm, margin):
        return documented(None, days_passed, within_days)
    return None if report_days is None else report_days <= within_days


# --- early course --------------------------------------------------------------------------------


@derived("status after the resection known", "follow_ups.visit_on", "death.died_on")
def status_known(case: Any, row: Any, as_of: date, first_days: int) -> bool:
    """Whether it is known who was alive after the first days, and after 90."""
    return died_within(case, first_days) is not None and died_within(case, EARLY_DAYS) is not None


@derived("complications within 90 days all graded", "complications", "discharge.no_complication_90d")
def complications_graded(case: Any, row: Any, as_of: date) -> bool:
    """Whether every complication that may belong to the first 90 days has its grade, or it is said that none was."""
    early = early_complications(case)
    return early is not None and all(complication.clavien_dindo for complication, _ in early)


def _is_over(died: bool, days_passed: int | None) -> bool | None:
    return True if died else None if days_passed is None else days_passed > EARLY_DAYS


def _nothing_visible_left(margin: str | None, gross_result: str | None) -> bool | None:
    """A visible residue needs no margin; what the surgeon saw decides where the margin cannot be assessed."""
    if gross_result == GrossResult.MACROSCOPIC_RESIDUE or margin == Margin.R2:
        return False
    return None if margin is None or (margin == Margin.RX and gross_result is None) else True


RULES = (
    Rule(
        id="L-08",
        edition=2,
        title="No visible tumor left",
        asks="the margin is not R2, and no visible tumor was left",
        when="the index resection was meant to cure",
        severity=Severity.MAJOR,
        scope=INDEX,
        needs_to_apply=("intent",),
        applies=lambda intent: intent == Intent.CURATIVE,
        needs_to_judge=("specimen.margin?", "gross_result?"),
        at="margin",
        expects=_nothing_visible_left,
        says="Visible tumor was left (margin: {margin}, gross result: {gross_result}).",
        **literature(
            "Wachtel 2015: hazard ratio of R2 7.8 (1.94 to 32.05)",
            "Hollenbeck 2003: nobody lived 3 years after an incomplete resection",
            "Mingoli 1996",
            firmness=Firmness.B,
            since=2016,
        ),
    ),
    Rule(
        id="L-17",
        title="Specimen reported within {within_days} days",
        asks="FNCLCC grade (of an untreated tumor), mitoses, size and margin are reported within {within_days} days",
        when="a tumor was resected",
        severity=Severity.MINOR,
        scope=INDEX,
        thresholds=(Threshold("within_days", "From resection to report", 42, "d"),),
        needs_to_apply=("resection_type?",),
        applies=lambda resection_type: resection_type != ResectionType.NONE,
        needs_to_judge=(
            "specimen.fnclcc_grade?",
            "specimen.mitoses_per_10hpf?",
            "specimen.specimen_length_mm?",
            "specimen.margin?",
            neoadjuvant_given,
            report_days.or_unknown,
            days_passed.or_unknown,
        ),
        expects=_reported,
        says="Grade: {fnclcc_grade}, mitoses: {mitoses_per_10hpf}, size: {specimen_length_mm}, margin: {margin}; days"
        " to the report: {report_days}, expected within {within_days}.",
        **literature(
            "Bertrand 2024 (prognostic)",
            "IDEA4RC (mandatory)",
            f"datasets of pathologists' colleges {TO_BE_CHECKED}",
            firmness=Firmness.B,
            since=2025,
        ),
    ),
    Rule(
        id="L-21",
        edition=2,
        title="Early course documented",
        asks="it is known who was alive after {first_days} and 90 days, and each complication within 90 days has its"
        " Clavien-Dindo grade",
        when="90 days have passed since the index resection, or the patient died",
        severity=lambda status_known: Severity.MINOR if status_known else Severity.MAJOR,
        severities="major (minor if only grades are missing)",
        scope=INDEX,
        thresholds=(Threshold("first_days", "First status", 30, "d"),),
        needs_to_apply=(died, days_passed.or_unknown),
        applies=_is_over,
        needs_to_judge=(status_known, complications_graded),
        expects=lambda status_known, complications_graded: status_known and complications_graded,
        says="Status after {first_days} and 90 days known: {status_known}; complications recorded with their grades:"
        " {complications_graded}.",
        **literature(
            "endpoints of the RPS snapshot study (sarcomagroup.org): 90-day mortality, Clavien-Dindo, readmission",
            firmness=Firmness.A,
            since=2025,
        ),
    ),
    Rule(
        id="L-24",
        title="Tumor rupture recorded",
        asks="it is recorded whether the tumor ruptured, within {within_days} days",
        when="an index resection was done",
        severity=Severity.MINOR,
        scope=INDEX,
        thresholds=(RECORDED_WITHIN,),
        needs_to_judge=("tumor_rupture?", days_passed.or_unknown),
        expects=lambda tumor_rupture, days_passed, within_days: documented(
            tumor_rupture, days_passed, within_days
        ),
        says="Whether the tumor ruptured is not recorded {within_days} days on.",
        **literature("IDEA4RC, obligation for sarcoma", firmness=Firmness.A, since=2025),
    ),
)
