"""The rows of a file as the database keeps them: verdicts and codes for good, values and sentences while needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from cases import flat
from cases.flat.returned import kept, storable
from cases.importing.answers import RowVerdict
from cases.models import ImportBatch, ImportRow

NUMBER_LENGTH, SHEET_LENGTH = 60, 100


def made(batch: ImportBatch, line: flat.Line, answer: RowVerdict) -> ImportRow:
    """Make the row of a line that was judged."""
    row = ImportRow(
        batch=batch,
        center_id=batch.center_id,
        position=line.position,
        row=line.row,
        sheet=storable(line.sheet)[:SHEET_LENGTH],
        case_number=storable(line.case_number)[:NUMBER_LENGTH],
    )
    judge(row, line, answer)
    return row


def judge(row: ImportRow, line: flat.Line, answer: RowVerdict) -> None:
    """Write down what became of a line; the cells of a rejected one are kept to be handed back."""
    row.verdict, row.version = answer.verdict, answer.version
    row.problems = [_stored(asdict(problem)) for problem in answer.problems]
    row.columns = [change.column for change in answer.changes]
    row.values = [[change.before, change.after] for change in answer.changes]
    row.erases = sum(change.after is None for change in answer.changes)
    row.cells = kept(line) if answer.verdict == "rejected" else []


def _stored(problem: dict[str, Any]) -> dict[str, Any]:
    return {key: storable(value) if isinstance(value, str) else value for key, value in problem.items()}


class Tally:
    """How many rows got which verdict, are asked something, erase something."""

    def __init__(self) -> None:
        self.rows = self.queries = self.erased = self.rejudged = 0
        self.verdicts: Counter[str] = Counter()

    def add(self, row: ImportRow) -> None:
        self.rows += 1
        self.verdicts[row.verdict] += 1
        self.queries += bool(row.problems) and row.verdict != "rejected"
        self.erased += row.erases
        self.rejudged += row.is_rejudged

    def as_plain(self, *, saved: bool) -> dict[str, Any]:
        """Write it as JSON holds it."""
        return {
            "saved": saved,
            "counts": {verdict: self.verdicts[verdict] for verdict in ImportRow.Verdict.values},
            "queries": self.queries,
            "erased": self.erased,
            "rejudged": self.rejudged,
        }
