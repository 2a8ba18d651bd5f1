"""Validity of dates up to the resection (X-01 to X-05), and of every date: none in the future, none before birth.

Dates known to the month or year are intervals; a rule fails only when no day inside them could be right (X-12).
"Resection" is the index resection, time zero of the case.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.document import FIELDS, OUTER_FORMS, TYPES
from cases.models import Patient
from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import each
from cases.vocabulary import (
    DiagnosisBasis,
    MdtPhase,
    OperationType,
    Setting,
    Severity,
)
from registry.dates import PartialDate
from registry.fields import PartialDateField
from registry.tongues import Saying, say, term

# Days after the resection at which a diagnosis from the specimen is unusual, and impossible.
LATE_DIAGNOSIS_DAYS, LATEST_DIAGNOSIS_DAYS = 30, 60
BEFORE_TREATMENT = frozenset({MdtPhase.PRE_BIOPSY, MdtPhase.PRE_TREATMENT})


def can_follow(later: PartialDate, earlier: PartialDate) -> bool:
    """Whether some day of the one could be, or come after, some day of the other."""
    return later.latest >= earlier.earliest


# --- X-01 ----------------------------------------------------------------------------------------


def _in_life(form: str, name: str) -> Rule:
    """Return X-01 for one date field."""
    label = term(FIELDS[each(form).form][name].label)

    def expects(on: PartialDate, as_of: date, born_on: PartialDate | None) -> bool:
        return on.earliest <= as_of and (born_on is None or on.latest >= born_on.earliest)

    def says(on: PartialDate, as_of: date, born_on: PartialDate | None) -> Saying:
        if on.earliest > as_of:
            return say("{date} ({on}) lies in the future; correct the date.", date=label, on=on)
        return say(
            "{date} ({on}) lies before birth ({born_on}); correct one of the two dates.",
            date=label,
            on=on,
            born_on=born_on,
        )

    return Rule(
        id="X-01",
        title="No date in the future, none before birth",
        asks="every date lies between birth and today at the center",
        when="the date is given",
        severity=Severity.ERROR,
        scope=each(form),
        needs_to_judge=(f"{name} as on", "as_of", "patient.born_on?"),
        expects=expects,
        says=says,
        **LOGIC,
    )


_LIFE = tuple(
    _in_life(model.name, name)
    for model in OUTER_FORMS
    for name, declared in FIELDS[TYPES[model]].items()
    if isinstance(declared, PartialDateField)
)
_BIRTH = Rule(
    id="X-01",
    title="No date in the future, none before birth",
    asks="every date lies between birth and today at the center",
    when="the date is given",
    severity=Severity.ERROR,
    scope=each(Patient.name),
    needs_to_judge=("born_on", "as_of"),
    expects=lambda born_on, as_of: born_on.earliest <= as_of,
    says="Born ({born_on}) lies in the future; correct the date.",
    **LOGIC,
)

# --- before the resection -----------------------------------------------------------


def _diagnosis_in_time(diagnosis_on: PartialDate, resected_on: PartialDate, basis: str | None) -> bool:
    late = LATE_DIAGNOSIS_DAYS if basis == DiagnosisBasis.SURGICAL_SPECIMEN else 0
    return (diagnosis_on.earliest - resected_on.latest).days <= late


def _diagnosis_severity(diagnosis_on: PartialDate, resected_on: PartialDate, basis: str | None) -> Severity:
    days = (diagnosis_on.earliest - resected_on.latest).days
    impossible = basis == DiagnosisBasis.BIOPSY or days > LATEST_DIAGNOSIS_DAYS
    return Severity.ERROR if impossible else Severity.QUERY


@derived("operation for the tumor (last)", "operations.operated_on", "operations.operation_type")
def last_resection_on(case: Any, row: Any, as_of: date) -> PartialDate | None:
    """The last resection of tumor or recurrence: a native vein is measured before it."""
    dates = [
        o.operated_on
        for o in case.operations
        if o.operated_on
        and o.operation_type in (OperationType.INDEX_RESECTION, OperationType.RESECTION_RECURRENCE)
    ]
    return max(dates, key=lambda on: on.latest, default=None)


@derived("first biopsy", "biopsies.performed_on")
def first_biopsy_on(case: Any, row: Any, as_of: date) -> PartialDate | None:
    """The earliest dated biopsy, if every biopsy has a date."""
    dates = [b.performed_on for b in case.biopsies]
    return min(dates, key=lambda on: on.earliest) if dates and None not in dates else None


_BEFORE_RESECTION = (
    Rule(
        id="X-02",
        title="Diagnosis before resection",
        asks="the diagnosis stands before the resection, or within 30 days of it when the specimen proved it",
        when="both dates are given",
        severity=_diagnosis_severity,
        severities="query (error beyond 60 days, or when a biopsy proved it)",
        needs_to_judge=(
            "diagnosis.diagnosis_on",
            "index.operated_on as resected_on",
            "diagnosis.diagnosis_basis as basis?",
        ),
        expects=_diagnosis_in_time,
        says="Diagnosis ({diagnosis_on}) lies after the resection ({resected_on}); correct a date, or the basis of"
        " the diagnosis ({basis}).",
        **LOGIC,
    ),
    Rule(
        id="X-03",
        title="First symptom before diagnosis",
        asks="the first symptom came before the diagnosis",
        when="both dates are given",
        severity=Severity.QUERY,
        needs_to_judge=("presentation.first_symptom_on", "diagnosis.diagnosis_on"),
        expects=lambda first_symptom_on, diagnosis_on: can_follow(diagnosis_on, first_symptom_on),
        says="First symptom ({first_symptom_on}) lies after the diagnosis ({diagnosis_on}); correct or confirm.",
        **LOGIC,
    ),
    Rule(
        id="X-04",
        title="Staging before resection",
        asks="tumor boards before treatment were held before the resection",
        when="a tumor board is recorded as before biopsy or before treatment",
        severity=Severity.ERROR,
        scope=each("mdt_meetings"),
        needs_to_apply=("phase",),
        applies=lambda phase: phase in BEFORE_TREATMENT,
        needs_to_judge=("held_on", "index.operated_on as resected_on"),
        expects=lambda held_on, resected_on: can_follow(resected_on, held_on),
        says="The meeting before treatment ({held_on}) lies after the resection ({resected_on}); correct the date or"
        " the phase.",
        **LOGIC,
    ),
    Rule(
        id="X-04",
        title="Staging before resection",
        asks="the biopsy that proved the diagnosis came before the resection",
        when="the diagnosis rests on a biopsy",
        severity=Severity.ERROR,
        needs_to_apply=("diagnosis.diagnosis_basis",),
        applies=lambda diagnosis_basis: diagnosis_basis == DiagnosisBasis.BIOPSY,
        needs_to_judge=(first_biopsy_on, "index.operated_on as resected_on"),
        expects=lambda first_biopsy_on, resected_on: can_follow(resected_on, first_biopsy_on),
        says="The diagnosis rests on a biopsy, yet the first biopsy ({first_biopsy_on}) lies after the resection"
        " ({resected_on}); correct a date or the basis.",
        **LOGIC,
    ),
    Rule(
        id="X-04",
        title="Staging before resection",
        asks="the native vein was measured before it was resected",
        when="an imaging study gives a native diameter",
        severity=Severity.ERROR,
        scope=each("imaging"),
        needs_to_apply=("ivc_diameter_caudal_mm?", "ivc_diameter_cranial_mm?"),
        applies=lambda ivc_diameter_caudal_mm, ivc_diameter_cranial_mm: (
            ivc_diameter_caudal_mm is not None or ivc_diameter_cranial_mm is not None
        ),
        needs_to_judge=("performed_on", last_resection_on),
        at="performed_on",
        expects=lambda performed_on, last_resection_on: can_follow(last_resection_on, performed_on),
        says="A native diameter is given by imaging ({performed_on}) after the resection ({last_resection_on});"
        " correct the date or leave out the diameter.",
        **LOGIC,
    ),
    Rule(
        id="X-05",
        title="Therapy on its side of the resection",
        asks="neoadjuvant therapy began and ended before the resection",
        when="a therapy is neoadjuvant",
        severity=Severity.ERROR,
        scope=each("therapies"),
        needs_to_apply=("setting",),
        applies=lambda setting: setting == Setting.NEOADJUVANT,
        needs_to_judge=("started_on", "ended_on?", "index.operated_on as resected_on"),
        expects=lambda started_on, ended_on, resected_on: (
            can_follow(resected_on, started_on) and (ended_on is None or can_follow(resected_on, ended_on))
        ),
        says="Neoadjuvant therapy ({started_on} to {ended_on}) reaches beyond the resection ({resected_on}); correct"
        " the dates or the setting.",
        **LOGIC,
    ),
    Rule(
        id="X-05",
        title="Therapy on its side of the resection",
        asks="adjuvant therapy began after the resection",
        when="a therapy is adjuvant",
        severity=Severity.ERROR,
        scope=each("therapies"),
        needs_to_apply=("setting",),
        applies=lambda setting: setting == Setting.ADJUVANT,
        needs_to_judge=("started_on", "index.operated_on as resected_on"),
        expects=lambda started_on, resected_on: can_follow(started_on, resected_on),
        says="Adjuvant therapy ({started_on}) begins before the resection ({resected_on}); correct the date or the"
        " setting.",
        **LOGIC,
    ),
)

RULES = (_BIRTH, *_LIFE, *_BEFORE_RESECTION)
