"""Sets of rows to and from tables: one statement for each table, however many cases a batch holds.

Rows travel as JSON and PostgreSQL casts them to the table's own row type, so that one path serves one case and
ten thousand, new rows and corrected ones, under row security (which refuses COPY into a table). An unchanged row
is not touched and leaves no event in the audit trail.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection, models


def _plain(value: Any) -> Any:
    """Sets become lists in a fixed order, dates of any precision their text."""
    return sorted(value) if isinstance(value, frozenset) else str(value)


def as_json(value: Any) -> str:
    """Write plain values, sets and partial dates as JSON text with sorted keys."""
    return orjson.dumps(
        value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_SORT_KEYS
    ).decode()


Named = tuple[str, ...]


@lru_cache
def _statement(
    model: type[models.Model], columns: Named, key: Named, kept: Named, instead: tuple[tuple[str, str], ...]
) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    listed = ", ".join(f'"{column}"' for column in columns)
    given = f"json_populate_recordset(NULL::{table}, %s::json)"
    if not key:
        return f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {given}"  # nosec B608  # names of ours
    wanted = {
        column: f'excluded."{column}"' for column in columns if column not in key and column not in kept
    }
    wanted |= dict(instead)
    ours = ", ".join(f'stored."{column}"' for column in wanted)
    theirs = ", ".join(wanted.values())
    sets = ", ".join(f'"{column}" = {value}' for column, value in wanted.items())
    arbiter = ", ".join(f'"{column}"' for column in key)
    place = " AND ".join(f'stored."{column}" = excluded."{column}"' for column in key)
    # A row that is there already as it would become is left out before: a conflict would lock it, which is a write.
    return (
        f"INSERT INTO {table} AS stored ({listed}) SELECT {listed} FROM {given} AS excluded"  # nosec B608  # names of ours
        f" WHERE NOT EXISTS (SELECT FROM {table} AS stored WHERE {place} AND ({ours}) IS NOT DISTINCT FROM ({theirs}))"
        f" ON CONFLICT ({arbiter}) DO UPDATE SET {sets} WHERE ({ours}) IS DISTINCT FROM ({theirs})"
    )


@contextmanager
def ahead() -> Iterator[None]:
    """Send statements without waiting for the one before: the rows of a table are made while others are written.

    What goes wrong is told at the end of the block, or at the first statement whose rows are fetched.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def write(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str] = (),
    kept: Sequence[str] = (),
    instead: Mapping[str, str] | None = None,
) -> None:
    """Insert rows; with `key`, update those that are there and differ, but for the columns `kept` as they were.

    A column in `instead` then gets what its expression says, in SQL over the rows `stored` and `excluded` (the new
    one). A column that a row leaves out is null.
    """
    if rows:
        statement = _statement(model, tuple(columns), tuple(key), tuple(kept), tuple((instead or {}).items()))
        # What looks for stored rows is planned each time: a plan made while the table was small reads all of it later.
        with connection.cursor() if key else connection.prepared_cursor() as cursor:
            cursor.execute(statement, [as_json(rows)])


def delete_others(model: type[models.Model], case_ids: Sequence[int], rows: Sequence[dict[str, Any]]) -> None:
    """Delete the rows of a form of these cases whose position none of the rows now wanted has."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} f WHERE f.case_id = ANY(%s::bigint[]) AND NOT EXISTS"  # nosec B608  # a table of ours
            " (SELECT FROM unnest(%s::bigint[], %s::int[]) AS wanted(case_id, position)"
            " WHERE wanted.case_id = f.case_id AND wanted.position = f.position)",
            [list(case_ids), [row["case_id"] for row in rows], [row["position"] for row in rows]],
        )


def next_ids(n: int, *tables: type[models.Model]) -> list[tuple[int, ...]]:
    """Take n ids from each of these tables' own sequences."""
    taken = ", ".join(["nextval(pg_get_serial_sequence(%s::text, 'id'))"] * len(tables))
    with connection.prepared_cursor() as cursor:
        cursor.execute(
            f"SELECT {taken} FROM generate_series(1, %s::int)",  # nosec B608  # placeholders
            [*(model._meta.db_table for model in tables), n],
        )
        return cursor.fetchall()
