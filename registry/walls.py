"""The second wall: what PostgreSQL itself refuses, even to code that forgot to ask.

Raised again after each migration and idempotent, so that a new model cannot be forgotten:

- triggers: each audited model has those that write its events, as its fields are now, and what was written without
  them gets its events;
- row security: `reg_app` sees and writes the rows of the centers in its scope, in clinical tables and their events;
  a model that names a second center in `also_read_by` lets that one read the row;
- composite foreign keys: a row points only at rows of its own center (plain keys look past row security);
- grants: `reg_app` owns nothing, only reads the events and the chain, and only adds what was read and checked;
- the vault: its role alone reads and writes it, `reg_app` calls its functions (vault/wall.py);
- hardening of the triggers: no session can switch the audit off, and the events are written with the owner's right.
"""

from collections.abc import Iterator
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from pgtrigger.core import INSTALLED

from registry.access import ScopedQuerySet
from registry.chain import forgetting, sealing
from registry.chain.arms import READINGS, arms, event_models
from registry.chain.catching_up import catch_up
from registry.chain.models import AuditSeal
from registry.database.roles import APP, OWNER
from registry.vault import wall

# the inner SELECT runs once per query, not once per row
IN_SCOPE = "center_id = ANY ((SELECT app_centers())::bigint[])"
WHOLE_TRAIL = "(SELECT current_setting('app.whole_trail', true) = 'yes')"
LINKS = "registry_auditlink"
SEALED_BY_OWNER = {LINKS, "registry_auditform", "registry_auditseal", "registry_erasure"}
ADDED_TO = {READINGS, "registry_auditcheck", "registry_accessreview"}

FUNCTIONS = """
CREATE OR REPLACE FUNCTION app_centers() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(string_to_array(nullif(current_setting('app.center_ids', true), ''), ',')::bigint[], '{}')
$$;
-- pgtrigger lets any session switch any trigger off; ours cannot be
CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT false
$$;
-- the context stands in the event itself, so no second row is written for it
CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::uuid $$;
"""


