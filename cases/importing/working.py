"""What a worker does with a file: it checks it, chunk by chunk, or imports it, in one transaction.

A check saves no case; its rows stand in transactions of their own, so that people see how far it is. An import of a
checked file saves nothing that the check did not show. Whatever happens to the worker, another begins again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext

from cases import flat
from cases.document import StoredCase
from cases.importing import claimed, mapping, posted, rows, running
from cases.importing.answers import changes
from cases.models import ImportBatch, ImportRow
from cases.problems import Problem
from registry import access, jobs

State = ImportBatch.State
ANSWERS = (claimed.TakenOverError, flat.UnreadableFile, PermissionDenied)
JUDGED = ("verdict", "version", "problems", "columns", "values", "erases", "cells", "is_rejudged")


def apply(batch_id: int) -> None:
    """Check or import a waiting file, if nobody else does; cases and answer are saved together, or not at all."""
    with access.everywhere():
        if not jobs.claim(ImportBatch, batch_id):
            return
        known = ImportBatch.objects.select_related(
            "center", "requested_by", "api_key__user", "api_key__center"
        )
        batch = known.get(pk=batch_id)
    try:
        with (
            jobs.attempt(ImportBatch, batch.pk, claimed.ours(batch), answers=ANSWERS),
            translation.override(batch.language),  # the one exception to docs/decisions/0009
        ):
            _work_on(batch)
    except claimed.TakenOverError:
        return
    except flat.UnreadableFile as error:
        _refuse(batch, State.REJECTED, str(error))
    except PermissionDenied as error:
        _refuse(batch, State.FAILED, str(error))


def _work_on(batch: ImportBatch) -> None:
    if batch.format == ImportBatch.Format.DOCUMENTS:
        posted.work_on(batch)
    else:
        (_check if batch.dry_run else _import)(batch, _read(batch))


def _read(batch: ImportBatch) -> flat.File:
    return flat.read(bytes(batch.content), fields=batch.mapping or None, blank_erases=batch.blank_erases)


def _work(batch: ImportBatch, **options: Any) -> running.Work:
    return running.Work(
        centers={batch.center.code: batch.center},
        by=batch.requested_by,
        source=batch.source,
        dry_run=batch.dry_run,
        digest=batch.digest,
        **options,
    )


def _chunks(file: flat.File) -> Iterator[list[flat.Line]]:
    lines = file.lines()
    while chunk := list(islice(lines, running.CHUNK)):
        yield chunk


# --- checking ------------------------------------------------------------------------------------------


def _check(batch: ImportBatch, file: flat.File) -> None:
    """Judge every row and keep what it would change."""
    work, tally = _work(batch, tells=frozenset({"new", "changed"})), rows.Tally()
    with access.scope([batch.center_id]):
        _hold(batch, rows_done=0, rows_total=file.total)
        ImportRow.objects.filter(batch=batch).delete()
    for chunk in _chunks(file):
        with access.scope([batch.center_id]):
            answers = work.take(chunk)
            judged = [rows.made(batch, line, answer) for line, answer in zip(chunk, answers, strict=True)]
            for row in judged:
                tally.add(row)
            _hold(batch, rows_done=min(tally.rows, file.total))
            ImportRow.objects.bulk_create(judged)
    with access.scope([batch.center_id]):
        claimed.answer(batch, State.CHECKED, tally.as_plain(saved=False), rows_done=file.total)


# --- importing -----------------------------------------------------------------------------------------


def _import(batch: ImportBatch, file: flat.File) -> None:
    """Save the rows of a file, of a checked one those that the check let through."""
    take = _Checked(batch, file) if batch.verdicts else _Unchecked(batch, file)
    tally, changed = rows.Tally(), list[ImportRow]()
    try:
        with (
            access.scope([batch.center_id]),
            jobs.pulse(claimed.ours(batch), batch.center_id) as beat,
        ):
            for chunk in _chunks(file):
                for row, is_changed in take(chunk):
                    tally.add(row)
                    if is_changed:
                        changed.append(row)
                beat(rows_done=min(tally.rows, file.total), rows_total=file.total)
                if not claimed.ours(batch).exists():
                    raise claimed.TakenOverError
            if batch.all_or_nothing and tally.verdicts["rejected"]:
                raise running.NothingToKeep
            _end(batch, file, State.DONE, tally, changed)
    except running.NothingToKeep:
        with access.scope([batch.center_id]):
            _end(batch, file, State.REJECTED, tally, changed)


def _end(
    batch: ImportBatch, file: flat.File, state: str, tally: rows.Tally, changed: list[ImportRow]
) -> None:
    """Write the answer. The file and the values of patients have done their work then and are not kept."""
    ImportRow.objects.bulk_update(changed, JUDGED, batch_size=running.CHUNK)
    ImportRow.objects.filter(batch=batch).exclude(values=[]).update(values=[])
    claimed.answer(
        batch,
        state,
        tally.as_plain(saved=state == State.DONE),
        rows_done=file.total,
        rows_total=file.total,
        content=b"",
        preview=mapping.columns_of(file.heads),
        finished_at=Now(),
    )


class _Unchecked:
    """A file that was handed in to be imported at once: its rows are written as they are judged."""

    def __init__(self, batch: ImportBatch, file: flat.File) -> None:
        self.batch, self.work = batch, _work(batch)

    def __call__(self, chunk: list[flat.Line]) -> Iterator[tuple[ImportRow, bool]]:
        judged = [
            rows.made(self.batch, line, answer)
            for line, answer in zip(chunk, self.work.take(chunk), strict=True)
        ]
        ImportRow.objects.bulk_create(judged)
        return ((row, False) for row in judged)


class _Checked:
    """A checked file: rows that the check let through are saved, as the check showed them or not at all."""

    def __init__(self, batch: ImportBatch, file: flat.File) -> None:
        self.batch = batch
        self.work = _work(batch, objects=self.objection)
        self.rows: dict[int, ImportRow] = {}

    def __call__(self, chunk: list[flat.Line]) -> Iterator[tuple[ImportRow, bool]]:
        of_chunk = ImportRow.objects.filter(
            batch=self.batch, position__range=(chunk[0].position, chunk[-1].position)
        )
        self.rows = {row.position: row for row in of_chunk}
        lines = [line for line in chunk if self.rows[line.position].verdict in ("new", "changed")]
        answers = zip(lines, self.work.take(lines), strict=True)
        changed = {line.position for line, answer in answers if self._judge(line, answer)}
        return ((self.rows[line.position], line.position in changed) for line in chunk)

    def _judge(self, line: flat.Line, answer: running.RowVerdict) -> bool:
        """Take over the verdict of a row that was saved or not; tell whether it differs from the check's."""
        row = self.rows[line.position]
        before = (row.verdict, row.version, row.problems)
        columns, erases = row.columns, row.erases
        rows.judge(row, line, answer)
        row.values = []
        if row.verdict in ("new", "changed"):
            row.columns, row.erases = columns, erases
        return before != (row.verdict, row.version, row.problems)

    def objection(self, line: flat.Line, before: StoredCase | None, after: Any) -> Problem | None:
        """Refuse to write what the check did not show: the case was changed since, and where this row changes it."""
        row = self.rows[line.position]
        if (before.version if before else 0) == row.version:
            return None
        row.is_rejudged = True
        shown = dict(zip(row.columns, row.values, strict=True))
        if all(
            shown.get(change.column) == [change.before, change.after] for change in changes(before, after)
        ):
            return None
        said = gettext(
            "The case was changed after the check, and this row would change it otherwise than the check showed. "
            "Check the file again."
        )
        return Problem(pointer="", code="changed_since_check", message=said)


# --- answering -----------------------------------------------------------------------------------------


def _hold(batch: ImportBatch, **progress: int) -> None:
    """Say how far the work is, and keep the batch for another while."""
    if not claimed.ours(batch).update(leased_until=jobs.lease(), **progress):
        raise claimed.TakenOverError


def _refuse(batch: ImportBatch, state: str, why: str) -> None:
    """Say why nothing was saved of the whole file."""
    with access.scope([batch.center_id]):
        ImportRow.objects.filter(batch=batch).delete()
        claimed.answer(
            batch, state, {"refused": why}, content=b"", preview={}, rows_done=0, finished_at=Now()
        )
