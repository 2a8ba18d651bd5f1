"""Validity of age and consent (X-11 to X-13), and whether the case is the only one of its patient (X-56)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.derived import completed_years
from cases.document import FIELDS, OUTER_FORMS
from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.vocabulary import ConsentBasis, Severity, WithdrawalEffect
from registry.dates import PartialDate
from registry.tongues import Saying, say

ADULT_YEARS, OLD_YEARS = 18, 85


@derived("age at resection", "patient.born_on", "patient.age_at_resection_years")
def age_range_years(case: Any, row: Any, as_of: date) -> tuple[int, int] | None:
    """The least and the greatest age that the dates leave open, in completed years; or as published."""
    patient, on = case.patient, case.index.operated_on if case.index else None
    if patient is None or case.index is None:
        return None
    if patient.born_on is None or on is None:
        age = patient.age_at_resection_years
        return None if age is None else (age, age)
    born = patient.born_on
    return completed_years(born.latest, on.earliest), completed_years(born.earliest, on.latest)


def _age_says(age_range_years: tuple[int, int]) -> Saying:
    low, high = age_range_years
    age = low if low == high else say("{low} to {high}", low=low, high=high)
    if high < ADULT_YEARS:
        return say(
            "Age at resection is {age} years; patients under {least} are not eligible: correct a date.",
            age=age,
            least=ADULT_YEARS,
        )
    return say("Age at resection is {age} years, over {most}: confirm or correct.", age=age, most=OLD_YEARS)


@derived("forms beside patient and consent", "patient")
def clinical_forms(case: Any, row: Any, as_of: date) -> tuple[str, ...]:
    """The clinical forms that the document holds."""
    return tuple(
        m.name for m in OUTER_FORMS if m.name != "consent" and getattr(case, m.name) not in (None, ())
    )


@derived("rows dated after the withdrawal", "consent.withdrawn_on")
def dated_after_withdrawal(case: Any, row: Any, as_of: date) -> tuple[str, ...] | None:
    """Where the document holds a date that surely lies after the withdrawal; None while that has no date."""
    withdrawn_on = case.consent.withdrawn_on if case.consent else None
    if withdrawn_on is None:
        return None
    found = []
    for model in OUTER_FORMS:
        value = getattr(case, model.name)
        rows = value if model.repeats else () if value is None or model.name == "consent" else (value,)
        for place, form in enumerate(rows):
            step = f"/{place}" if model.repeats else ""
            found += [
                f"/{model.name}{step}/{name}"
                for name in FIELDS[type(form)]
                if isinstance(on := getattr(form, name), PartialDate) and on.surely_after(withdrawn_on)
            ]
    return tuple(found)


def _nothing_may_stay(basis: str, effect: str | None) -> bool:
    erased = basis == ConsentBasis.WITHDRAWN and effect == WithdrawalEffect.ERASE
    return basis == ConsentBasis.REFUSED or erased


RULES = (
    Rule(
        id="X-11",
        title="Adult at resection",
        asks="the patient was 18 to 85 years old at the resection",
        when="the age at the resection is known",
        severity=lambda age_range_years: (
            Severity.ERROR if age_range_years[1] < ADULT_YEARS else Severity.QUERY
        ),
        severities="error (query over 85)",
        needs_to_judge=(age_range_years,),
        expects=lambda age_range_years: age_range_years[1] >= ADULT_YEARS and age_range_years[0] <= OLD_YEARS,
        says=_age_says,
        **LOGIC,
    ),
    Rule(
        id="X-12",
        title="Partial dates as intervals",
        asks="a date rule fails only when no day inside the dates' intervals could be right",
        severity=Severity.ERROR,
        held_by="Every date rule compares the earliest and latest days of the dates it reads.",
        **LOGIC,
    ),
    Rule(
        id="X-13",
        title="No data without consent",
        asks="no clinical form is kept",
        when="consent was refused, or withdrawn with erasure",
        severity=Severity.ERROR,
        needs_to_apply=("consent.basis", "consent.withdrawal_effect as effect?"),
        applies=_nothing_may_stay,
        needs_to_judge=(clinical_forms,),
        at="basis",
        expects=lambda clinical_forms: not clinical_forms,
        says="Consent is {basis}: only patient and consent may be kept, remove the other forms.",
        **LOGIC,
    ),
    Rule(
        id="X-13",
        title="No data after withdrawal",
        asks="nothing is dated after the withdrawal",
        when="consent was withdrawn and earlier data may stay",
        severity=Severity.ERROR,
        needs_to_apply=("consent.basis", "consent.withdrawal_effect as effect?"),
        applies=lambda basis, effect: basis == ConsentBasis.WITHDRAWN and effect != WithdrawalEffect.ERASE,
        needs_to_judge=(dated_after_withdrawal,),
        at="dated_after_withdrawal",
        expects=lambda dated_after_withdrawal: not dated_after_withdrawal,
        says=lambda dated_after_withdrawal: say(
            "Consent was withdrawn before the dates in {places}; remove these rows.",
            places=", ".join(dated_after_withdrawal[:5]),
        ),
        **LOGIC,
    ),
    Rule(
        id="X-56",
        title="One case a patient",
        asks="no other case of the center has the same sex, year of birth and month of resection",
        severity=Severity.QUERY,
        says="Another case of this center has the same sex, birth year and month of resection; is it the same patient?",
        held_by="Needs the center's other cases, so the database is asked when a case is saved or read again.",
        **LOGIC,
    ),
)
