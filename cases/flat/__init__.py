"""The flat form of cases: files of rows, as centers send them (CSV, XLSX), read into plain case documents.

One row a case, a column a field, named by its place in the case document: `patient.sex`,
`operations.1.veins.2.vein`. Or, in a workbook, further sheets named after the forms, with `case_number` in each
row (and `number`, and `operation` for what belongs to an operation). Several codes are separated by `|`.
NK, ND, NA or NR in the place of a value says why there is none. A column `center` says whose case it is.
What a file leaves empty stays as the registry has it.
"""

from cases.flat import reading
from cases.flat.columns import dotted
from cases.flat.laying import lay, origin, steps_of
from cases.flat.lines import Cell, Fault, File, Line
from cases.flat.tables import UnreadableFile

__all__ = ["Cell", "Fault", "File", "Line", "UnreadableFile", "dotted", "lay", "origin", "read", "steps_of"]


def read(content: bytes) -> File:
    """Read a file; UnreadableFile says what is wrong with it as a whole."""
    return File(reading.sheets(content))
