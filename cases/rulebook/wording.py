"""How values and absences are said in a finding, and how they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from cases.rulebook.facts import Fact
from cases.vocabulary import Missing
from registry.dates import PartialDate
from registry.fields import CodedSet, Measurement

UNITS = {
    "1": "",
    "mo": "months",
    "d": "days",
    "a": "years",
    "Cel": "°C",
    "{mitoses}/(10.{HPF})": "per 10 HPF",
}


def spoken(fact: Fact, value: Any) -> str:
    """A value as a sentence says it: labels for codes, units for numbers."""
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        codes = fact.field.in_order(value) if isinstance(fact.field, CodedSet) else sorted(value)
        return ", ".join(_label(fact, code) for code in codes)
    if isinstance(value, str):
        return _label(fact, value)
    if isinstance(value, int | float):
        return f"{value:g}{unit(fact.field)}" if isinstance(fact.field, Measurement) else f"{value:g}"
    return str(value)


def unit(field: Measurement) -> str:
    """The unit as it follows a number, blank included; UCUM codes that nobody says are put in words."""
    return f" {UNITS.get(field.unit, field.unit)}".rstrip()


def _label(fact: Fact, code: str) -> str:
    vocabulary = getattr(fact.field, "vocabulary", None)
    if vocabulary is None or code not in vocabulary.values:
        return code.replace("_", " ")
    label = str(vocabulary(code).label)
    # "Median laparotomy" stands inside a sentence; "PTFE" and "R0" stay as they are.
    return label if label[1:2].isupper() or not label[1:2].isalpha() else label[0].lower() + label[1:]


def plain(fact: Fact, value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, frozenset | set):
        return fact.field.in_order(value) if isinstance(fact.field, CodedSet) else sorted(map(str, value))
    if isinstance(value, PartialDate | date):
        return str(value)
    if isinstance(value, tuple | list):
        return [plain(fact, item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(fact, item) for key, item in value.items()}
    return str(value) if isinstance(value, str) else value


def missing(label: str, reason: str | None) -> str:
    """An absence with its reason, if one is recorded."""
    if reason is None:
        return f"{label} (not recorded)"
    return f"{label} ({str(Missing(reason).label).lower()}, {reason})"


def not_assessable(absent: Iterable[Any]) -> str:
    """Say what a judgement lacks."""
    what = "; ".join(str(one) for one in absent)
    return f"Cannot be judged without: {what}." if what else "Cannot be judged from what is recorded."
