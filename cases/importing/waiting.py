"""Files that wait in rows: handed in now, imported by a worker, once, whatever happens to the worker."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

from cases import flat, jobs
from cases.importing import running
from cases.importing.answers import Report
from cases.models import ImportBatch
from cases.vocabulary import Source
from registry import access

if TYPE_CHECKING:
    from registry.models import Center, User

# What is kept of a file's answers in its row: enough to mend it, and bounded.
ROWS_KEPT = 2_000


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
            report = running.run(
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
