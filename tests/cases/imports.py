"""Files on their way in, for tests: uploaded, checked, imported by the worker's own task."""

from cases import importing, tasks
from cases.document import load
from cases.importing import mapping
from cases.models import Case, ImportBatch
from registry import access


def uploaded(content, center, by, name="cases.csv"):
    with access.scope([center.pk]):
        return importing.upload(content, file_name=name, center=center, by=by)


def checked(content, center, by, *, fields=None, blank_erases=False, name="cases.csv"):
    """A file that was uploaded and checked, its columns as proposed but for `fields` of the first sheet."""
    batch = uploaded(content, center, by, name)
    recheck(batch, by, fields=fields, blank_erases=blank_erases)
    return now(batch)


def recheck(batch, by, *, fields=None, blank_erases=False):
    with access.scope([batch.center_id]):
        heads = mapping.heads_of(batch)
        chosen = {head.name: found for head, found in zip(heads, mapping.proposed(batch), strict=True)}
        chosen[heads[0].name].update(fields or {})
        assert not mapping.mistakes(heads, chosen)
        assert importing.check(batch, fields=chosen, blank_erases=blank_erases, by=by, seen_round=batch.round)
    tasks.import_batch(batch.pk)


def committed(batch, by, **options):
    """Import what was checked."""
    with access.scope([batch.center_id]):
        assert importing.commit(batch, by=by, seen_round=batch.round, **options)
    tasks.import_batch(batch.pk)
    return now(batch)


def now(batch):
    """The batch as it is now."""
    with access.scope([batch.center_id]):
        return ImportBatch.objects.select_related("center").get(pk=batch.pk)


def rows(batch):
    with access.scope([batch.center_id]):
        return list(batch.rows.order_by("position"))


def stored(center):
    with access.scope([center.pk]):
        found = load(Case.objects.filter(center=center).values_list("pk", flat=True))
    return {case.document.case_number: case for case in found}
