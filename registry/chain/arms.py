"""Which tables make up the trail, and how each says who did what, when and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from pghistory.models import Event

READINGS = "registry_reading"
READINGS_KEPT = "24 months"  # whatever is asked for; then they may go, and nobody has to say why
CASES = "cases_case"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One table of the trail; all but `table` and `columns` are SQL over the alias `e`."""

    model: type[models.Model]
    table: str
    key: str
    columns: tuple[str, ...]
    at: str
    center: str
    by: str
    door: str
    label: str
    case: str

    @property
    def payload(self) -> str:
        """All that an event says, as one text: the same for the same values, whatever the session is set to."""
        return payload(self.columns)


def payload(columns: tuple[str, ...]) -> str:
    """Write these columns of `e` as one text. A record quotes what could be taken for something else."""
    return f"ROW({', '.join(quoted(f'e.{name}') for name in columns)})::text"


def quoted(name: str) -> str:
    """Quote a name of SQL, with the alias before it."""
    return ".".join(f'"{part}"' for part in name.split("."))


def event_models() -> Iterator[type[Event]]:
    """List the models of the events."""
    return (model for model in apps.get_models() if issubclass(model, Event) and model._meta.managed)


def arms() -> list[Arm]:
    """List the tables of the trail, by name."""
    found = [_of_events(model) for model in event_models()]
    return sorted([*found, _of_readings(apps.get_model("registry", "Reading"))], key=lambda arm: arm.table)


def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(sorted(str(field.column) for field in model._meta.local_concrete_fields))


def _of_events(model: type[Event]) -> Arm:
    columns = _columns(model)
    tracked: Any = model.pgh_tracked_model
    is_case = tracked._meta.db_table == CASES
    case = "e.case_id" if "case_id" in columns else "e.pgh_obj_id" if is_case else "NULL::bigint"
    return Arm(
        model=model,
        table=model._meta.db_table,
        key="pgh_id",
        columns=columns,
        at="e.pgh_created_at",
        center="e.center_id" if "center_id" in columns else "NULL::bigint",
        by="(e.pgh_context ->> 'user')::bigint",
        door="left(coalesce(e.pgh_context ->> 'door', ''), 40)",
        label="e.pgh_label",
        case=case,
    )


def _of_readings(model: type[models.Model]) -> Arm:
    return Arm(
        model=model,
        table=READINGS,
        key="id",
        columns=_columns(model),
        at="e.at",
        center="e.center_id",
        by="e.by_id",
        door="e.door",
        label="'read'",
        case="e.case_id",
    )
