"""How long what came in with files is kept: values of patients stand nowhere longer than they are needed."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from cases.importing import mapping, waiting
from cases.models import ImportBatch, ImportRow
from registry import access

UNDECIDED_FOR = timedelta(days=7)
REJECTED_FOR = timedelta(days=30)
FAILED_FOR = timedelta(days=7)  # so long somebody may let the work be tried again
SAYING_NOTHING = (ImportRow.Verdict.NEW, ImportRow.Verdict.UNCHANGED)
AT_ONCE = 500


def older_than(days: int) -> QuerySet[ImportBatch]:
    """The files that came in earlier and still hold anything of patients, whatever became of them."""
    held = ~Q(content=b"") | ~Q(preview={})
    return ImportBatch.objects.filter(held, created_at__lt=Now() - timedelta(days=days))


def forget_old(days: int) -> int:
    """Let nothing that came in with files be kept for longer; what nobody decided on is canceled. Returns how many."""
    ids = list(older_than(days).values_list("pk", flat=True))
    waiting.forget(ImportBatch.objects.filter(pk__in=ids, state__in=waiting.UNDECIDED))
    ImportRow.objects.filter(batch__in=ids).exclude(cells=[], values=[]).update(cells=[], values=[])
    ImportBatch.objects.filter(pk__in=ids).update(content=b"", preview={})
    return len(ids)


def tidy() -> None:
    """Cancel what nobody decided on for a week; empty what failed a week ago; thin out what ended a month ago."""
    with access.everywhere():
        undecided = ImportBatch.objects.filter(state__in=(waiting.State.UPLOADED, waiting.State.CHECKED))
        waiting.forget(undecided.filter(created_at__lt=Now() - UNDECIDED_FOR))
        _empty_what_failed()
        _thin_out()


def _empty_what_failed() -> None:
    """Of work that was set aside, the file, its first values, and old and new answers go: nobody continued it."""
    failed = ImportBatch.objects.filter(state=waiting.State.FAILED, finished_at__lt=Now() - FAILED_FOR)
    failed = failed.exclude(content=b"")
    for batch in failed.defer("content"):
        ImportRow.objects.filter(batch=batch).exclude(values=[]).update(values=[])
        columns = mapping.columns_of(mapping.heads_of(batch))
        ImportBatch.objects.filter(pk=batch.pk).update(content=b"", preview=columns)


def _thin_out() -> None:
    """Forget rejected rows, and sentences, which may repeat values.

    Counts stay, and of the rows that changed a case, were rejected or were asked something: the codes and places of
    what was said of them, and the names of the changed columns.
    """
    ended = ImportBatch.objects.filter(~Q(preview={}) | ~Q(content=b""), finished_at__lt=Now() - REJECTED_FOR)
    ids = list(ended.values_list("pk", flat=True))
    rows = ImportRow.objects.filter(batch__in=ids)
    rows.exclude(cells=[], values=[]).update(cells=[], values=[])
    rows.filter(verdict__in=SAYING_NOTHING, problems=[]).delete()
    told = rows.exclude(problems=[]).only("problems").iterator(AT_ONCE)
    while some := list(islice(told, AT_ONCE)):
        for row in some:
            row.problems = [_without_sentence(problem) for problem in row.problems]
        ImportRow.objects.bulk_update(some, ["problems"])
    ImportBatch.objects.filter(pk__in=ids).update(content=b"", preview={})


def _without_sentence(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "message"}
