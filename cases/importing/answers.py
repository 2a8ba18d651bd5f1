"""What is answered to a file: a verdict for each row, and problems with their row and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cases import flat
from cases.batches import Verdict
from cases.document import StoredCase, dump
from cases.models import ImportRow
from cases.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong and where in the file: errors reject the row, queries only ask."""

    row: int
    column: str
    code: str
    message: str
    severity: str = "error"
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a row would change in a case that is already there."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """What became of one row, and with which version of the case it was compared (0: with none)."""

    row: int
    case_number: str
    verdict: Verdict
    version: int = 0
    problems: tuple[RowProblem, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a file. `saved` is False after a dry run, and when one bad row held all back."""

    digest: str
    rows: int
    saved: bool
    verdicts: tuple[RowVerdict, ...]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.verdict for row in self.verdicts)
        return {verdict: found[verdict] for verdict in ImportRow.Verdict.values}

    def as_plain(self) -> dict[str, Any]:
        """Write it as JSON holds it."""
        rows = [
            {key: value for key, value in asdict(row).items() if key != "version"} for row in self.verdicts
        ]
        return {
            "digest": self.digest,
            "rows": self.rows,
            "saved": self.saved,
            "counts": self.counts,
            "verdicts": rows,
        }


def rejected(line: flat.Line, problems: Sequence[Problem], version: int = 0) -> RowVerdict:
    """Reject a row for what is wrong with its cells and with the case they make; the same thing is told once."""
    faults = tuple(
        RowProblem(row=f.row, column=f.column, code=f.code, message=f.message, sheet=f.sheet)
        for f in line.faults
    )
    if line.faults:  # what is wrong with the number is said already
        problems = [problem for problem in problems if problem.pointer != "/case_number"]
    found = located(line, problems)
    named = {(fault.column, fault.code) for fault in faults}
    return RowVerdict(
        row=line.row,
        case_number=line.case_number,
        verdict="rejected",
        version=version,
        problems=(*faults, *(problem for problem in found if (problem.column, problem.code) not in named)),
    )


def located(line: flat.Line, problems: Sequence[Problem]) -> tuple[RowProblem, ...]:
    """Find the row and column of problems that point into the document."""
    found = []
    for problem in problems:
        steps = flat.steps_of(problem.pointer)
        cell = flat.origin(steps, line.cells)
        found.append(
            RowProblem(
                row=cell.row if cell else line.row,
                column=cell.column if cell and cell.steps == steps else _column(line, steps),
                code=problem.code,
                message=problem.message,
                severity=problem.severity,
                sheet=cell.sheet if cell else "",
            )
        )
    return tuple(found)


def _column(line: flat.Line, steps: flat.Steps) -> str:
    name = flat.dotted(steps)
    return line.keys.get(name, name)


def changes(before: StoredCase | None, after: Any) -> Iterator[Change]:
    """List every answer that differs, old and new, by its column; all of them for a case that is new."""
    old = dict(_leaves(dump(before.document), "")) if before else {"case_number": after.case_number}
    new = dict(_leaves(dump(after), ""))
    for column in dict.fromkeys([*new, *old]):
        if old.get(column) != new.get(column):
            yield Change(column=column, before=old.get(column), after=new.get(column))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every answer of a document with its column; a reason for absence stands in the column of its field."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, place if name == "missing" else f"{place}.{name}" if place else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, below in enumerate(value, start=1):
            yield from _leaves(below, f"{place}.{number}")
    else:
        yield place, value
