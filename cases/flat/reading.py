"""A file of unknown kind: told apart by its first bytes, whatever its name says."""

from cases.flat import tables, workbooks
from cases.flat.tables import MAX_FILE_BYTES, Sheet, UnreadableFile


def sheets(content: bytes) -> list[Sheet]:
    """Read a CSV file or a workbook; the first sheet is the main one."""
    if not content.strip():
        raise UnreadableFile("The file is empty. Fill in the template: manage.py import_template FILE.xlsx.")
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(f"The file is larger than {MAX_FILE_BYTES >> 20} MiB. Split it by rows.")
    if content.startswith(workbooks.OLE):
        raise UnreadableFile(
            "The file is an old .xls workbook or protected by a password. Save it as .xlsx without a password."
        )
    return workbooks.sheets(content) if content.startswith(workbooks.ZIP) else [tables.csv_sheet(content)]
