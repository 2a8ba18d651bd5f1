"""Lines: all that a file says of one case, gathered from its row and from the sheets of repeated forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from cases.flat.cells import CellError, as_text
from cases.flat.columns import (
    KEY_COLUMNS,
    MAX_POSITION,
    SHEET_COLUMNS,
    SHEETS,
    Column,
    SheetForm,
    Steps,
    compiled,
    dotted,
    targets,
)
from cases.flat.tables import Row, Sheet, UnreadableFile, blank

REMARK = "# "  # with the blank, so that a case may be called #1
# For each sheet by its name ("" in a CSV file), the field that each of its columns holds.
Fields = Mapping[str, Mapping[str, str]]


class _Erased:
    """The answer of an empty cell, where empty cells erase."""

    def __repr__(self) -> str:
        return "ERASED"


ERASED = _Erased()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a cell or a row, before its case is known."""

    row: int
    column: str
    code: str
    message: str
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One answer: a value, or the reason why there is none, and where it stands in the file."""

    steps: Steps
    value: Any
    column: str
    row: int
    sheet: str


@dataclass(slots=True, kw_only=True)
class Line:
    """All that a file says of one case.

    `rows` are its rows as they came, each with the number of its sheet; `keys` say what the columns of its number and
    center are called in the file.
    """

    row: int
    case_number: str
    center: str
    sheet: str = ""
    position: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rows: list[tuple[int, Row]] = field(default_factory=list)

    def fault(self, row: int, column: str, code: str, message: str, sheet: str = "") -> None:
        self.faults.append(Fault(row=row, column=column, code=code, message=message, sheet=sheet))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A sheet as people recognize it: its columns, and the first values in each."""

    name: str
    header: list[str]
    samples: list[list[str]] = field(default_factory=list)
    separator: str = ""


class File:
    """The cases of a file, one line each; walked as often as needed.

    `fields` says which field each column holds, where its name does not; sheets that are no forms are left out then.
    With `blank_erases` an empty cell is an answer, too: it erases the one that is stored.
    """

    def __init__(
        self, sheets: list[Sheet], *, fields: Fields | None = None, blank_erases: bool = False
    ) -> None:
        self.sheets, self.blank_erases = sheets, blank_erases
        self.main = sheets[0]
        self._fields = targets(self.main, (fields or {}).get(self.main.name))
        self.columns = compiled(self.main, self._fields)
        self._at = {name: self._fields.index(name) for name in KEY_COLUMNS if name in self._fields}
        self.keys = {name: self.main.header[index] for name, index in self._at.items()}
        self.names_centers = "center" in self._at
        self._children = self._gathered(fields)
        self._rows_of: dict[tuple[str, str], list[int]] = {}
        self.total = 0
        for row in data_rows(self.main):
            self.total += 1
            self._rows_of.setdefault(self._key(row), []).append(row.number)
        self._centers_of = Counter(number for _, number in self._rows_of)

    @property
    def heads(self) -> list[Head]:
        """Its sheets and their columns, without any value."""
        return [
            Head(name=sheet.name, header=sheet.header, separator=sheet.separator) for sheet in self.sheets
        ]

    def lines(self) -> Iterator[Line]:
        """Walk the cases in the order of the file; rows of extra sheets that belong to no case come last."""
        for position, line in enumerate(self._lines(), start=1):
            line.position = position
            yield line

    def _lines(self) -> Iterator[Line]:
        for row in data_rows(self.main):
            line = self._begun(row)
            line.rows.append((0, row))
            _answers(self.columns, row, line, erases=self.blank_erases)
            if child := self._children.get(line.case_number):
                line.cells += child.cells
                line.faults += child.faults
                line.rows += child.rows
                line.cells.sort(
                    key=lambda cell: [step if isinstance(step, int) else -1 for step in cell.steps]
                )
            yield line
        for number, child in self._children.items():
            if number not in self._centers_of:
                said = gettext(
                    "No row of the first sheet has this case number. Add the case there, or correct the number."
                )
                child.fault(child.row, "case_number", "unknown_case", said, child.sheet)
                yield child

    def _begun(self, row: Row) -> Line:
        """The line of a row, and what is wrong with its number: a case is in a file once."""
        center, number = key = self._key(row)
        name = self.keys["case_number"]
        line = Line(row=row.number, case_number=number, center=center, keys=self.keys)
        others = [other for other in self._rows_of[key] if other != row.number]
        if not number:
            said = self._why_unnumbered(row)
            line.fault(row.number, name, "required", said)
        elif others:
            said = gettext("Row {row} has the same case number. Keep one row for each case.")
            line.fault(row.number, name, "repeated_case_number", said.format(row=others[0]))
        elif number in self._children and self._centers_of[number] > 1:
            said = gettext(
                "Two centers use this number, and the extra sheets do not say whose rows they hold. Split the file."
            )
            line.fault(row.number, name, "repeated_case_number", said)
        return line

    def _key(self, row: Row) -> tuple[str, str]:
        def text(name: str) -> str:
            cell = row.cells[self._at[name]] if name in self._at else ""
            try:
                return "" if blank(cell) else as_text(cell)
            except CellError:
                return ""

        return text("center"), text("case_number")

    def _why_unnumbered(self, row: Row) -> str:
        cell = row.cells[self._at["case_number"]]
        try:
            as_text(cell)
        except CellError as error:
            return error.message
        return gettext("case_number is empty. Give the case its number.")

    def _gathered(self, fields: Fields | None) -> dict[str, Line]:
        """What the sheets of the forms say, by case number."""
        found: dict[str, Line] = {}
        for number, sheet in enumerate(self.sheets[1:], start=1):
            form = SHEETS.get(sheet.name)
            if form is None and fields is not None:
                continue
            if form is None:
                said = gettext(
                    "The sheet '{sheet}' is not named after a form. Delete it, or name it as one of: {forms}."
                )
                raise UnreadableFile(said.format(sheet=sheet.name[:60], forms=", ".join(SHEETS)))
            chosen = (fields or {}).get(sheet.name)
            if chosen and not any(chosen.values()):
                continue
            _SheetOfForm(sheet, form, number, chosen, erases=self.blank_erases).gather(found)
        return found


