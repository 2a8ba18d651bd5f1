"""The audit trail of one case, read from the event tables: what happened at once, and what ever changed.

Each question is one statement over all tables of the case, so that the number of forms costs no queries. Values come
as the tables hold them (JSON); cases/admin/history.py puts them into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from pydantic_core import from_json

from cases.models import FORMS, Case, ContactAttempt, DataQuery, Deviation, Patient
from registry.fields import clinical_fields

SAID = ("answer", "answer_text", "decision", "decision_text")  # by people, to a finding
# Of these tables an event may say nothing that a person would see: only these columns count.
SHOWN: dict[Any, tuple[str, ...]] = {
    Case: ("case_number", "status", "citation", "note"),
    Deviation: ("state", "severity", "sentence", *SAID),
    DataQuery: ("state", "severity", "sentence", *SAID),
}
FINDINGS = (Deviation, DataQuery)
TABLES: tuple[Any, ...] = (Case, Patient, *FORMS, *FINDINGS, ContactAttempt)
TABLE_OF = {model._meta.model_name: model for model in TABLES}
ANSWERS = {
    Case._meta.model_name: frozenset({"citation", "note"}),
    **{
        model._meta.model_name: frozenset(field.name for field in clinical_fields(model))
        for model in (Patient, *FORMS)
    },
}
# What changed at once: one save, whatever the number of rows. Without a name for it, one transaction.
AT_ONCE = "coalesce(pgh_context_id::text, pgh_created_at::text)"
Place = tuple[str, int, str]  # model, position, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was changed at once, before anybody looks into it."""

    key: str
    at: datetime
    context: dict[str, Any] | None
    tables: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row that changed: as it was (None when it came), and as it is (as it last was, when it went)."""

    key: str
    at: datetime
    context: dict[str, Any] | None
    model: Any
    label: str
    before: dict[str, Any] | None
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One moment of one place; when `rows_came_or_went` in the same save, another row may stand there since."""

    at: datetime
    context: dict[str, Any] | None
    label: str
    row: dict[str, Any]
    before: dict[str, Any] | None
    rows_came_or_went: bool


def groups(case: Case) -> list[Group]:
    """Everything that ever changed, newest first: one short line for each save."""
    arms = " UNION ALL ".join(
        f"SELECT '{name}' AS model, {AT_ONCE} AS key, pgh_created_at AS at, pgh_context AS context, pgh_id"
        f" FROM ({_visible(model)}) e"  # nosec B608  # names of ours
        for name, model in TABLE_OF.items()
    )
    sql = (
        "SELECT key, max(at) AS at, (array_agg(context))[1], array_agg(DISTINCT model)"
        f" FROM ({arms}) event GROUP BY key"  # nosec B608  # names of ours
        # each table counts its events by itself; what was begun at one moment goes in the order of its saves
        " ORDER BY at DESC, max(pgh_id) FILTER (WHERE model = 'case') DESC NULLS LAST, max(pgh_id) DESC"
    )
    return [
        Group(key=key, at=at, context=_read(context), tables=frozenset(tables))
        for key, at, context, tables in _fetch(sql, _owners(case))
    ]


def events(case: Case, wanted: Iterable[Group]) -> list[Event]:
    """The events of some groups, each with the row as it was before; in the order of the forms, then of the rows."""
    wanted = list(wanted)
    tables = {name: TABLE_OF[name] for name in TABLE_OF if any(name in group.tables for group in wanted)}
    if not tables:
        return []
    arms = " UNION ALL ".join(
        f"SELECT '{name}', {place}, e.pgh_id, e.key, e.pgh_created_at, e.pgh_context, e.pgh_label,"
        f" to_jsonb(b), to_jsonb(a) FROM ({_visible(model)}) e JOIN {_events(model)} a ON a.pgh_id = e.pgh_id"
        f" LEFT JOIN {_events(model)} b ON b.pgh_id = e.before_id WHERE e.key = ANY(%s)"  # nosec B608  # names of ours
        for place, (name, model) in enumerate(tables.items())
    )
    keys = [group.key for group in wanted]
    parameters = [value for owner in _owners(case, tables.values()) for value in (owner, keys)]
    return [
        Event(
            key=key,
            at=at,
            context=_read(context),
            model=TABLE_OF[name],
            label=label,
            before=_read(before),
            after=_read(after),
        )
        for name, _, _, key, at, context, label, before, after in _fetch(f"{arms} ORDER BY 2, 3", parameters)
    ]


