"""The numbers of a rule, declared beside its predicates so that they can be read, published and set anew without code.

A predicate, a severity, a derived fact or a text takes a threshold by its name, as it takes a fact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from registry.fields import UNIT, UNITS
from registry.tongues import lazily

LARGEST = 10_000  # that many months before a date, or weeks after it, are still in the calendar


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number that a rule sets, by its name; the unit is UCUM's. A whole number stays one.

    `up_to` names the threshold at the upper end of the range that this one begins.
    """

    name: str
    label: str  # English, as declared
    value: float
    unit: str = ""
    up_to: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"'{self.name}' is no name of a threshold")
        if wrong := _wrong(self.value):
            raise ValueError(f"{self.name}: {self.value!r} {wrong}")

    @property
    def unit_said(self) -> Any:
        """The unit as people say it."""
        return lazily(UNITS.get(self.unit, self.unit), UNIT)

    def at(self, value: float) -> Threshold:
        """The same threshold at another value, which must be of its kind."""
        if type(self.value) is float and type(value) is int:
            value = float(value)
        if type(self.value) is int and type(value) is float:
            raise ValueError(f"{self.name}: {value!r} is not a whole number")
        return replace(self, value=value)


def fitting(declared: Iterable[Threshold], values: Mapping[str, float]) -> dict[str, float]:
    """Those of the values that can be set: of a number that is declared, and of its kind, as 7.0 is for a whole one."""
    kept: dict[str, float] = {}
    for threshold in declared:
        value: Any = values.get(threshold.name)
        if type(threshold.value) is int and type(value) is float and value.is_integer():
            value = int(value)
        if (
            value is not None
            and not _wrong(value)
            and not (type(threshold.value) is int and type(value) is float)
        ):
            kept[threshold.name] = value
    return kept


def _wrong(value: Any) -> str:
    if type(value) not in (int, float):
        return "is not a number"
    if not math.isfinite(value):
        return "is not a finite number"
    if value > LARGEST:
        return f"is larger than {LARGEST}"
    return "is negative" if value < 0 else ""


def numbers(rule_id: str, declared: Iterable[Threshold]) -> dict[str, float]:
    """The values by their names."""
    found: dict[str, float] = {}
    for threshold in declared:
        if threshold.name in found:
            raise ValueError(f"{rule_id}: the threshold '{threshold.name}' is declared twice")
        found[threshold.name] = threshold.value
    return found


def changed(
    rule_id: str, declared: tuple[Threshold, ...], values: Mapping[str, float]
) -> tuple[Threshold, ...]:
    """The thresholds of a rule with other values for those that are named."""
    names = [threshold.name for threshold in declared]
    for name in values:
        if name not in names:
            raise ValueError(f"{rule_id} has no threshold '{name}'; it has: {', '.join(names) or 'none'}")
    try:
        return tuple(one.at(values[one.name]) if one.name in values else one for one in declared)
    except ValueError as error:
        raise ValueError(f"{rule_id}: {error}") from None
