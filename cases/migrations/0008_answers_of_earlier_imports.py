"""Rows of earlier imports stand in tables as all others do; their sentences, which may hold values, are not taken along.

An earlier trial run was called done; it saved nothing and nobody can go on from it, so it is canceled.
"""

from typing import Any

from django.db import migrations

KEPT = ("row", "column", "code", "severity", "sheet")


def move(apps: Any, schema_editor: Any) -> None:
    """Turn each old answer into rows and counts."""
    batches = apps.get_model("cases", "ImportBatch").objects
    trials = batches.filter(dry_run=True, state="done")
    trials.update(state="canceled", content=b"", verdicts={})
    old = batches.filter(verdicts__has_key="counts").exclude(verdicts__has_key="queries")
    for batch in old.defer("content").iterator(50):
        rows = [_row(apps, batch, n, told) for n, told in enumerate(batch.verdicts.get("rows", ()), start=1)]
        apps.get_model("cases", "ImportRow").objects.bulk_create(rows, batch_size=500)
        asked = sum(bool(row.problems) and row.verdict != "rejected" for row in rows)
        known = {name: batch.verdicts[name] for name in ("saved", "counts")}
        batches.filter(pk=batch.pk).update(verdicts={**known, "queries": asked, "erased": 0, "rejudged": 0})


def _row(apps: Any, batch: Any, position: int, told: dict[str, Any]) -> Any:
    return apps.get_model("cases", "ImportRow")(
        batch_id=batch.pk,
        center_id=batch.center_id,
        position=position,
        row=told["row"],
        case_number=told["case_number"][:60],
        verdict=told["verdict"],
        columns=told["changes"],
        problems=[{name: problem.get(name, "") for name in KEPT} for problem in told["problems"]],
    )


class Migration(migrations.Migration):
    dependencies = [('cases', '0007_last_contact_precision')]

    # The way back drops these rows with their table, and the old pages read counts alone.
    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
