"""Workbooks (XLSX) from outside: what a zip archive claims is counted before it is believed.

A workbook of 156 KiB can unfold to hundreds of MiB, so bytes are counted while they unfold, cells while they
are read (parts.py: all else); macros, passwords and document type definitions are refused; formulas never computed.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext

from cases.flat.parts import Book
from cases.flat.tables import (
    MAX_COLUMNS,
    MAX_ROWS,
    Broken,
    Formula,
    Row,
    Sheet,
    UnreadableFile,
    letter,
    named,
)

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_ENTRIES = 200
MAX_UNFOLDED_BYTES = 96 * 2**20
MAX_CELLS = 1_000_000
# Sheets of the template that hold no cases.
ASIDE = frozenset({"guide", "codes"})
# openpyxl answers a damaged workbook with whatever its innermost parser raised.
DAMAGED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    ParseError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def sheets(content: bytes, *, rows: int | None = None) -> list[Sheet]:
    """Read every sheet but those set aside; the one named 'cases', or else the first, comes first.

    With `rows`, only so many of each are looked at.
    """
    _inspect(content)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out; only values matter here.
            warnings.simplefilter("ignore", UserWarning)
            found = _read(content, rows)
    except UnreadableFile:
        raise
    except DAMAGED:
        raise UnreadableFile(_damaged()) from None
    found = [sheet for sheet in found if sheet is not None]
    if not found:
        raise UnreadableFile(
            gettext("The workbook has no sheet with column names in row 1. Fill in the template.")
        )
    return sorted(found, key=lambda sheet: sheet.name != "cases")


def _damaged() -> str:
    return gettext(
        "The workbook is damaged or cut off. Open it in a spreadsheet program and save it as .xlsx again."
    )


def _read(content: bytes, rows: int | None) -> list[Sheet | None]:
    book = Book(content)
    return [_sheet(book, sheet, rows) for sheet in book.sheets if sheet.title not in ASIDE]


def _inspect(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(entries) > MAX_ENTRIES or len(set(names)) < len(names):
                said = gettext(
                    "The workbook has too many or repeated parts. "
                    "Open it in a spreadsheet program and save it as .xlsx again."
                )
                raise UnreadableFile(said)
            if any(entry.flag_bits & 1 for entry in entries):
                raise UnreadableFile(gettext("The workbook is protected by a password. Save it without one."))
            if any("vbaproject" in name.lower() for name in names):
                raise UnreadableFile(
                    gettext("The workbook contains macros. Save it as .xlsx without macros.")
                )
            _unfold(archive, entries)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        raise UnreadableFile(_damaged()) from None


def _unfold(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Count what really comes out of each part: sizes in the archive's index are only claims."""
    total = cells = 0
    for entry in entries:
        with archive.open(entry) as part:
            tail = b""
            while piece := part.read(2**16):
                total += len(piece)
                cells += piece.count(b"<c ") + piece.count(b"<c>") + piece.count(b"<c/>")
                if total > MAX_UNFOLDED_BYTES or cells > MAX_CELLS:
                    said = gettext(
                        "The workbook unfolds to more than {cells} cells or {size} MiB. "
                        "Delete unused sheets and formatted empty cells, or send CSV."
                    )
                    raise UnreadableFile(said.format(cells=MAX_CELLS, size=MAX_UNFOLDED_BYTES >> 20))
                joined = (tail + piece).replace(b"\x00", b"")  # XML may be UTF-16
                if b"<!DOCTYPE" in joined or b"<!ENTITY" in joined:
                    said = gettext(
                        "The workbook contains a document type definition. "
                        "Open it in a spreadsheet program and save it as .xlsx again."
                    )
                    raise UnreadableFile(said)
                tail = piece[-20:]


def _sheet(book: Book, source: Any, at_most: int | None) -> Sheet | None:
    walk = _rows(book, source, at_most and at_most + 1)
    first = next(walk, None)
    if first is None:
        return None
    if first.number != 1:
        said = gettext(
            "Row 1 of sheet '{sheet}' is empty. It must hold the column names; the template has them."
        )
        raise UnreadableFile(said.format(sheet=source.title))
    header = named(first.cells)
    rows = [_fitted(row, len(header)) for row in walk]
    return Sheet(name=source.title, header=header, rows=lambda: iter(rows))


def _rows(book: Book, source: Any, last: int | None) -> Iterator[Row]:
    """Walk the rows that hold anything; empty ones are numbered and left out."""
    count, filled = 0, 0
    for number, cells in book.rows(source, last):
        width = max((cell["column"] for cell in cells), default=0)
        count += max(width, len(cells))
        if width > 2 * MAX_COLUMNS or count > MAX_CELLS:
            said = gettext(
                "Sheet '{sheet}' reaches too far (row {row}, column {column}). "
                "Delete the formatted empty rows and columns, or send CSV."
            )
            column = letter(max(width - 1, 0))
            raise UnreadableFile(said.format(sheet=source.title, row=number, column=column))
        values: list[Any] = [None] * width
        for cell in cells:
            values[cell["column"] - 1] = _value(cell)
        if any(value is not None and value != "" for value in values):
            filled += 1
            if filled > MAX_ROWS + 1:
                said = gettext("Sheet '{sheet}' has more than {limit} rows. Split it.")
                raise UnreadableFile(said.format(sheet=source.title, limit=MAX_ROWS))
            yield Row(number, values)


def _value(cell: dict[str, Any]) -> Any:
    value, kind = cell["value"], cell["data_type"]
    if kind == "f":
        return Formula(value)
    return Broken(value) if kind == "e" else value


def _fitted(row: Row, width: int) -> Row:
    for index, value in enumerate(row.cells[width:], start=width):
        if value is not None and value != "":
            said = gettext("Cell {cell} holds a value, but its column has no name in row 1.")
            fault = said.format(cell=f"{letter(index)}{row.number}")
            return Row(row.number, row.cells[:width], fault, given=row.cells)
    return Row(row.number, row.cells[:width] + [None] * (width - len(row.cells)))
