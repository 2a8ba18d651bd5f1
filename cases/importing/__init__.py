"""The import door: a file of cases goes through intake row by row, and every row gets its answer.

At the server a file is imported as it stands (`run`). In the browser it is uploaded, its columns are confirmed, a
worker checks it, and what the check showed is imported when somebody says so. One file is one transaction: whatever
stops it halfway leaves nothing behind, and the same file again adds nothing. What a file leaves empty stays as it is,
unless somebody asked that empty cells erase.
"""

from cases.importing.answers import Change, Report, RowProblem, RowVerdict
from cases.importing.keeping import tidy
from cases.importing.posted import receive as post
from cases.importing.returning import Attachment, rejected_rows
from cases.importing.running import run
from cases.importing.waiting import cancel, check, commit, earlier, receive, reopen, upload
from cases.importing.working import apply

__all__ = [
    "Attachment",
    "Change",
    "Report",
    "RowProblem",
    "RowVerdict",
    "apply",
    "cancel",
    "check",
    "commit",
    "earlier",
    "post",
    "receive",
    "rejected_rows",
    "reopen",
    "run",
    "tidy",
    "upload",
]
