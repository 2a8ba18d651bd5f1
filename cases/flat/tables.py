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

from django.utils.translation import gettext

from registry.formulas import unguarded

MAX_FILE_BYTES = 20 * 2**20
MAX_ROWS = 100_000
MAX_COLUMNS = 2_000
MAX_CELL = 5_000  # five times the longest text of a case
MAX_NAME = 200  # of a column
# The csv module's own limit is for the whole process and cannot name a row and column; ours can.
csv.field_size_limit(MAX_FILE_BYTES)

_BLANKS = " \t\r\n\u00a0\u200b\u2060\ufeff"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


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

    `fault` says why its cells cannot be told apart; `given` are the cells as they came, where that differs.
    """

    number: int
    cells: list[Any]
    fault: str = ""
    given: list[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A header and the rows below it; `rows` can be walked more than once."""

    name: str
    header: list[str]
    rows: Callable[[], Iterator[Row]]
    separator: str = ""  # of a CSV file


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
        raise UnreadableFile(gettext("Row 1 is empty. It must hold the column names; the template has them."))
    if len(names) > MAX_COLUMNS:
        said = gettext("Row 1 has {count} columns, more than {limit}. Use extra sheets instead.")
        raise UnreadableFile(said.format(count=len(names), limit=MAX_COLUMNS))
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if not name:
            said = gettext("Column {letter} has no name in row 1. Name it or delete it.")
            raise UnreadableFile(said.format(letter=letter(index)))
        if len(name) > MAX_NAME:
            said = gettext(
                "Column {letter} has a name of {count} characters in row 1, more than {limit}. "
                "Row 1 must hold the column names."
            )
            raise UnreadableFile(said.format(letter=letter(index), count=len(name), limit=MAX_NAME))
        if name in seen:
            said = gettext("Columns {first} and {second} are both named '{name}' (row 1). Keep one of them.")
            places = {"first": letter(seen[name]), "second": letter(index)}
            raise UnreadableFile(said.format(**places, name=name))
        seen[name] = index
    return names


# --- CSV ----------------------------------------------------------------------------------------------


def _require_utf8(content: bytes) -> None:
    """UTF-8 with or without byte order mark; anything else is named and refused, never guessed into data."""
    if content[:2] in _WIDE_MARKS or b"\x00" in content:
        said = gettext(
            "The file is neither UTF-8 text nor a workbook that can be read; it looks like UTF-16 or binary. Save it "
            "as 'CSV UTF-8' or as a workbook (.xlsx) and send it again."
        )
        raise UnreadableFile(said)
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        guess = "windows-1251" if _cyrillic(content) else "windows-1252"
        said = gettext(
            "The file is not UTF-8 text: line {line} holds the byte {byte}; it looks like {encoding}. "
            "Save it as 'CSV UTF-8' and send it again."
        )
        byte = f"0x{content[error.start]:02X}"
        raise UnreadableFile(said.format(line=row, byte=byte, encoding=guess)) from None


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

    return Sheet(name="", header=header, rows=rows, separator=delimiter)


def _fitted(row: Row, width: int) -> Row:
    """A row with more or fewer cells than the header is shifted: nobody knows which value belongs where."""
    if len(row.cells) < width or any(not blank(cell) for cell in row.cells[width:]):
        said = gettext(
            "The row has {cells} cells and the header has {columns}. "
            "Quote texts that contain the separator, and keep empty cells."
        )
        fault = said.format(cells=len(row.cells), columns=width)
        return Row(row.number, (row.cells + [""] * width)[:width], fault, given=row.cells)
    return Row(row.number, row.cells[:width])


def _records(content: bytes, delimiter: str) -> Iterator[Row]:
    """Walk the records; empty ones are counted and left out."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            if number > MAX_ROWS + 1:
                raise UnreadableFile(
                    gettext("The file has more than {limit} rows. Split it.").format(limit=MAX_ROWS)
                )
            if any(cells) and not (number > 1 and all(map(blank, cells))):
                yield Row(number, [unguarded(cell) if cell[:1] == "'" else cell for cell in cells])
    except csv.Error as error:
        said = gettext(
            "Row {row} is not well-formed CSV ({error}). Look for a quotation mark that is not closed."
        )
        raise UnreadableFile(said.format(row=number + 1, error=error)) from None
