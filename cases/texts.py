"""What the rulebooks declare and people read, for the catalog of each language: nothing of it is marked in place."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import override

from cases.definitions import DEFINITIONS
from cases.models import FORMS, Patient
from cases.rulebook import wording
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import TEXTS, Rule
from cases.rulebook.validity import PLAUSIBLE, VALIDITY
from cases.vocabulary import Firmness
from registry.catalog import Text
from registry.fields import UNIT, UNITS, Measurement, clinical_fields

IN_OUR_WORDS = frozenset({Firmness.LOGIC, Firmness.D})  # rules whose source is no publication


def declared() -> Iterator[Text]:
    """Titles and words of the rules, their sentences, the facts that they name, units, and what codes mean."""
    with override(None):
        for codes in DEFINITIONS.values():
            yield from (Text("", meaning, "", {"cases/definitions.py"}) for meaning in codes.values())
        for book in (ALGORITHM, VALIDITY):
            yield Text("", str(book.title), "", {"cases/rulebook"})
            for rule in book.rules:
                yield from _of(rule)
    for english in ("not recorded", "none", "yes", "no"):
        yield Text(wording.ANSWER, english, "", {"cases/rulebook/wording.py"})
    for model in (Patient, *FORMS):
        for field in clinical_fields(model):
            if isinstance(field, Measurement):
                yield Text(UNIT, field.unit_said.english, "", {"registry/fields.py"})


def _of(rule: Rule) -> Iterator[Text]:
    place = f"cases/rulebook/{rule.id}"
    for fact in rule.facts:
        if not fact.field:
            yield Text("", fact.label, "", {place})
    if rule in PLAUSIBLE:
        return  # its words are made of the field's
    for name in TEXTS:
        english: Any = rule.declared[name]
        if name != "source" or rule.firmness in IN_OUR_WORDS:  # a publication is cited as it is
            yield Text("", str(english), "", {place})
    for threshold in rule.thresholds:
        yield Text("", threshold.label, "", {place})
        yield Text(UNIT, UNITS.get(threshold.unit, threshold.unit), "", {"registry/fields.py"})
    if isinstance(rule.says, str):
        yield Text("", rule.says, "", {place})
