"""What the database looks like, told quickly: counters of PostgreSQL say whether anything was written at all."""

from contextlib import contextmanager

from django.db import connection

from registry.database import roles

# Written by every request, whoever asks: sessions live on, and requests are counted.
PASSING = ("registry_session", "registry_requestcount")
WRITTEN = """
SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
  + pg_stat_get_xact_tuples_deleted(oid))
FROM pg_class WHERE relkind = 'r' AND NOT relname = ANY (%s)
  AND relnamespace = ANY (ARRAY['public', 'vault']::regnamespace[])
"""


@contextmanager
def as_owner():
    """Look past row security, as nobody does who serves a request."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {roles.OWNER}")
        try:
            yield cursor
        finally:
            cursor.execute(f"SET ROLE {roles.APP}")


def written():
    """How many rows this transaction wrote so far, those taken back among them."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(PASSING)])
        return cursor.fetchone()[0]


def state(center=None):
    """A digest of each table, word for word; with a center, of its rows and their events alone."""
    found = {}
    with as_owner() as cursor:
        for table, has_center in _tables(cursor):
            if center is not None and not has_center:
                continue
            where = "WHERE center_id = %s" if center is not None else ""
            cursor.execute(
                f"SELECT count(*), md5(string_agg(row, '' ORDER BY row)) FROM"
                f" (SELECT md5((to_jsonb(t) - 'last_used_at')::text) AS row FROM \"{table}\" t {where}) rows",
                [center.pk] if center is not None else [],
            )
            found[table] = cursor.fetchone()
    return found


def _tables(cursor):
    cursor.execute(
        """
        SELECT relname, EXISTS (SELECT FROM pg_attribute
          WHERE attrelid = pg_class.oid AND attname = 'center_id' AND NOT attisdropped)
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relname = ANY (%s)
        ORDER BY relname
        """,
        [list(PASSING)],
    )
    return cursor.fetchall()


def changed(before, after):
    """Name the tables that differ."""
    return sorted(table for table in before if before[table] != after.get(table))
