"""Events for rows that were written while no trigger, or an older one, stood at their table: by migrations.

After triggers are put up, every row that is not as its newest event says gets one that says how it was found.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Container
from typing import Any

from django.db.backends.utils import CursorWrapper

from registry.chain.arms import READINGS, Arm, arms, payload, quoted

DOOR = "migration"
REASON = "as found after the migration"
FOUND = """
  INSERT INTO {events} ({columns}, pgh_obj_id, pgh_label, pgh_created_at, pgh_context, pgh_context_id)
  SELECT {values}, e.{pk}, CASE WHEN newest.label = 'update' THEN 'update' ELSE 'insert' END, now(), %s, %s
  FROM {rows} e LEFT JOIN (
    SELECT DISTINCT ON (e.pgh_obj_id) e.pgh_obj_id AS row_id, {said} AS said,
      CASE WHEN e.pgh_label <> 'delete' THEN 'update' END AS label
    FROM {events} e ORDER BY e.pgh_obj_id, e.pgh_id DESC
  ) newest ON newest.row_id = e.{pk}
  WHERE (newest.label IS NULL OR newest.said <> {said}) AND NOT EXISTS (
    SELECT FROM registry_erasure r WHERE r."table" = '{name}' AND r.row_id = e.{pk}
  )
  ORDER BY e.{pk}
"""


def catch_up(cursor: CursorWrapper, tables: Container[str]) -> int:
    """Add what is missing for these tables of rows, as the owner, and return how many events that were."""
    context = json.dumps({"door": DOOR, "user": None, "reason": REASON})
    added = 0
    for arm in arms():
        if arm.table != READINGS and arm.model.pgh_tracked_model._meta.db_table in tables:  # type: ignore[attr-defined]
            cursor.execute(_statement(arm), [context, str(uuid.uuid4())])
            added += cursor.rowcount
    return added


def _statement(arm: Arm) -> str:
    tracked: Any = arm.model.pgh_tracked_model  # type: ignore[attr-defined]
    names = {str(one.column) for one in tracked._meta.local_concrete_fields}
    common = tuple(name for name in arm.columns if name in names)
    pk = quoted(tracked._meta.pk.column)
    return FOUND.format(
        events=quoted(arm.table),
        name=arm.table,
        columns=", ".join(map(quoted, common)),
        values=", ".join(quoted(f"e.{name}") for name in common),
        rows=quoted(tracked._meta.db_table),
        pk=pk,
        said=payload(common),
    )
