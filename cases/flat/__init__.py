"""The flat form of cases: files of rows, as centers send them (CSV, XLSX), read into plain case documents.

One row a case, a column a field, named by its place in the case document: `patient.sex`,
`operations.1.veins.2.vein`. Or, in a workbook, further sheets named after the forms, with `case_number` in each
row (and `number`, and `operation` for what belongs to an operation). Several codes are separated by `|`.
NK, ND, NA or NR in the place of a value says why there is none. A column `center` says whose case it is.
What a file leaves empty stays as the registry has it, unless empty cells are said to erase.
"""

from cases.flat import reading
from cases.flat.columns import Steps, dotted
from cases.flat.laying import lay, origin, steps_of
from cases.flat.lines import ERASED, Cell, Fault, Fields, File, Head, Line
from cases.flat.reading import heads
from cases.flat.tables import MAX_FILE_BYTES, UnreadableFile

__all__ = [
    "ERASED",
    "MAX_FILE_BYTES",
    "Cell",
    "Fault",
    "Fields",
    "File",
    "Head",
    "Line",
    "Steps",
    "UnreadableFile",
    "dotted",
    "heads",
    "lay",
    "origin",
    "read",
    "steps_of",
]


def read(content: bytes, *, fields: Fields | None = None, blank_erases: bool = False) -> File:
    """Read a file; UnreadableFile says what is wrong with it as a whole."""
    return File(reading.sheets(content), fields=fields, blank_erases=blank_erases)
