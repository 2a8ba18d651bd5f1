"""Validity of dates after the resection (X-06 to X-10): nothing before it, nothing after death but its news."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import each
from cases.rulebook.validity_dates import LATEST_DIAGNOSIS_DAYS, can_follow
from cases.vocabulary import DiagnosisBasis, Severity, VitalStatus
from registry.dates import PartialDate


@derived("first operation", "operations.operated_on")
def first_operation_on(case: Any, row: Any, as_of: date) -> PartialDate | None:
    """The earliest operation, if every operation has a date: complications may follow an exploration."""
    dates = [o.operated_on for o in case.operations]
    return min(dates, key=lambda on: on.earliest) if dates and None not in dates else None


def _contact_possible(
    visit_on: PartialDate,
    vital_status: str | None,
    resected_on: PartialDate | None,
    died_on: PartialDate | None,
) -> bool:
    if resected_on is not None and not can_follow(visit_on, resected_on):
        return False
    if died_on is None:
        return True
    # That the patient is dead may be learned at any time after the death, never before it.
    if vital_status == VitalStatus.DEAD:
        return can_follow(visit_on, died_on)
    return can_follow(died_on, visit_on)


def _death_after_diagnosis(died_on: PartialDate, diagnosis_on: PartialDate, basis: str | None) -> bool:
    late = basis in (DiagnosisBasis.AUTOPSY, DiagnosisBasis.SURGICAL_SPECIMEN)
    return (diagnosis_on.earliest - died_on.latest).days <= (LATEST_DIAGNOSIS_DAYS if late else 0)


RULES = (
    Rule(
        id="X-06",
        title="Discharge after resection",
        asks="discharge came after the resection",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("discharge"),
        needs_to_judge=("discharged_on", "index.operated_on as resected_on"),
        expects=lambda discharged_on, resected_on: can_follow(discharged_on, resected_on),
        says="Discharged ({discharged_on}) lies before the resection ({resected_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-06",
        title="Readmission after discharge",
        asks="readmission came after discharge",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("discharge"),
        needs_to_judge=("readmitted_on", "discharged_on"),
        expects=lambda readmitted_on, discharged_on: can_follow(readmitted_on, discharged_on),
        says="Readmitted ({readmitted_on}) lies before discharge ({discharged_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-07",
        title="Complication between operation and death",
        asks="a complication begins after the (first) operation and not after death",
        when="the dates are given",
        severity=Severity.ERROR,
        scope=each("complications"),
        needs_to_judge=("onset_on", first_operation_on, "death.died_on?"),
        expects=lambda onset_on, first_operation_on, died_on: (
            can_follow(onset_on, first_operation_on) and (died_on is None or can_follow(died_on, onset_on))
        ),
        says="Onset ({onset_on}) does not lie between the operation ({first_operation_on}) and death ({died_on});"
        " correct the date.",
        **LOGIC,
    ),
    Rule(
        id="X-08",
        title="Recurrence between resection and death",
        asks="a recurrence is detected after the resection and not after death",
        when="the dates are given",
        severity=Severity.ERROR,
        scope=each("recurrences"),
        needs_to_judge=("detected_on", "index.operated_on as resected_on", "death.died_on?"),
        expects=lambda detected_on, resected_on, died_on: (
            can_follow(detected_on, resected_on) and (died_on is None or can_follow(died_on, detected_on))
        ),
        says="Recurrence ({detected_on}) does not lie between the resection ({resected_on}) and death ({died_on});"
        " correct the date.",
        **LOGIC,
    ),
    Rule(
        id="X-09",
        title="Contact between resection and death",
        asks="a contact comes after the resection; after death only the news of the death may be recorded",
        when="the contact has a date",
        severity=Severity.ERROR,
        scope=each("follow_ups"),
        needs_to_judge=("visit_on", "vital_status?", "index.operated_on as resected_on?", "death.died_on?"),
        expects=_contact_possible,
        says="Visit ({visit_on}, {vital_status}) contradicts the resection ({resected_on}) or the death ({died_on});"
        " correct a date or the vital status.",
        **LOGIC,
    ),
    Rule(
        id="X-10",
        title="Death after diagnosis",
        asks="death comes after the diagnosis, which an autopsy or the specimen may give up to 60 days later",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("death"),
        needs_to_judge=("died_on", "diagnosis.diagnosis_on", "diagnosis.diagnosis_basis as basis?"),
        at="died_on",
        expects=_death_after_diagnosis,
        says="Died ({died_on}) lies before the diagnosis ({diagnosis_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-10",
        title="No operation after death",
        asks="every operation comes before death",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_judge=("operated_on", "death.died_on"),
        expects=lambda operated_on, died_on: can_follow(died_on, operated_on),
        says="Operated ({operated_on}) lies after death ({died_on}); correct one of the two.",
        **LOGIC,
    ),
)
