"""Lines: all that a file says of one case, gathered from its row and from the sheets of repeated forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cases.flat.cells import CellError, as_text
from cases.flat.columns import MAX_POSITION, SHEET_COLUMNS, SHEETS, Column, SheetForm, Steps, compiled, dotted
from cases.flat.tables import Row, Sheet, UnreadableFile, blank

REMARK = "# "  # with the blank, so that a case may be called #1


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
    """All that a file says of one case."""

    row: int
    case_number: str
    center: str
    sheet: str = ""
    cells: list[Cell] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, row: int, column: str, code: str, message: str, sheet: str = "") -> None:
        self.faults.append(Fault(row=row, column=column, code=code, message=message, sheet=sheet))


class File:
    """The cases of a file, one line each; walked as often as needed."""

    def __init__(self, sheets: list[Sheet]) -> None:
        self.main, *others = sheets
        self.columns = compiled(self.main)
        self._at = {
            name: self.main.header.index(name)
            for name in ("case_number", "center")
            if name in self.main.header
        }
        self.names_centers = "center" in self._at
        self._children = self._gathered(others)
        self._rows_of: dict[tuple[str, str], list[int]] = {}
        self.total = 0
        for row in data_rows(self.main):
            self.total += 1
            self._rows_of.setdefault(self._key(row), []).append(row.number)
        self._centers_of = Counter(number for _, number in self._rows_of)

    def lines(self) -> Iterator[Line]:
        """Walk the cases in the order of the file; rows of extra sheets that belong to no case come last."""
        for row in data_rows(self.main):
            line = self._begun(row)
            _answers(self.columns, row, line)
            if child := self._children.get(line.case_number):
                line.cells += child.cells
                line.faults += child.faults
                line.cells.sort(
                    key=lambda cell: [step if isinstance(step, int) else -1 for step in cell.steps]
                )
            yield line
        for number, child in self._children.items():
            if number not in self._centers_of:
                said = "No row of the first sheet has this case number. Add the case there, or correct the number."
                child.fault(child.row, "case_number", "unknown_case", said, child.sheet)
                yield child

    def _begun(self, row: Row) -> Line:
        """The line of a row, and what is wrong with its number: a case is in a file once."""
        center, number = key = self._key(row)
        line = Line(row=row.number, case_number=number, center=center)
        others = [other for other in self._rows_of[key] if other != row.number]
        if not number:
            said = self._why_unnumbered(row)
            line.fault(row.number, "case_number", "required", said)
        elif others:
            said = f"Row {others[0]} has the same case number. Keep one row for each case."
            line.fault(row.number, "case_number", "repeated_case_number", said)
        elif number in self._children and self._centers_of[number] > 1:
            said = "Two centers use this number, and the extra sheets do not say whose rows they hold. Split the file."
            line.fault(row.number, "case_number", "repeated_case_number", said)
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
        return "case_number is empty. Give the case its number."

    def _gathered(self, sheets: list[Sheet]) -> dict[str, Line]:
        """What the sheets of the forms say, by case number."""
        found: dict[str, Line] = {}
        for sheet in sheets:
            form = SHEETS.get(sheet.name)
            if form is None:
                raise UnreadableFile(
                    f"The sheet '{sheet.name[:60]}' is not named after a form. Delete it, or name it as one of: "
                    f"{', '.join(SHEETS)}."
                )
            _SheetOfForm(sheet, form).gather(found)
        return found


class _SheetOfForm:
    """A sheet that holds the rows of one form."""

    def __init__(self, sheet: Sheet, form: SheetForm) -> None:
        self.sheet, self.form, self.columns = sheet, form, compiled(sheet, prefix=form.prefix)
        self.at = {name: sheet.header.index(name) for name in SHEET_COLUMNS if name in sheet.header}
        self.counts: Counter[tuple[str, int]] = Counter()
        self.taken: set[tuple[str, int, int]] = set()

    def gather(self, found: dict[str, Line]) -> None:
        """Add what the sheet says to the lines of its cases."""
        for row in data_rows(self.sheet):
            line: Line | None = None
            try:
                cell = row.cells[self.at["case_number"]]
                number = "" if blank(cell) else as_text(cell)
                empty = Line(row=row.number, case_number=number, center="", sheet=self.sheet.name)
                line = found.setdefault(number, empty)
                operation, position = self._place(row, number)
            except CellError as error:
                line = line or found.setdefault(
                    "", Line(row=row.number, case_number="", center="", sheet=self.sheet.name)
                )
                line.fault(row.number, "number", error.code, error.message, self.sheet.name)
                continue
            _answers(
                self.columns,
                row,
                line,
                self.sheet.name,
                lambda steps, o=operation, p=position: self.form.placed(steps, o, p),
            )

    def _place(self, row: Row, number: str) -> tuple[int, int]:
        """Which operation and which row of the form this is, from 0; each only once."""
        operation = self._counted(row, "operation", 1)
        self.counts[number, operation] += 1
        position = self._counted(row, "number", self.counts[number, operation]) if self.form.repeats else 1
        if (number, operation, position) in self.taken:
            raise CellError(
                "repeated_row",
                "Another row of this sheet stands for the same form of the same case. Keep one.",
            )
        self.taken.add((number, operation, position))
        return operation - 1, position - 1

    def _counted(self, row: Row, name: str, otherwise: int) -> int:
        cell = row.cells[self.at[name]] if name in self.at else None
        if blank(cell):
            return otherwise
        text = as_text(cell)
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_POSITION):
            raise CellError("not_a_position", f"The column '{name}' counts rows: 1, 2, 3 ...")
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
    sheet: str = "",
    placed: Callable[[Steps], Steps] = lambda steps: steps,
) -> None:
    """Read the filled cells of a row into what is known of its case."""
    if row.fault:
        line.fault(row.number, "", "ragged_row", row.fault, sheet)
        return
    cells = row.cells
    for column in columns:
        cell = cells[column.index]
        if cell is None or cell == "" or blank(cell):
            continue
        try:
            value = column.read(cell)
        except CellError as error:
            line.fault(
                row.number, column.name, error.code, f"{error.message} ({dotted(column.steps)})", sheet
            )
            continue
        steps = placed(column.steps)
        line.cells.append(Cell(steps=steps, value=value, column=column.name, row=row.number, sheet=sheet))
