"""Rows through intake: chunk by chunk, so that memory does not grow with the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

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


class NothingToKeep(Exception):  # noqa: N818 (it is no error)
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
        raise flat.UnreadableFile(
            gettext("Row 1 has no column 'center'. Add it, or name the one center of all rows.")
        )
    digest = hashlib.sha256(content).hexdigest()
    work = Work(
        centers={center.code: center for center in centers},
        by=by,
        source=source,
        as_of=as_of,
        dry_run=dry_run,
        digest=digest,
        tells=frozenset({"changed"}) if dry_run else frozenset(),
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
                raise NothingToKeep
    except NothingToKeep:
        saved = False
    return Report(digest=digest, rows=file.total, saved=saved, verdicts=tuple(verdicts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work on the lines of one file: of some centers, by a person, really or to see what would happen.

    `tells` are the verdicts whose changes are listed, `objects` may refuse a line that is about to be saved.
    """

    centers: Mapping[str, Center]
    by: User | None
    source: str
    as_of: date | None = None
    dry_run: bool
    digest: str
    tells: frozenset[str] = frozenset()
    objects: Callable[[flat.Line, StoredCase | None, Any], Problem | None] = lambda line, before, after: None

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
            line.fault(line.row, line.keys.get("center", "center"), "foreign_center", _foreign(only))
            answers[id(line)] = rejected(line, ())
        return found

    def _take_of(self, center: Center, lines: list[flat.Line], answers: dict[int, RowVerdict]) -> None:
        stored = _stored(center, lines)
        accepted: list[tuple[flat.Line, intake.Submission]] = []
        for line in lines:
            before = stored.get(line.case_number)
            problems: Sequence[Problem] = ()
            try:
                submission = _submission(line, before)
                objection = self.objects(line, before, submission.document)
                problems = [objection] if objection else []
            except DocumentError as error:
                problems = error.problems
            if problems or line.faults:
                answers[id(line)] = rejected(line, problems, before.version if before else 0)
            else:
                accepted.append((line, submission))
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
            answers[id(line)] = RowVerdict(
                row=line.row,
                case_number=line.case_number,
                verdict=receipt.verdict,
                version=before.version if before else 0,
                problems=located(line, receipt.problems),
                changes=tuple(changes(before, submission.document)) if receipt.verdict in self.tells else (),
            )


def _foreign(only: str) -> str:
    if only:
        said = gettext(
            "The row names another center, and this import is for center {center}. "
            "Correct the code, or take the row out."
        )
        return said.format(center=only)
    return gettext(
        "The row names another center, and you may import for no such center. "
        "Correct the code, or take the row out."
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