class _SheetOfForm:
    """A sheet that holds the rows of one form."""

    def __init__(
        self, sheet: Sheet, form: SheetForm, number: int, chosen: Mapping[str, str] | None, *, erases: bool
    ) -> None:
        self.sheet, self.form, self.number, self.erases = sheet, form, number, erases
        fields = targets(sheet, chosen)
        self.columns = compiled(sheet, fields, prefix=form.prefix)
        self.at = {name: fields.index(name) for name in SHEET_COLUMNS if name in fields}
        self.counts: Counter[tuple[str, int]] = Counter()
        self.taken: set[tuple[str, int, int]] = set()

    def gather(self, found: dict[str, Line]) -> None:
        """Add what the sheet says to the lines of its cases."""
        for row in data_rows(self.sheet):
            line: Line | None = None
            try:
                cell = row.cells[self.at["case_number"]]
                number = "" if blank(cell) else as_text(cell)
                line = self._line(found, number, row)
                operation, position = self._place(row, number)
            except CellError as error:
                line = line or self._line(found, "", row)
                line.fault(row.number, "number", error.code, error.message, self.sheet.name)
                continue
            _answers(
                self.columns,
                row,
                line,
                sheet=self.sheet.name,
                placed=lambda steps, o=operation, p=position: self.form.placed(steps, o, p),
                erases=self.erases,
            )

    def _line(self, found: dict[str, Line], number: str, row: Row) -> Line:
        """The line of the row's case."""
        empty = Line(row=row.number, case_number=number, center="", sheet=self.sheet.name)
        line = found.setdefault(number, empty)
        line.rows.append((self.number, row))
        return line

    def _place(self, row: Row, number: str) -> tuple[int, int]:
        """Which operation and which row of the form this is, from 0; each only once."""
        operation = self._counted(row, "operation", 1)
        self.counts[number, operation] += 1
        position = self._counted(row, "number", self.counts[number, operation]) if self.form.repeats else 1
        if (number, operation, position) in self.taken:
            raise CellError(
                "repeated_row",
                gettext("Another row of this sheet stands for the same form of the same case. Keep one."),
            )
        self.taken.add((number, operation, position))
        return operation - 1, position - 1

    def _counted(self, row: Row, name: str, otherwise: int) -> int:
        cell = row.cells[self.at[name]] if name in self.at else None
        if blank(cell):
            return otherwise
        text = as_text(cell)
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_POSITION):
            said = gettext("The column '{name}' counts rows: 1, 2, 3 ...")
            raise CellError("not_a_position", said.format(name=self.sheet.header[self.at[name]]))
        return int(text)


def data_rows(sheet: Sheet) -> Iterator[Row]:
    """The rows below the header and below the remarks that may follow it (their first cell begins with REMARK)."""
    remarks = True
    for row in sheet.rows():
        remarks = remarks and str(row.cells[0] or "").startswith(REMARK)
        if not remarks:
            yield row


def _answers(
    columns: list[Column],
    row: Row,
    line: Line,
    *,
    sheet: str = "",
    placed: Callable[[Steps], Steps] = lambda steps: steps,
    erases: bool = False,
) -> None:
    """Read the cells of a row into what is known of its case: the filled ones, and empty ones where they erase."""
    if row.fault:
        line.fault(row.number, "", "ragged_row", row.fault, sheet)
        return
    cells = row.cells
    for column in columns:
        cell = cells[column.index]
        value: Any = ERASED
        if cell is None or cell == "" or blank(cell):
            if not erases:
                continue
        else:
            try:
                value = column.read(cell)
            except CellError as error:
                said = f"{error.message} ({dotted(column.steps)})"
                line.fault(row.number, column.name, error.code, said, sheet)
                continue
        steps = placed(column.steps)
        line.cells.append(Cell(steps=steps, value=value, column=column.name, row=row.number, sheet=sheet))
