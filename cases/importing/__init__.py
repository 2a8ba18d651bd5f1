"""The import door: a file of cases goes through intake row by row, and every row gets its answer.

One file is one transaction: whatever stops it halfway leaves nothing behind, and the same file again adds
nothing. What a file leaves empty stays as it is; an import adds and corrects, it never erases.
"""

from cases.importing.answers import Change, Report, RowProblem, RowVerdict
from cases.importing.running import run
from cases.importing.waiting import apply, receive

__all__ = ["Change", "Report", "RowProblem", "RowVerdict", "apply", "receive", "run"]
