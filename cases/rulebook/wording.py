"""How values and absences are said in a finding, how they are stored, and which facts a sentence names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from inspect import signature
from string import Formatter
from typing import Any

from cases.rulebook.facts import Fact
from cases.vocabulary import Missing
from registry.fields import CodedSet, Measurement

# A sentence has at most 500 characters: what is listed in it is cut short, in characters.
LONGEST_LIST, LONGEST_ABSENCE = 100, 400
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
        return listed([_label(fact, code) for code in codes])
    if isinstance(value, dict):
        return listed([f"{code} {how}".replace("_", " ") for code, how in sorted(value.items())])
    if isinstance(value, str):
        return _label(fact, value)
    if isinstance(value, int | float):
        return f"{value:g}{unit(fact.field)}" if isinstance(fact.field, Measurement) else f"{value:g}"
    return str(value)


def unit(field: Measurement) -> str:
    """The unit as it follows a number, blank included; UCUM codes that nobody says are put in words."""
    return f" {UNITS.get(field.unit, field.unit)}".rstrip()


def listed(words: Sequence[str], separator: str = ", ", most: int = LONGEST_LIST) -> str:
    """Words in a row: as many as fit, and how many more there are."""
    shown, length = 0, 0
    for word in words:
        length += len(word) + len(separator)
        if shown and length > most:
            break
        shown += 1
    more = [f"and {len(words) - shown} more"] if shown < len(words) else []
    return separator.join([*words[:shown], *more])


def _label(fact: Fact, code: str) -> str:
    label = _labels(getattr(fact.field, "vocabulary", None)).get(code)
    return code.replace("_", " ") if label is None else label


@cache
def _labels(vocabulary: Any) -> dict[str, str]:
    """Labels by code, as they stand inside a sentence: "median laparotomy", but "PTFE" and "R0"."""
    if vocabulary is None:
        return {}
    shown = {}
    for code, label in vocabulary.choices:
        as_written = label[1:2].isupper() or not label[1:2].isalpha()
        shown[code] = label if as_written else label[0].lower() + label[1:]
    return shown


def plain(fact: Fact, value: Any) -> Any:
    """A value as JSON holds it."""
    if value is True or value is False or type(value) in (int, float, str):
        return value
    if isinstance(value, frozenset | set):
        return fact.field.in_order(value) if isinstance(fact.field, CodedSet) else sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [plain(fact, item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(fact, item) for key, item in value.items()}
    return None if value is None else str(value)


def missing(label: str, reason: str | None) -> str:
    """An absence with its reason, if one is recorded."""
    if reason is None:
        return f"{label} (not recorded)"
    return f"{label} ({str(Missing(reason).label).lower()}, {reason})"


def not_assessable(absent: Iterable[Any]) -> str:
    """Say what a judgement lacks."""
    what = listed([str(one) for one in absent], "; ", LONGEST_ABSENCE)
    return f"Cannot be judged without: {what}." if what else "Cannot be judged from what is recorded."


@cache
def arguments(predicate: Any) -> tuple[str, ...]:
    """The facts that a predicate takes, or that a sentence names in braces."""
    if isinstance(predicate, str):
        return tuple(name.partition(".")[0] for _, name, _, _ in Formatter().parse(predicate) if name)
    return () if predicate is None else tuple(signature(predicate).parameters)
