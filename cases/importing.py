"""The import door: a file of cases goes through intake row by row, and every row gets its answer.

One file is one transaction: whatever stops it halfway leaves nothing behind, and the same file again adds
nothing. What a file leaves empty stays as it is; an import adds and corrects, it never erases.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import PermissionDenied

from cases import flat, intake, jobs
from cases.document import StoredCase, dump, load, parse
from cases.models import Case, ImportBatch
from cases.problems import DocumentError, Problem
from cases.vocabulary import Source
from registry import access

if TYPE_CHECKING:
    from registry.models import Center, User

CHUNK = 500
# What is kept of a file's answers in its row: enough to mend it, and bounded.
ROWS_KEPT = 2_000
Verdict = Literal["new", "changed", "unchanged", "rejected"]


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
    """What became of one row."""

    row: int
    case_number: str
    verdict: Verdict
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
        return {verdict: found[verdict] for verdict in ("new", "changed", "unchanged", "rejected")}

    def as_plain(self) -> dict[str, Any]:
        """Write it as JSON holds it."""
        rows = [asdict(row) for row in self.verdicts]
        return {
            "digest": self.digest,
            "rows": self.rows,
            "saved": self.saved,
            "counts": self.counts,
            "verdicts": rows,
        }


class _NothingToKeep(Exception):  # noqa: N818 (it is no error)
    """Leaves the transaction of an all-or-nothing import with a rejected row."""


def run(
    content: bytes,
    *,
    centers: Sequence[Center],
    by: User | None,
    source: str = Source.IMPORT,
    as_of: date | None = None,
    mode: intake.Mode = "each",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Import a file for one center, or for several that its column `center` names.

    `each` saves the good rows and rejects the others; `atomic` saves all rows or none. UnreadableFile says what
    is wrong with the file as a whole; then nothing was read.
    """
    file = flat.read(content)
    if len(centers) != 1 and not file.names_centers:
        raise flat.UnreadableFile("Row 1 has no column 'center'. Add it, or name the one center of all rows.")
    digest = hashlib.sha256(content).hexdigest()
    work = _Import(
        centers={center.code: center for center in centers},
        by=by,
        source=source,
        as_of=as_of,
        dry_run=dry_run,
        digest=digest,
    )
    verdicts: list[RowVerdict] = []
    saved = not dry_run
    try:
        with access.scope([center.pk for center in centers]):
            lines = file.lines()
            while chunk := list(islice(lines, CHUNK)):
                verdicts += work.take(chunk)
                progress(len(verdicts), file.total)
            if mode == "atomic" and any(row.verdict == "rejected" for row in verdicts):
                raise _NothingToKeep
    except _NothingToKeep:
        saved = False
    return Report(digest=digest, rows=file.total, saved=saved, verdicts=tuple(verdicts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import:
    """The work on the lines of one file."""

    centers: Mapping[str, Center]
    by: User | None
    source: str
    as_of: date | None
    dry_run: bool
    digest: str

    def take(self, lines: list[flat.Line]) -> list[RowVerdict]:
        """Judge and save some lines, in as many queries whatever their number; answer in their order."""
        answers: dict[int, RowVerdict] = {}
        for center, own in self._by_center(lines, answers).items():
            self._take_of(self.centers[center], own, answers)
        return [answers[id(line)] for line in lines]

    def _by_center(
        self, lines: list[flat.Line], answers: dict[int, RowVerdict]
    ) -> dict[str, list[flat.Line]]:
        """Sort lines by their center; those of a center that this import is not for are answered here."""
        only = next(iter(self.centers)) if len(self.centers) == 1 else ""
        found: dict[str, list[flat.Line]] = {}
        for line in lines:
            code = line.center or only
            if code in self.centers:
                found.setdefault(code, []).append(line)
                continue
            here = f"this import is for center {only}" if only else "you may import for no such center"
            said = f"The row names another center, and {here}. Correct the code, or take the row out."
            line.fault(line.row, "center", "foreign_center", said)
            answers[id(line)] = _rejected(line, ())
        return found

    def _take_of(self, center: Center, lines: list[flat.Line], answers: dict[int, RowVerdict]) -> None:
        stored = _stored(center, lines)
        accepted: list[tuple[flat.Line, intake.Submission]] = []
        for line in lines:
            problems: Sequence[Problem] = ()
            try:
                accepted.append((line, _submission(line, stored.get(line.case_number))))
            except DocumentError as error:
                problems = error.problems
            if problems or line.faults:
                answers[id(line)] = _rejected(line, problems)
        accepted = [(line, submission) for line, submission in accepted if not line.faults]
        receipts = intake.save_cases(
            [submission for _, submission in accepted],
            center=center,
            by=self.by,
            source=self.source,
            door="import",
            reason=f"file {self.digest[:12]}",
            as_of=self.as_of,
            dry_run=self.dry_run,
        )
        for (line, submission), receipt in zip(accepted, receipts, strict=True):
            before = stored.get(line.case_number)
            shown = before if self.dry_run and receipt.verdict == "changed" else None
            answers[id(line)] = RowVerdict(
                row=line.row,
                case_number=line.case_number,
                verdict=receipt.verdict,
                problems=_located(line, receipt.problems),
                changes=tuple(_changes(shown, submission)) if shown else (),
            )


def _stored(center: Center, lines: list[flat.Line]) -> dict[str, StoredCase]:
    numbers = {line.case_number for line in lines}
    ids = Case.objects.filter(center=center, case_number__in=numbers).values_list("pk", flat=True)
    return {case.document.case_number: case for case in load(ids)}


def _submission(line: flat.Line, before: StoredCase | None) -> intake.Submission:
    """Lay the line over what the registry knows of the case; DocumentError says what cannot be read."""
    raw = dump(before.document) if before else {"case_number": line.case_number}
    line.faults += flat.lay(line.cells, raw)
    return intake.Submission(document=parse(raw), if_version=before.version if before else None)


# --- files that wait in rows --------------------------------------------------------------------------


class _TakenOver(Exception):  # noqa: N818 (it is no error)
    """Another worker has the batch since our lease ran out; it answers, and we leave nothing."""


def receive(
    content: bytes,
    *,
    file_name: str,
    center: Center,
    by: User,
    source: str = Source.IMPORT,
    dry_run: bool = False,
) -> ImportBatch:
    """Keep a file to be imported by a worker: `apply` does it, now or after any failure."""
    access.require(by, access.Action.IMPORT_CASES, center)
    return ImportBatch.objects.create(
        center=center,
        requested_by=by,
        file_name=file_name[:255],
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        source=source,
        dry_run=dry_run,
    )


def apply(batch_id: int) -> None:
    """Import a waiting file, if nobody else does: its cases and its answer are saved together, or not at all."""
    with access.everywhere():
        if not jobs.claim(ImportBatch, batch_id):
            return
        batch = ImportBatch.objects.select_related("center", "requested_by").get(pk=batch_id)
    try:
        with access.scope([batch.center_id]):
            report = run(
                bytes(batch.content),
                centers=[batch.center],
                by=batch.requested_by,
                source=batch.source,
                dry_run=batch.dry_run,
            )
            _answer(batch, ImportBatch.State.DONE, report.rows, _kept(report))
    except _TakenOver:
        return
    except flat.UnreadableFile as error:
        _refuse(batch, ImportBatch.State.REJECTED, str(error))
    except PermissionDenied as error:
        _refuse(batch, ImportBatch.State.FAILED, str(error))


def _refuse(batch: ImportBatch, state: str, why: str) -> None:
    with access.scope([batch.center_id]):
        _answer(batch, state, 0, {"refused": why})


def _answer(batch: ImportBatch, state: str, rows: int, verdicts: dict[str, Any]) -> None:
    """Write the answer, if the batch is still ours. The file has done its work then and is not kept."""
    ours = ImportBatch.objects.filter(pk=batch.pk, attempts=batch.attempts, state=ImportBatch.State.RUNNING)
    answer = {"rows_done": rows, "rows_total": rows, "verdicts": verdicts}
    if not ours.update(**answer, **({} if batch.dry_run else {"content": b""})):
        raise _TakenOver
    jobs.finish(ImportBatch, batch.pk, state)


def _kept(report: Report) -> dict[str, Any]:
    """The answer without values of patients: which columns change, not from what to what."""
    told = [row for row in report.verdicts if row.problems or row.changes]
    rows = [
        {
            "row": row.row,
            "case_number": row.case_number,
            "verdict": row.verdict,
            "problems": [asdict(problem) for problem in row.problems],
            "changes": [change.column for change in row.changes],
        }
        for row in told[:ROWS_KEPT]
    ]
    return {"saved": report.saved, "counts": report.counts, "rows": rows, "more_rows": len(told) - len(rows)}


# --- answers ------------------------------------------------------------------------------------------


def _rejected(line: flat.Line, problems: Sequence[Problem]) -> RowVerdict:
    faults = tuple(
        RowProblem(row=f.row, column=f.column, code=f.code, message=f.message, sheet=f.sheet)
        for f in line.faults
    )
    found = _located(line, problems)
    named = {(fault.column, fault.code) for fault in faults}
    return RowVerdict(
        row=line.row,
        case_number=line.case_number,
        verdict="rejected",
        problems=(*faults, *(problem for problem in found if (problem.column, problem.code) not in named)),
    )


def _located(line: flat.Line, problems: Sequence[Problem]) -> tuple[RowProblem, ...]:
    """Find the row and column of problems that point into the document."""
    found = []
    for problem in problems:
        steps = flat.steps_of(problem.pointer)
        cell = flat.origin(steps, line.cells)
        found.append(
            RowProblem(
                row=cell.row if cell else line.row,
                column=cell.column if cell and cell.steps == steps else flat.dotted(steps),
                code=problem.code,
                message=problem.message,
                severity=problem.severity,
                sheet=cell.sheet if cell else "",
            )
        )
    return tuple(found)


def _changes(before: StoredCase, after: intake.Submission) -> Iterator[Change]:
    old, new = dict(_leaves(dump(before.document), "")), dict(_leaves(dump(after.document), ""))
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
