"""Sheets of numbered rows, and how CSV is read into one.

Nothing here knows a clinical word. Files come from outside, so everything is bounded before it is believed;
a file that cannot be read is refused whole, in sentences that say where and what to do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

MAX_FILE_BYTES = 64 * 2**20
MAX_ROWS = 100_000
MAX_COLUMNS = 2_000
MAX_CELL = 5_000  # five times the longest text of a case
# The csv module's own limit is for the whole process and cannot name a row and column; ours can.
csv.field_size_limit(MAX_FILE_BYTES)

_BLANKS = " \t\r\n\u00a0\u200b\u2060\ufeff"
_WIDE_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SAVE_AS = "Save it as 'CSV UTF-8' and send it again"


class UnreadableFile(ValueError):  # noqa: N818 (named for what it is)
    """The file cannot be taken at all; the message says why and what to do."""


class Formula(str):
    """A cell whose value is computed elsewhere."""

    __slots__ = ()


class Broken(str):
    """A cell that shows an error of the spreadsheet program."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, and its number as a spreadsheet program counts (the header is row 1).

    `fault` says why its cells cannot be told apart.
    """

    number: int
    cells: list[Any]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A header and the rows below it; `rows` can be walked more than once."""

    name: str
    header: list[str]
    rows: Callable[[], Iterator[Row]]


def blank(cell: Any) -> bool:
    """Tell whether a cell is empty; blanks that cannot be seen count as empty."""
    return cell is None or (isinstance(cell, str) and not cell.strip(_BLANKS))


def trimmed(cell: str) -> str:
    """Take away the blanks around a text, those that cannot be seen included."""
    return cell.strip(_BLANKS)


def letter(index: int) -> str:
    """Name a column by its place, from 0, as spreadsheet programs do: A, B, ... AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def named(header: list[Any]) -> list[str]:
    """Check a header: texts, each there once, without blanks around them; empty ones at the end are dropped."""
    names = ["" if blank(cell) else trimmed(str(cell)) for cell in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UnreadableFile("Row 1 is empty. It must hold the column names; see manage.py import_template.")
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(
            f"Row 1 has {len(names)} columns, more than {MAX_COLUMNS}. Use extra sheets instead."
        )
    for index, name in enumerate(names):
        if not name:
            raise UnreadableFile(f"Column {letter(index)} has no name in row 1. Name it or delete it.")
        if name in names[:index]:
            first = letter(names.index(name))
            raise UnreadableFile(
                f"Columns {first} and {letter(index)} are both named '{name}' (row 1). Keep one of them."
            )
    return names


# --- CSV ----------------------------------------------------------------------------------------------


def _require_utf8(content: bytes) -> None:
    """UTF-8 with or without byte order mark; anything else is named and refused, never guessed into data."""
    if content[:2] in _WIDE_MARKS or b"\x00" in content[:1000]:
        raise UnreadableFile(f"The file is not UTF-8 text; it looks like UTF-16 or binary. {_SAVE_AS}.")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        guess = "windows-1251" if _cyrillic(content) else "windows-1252"
        raise UnreadableFile(
            f"The file is not UTF-8 text: line {row} holds the byte 0x{content[error.start]:02X}; "
            f"it looks like {guess}. {_SAVE_AS}."
        ) from None


def _cyrillic(content: bytes) -> bool:
    """Words of several letters above 0xC0 are Cyrillic; Western accents stand alone."""
    return len(re.findall(rb"[\xc0-\xff]{3,}", content[:200_000])) > 0


def csv_sheet(content: bytes) -> Sheet:
    """Read CSV; the separator is the one of ,;tab that its first line has most of."""
    _require_utf8(content)
    first_line = content.lstrip(b"\r\n").split(b"\n", 1)[0].decode()
    delimiter = max(",;\t", key=first_line.count)
    first = next(_records(content, delimiter), None)
    header = named(first.cells if first and first.number == 1 else [])
    width = len(header)

    def rows() -> Iterator[Row]:
        for row in islice(_records(content, delimiter), 1, None):
            yield _fitted(row, width)

    return Sheet(name="", header=header, rows=rows)


def _fitted(row: Row, width: int) -> Row:
    """A row with more or fewer cells than the header is shifted: nobody knows which value belongs where."""
    if len(row.cells) < width or any(not blank(cell) for cell in row.cells[width:]):
        fault = (
            f"The row has {len(row.cells)} cells and the header has {width}. "
            "Quote texts that contain the separator, and keep empty cells."
        )
        return Row(row.number, (row.cells + [""] * width)[:width], fault)
    return Row(row.number, row.cells[:width])


def _records(content: bytes, delimiter: str) -> Iterator[Row]:
    """Walk the records; empty ones are counted and left out."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            if number > MAX_ROWS + 1:
                raise UnreadableFile(f"The file has more than {MAX_ROWS} rows. Split it.")
            if any(cells) and not (number > 1 and all(map(blank, cells))):
                yield Row(number, cells)
    except csv.Error as error:
        raise UnreadableFile(
            f"Row {number + 1} is not well-formed CSV ({error}). Look for a quotation mark that is not closed."
        ) from None
