"""One migrated database for a version of the program: the database of each test process is copied from it.

Migrating takes some ten seconds of a processor, copying a fraction of one. Any change of the program makes a new one.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection

PREFIX = "template_registry_"
KEPT = timedelta(days=2)  # after another version has taken its place


def prepare():
    """Make the template unless it is there, and have the test database copied from it."""
    name = PREFIX + _version()
    with _alone() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            _drop_old(cursor)
            _make(cursor, name)
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def _version():
    """A digest of all that a migrated database could depend on."""
    root, found = settings.BASE_DIR, sha256()
    files = [path for folder in ("registry", "cases", "reports") for path in root.glob(f"{folder}/**/*.py")]
    for path in sorted([*files, root / "requirements.lock"]):
        found.update(f"{path.relative_to(root)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@contextmanager
def _alone():
    """One process at a time, wherever on this server; the others wait."""
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")  # making one takes longer
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        yield cursor


def _make(cursor, name):
    own, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    wanted, test["NAME"] = test["NAME"], f"{name}_begun"
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES[connection.alias]["NAME"] = own
        test["NAME"] = wanted
    cursor.execute(f'ALTER DATABASE "{name}_begun" RENAME TO "{name}"')
    cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{datetime.now(UTC).isoformat()}'")


def _drop_old(cursor):
    cursor.execute(
        "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE starts_with(datname, %s)",
        [PREFIX],
    )
    for name, made_at in cursor.fetchall():
        if not made_at or datetime.fromisoformat(made_at) < datetime.now(UTC) - KEPT:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
