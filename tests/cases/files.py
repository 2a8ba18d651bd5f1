"""Files for tests: CSV and workbooks made in memory, and cases laid out flat."""

import csv
import io
import zipfile

from openpyxl import Workbook

from cases import flat
from cases.document import dump, parse
from cases.flat.columns import sorted_names


def table(*rows, delimiter=","):
    """A CSV file of these rows; the first is the header."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def workbook(**sheets):
    """A workbook of these sheets, each a list of rows."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content, name, text):
    """A workbook with one more part, or another in its place."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, text)
    return out.getvalue()


def flattened(documents, **more):
    """The CSV file that says these documents."""
    rows = [dict(leaves(dump(document))) | more for document in documents]
    names = sorted_names({name for row in rows for name in row})
    return table(names, *([row.get(name, "") for name in names] for row in rows))


def leaves(value, place=""):
    for name, below in value.items():
        here = f"{place}.{name}" if place else name
        if name == "missing":
            yield from ((f"{place}.{field}", reason) for field, reason in below.items())
        elif isinstance(below, dict):
            yield from leaves(below, here)
        elif isinstance(below, list) and below and isinstance(below[0], dict):
            for number, row in enumerate(below, start=1):
                yield from leaves(row, f"{here}.{number}")
        elif isinstance(below, list):
            yield here, "|".join(below)
        else:
            yield here, str(below).lower() if isinstance(below, bool) else below


def documents(content):
    """The cases that a file says, read as the import reads them."""
    found = []
    for line in flat.read(content).lines():
        raw = {"case_number": line.case_number}
        assert not [*flat.lay(line.cells, raw), *line.faults]
        found.append(parse(raw))
    return found


def faults(content):
    """What is wrong with the rows of a file before any case is known: (row, column, code)."""
    return [
        (fault.row, fault.column, fault.code)
        for line in flat.read(content).lines()
        for fault in [*line.faults, *flat.lay(line.cells, {})]
    ]
