"""One cell of a file: how its text, number or date becomes what the document parser takes.

Nothing is guessed. A decimal comma, a serial number for a date, a formula or lost digits are named; whatever
else is not understood goes to the parser as it is, which says for every door what the field wants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext

from cases.flat.tables import MAX_CELL, Broken, Formula, trimmed
from cases.vocabulary import Missing
from registry.fields import ClinicalField, CodedSet, Flag, Measurement, PartialDateField

SEPARATOR = "|"
REASONS = frozenset(Missing.values)
# Codes of countries that are written like a reason for absence (Namibia, Nauru).
ALSO_CODES = {"country_residence": frozenset({"NA", "NR"})}

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_COMMA = re.compile(r"-?\d+,\d+", re.ASCII)
_SEPARATED = re.compile(r"-?\d{1,3}([ '\u00a0\u202f.,]\d{3})+([.,]\d+)?", re.ASCII)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class CellError(ValueError):
    """A cell that cannot be read as it stands."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is absent."""

    code: str


def reader(declared: ClinicalField) -> Callable[[Any], Any]:
    """Make the reader of a field's cells: it gives the plain value, a `Reason`, or raises CellError."""
    also = ALSO_CODES.get(declared.name, frozenset())
    convert = _converter(declared)

    def read(cell: Any) -> Any:
        if isinstance(cell, str):
            text = _text(cell)
            return Reason(text) if text in REASONS and text not in also else convert(text)
        return convert(cell)

    return read


def _text(cell: str) -> str:
    if len(cell) > MAX_CELL:
        raise CellError(
            "too_long",
            gettext(
                "The cell holds {count} characters; no field takes more than {limit}. Shorten it."
            ).format(count=len(cell), limit=MAX_CELL),
        )
    if isinstance(cell, Formula):
        raise CellError(
            "formula",
            gettext("The cell holds a formula, which is never computed here. Paste its value instead."),
        )
    if isinstance(cell, Broken):
        raise CellError(
            "error_cell",
            gettext("The cell shows an error of the spreadsheet program. Enter the value again."),
        )
    return trimmed(cell)


def _converter(declared: ClinicalField) -> Callable[[Any], Any]:
    """Turn a cell into what the document parser wants; what is not understood goes there as it is."""
    if isinstance(declared, Measurement):
        return _measured(bool(declared.decimals))
    if isinstance(declared, CodedSet):
        return _codes
    if isinstance(declared, PartialDateField):
        return _date
    if isinstance(declared, Flag):
        return _flag
    return as_text


def _measured(decimals: bool) -> Callable[[Any], Any]:
    def convert(cell: Any) -> Any:
        if isinstance(cell, float) and cell.is_integer() and not decimals:
            return int(cell)
        if not isinstance(cell, str):
            return cell if isinstance(cell, int | float) else str(cell)
        if _NUMBER.fullmatch(cell):
            number = float(cell)
            return (
                int(cell)
                if "." not in cell
                else int(number)
                if number.is_integer() and not decimals
                else number
            )
        if _COMMA.fullmatch(cell):
            raise CellError(
                "decimal_comma",
                gettext("The number is written with a comma. Write a decimal point, such as 12.5."),
            )
        if _SEPARATED.fullmatch(cell):
            raise CellError(
                "thousands",
                gettext("The number has separators for thousands. Write its digits alone, such as 1200."),
            )
        return cell

    return convert


def _codes(cell: Any) -> Any:
    if not isinstance(cell, str):
        return [str(cell)]
    if ";" in cell or "," in cell:
        raise CellError("separator", gettext("Separate several codes with |, such as mass|fever."))
    return [trimmed(code) for code in cell.split(SEPARATOR)]


def _date(cell: Any) -> Any:
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise CellError("date_with_time", gettext("The cell holds a time of day. Enter the date alone."))
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool) and not 1900 <= cell <= 2099:
        raise CellError(
            "date_serial",
            gettext(
                "The cell holds a number where a date belongs. Format it as a date, or write YYYY-MM-DD."
            ),
        )
    return as_text(cell)


def _flag(cell: Any) -> Any:
    if isinstance(cell, int | float) and cell in (0, 1):
        return bool(cell)
    return _FLAGS.get(cell.lower(), cell) if isinstance(cell, str) else cell


def as_text(cell: Any) -> Any:
    """A cell as text; spreadsheet programs turn numbers that are names into numbers, and keep 15 digits."""
    if isinstance(cell, str):
        return _text(cell)
    if isinstance(cell, date | time | timedelta):
        raise CellError(
            "date_in_text",
            gettext(
                "The cell holds a date or time; spreadsheet programs make one of texts such as 3-15. Format it as text."
            ),
        )
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float) and abs(cell) >= 10**15:
        raise CellError(
            "digits_lost",
            gettext("The cell holds a number of more than 15 digits, which lost its end. Format it as text."),
        )
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
