"""A file of unknown kind: told apart by its first bytes, whatever its name says."""

from __future__ import annotations

from itertools import islice

from django.utils.translation import gettext

from cases.flat import limited, tables, workbooks
from cases.flat.lines import Head, data_rows
from cases.flat.tables import MAX_FILE_BYTES, Sheet, UnreadableFile

FIRST_ROWS = 100
SAMPLES = 3
SAMPLE_LENGTH = 40
OTHERS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"%PDF", b"\x7fELF", b"MZ")  # pictures, pages, programs


def sheets(content: bytes, *, rows: int | None = None) -> list[Sheet]:
    """Read a CSV file or a workbook; the first sheet is the main one."""
    if not content.strip():
        raise UnreadableFile(gettext("The file is empty. Fill in the template."))
    if len(content) > MAX_FILE_BYTES:
        said = gettext("The file is larger than {limit} MiB. Split it by rows.")
        raise UnreadableFile(said.format(limit=MAX_FILE_BYTES >> 20))
    if content.startswith(workbooks.OLE):
        said = gettext(
            "The file is an old .xls workbook or protected by a password. Save it as .xlsx without a password."
        )
        raise UnreadableFile(said)
    if content.startswith(workbooks.ZIP):
        return limited.sheets(content, rows=rows)
    if content.startswith(OTHERS):
        said = gettext(
            "The file is neither text nor an Excel workbook. Send a CSV file or an .xlsx workbook."
        )
        raise UnreadableFile(said)
    return [tables.csv_sheet(content)]


def heads(content: bytes) -> list[Head]:
    """Look at the columns of a file and at its first rows, and no further."""
    return [_head(sheet) for sheet in sheets(content, rows=FIRST_ROWS)]


def _head(sheet: Sheet) -> Head:
    samples: list[list[str]] = [[] for _ in sheet.header]
    for row in islice(data_rows(sheet), FIRST_ROWS):
        for found, cell in zip(samples, row.cells, strict=True):
            said = "" if tables.blank(cell) else tables.trimmed(str(cell)).removesuffix(" 00:00:00")
            if said and len(found) < SAMPLES and said[:SAMPLE_LENGTH] not in found:
                found.append(said[:SAMPLE_LENGTH])
    return Head(name=sheet.name, header=sheet.header, samples=samples, separator=sheet.separator)
