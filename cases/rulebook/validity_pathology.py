"""Validity of pathology (X-42 to X-45)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.authority import FNCLCC, LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX, each
from cases.vocabulary import Grade, GrossResult, Margin, Setting, Severity, TherapyModality

KNOWN_GRADES = frozenset({Grade.G1, Grade.G2, Grade.G3})


def _grade_of_scores(differentiation: int, mitosis: int, necrosis: int) -> str:
    """FNCLCC: a sum of 2 or 3 is grade 1, of 4 or 5 grade 2, of 6 to 8 grade 3."""
    total = differentiation + mitosis + necrosis
    return str(Grade.G1 if total <= 3 else Grade.G2 if total <= 5 else Grade.G3)


@derived("neoadjuvant therapy", "therapies.setting", "therapies.modality")
def neoadjuvant_given(case: Any, row: Any, as_of: date) -> bool:
    """Whether a neoadjuvant therapy is recorded as given."""
    return any(
        t.setting == Setting.NEOADJUVANT and t.modality != TherapyModality.NONE_GIVEN for t in case.therapies
    )


RULES = (
    Rule(
        id="X-42",
        title="Gross residue means R2",
        asks="the margin is R2 exactly when tumor was left to see",
        when="both are given",
        severity=Severity.ERROR,
        scope=INDEX,
        needs_to_judge=("gross_result", "specimen.margin"),
        at="margin",
        expects=lambda gross_result, margin: (
            (gross_result == GrossResult.MACROSCOPIC_RESIDUE) == (margin == Margin.R2)
        ),
        says="The gross result ({gross_result}) contradicts the margin ({margin}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-43",
        title="R0 with a margin of 0 mm",
        asks="the closest margin is above 0 mm",
        when="the margin is R0",
        severity=Severity.QUERY,
        scope=each("pathology"),
        needs_to_apply=("margin",),
        applies=lambda margin: margin == Margin.R0,
        needs_to_judge=("closest_margin_mm",),
        expects=lambda closest_margin_mm: closest_margin_mm > 0,
        says="The margin is {margin} and the closest margin {closest_margin_mm}; confirm or correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-44",
        title="Grade fits its scores",
        asks="the FNCLCC grade is that of the sum of its three scores",
        when="a grade is given",
        severity=Severity.QUERY,
        scope=each("pathology"),
        needs_to_apply=("fnclcc_grade",),
        applies=lambda fnclcc_grade: fnclcc_grade in KNOWN_GRADES,
        needs_to_judge=("fnclcc_differentiation", "fnclcc_mitosis_score", "fnclcc_necrosis_score"),
        at="fnclcc_grade",
        expects=lambda fnclcc_grade, fnclcc_differentiation, fnclcc_mitosis_score, fnclcc_necrosis_score: (
            fnclcc_grade
            == _grade_of_scores(fnclcc_differentiation, fnclcc_mitosis_score, fnclcc_necrosis_score)
        ),
        says="FNCLCC scores {fnclcc_differentiation}, {fnclcc_mitosis_score} and {fnclcc_necrosis_score} do not give"
        " {fnclcc_grade}; confirm or correct.",
        **FNCLCC,
    ),
    Rule(
        id="X-45",
        title="Grade after neoadjuvant therapy",
        asks="no grade is given to a treated specimen",
        when="neoadjuvant therapy was given",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_apply=(neoadjuvant_given,),
        applies=lambda neoadjuvant_given: neoadjuvant_given,
        needs_to_judge=("specimen.fnclcc_grade?",),
        at="fnclcc_grade",
        expects=lambda fnclcc_grade: fnclcc_grade not in KNOWN_GRADES,
        says="The specimen was graded ({fnclcc_grade}) after neoadjuvant therapy; confirm or record GX.",
        **FNCLCC,
    ),
)
