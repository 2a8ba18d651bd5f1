"""A batch that a worker has claimed: it writes and answers only as long as nobody else has it."""

from __future__ import annotations

from typing import Any

from cases.models import ImportBatch


class TakenOverError(Exception):
    """Another worker has the batch since our lease ran out, or somebody canceled it; we leave nothing."""


def ours(batch: ImportBatch) -> Any:
    """The batch, as long as nobody else has it."""
    return ImportBatch.objects.filter(
        pk=batch.pk, round=batch.round, attempts=batch.attempts, state=ImportBatch.State.RUNNING
    )


def answer(batch: ImportBatch, state: str, verdicts: dict[str, Any], **fields: Any) -> None:
    """Write what came of it."""
    if not ours(batch).update(state=state, verdicts=verdicts, leased_until=None, **fields):
        raise TakenOverError
