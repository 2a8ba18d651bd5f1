"""How long what came in with files is kept: values of patients stand nowhere longer than they are needed."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from cases.importing import waiting
from cases.models import ImportBatch, ImportRow
from registry import access

UNDECIDED_FOR = timedelta(days=7)
REJECTED_FOR = timedelta(days=30)
SAYING_NOTHING = (ImportRow.Verdict.NEW, ImportRow.Verdict.UNCHANGED)


def tidy() -> None:
    """Cancel what nobody decided on for a week; forget the rejected rows of what ended a month ago.

    Counts stay, and of the rows that changed a case, were rejected or were asked something: what was said of them, and
    the names of the changed columns.
    """
    with access.everywhere():
        undecided = ImportBatch.objects.filter(state__in=(waiting.State.UPLOADED, waiting.State.CHECKED))
        waiting.forget(undecided.filter(created_at__lt=Now() - UNDECIDED_FOR))
        ended = ImportBatch.objects.filter(
            ~Q(preview={}) | ~Q(content=b""), finished_at__lt=Now() - REJECTED_FOR
        )
        ids = list(ended.values_list("pk", flat=True))
        rows = ImportRow.objects.filter(batch__in=ids)
        rows.exclude(cells=[], values=[]).update(cells=[], values=[])
        rows.filter(verdict__in=SAYING_NOTHING, problems=[]).delete()
        ImportBatch.objects.filter(pk__in=ids).update(content=b"", preview={})
