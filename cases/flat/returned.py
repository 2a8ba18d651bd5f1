"""Rows handed back: a file of the kind that came, with its own columns and cells, and what is wrong before each row.

`row` is the number the row had, `problems` says what to correct; both are left out when the file is read again. Cells
are kept as plain values until then. Nothing in the file is computed when it is opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from cases.flat.columns import ADDED
from cases.flat.lines import Head, Line
from cases.flat.tables import MAX_CELL
from registry.formulas import guarded, text_cell

_KINDS = {datetime: "datetime", date: "date", time: "time"}
_PARSERS: dict[str, Any] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "days": lambda days: timedelta(days=days),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row that waits to be handed back: its sheet, its number there, its cells, and what is wrong."""

    sheet: int
    number: int
    cells: list[Any]
    problems: str = ""


# --- kept ----------------------------------------------------------------------------------------------


def kept(line: Line) -> list[list[Any]]:
    """Write the rows of a line as JSON holds them: the number of the sheet, of the row, and the cells."""
    return [
        [sheet, row.number, [_plain(cell) for cell in (row.cells if row.given is None else row.given)]]
        for sheet, row in line.rows
    ]


def storable(text: str) -> str:
    """A text as the database can hold it: without NUL, and without halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return storable(str(cell)[: MAX_CELL + 1])
    if isinstance(cell, timedelta):
        return {"days": cell / timedelta(days=1)}
    kind = _KINDS.get(type(cell))
    return {kind: cell.isoformat()} if kind else cell


def _cell(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, value),) = plain.items()
    return _PARSERS[kind](value)


# --- handed back ---------------------------------------------------------------------------------------


def csv_file(head: Head, rows: Iterable[Kept]) -> bytes:
    """Make the CSV file, with the separator that it came with."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=head.separator or ",", lineterminator="\r\n")
    writer.writerow([*ADDED, *map(guarded, head.header)])
    for row in rows:
        cells = ["" if cell is None else str(_cell(cell)) for cell in row.cells]
        writer.writerow([row.number, guarded(row.problems), *map(guarded, cells)])
    return out.getvalue().encode("utf-8-sig")  # the mark tells spreadsheet programs that it is UTF-8


def workbook_file(heads: list[Head], rows: Iterable[Kept]) -> bytes:
    """Make the workbook, with the sheets that it came with."""
    book = Workbook(write_only=True)
    sheets = [book.create_sheet(head.name) for head in heads]
    for sheet, head in zip(sheets, heads, strict=True):
        sheet.column_dimensions["B"].width = 60
        sheet.freeze_panes = "C2"
        sheet.append([_text(sheet, name, bold=True) for name in (*ADDED, *head.header)])
    for row in rows:
        sheet = sheets[row.sheet]
        sheet.append([row.number, _text(sheet, row.problems, wraps=True), *_cells(sheet, row.cells)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(sheet: Any, cells: list[Any]) -> Iterator[Any]:
    for plain in cells:
        cell = _cell(plain)
        yield _text(sheet, cell) if isinstance(cell, str) else cell


def _text(sheet: Any, text: str, *, bold: bool = False, wraps: bool = False) -> WriteOnlyCell:
    cell = text_cell(sheet, text)
    if bold:
        cell.font = Font(bold=True)
    if wraps:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
