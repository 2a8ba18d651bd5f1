"""The validity rulebook: can this be true? An error refuses the case, a query asks to confirm or correct.

The rules X-01 to X-69 stand in files by theme. Every measurement that declares a plausible range adds a query of
its own (P-form.field); possible ranges are refused before a rule is read.
"""

from __future__ import annotations

from cases.document import FIELDS, TYPES
from cases.models import FORMS, Patient
from cases.rulebook import (
    validity_complications,
    validity_course,
    validity_dates,
    validity_follow_up,
    validity_operation,
    validity_pathology,
    validity_person,
    validity_reconstruction,
    validity_tumor,
    validity_veins,
    validity_within,
)
from cases.rulebook.authority import LOGIC, PROPOSAL
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.scopes import each
from cases.vocabulary import Severity, Verdict
from registry.fields import Measurement
from registry.tongues import say, term

# Ids that differ from P-form.field: the graft's diameter has a number, and an id has at most 40 characters.
IDS = {
    ("reconstruction", "diameter_mm"): "X-27",
    ("complications", "onset_days_after_resection"): "P-complications.onset_days",
}
# The age at resection is X-11's.
ASKED_ELSEWHERE = frozenset({("patient", "age_at_resection_years")})


def _plausible(form: str, field: Measurement) -> Rule:
    """Make the query for one field's plausible range."""
    low, high = field.plausible or (0, 0)
    limits = say("{low} to {high}", low=low, high=high)
    unit = field.unit_said
    span = say("{number} {unit}", number=limits, unit=unit) if unit.english else limits
    return Rule(
        id=IDS.get((form, field.name), f"P-{form}.{field.name}"),
        title=say("{field}: plausible range", field=term(field.label)),
        asks=span,
        **PROPOSAL,
        severity=Severity.QUERY,
        scope=each(form),
        needs_to_judge=(f"{field.name} as number",),
        expects=lambda number: low <= number <= high,
        says=lambda number: say(
            "{field} is {number}, outside the plausible {span}; confirm or correct.",
            field=term(field.label),
            number=say("{number} {unit}", number=number, unit=unit) if unit.english else number,
            span=span,
        ),
    )


PLAUSIBLE = tuple(
    _plausible(model.name, declared)
    for model in (Patient, *FORMS)
    for name, declared in FIELDS[TYPES[model]].items()
    if isinstance(declared, Measurement) and declared.plausible and (model.name, name) not in ASKED_ELSEWHERE
)
UNITS = Rule(
    id="X-60",
    title="Fixed units",
    asks="every number is sent in the registry's own unit",
    severity=Severity.ERROR,
    **LOGIC,
    held_by="The unit is part of the field's name and no other key is accepted, so another unit cannot be sent.",
)

_NUMBERED_RULES = (
    *validity_dates.RULES,
    *validity_course.RULES,
    *validity_person.RULES,
    *validity_tumor.RULES,
    *validity_reconstruction.RULES,
    *validity_operation.RULES,
    *validity_veins.RULES,
    *validity_pathology.RULES,
    *validity_complications.RULES,
    *validity_follow_up.RULES,
    *validity_within.RULES,
    *(rule for rule in PLAUSIBLE if rule.id.startswith("X-")),
    UNITS,
)

VALIDITY = Rulebook(
    name="validity",
    title="Validity: can this be true?",
    version="2026.1",
    rules=(
        *sorted(_NUMBERED_RULES, key=lambda rule: rule.id),
        *(rule for rule in PLAUSIBLE if not rule.id.startswith("X-")),
    ),
    # A valid case is one of which nothing is said; what lacks an answer is completeness's business.
    tells=frozenset({Verdict.DEVIATION}),
)
