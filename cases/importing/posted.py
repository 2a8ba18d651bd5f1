"""Documents that came over the API and are too many for one answer: kept in a row, worked on by a worker.

One request is one transaction, whatever its mode: a worker that dies leaves nothing, and the next does all of it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases import flat, intake, store
from cases.flat.returned import storable
from cases.importing import claimed, documents, waiting
from cases.importing.documents import Answer, Work
from cases.importing.rows import SHEET_LENGTH, Tally
from cases.importing.running import CHUNK, NothingToKeep
from cases.models import ImportBatch, ImportRow
from cases.vocabulary import Source
from registry import access, bell, clock, jobs, keys
from registry.api.ndjson import Lines
from registry.language import spoken

if TYPE_CHECKING:
    from registry.models import ApiKey, Center, User

State = ImportBatch.State
OPEN = (State.WAITING, State.RUNNING)
MOST_OPEN = 10  # of one center: whoever sends faster than they are worked on waits
READ_AT_ONCE = 200
COLUMNS = tuple(field.attname for field in ImportRow._meta.concrete_fields if not field.primary_key)


class TooManyError(Exception):
    """So many imports of the center wait already that no other is taken."""


# --- receiving -----------------------------------------------------------------------------------------


def receive(
    lines: Lines,
    *,
    center: Center,
    by: User,
    key: ApiKey | None = None,
    sender: str = "",
    reason: str = "",
    all_or_nothing: bool = False,
    dry_run: bool = False,
) -> ImportBatch:
    """Keep documents for a worker. Sent again while they wait, they are not kept twice."""
    access.require(by, access.Action.IMPORT_CASES, center)
    asked = {
        "center": center,
        "requested_by": by,
        "format": ImportBatch.Format.DOCUMENTS,
        "digest": hashlib.sha256(lines.content).hexdigest(),
        "api_key": key,
        "sender": sender,
        "reason": reason,
        "all_or_nothing": all_or_nothing,
        "dry_run": dry_run,
    }
    waits = ImportBatch.objects.filter(center=center, format=asked["format"], state__in=OPEN)
    if same := waits.filter(**asked).defer("content").first():
        return same
    if waits.count() >= MOST_OPEN:
        raise TooManyError
    total = len(lines)
    batch = ImportBatch.objects.create(
        **asked,
        content=gzip.compress(lines.content, compresslevel=1),
        file_name=f"API, {total} documents",
        source=Source.API,
        language=spoken(),
        preview={"documents": total},
        rows_total=total,
    )
    bell.ring(waiting.TASK, batch.pk)
    return batch


# --- working -------------------------------------------------------------------------------------------


def work_on(batch: ImportBatch) -> None:
    """Judge and save the documents of a batch, chunk by chunk in one transaction."""
    work = Work(
        center=batch.center,
        by=batch.requested_by,
        sender=batch.sender,
        reason=batch.reason,
        dry_run=batch.dry_run,
        repeated=documents.repeated(Packed(batch.content)),
    )
    kept: list[ImportRow] = []
    try:
        with access.scope([batch.center_id]), jobs.pulse(claimed.ours(batch), batch.center_id) as beat:
            _require(batch)
            for chunk in documents.chunks(Packed(batch.content)):
                kept += [_made(batch, answer) for answer in work.take(chunk)]
                beat(rows_done=kept[-1].position)
                if not claimed.ours(batch).exists():
                    raise claimed.TakenOverError
            if batch.all_or_nothing and any(row.verdict == ImportRow.Verdict.REJECTED for row in kept):
                raise NothingToKeep
            _end(batch, State.DONE, kept)
    except NothingToKeep:
        with access.scope([batch.center_id]):
            _end(batch, State.DONE if batch.dry_run else State.REJECTED, [_held_back(row) for row in kept])


def _require(batch: ImportBatch) -> None:
    """Refuse what may no longer be done: the person's role, or the machine's key, may have ended since it was sent."""
    if batch.api_key is not None and (told := keys.refusal(batch.api_key, at=clock.now())):
        raise PermissionDenied(told)
    if batch.requested_by is not None:
        access.require(batch.requested_by, access.Action.IMPORT_CASES, batch.center)


@dataclass(frozen=True, slots=True)
class Packed:
    """Documents as a row keeps them, unpacked a few at a time."""

    content: bytes

    def __iter__(self) -> Iterator[bytes]:
        """Give one document after the other."""
        with gzip.GzipFile(fileobj=io.BytesIO(self.content)) as unpacked:
            yield from (line for line in unpacked if line.strip())


def _made(batch: ImportBatch, answer: Answer) -> ImportRow:
    """Make the row of a document that was judged; a rejected one is kept to be handed back."""
    item, place = answer.item, answer.item.index + 1
    is_changed = answer.verdict == "changed" and not batch.dry_run
    return ImportRow(
        batch=batch,
        center_id=batch.center_id,
        position=place,
        row=place,
        reference=item.reference,
        case_number=storable(item.case_number),
        verdict=answer.verdict,
        version=0 if answer.verdict == "new" else (answer.version or 0) - is_changed,
        problems=[
            {
                "row": place,
                "column": storable(flat.dotted(flat.steps_of(problem.pointer)))[:SHEET_LENGTH],
                "sheet": "",
                "pointer": storable(problem.pointer),
                "code": problem.code,
                "message": storable(problem.message),
                "severity": problem.severity,
            }
            for problem in answer.problems
        ],
        cells=[_kept(item)] if answer.verdict == "rejected" else [],
    )


def _kept(item: documents.Item) -> dict[str, Any]:
    """What is handed back of an item: its document as text, so that it takes no more room than it took."""
    if "document" not in item.came:
        return dict(item.came)
    version = {"if_version": item.if_version} if item.if_version else {}
    return {**version, "document": documents.text_of(item.came["document"])}


def _held_back(row: ImportRow) -> ImportRow:
    """The row of a good document of which none was to be saved unless all were."""
    if row.verdict in (ImportRow.Verdict.NEW, ImportRow.Verdict.CHANGED):
        aside = intake.aside()
        told = {"row": row.row, "column": "", "sheet": "", "pointer": "", "severity": aside.severity}
        row.problems = [{**told, "code": aside.code, "message": aside.message}, *row.problems]
        row.verdict = ImportRow.Verdict.REJECTED
    return row


def _end(batch: ImportBatch, state: str, rows: list[ImportRow]) -> None:
    """Write the answer; the documents have done their work and are not kept."""
    tally = Tally()
    for row in rows:
        tally.add(row)
    for first in range(0, len(rows), CHUNK):
        store.write(ImportRow, COLUMNS, [_columns(row) for row in rows[first : first + CHUNK]])
    is_saved = state == State.DONE and not batch.dry_run
    claimed.answer(
        batch,
        state,
        tally.as_plain(saved=is_saved),
        rows_done=len(rows),
        content=b"",
        finished_at=Now(),
    )


def _columns(row: ImportRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS}


# --- handing back --------------------------------------------------------------------------------------


def rejected_lines(batch: ImportBatch) -> Iterator[str]:
    """The rejected documents of a batch, one a line, with what is wrong beside each; they can be sent again."""
    rejected = ImportRow.objects.filter(batch=batch, verdict=ImportRow.Verdict.REJECTED).exclude(cells=[])
    for row in rejected.order_by("position").iterator(READ_AT_ONCE):
        (came,) = row.cells
        told = {"index": row.position - 1, "reference": row.reference}
        if "if_version" in came:
            told["if_version"] = came["if_version"]
        told["errors"] = errors_of(row)
        if "line" in came:
            yield json.dumps({**told, "line": came["line"]}, ensure_ascii=False) + "\n"
        else:
            head = json.dumps(told, ensure_ascii=False)[:-1]
            yield f'{head}, "document": {came["document"]}}}\n'


def errors_of(row: ImportRow) -> list[dict[str, str]]:
    """What is wrong with a document, as every refusal of the API says it."""
    return _told(row, "error")


def warnings_of(row: ImportRow) -> list[dict[str, str]]:
    """What is asked about a document."""
    return _told(row, "query")


def _told(row: ImportRow, severity: str) -> list[dict[str, str]]:
    gone = gettext("Its sentence is not kept any more; it was: {code}")
    return [
        {
            "pointer": problem.get("pointer", ""),
            "code": problem["code"],
            "message": problem.get("message") or gone.format(code=problem["code"]),
            "severity": problem["severity"],
        }
        for problem in row.problems
        if (problem["severity"] == "error") == (severity == "error")
    ]
