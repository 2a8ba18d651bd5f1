"""The file to fill in, made from the data dictionary: a workbook with a sheet a form, or one CSV row a case."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from cases import dictionary
from cases.dictionary import Entry
from cases.flat.columns import SHEETS
from cases.flat.lines import REMARK
from cases.vocabulary import Missing

ROWS_WITH_LISTS = 1000
HEAD, REMARKS = Font(bold=True), Font(italic=True, color="666666")
NEEDED = PatternFill("solid", fgColor="DDEBF7")

GUIDE = (
    gettext_lazy("How to fill in this workbook"),
    gettext_lazy(
        "One row of the sheet 'cases' is one case. case_number is your own number for it, never a hospital or national"
        " id."
    ),
    gettext_lazy(
        "The other sheets hold forms that repeat: as many rows as there are, each with the case_number."
    ),
    gettext_lazy(
        "number (1, 2, 3 ...) says which row of the form it is; left empty, rows are counted in their order."
    ),
    gettext_lazy("operation says to which operation a vein belongs; left empty, it is the first."),
    gettext_lazy(
        "Row 2 explains each column and may stay: it begins with # and a blank. Blue columns are needed."
    ),
    gettext_lazy("Write codes as the lists give them; where several are possible, separate them with |."),
    gettext_lazy(
        "Dates: 2012-05-03, or 2012-05, or 2012, as precisely as they are known. Numbers: decimal point, no unit."
    ),
    gettext_lazy(
        "No value? Write why: NK not known after enquiry, ND not done, NA cannot apply, NR not yet recorded."
    ),
    gettext_lazy(
        "An empty cell leaves what the registry already has. An import adds and corrects; it never erases."
    ),
    gettext_lazy("Formulas are not computed: paste values. Nothing may identify a person."),
    gettext_lazy("Try first: manage.py import_cases FILE --center CODE --dry-run"),
)

KINDS = {
    "code": gettext_lazy("code"),
    "codes": gettext_lazy("codes, separated by |"),
    "number": gettext_lazy("number"),
    "whole number": gettext_lazy("whole number"),
    "date": gettext_lazy("date"),
    "yes/no": gettext_lazy("true or false"),
    "text": gettext_lazy("text"),
}


def workbook() -> bytes:
    """Make the workbook."""
    book = Workbook()
    book.remove(book.active)
    lists = _CodeLists(book)
    for name, entries in _sheets().items():
        _fill(book.create_sheet(name), name, entries, lists)
    guide = book.create_sheet("guide", 0)
    guide.column_dimensions["A"].width = 110
    for line in GUIDE:
        guide.append([str(line)])
    guide["A1"].font = HEAD
    book.move_sheet("codes", len(book.sheetnames))
    book["codes"].sheet_state = "hidden"
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table() -> str:
    """Make the CSV: every column, repeated forms once; a second row counts on with 2."""
    entries = list(dictionary.entries())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["case_number", "citation", "note", *(column(entry) for entry in entries)])
    writer.writerow([REMARK + gettext("your own number"), "", "", *(remark(entry) for entry in entries)])
    return out.getvalue()


def column(entry: Entry) -> str:
    """The name of a field's column in a flat file, for the first row of its form."""
    return entry.path.replace(".N.", ".1.").replace(".M.", ".1.")


def remark(entry: Entry) -> str:
    """What to write there, in a line."""
    kind = str(KINDS[entry.kind])
    parts = [entry.label, f"{kind}, {entry.unit}" if entry.unit else kind]
    if entry.choices:
        parts.append(" ".join(code for code, _, _ in entry.choices))
    if entry.applies_when:
        parts.append(gettext("only if {condition}").format(condition=entry.applies_when))
    return "; ".join(parts)


def _sheets() -> dict[str, list[Entry]]:
    """Which fields stand on which sheet: forms that repeat have their own, the others share the first."""
    found: dict[str, list[Entry]] = {"cases": []}
    for entry in dictionary.entries():
        if entry.form == "reconstruction":
            found["operations"].append(entry)
        else:
            found.setdefault(entry.form if entry.repeats else "cases", []).append(entry)
    return found


def _keys(name: str) -> list[str]:
    if name == "cases":
        return ["case_number", "note"]
    return ["case_number", *(["operation"] if SHEETS[name].of_operation else []), "number"]


def _fill(sheet: Any, name: str, entries: list[Entry], lists: _CodeLists) -> None:
    keys = _keys(name)
    prefix = "" if name == "cases" else SHEETS[name].prefix
    sheet.append([*keys, *(column(entry).removeprefix(prefix) for entry in entries)])
    sheet.append([REMARK + gettext("your own number"), *[""] * (len(keys) - 1), *map(remark, entries)])
    sheet.freeze_panes = "B3"
    for cells, font in ((sheet[1], HEAD), (sheet[2], REMARKS)):
        for cell in cells:
            cell.font = font
    for index, entry in enumerate(entries, start=len(keys) + 1):
        letter, head = get_column_letter(index), sheet.cell(1, index)
        sheet.column_dimensions[letter].width = max(12, len(str(head.value)) + 2)
        if entry.field.need == "R":
            head.fill = NEEDED
        if entry.help:
            head.comment = Comment(f"{entry.label}. {entry.help}", "registry")
        if entry.kind == "code":
            lists.offer(sheet, letter, entry)


class _CodeLists:
    """A hidden sheet with the codes of each vocabulary, which the drop-down lists read."""

    def __init__(self, book: Workbook) -> None:
        self.sheet = book.create_sheet("codes")
        self.ranges: dict[tuple[str, ...], str] = {}

    def offer(self, sheet: Any, letter: str, entry: Entry) -> None:
        """Let the cells of a column choose among the codes, and among the reasons for absence."""
        codes = tuple(code for code, _, _ in entry.choices)
        if codes not in self.ranges:
            self.ranges[codes] = self._listed(codes)
        choice = DataValidation(type="list", formula1=self.ranges[codes], allow_blank=True)
        choice.error = gettext("Choose a code of the list, or write NK, ND, NA or NR.")
        sheet.add_data_validation(choice)
        choice.add(f"{letter}3:{letter}{ROWS_WITH_LISTS}")

    def _listed(self, codes: tuple[str, ...]) -> str:
        index = len(self.ranges) + 1
        for row, code in enumerate((*codes, *Missing.values), start=1):
            self.sheet.cell(row, index, code)
        letter = get_column_letter(index)
        return f"codes!${letter}$1:${letter}${len(codes) + len(Missing.values)}"
