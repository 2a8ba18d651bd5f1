"""Files that wait in rows: uploaded, their columns confirmed, checked, imported; each step by one conditional update.

A step is taken once, whatever is clicked twice or open in two tabs: the row must be in the state, and in the round of
work, that the person saw. The bell is rung for a worker; `working.apply` does the work.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases import flat
from cases.importing import mapping
from cases.models import ImportBatch, ImportRow
from cases.vocabulary import Source
from registry import access, bell
from registry.language import spoken

if TYPE_CHECKING:
    from registry.models import Center, User

TASK = "cases.tasks.import_batch"
State = ImportBatch.State
# What a check that is not over, or whose result nobody has taken up, can be in.
UNDECIDED = (State.UPLOADED, State.WAITING, State.RUNNING, State.CHECKED)


def receive(
    content: bytes,
    *,
    file_name: str,
    center: Center,
    by: User,
    source: str = Source.IMPORT,
    dry_run: bool = False,
) -> ImportBatch:
    """Keep a file whose columns are named as they should be: a worker imports it, now or after any failure."""
    access.require(by, access.Action.IMPORT_CASES, center)
    return _kept(content, file_name=file_name, center=center, by=by, source=source, dry_run=dry_run)


def upload(content: bytes, *, file_name: str, center: Center, by: User) -> ImportBatch:
    """Keep a file, of which only the columns and the first rows are looked at; UnreadableFile says why it cannot be."""
    access.require(by, access.Action.IMPORT_CASES, center)
    preview = mapping.seen(flat.heads(content))
    return _kept(
        content,
        file_name=file_name,
        center=center,
        by=by,
        state=State.UPLOADED,
        dry_run=True,
        preview=preview,
    )


def _kept(content: bytes, *, file_name: str, **fields: Any) -> ImportBatch:
    name = "".join(letter for letter in file_name if letter.isprintable())[:255]
    digest = hashlib.sha256(content).hexdigest()
    return ImportBatch.objects.create(
        content=content,
        file_name=name or gettext("no name"),
        digest=digest,
        requested_by=fields.pop("by"),
        language=spoken(),
        **fields,
    )


def earlier(batch: ImportBatch) -> ImportBatch | None:
    """The last time that the same file came in for this center, before this one."""
    same = ImportBatch.objects.filter(center=batch.center_id, digest=batch.digest, pk__lt=batch.pk)
    return same.exclude(state=State.CANCELED).defer("content", "preview").order_by("-pk").first()


def check(batch: ImportBatch, *, fields: flat.Fields, blank_erases: bool, by: User, seen_round: int) -> bool:
    """Confirm what the columns hold and have the whole file checked; False when somebody has been quicker."""
    access.require(by, access.Action.IMPORT_CASES, batch.center)
    return _hand_over(
        batch,
        State.UPLOADED,
        seen_round,
        mapping=fields,
        blank_erases=blank_erases,
        dry_run=True,
        requested_by=by,
    )


def commit(batch: ImportBatch, *, by: User, seen_round: int, all_or_nothing: bool = False) -> bool:
    """Have the checked rows saved; False when that was asked already, or what was seen is out of date."""
    access.require(by, access.Action.IMPORT_CASES, batch.center)
    return _hand_over(
        batch, State.CHECKED, seen_round, all_or_nothing=all_or_nothing, dry_run=False, requested_by=by
    )


def _hand_over(batch: ImportBatch, state: str, seen_round: int, **changes: Any) -> bool:
    """Take a step that a worker continues."""
    taken = ImportBatch.objects.filter(pk=batch.pk, state=state, round=seen_round).update(
        state=State.WAITING,
        round=F("round") + 1,
        attempts=0,
        leased_until=None,
        rows_done=0,
        language=spoken(),
        **changes,
    )
    if taken:
        bell.ring(TASK, batch.pk)
    return bool(taken)


def reopen(batch: ImportBatch, *, by: User, seen_round: int) -> bool:
    """Go back from the result of a check to the columns."""
    access.require(by, access.Action.IMPORT_CASES, batch.center)
    return bool(
        ImportBatch.objects.filter(pk=batch.pk, state=State.CHECKED, round=seen_round).update(
            state=State.UPLOADED, verdicts={}, rows_done=0, round=F("round") + 1
        )
    )


def cancel(batch: ImportBatch, *, by: User) -> bool:
    """Give up a file that is not being imported, and forget all that it said."""
    access.require(by, access.Action.IMPORT_CASES, batch.center)
    return bool(forget(ImportBatch.objects.filter(pk=batch.pk, state__in=UNDECIDED, dry_run=True)))


def forget(undecided: Any) -> int:
    """Cancel files that were not imported: their content, columns and rows go."""
    ids = list(undecided.select_for_update().values_list("pk", flat=True))
    ImportRow.objects.filter(batch__in=ids).delete()
    return ImportBatch.objects.filter(pk__in=ids).update(
        state=State.CANCELED, content=b"", preview={}, verdicts={}, leased_until=None, finished_at=Now()
    )
