"""One file through intake: chunk by chunk, so that memory does not grow with it, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from cases import flat, intake
from cases.document import StoredCase, dump, load, parse
from cases.importing.answers import Report, RowVerdict, changes, located, rejected
from cases.models import Case
from cases.problems import DocumentError, Problem
from cases.vocabulary import Source
from registry import access

if TYPE_CHECKING:
    from registry.models import Center, User

CHUNK = 500


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
            answers[id(line)] = rejected(line, ())
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
                answers[id(line)] = rejected(line, problems)
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
                problems=located(line, receipt.problems),
                changes=tuple(changes(shown, submission.document)) if shown else (),
            )


def _stored(center: Center, lines: list[flat.Line]) -> dict[str, StoredCase]:
    numbers = {line.case_number for line in lines}
    ids = Case.objects.filter(center=center, case_number__in=numbers).values_list("pk", flat=True)
    return {case.document.case_number: case for case in load(ids)}


def _submission(line: flat.Line, before: StoredCase | None) -> intake.Submission:
    """Lay the line over what the registry knows of the case; DocumentError says what cannot be read."""
    raw = dump(before.document) if before else {"case_number": line.case_number}
    line.faults += flat.lay(line.cells, raw)
    # Version 0 is that of a case not there yet: one that somebody adds meanwhile is not written over.
    return intake.Submission(document=parse(raw), if_version=before.version if before else 0)