def answers(case: Case, model: Any, position: int) -> list[Answered]:
    """All that ever stood at one place of a form, newest first."""
    owner, place = _owner(model), "true" if model in (Case, Patient) else "e.position = %s"
    sql = (
        "SELECT pgh_created_at, pgh_context, pgh_label, after, moved, lag(after) OVER at_place,"
        " lag(pgh_label) OVER at_place FROM ("
        f"SELECT e.*, to_jsonb(e) AS after, bool_or(pgh_label <> 'update') OVER (PARTITION BY {AT_ONCE}) AS moved"
        f" FROM {_events(model)} e WHERE {owner} = %s) e WHERE {place}"
        " WINDOW at_place AS (ORDER BY pgh_id) ORDER BY pgh_id DESC"  # nosec B608  # names of ours
    )
    who = [case.patient_id if model is Patient else case.pk]
    found = _fetch(sql, who if place == "true" else [*who, position])
    return [
        Answered(
            at=at,
            context=_read(context),
            label=label,
            row=_read(after),
            before=None if label_before == "delete" else _read(before),
            rows_came_or_went=bool(moved and model not in (Case, Patient)),
        )
        for at, context, label, after, moved, before, label_before in found
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One event of a row inside an operation: where in the table it stands since, and in which operation."""

    key: str
    label: str
    row: int
    position: int
    operation: int


def inner_rows(case: Case, model: Any) -> list[Moved]:
    """Every event of the rows of a form inside operations, in order: they are counted through all operations."""
    names = "key", "label", "row", "position", "operation"
    sql = (
        f"SELECT {AT_ONCE}, pgh_label, pgh_obj_id, position, operation_position FROM {_events(model)}"
        f" WHERE {_owner(model)} = %s ORDER BY pgh_id"  # nosec B608  # names of ours
    )
    return [Moved(**dict(zip(names, row, strict=True))) for row in _fetch(sql, [case.pk])]


def changed(case: Case) -> set[Place]:
    """The answers that were not always as they are, or as absent for the same reason: one statement for all forms."""
    if case.version == 1:
        return set()  # nothing was saved since
    found = _fetch(_changed_statement(), _owners(case, (Case, Patient, *FORMS)))
    return {(model, position, name) for model, position, name in found if name in ANSWERS[model]}


# --- statements ------------------------------------------------------------------------------------------------------


@cache
def _changed_statement() -> str:
    """Turns rows into answers only of places that have more than one event; to name each column would take longer
    to plan than this takes to run."""
    arms = " UNION ALL ".join(_places(model) for model in (Case, Patient, *FORMS))
    return (
        "SELECT model, position, name FROM (SELECT model, position, answer.key AS name,"
        " coalesce(answer.value, event.row -> 'missing' ->> answer.key) AS said"
        f" FROM ({arms}) event, jsonb_each_text(event.row) answer WHERE event.times > 1) told"  # nosec B608  # names of ours
        " GROUP BY 1, 2, 3 HAVING min(said) IS DISTINCT FROM max(said) OR count(said) NOT IN (0, count(*))"
    )


def _places(model: Any) -> str:
    place = "0" if model in (Case, Patient) else "position"
    return (
        f"SELECT '{model._meta.model_name}' AS model, {place} AS position, to_jsonb(e) AS row,"
        f" count(*) OVER (PARTITION BY {place}) AS times FROM {_events(model)} e WHERE {_owner(model)} = %s"  # nosec B608  # names of ours
    )


def _visible(model: Any) -> str:
    """The events of a case in one table that a person would see, each with the one before of the same row."""
    before = "lag(pgh_id) OVER row_of_table AS before_id"
    if model not in FINDINGS:
        return (
            f"SELECT pgh_id, pgh_created_at, pgh_context, pgh_context_id, pgh_label, {AT_ONCE} AS key, {before}"
            f" FROM {_events(model)} WHERE {_owner(model)} = %s"  # nosec B608  # names of ours
            " WINDOW row_of_table AS (PARTITION BY pgh_obj_id ORDER BY pgh_id)"
        )
    shown = f"jsonb_build_array({', '.join(SHOWN[model])})"
    return (
        f"SELECT * FROM (SELECT pgh_id, pgh_created_at, pgh_context, pgh_context_id, pgh_label, {AT_ONCE} AS key,"
        f" {before}, {shown} IS DISTINCT FROM lag({shown}) OVER row_of_table AS is_seen"
        f" FROM {_events(model)} WHERE {_owner(model)} = %s"
        " WINDOW row_of_table AS (PARTITION BY pgh_obj_id ORDER BY pgh_id)) finding WHERE is_seen"  # nosec B608  # names of ours
    )


def _events(model: Any) -> str:
    return connection.ops.quote_name(model.pgh_event_model._meta.db_table)


def _owner(model: Any) -> str:
    """The column that says whose event it is."""
    return "pgh_obj_id" if model in (Case, Patient) else "case_id"


def _owners(case: Case, models: Iterable[Any] = TABLES) -> list[int]:
    return [case.patient_id if model is Patient else case.pk for model in models]


def _fetch(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _read(text: Any) -> Any:
    return from_json(text) if isinstance(text, str) else text
