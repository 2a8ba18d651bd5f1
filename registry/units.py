"""Other units in which a number may be sent, by their UCUM codes: converted exactly, then rounded as the field is kept.

Lengths, volumes, times and concentrations of one kind convert everywhere. Between mass and amount of a substance only
its molar mass decides, so the field names the factor. Whatever is not listed is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

# Unit of the field -> other unit -> factor.
SAME_KIND: dict[str, dict[str, str]] = {
    "mm": {"cm": "10"},
    "cm": {"m": "100", "mm": "0.1"},
    "mL": {"L": "1000"},
    "min": {"h": "60"},
    "g/L": {"g/dL": "10"},
    "umol/L": {},
}
CREATININE_MG_DL = {"mg/dL": "88.4"}  # 113.12 g/mol; the factor of the kidney function equations
BILIRUBIN_MG_DL = {"mg/dL": "17.104"}  # 584.66 g/mol
QUANTITY = frozenset({"value", "unit"})


class UnknownUnitError(ValueError):
    """The unit is none that the field takes."""


BEYOND_MEASURE = Decimal(10) ** 12


def taken(unit: str, also: Mapping[str, str]) -> dict[str, Decimal]:
    """List the units a field takes with their factors, its own first; a field that only counts takes none."""
    if unit == "1":
        return {}
    others = SAME_KIND.get(unit, {}) | dict(also)
    return {unit: Decimal(1)} | {other: Decimal(factor) for other, factor in others.items()}


def convert(quantity: Mapping[str, Any], factors: Mapping[str, Decimal], decimals: int) -> float:
    """Turn `{"value": 1.2, "unit": "mg/dL"}` into the field's unit; ValueError unless it is just that."""
    if set(quantity) != QUANTITY or type(quantity["value"]) not in (int, float):
        raise ValueError("a quantity has a value, which is a number, and a unit")
    factor = factors.get(quantity["unit"]) if isinstance(quantity["unit"], str) else None
    if factor is None:
        raise UnknownUnitError
    value = Decimal(repr(quantity["value"]))
    if not value.is_finite():
        raise ValueError("a quantity is finite")
    if factor == 1:
        return quantity["value"]
    if abs(value) >= BEYOND_MEASURE:
        return float(value * factor)  # out of any range, rounded or not
    return float((value * factor).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN))