def raise_walls(**_: Any) -> None:
    """Bring the database up to the promises above; called after each migration, as the owner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() != (OWNER,):
            return  # emptying the tables of a test announces itself as a migration, too
        tables = set(connection.introspection.table_names(cursor))
        installed = _install_triggers(tables)
        cursor.execute(FUNCTIONS)  # after the triggers, which bring their own version of two of these
        for model in scoped_models():
            for table in {model._meta.db_table, *event_tables(model)} & tables:
                _secure_rows(cursor, table)
                _let_other_center_read(cursor, table, model)
            if model._meta.db_table in tables:
                for field in _references(model):
                    _tie_to_center(cursor, field)
        _grant(cursor, tables)
        wall.raise_wall(cursor, tables)
        if LINKS in tables:
            _let_all_be_read(cursor, tables)
            cursor.execute(sealing.function())
            if forgetting.TOMBSTONES in tables:
                cursor.execute(forgetting.functions())
            catch_up(cursor, tables if AuditSeal.objects.first() is None else installed)
        _harden_triggers(cursor)


def scoped_models() -> list[type[models.Model]]:
    """List the models whose rows belong to a center."""
    return [model for model in apps.get_models() if isinstance(model._default_manager.all(), ScopedQuerySet)]


def event_tables(model: type[models.Model]) -> set[str]:
    """Name the tables that hold the events of a model."""
    return {event._meta.db_table for event in getattr(model, "pgh_event_models", {}).values()}


def _references(model: type[models.Model]) -> Iterator[models.ForeignKey]:
    """List the foreign keys from this model to other models of a center."""
    scoped = set(scoped_models())
    return (
        field
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model in scoped
    )


def _secure_rows(cursor: CursorWrapper, table: str) -> None:
    has_policy = "EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'own_centers')"
    cursor.execute(
        f"SELECT relrowsecurity, {has_policy} FROM pg_class WHERE oid = %s::regclass",  # nosec B608  # fixed text
        [f'"{table}"'],
    )
    is_enabled, is_there = cursor.fetchone()
    if not is_there:
        cursor.execute(f'CREATE POLICY own_centers ON "{table}" USING ({IN_SCOPE}) WITH CHECK ({IN_SCOPE})')
    if not is_enabled:
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')


def _let_other_center_read(cursor: CursorWrapper, table: str, model: type[models.Model]) -> None:
    """Show a row to the second center that its model names in `also_read_by`; to write it takes the first."""
    if not (name := getattr(model, "also_read_by", "")):
        return
    cursor.execute(
        "SELECT 1 FROM pg_policy WHERE polrelid = %s::regclass AND polname = 'other_center'", [f'"{table}"']
    )
    if not cursor.fetchone():
        in_scope = IN_SCOPE.replace("center_id", f"{name}_id", 1)
        cursor.execute(f'CREATE POLICY other_center ON "{table}" FOR SELECT USING ({in_scope})')


def _tie_to_center(cursor: CursorWrapper, field: models.ForeignKey) -> None:
    """Let a foreign key point only at a row of its own center."""
    table, target = field.model._meta.db_table, field.related_model._meta.db_table
    name = f"{table}_{field.column}_of_center"[:63]
    cursor.execute(
        "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s", [f'"{table}"', name]
    )
    if not cursor.fetchone():
        cursor.execute(
            f'CREATE UNIQUE INDEX IF NOT EXISTS "{target}_id_center" ON "{target}" (id, center_id)'
        )
        cursor.execute(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{field.column}", center_id)'
            f' REFERENCES "{target}" (id, center_id)'
        )


def _let_all_be_read(cursor: CursorWrapper, tables: set[str]) -> None:
    """Let the trail be read as a whole, too: by who verifies it, and by the auditor of the whole registry."""
    for table in sorted({arm.table for arm in arms()} & tables | {LINKS}):
        cursor.execute(
            "SELECT 1 FROM pg_policy WHERE polrelid = %s::regclass AND polname = 'whole_trail'",
            [f'"{table}"'],
        )
        if not cursor.fetchone():
            cursor.execute(f'CREATE POLICY whole_trail ON "{table}" FOR SELECT USING ({WHOLE_TRAIL})')
    # what is read of the registry as a whole lies in no scope, and is noted all the same
    cursor.execute("SELECT 1 FROM pg_policy WHERE polrelid = %s::regclass AND polname = 'noted'", [READINGS])
    if not cursor.fetchone():
        cursor.execute(f'CREATE POLICY noted ON "{READINGS}" FOR INSERT WITH CHECK (true)')


def _grant(cursor: CursorWrapper, tables: set[str]) -> None:
    cursor.execute(f"""
        GRANT USAGE ON SCHEMA public TO {APP};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
    """)
    only_read = {model._meta.db_table for model in event_models()} | SEALED_BY_OWNER | {"django_migrations"}
    for table in sorted(only_read & tables):
        cursor.execute(f'REVOKE INSERT, UPDATE, DELETE ON "{table}" FROM {APP}')
    for table in sorted(ADDED_TO & tables):
        cursor.execute(f'REVOKE UPDATE, DELETE ON "{table}" FROM {APP}')


def _install_triggers(tables: set[str]) -> set[str]:
    """Install the triggers that are missing or older than the model, and remove those of models that are gone.

    Returns the tables that got new ones.
    """
    installed = set()
    for model, trigger in pgtrigger.registered():
        if model._meta.db_table in tables and trigger.get_installation_status(model) != (INSTALLED, True):
            trigger.install(model)
            trigger.enable(model)
            installed.add(model._meta.db_table)
    pgtrigger.prune()
    return installed


def _harden_triggers(cursor: CursorWrapper) -> None:
    """Let the triggers write events with the owner's right, wherever the session's search path points."""
    cursor.execute("""
        SELECT DISTINCT p.oid::regprocedure::text FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
        WHERE p.proname LIKE 'pgtrigger\\_%%' AND NOT p.prosecdef
    """)
    for (function,) in cursor.fetchall():
        cursor.execute(f"ALTER FUNCTION {function} SECURITY DEFINER SET search_path = public, pg_temp")
