"""What every test stands on: a database made by its owner and used by the application's role, two centers, a cast."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from django.utils import timezone
from time_machine import escape_hatch

from registry import access, catalog, clock
from registry.access import Role
from registry.celery import app
from registry.database import roles
from registry.database.session import holding, sight
from registry.models import Center, Membership, User
from tests import template
from tests.nightly import NIGHTLY

DATABASE = {"db", "transactional_db"}
MADE_BY_MIGRATIONS = {"auth_permission", "django_content_type", "django_migrations"}
TABLES = """
    SELECT schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname IN ('public', 'vault') AND tablename <> ALL (%s)
"""
# They wait for programs and browsers, and begin first: others use the processors meanwhile, and none waits at the end.
PROGRAMS = (
    "restarts",
    "jobs",
    "celery",
    "serve",
    "held_up",
    "backup",
    "processes",
    "api_retries",
    "slots",
    "runs",
)
MAILS = ("issuing", "erasing", "delivery")
PAGES = ("made_up", "importing_limits", "every_page", "entering", "scripts_in_texts")
LONG = {f"test_{name}" for name in (*PROGRAMS, *MAILS, *PAGES)}


def pytest_configure(config):
    """Be quick where nothing is tried; compile translations that changed, so that no command is needed before."""
    # every client of a test begins the application anew, which would list all static files each time
    settings.WHITENOISE_AUTOREFRESH = True
    # a hash that takes its time would take it some thousand times
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    for language in catalog.languages():
        if catalog.is_stale(language):
            catalog.make(language)


def pytest_collection_modifyitems(config, items):
    """Leave what is marked nightly to the nights (NIGHTLY=1), unless it was asked for by name.

    Mark what needs a database, so that it can be tried on another server without the rest (`-m database`).
    """
    late = [] if NIGHTLY or any("::" in asked for asked in config.args) else _nightly(items)
    if late:
        config.hook.pytest_deselected(items=late)
        items[:] = [item for item in items if item not in set(late)]
    if hasattr(config, "workerinput"):  # alone, each would be waited for all the same
        items.sort(key=lambda item: item.path.stem not in LONG)
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


def _nightly(items):
    return [item for item in items if item.get_closest_marker("nightly")]


# --- the role ----------------------------------------------------------------------------------------------------


def step_down(connection, **_):
    """Let tests run with the rights of the application; the owner only makes and empties the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {roles.APP}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker):
    with django_db_blocker.unblock():
        template.prepare()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        connection_created.connect(step_down)
        connection.close()
    yield
    connection_created.disconnect(step_down)
    with django_db_blocker.unblock():
        connection.close()


def _switch_triggers(cursor, way, tables):
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} {way} TRIGGER USER")


@pytest.fixture(scope="session", autouse=True)
def _owner_empties_tables():
    """Empty what has rows after a test, as the owner: Django would make a hundred tables and all walls anew."""

    def empty(case):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {roles.OWNER}")
            cursor.execute(TABLES, [list(MADE_BY_MIGRATIONS)])
            tables = [table for (table,) in cursor.fetchall()]
            cursor.execute(
                " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM {one})" for one in tables)
            )
            filled = [table for (table,) in cursor.fetchall()]
            _switch_triggers(cursor, "DISABLE", filled)
            at_once = ", ".join(f"gone_{n} AS (DELETE FROM {table})" for n, table in enumerate(filled))
            cursor.execute(f"WITH {at_once} SELECT; SET CONSTRAINTS ALL IMMEDIATE" if filled else "SELECT")
            _switch_triggers(cursor, "ENABLE", filled)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


# --- the clock ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _database_travels_along():
    """Where a test travels in time (time_machine), the clock of the database is taken along."""
    by_database = clock.now

    def now():
        return timezone.now() if escape_hatch.is_travelling() else by_database()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", now)
        yield


# --- the queue ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _bells_ring_unheard():
    """Without a queue of the test's own (tests/registry/queue.py) a bell would look for one that is not there.

    Each time it would leave connections behind: kombu's transport closes none after an error.
    """
    app.conf.broker_write_url = "memory://"


# --- centers and people ------------------------------------------------------------------------------------------


@pytest.fixture
def north(db):
    return _center("NORTH", "Northern University Hospital", "PL", "Europe/Warsaw")


@pytest.fixture
def south(db):
    return _center("SOUTH", "Southern General Hospital", "IT", "Europe/Rome")


def _center(code, name, country, zone):
    signed_on = datetime(2020, 1, 1, tzinfo=UTC).date()
    return Center.objects.create(
        code=code, name=name, country=country, timezone=zone, data_agreement_signed_on=signed_on
    )


@pytest.fixture
def person(db):
    """Make a person: `person("carl", Role.COORDINATOR, north)`."""

    def make(username, role=None, center=None, **fields):
        user = User(username=username, email=f"{username}@example.org", first_name=username.title(), **fields)
        user.set_unusable_password()
        user.save()
        if role:
            Membership.objects.create(user=user, role=role, center=center)
        return user

    return make


@pytest.fixture
def alice(person, north):
    return person("alice", Role.COORDINATOR, north, is_staff=True)


@pytest.fixture
def lena(person, north):
    return person("lena", Role.CENTER_LEAD, north, is_staff=True)


@pytest.fixture
def ines(person, north):
    return person("ines", Role.INVESTIGATOR, north, is_staff=True)


@pytest.fixture
def bob(person, south):
    return person("bob", Role.COORDINATOR, south, is_staff=True)


@pytest.fixture
def rita(person):
    return person("rita", Role.REVIEWER, is_staff=True)


@pytest.fixture
def dana(person):
    return person("dana", Role.DATA_MANAGER, is_staff=True)


@pytest.fixture
def ada(person):
    return person("ada", Role.REGISTRY_ADMIN, is_staff=True)


@pytest.fixture
def otto(person):
    return person("otto", Role.AUDITOR, is_staff=True)


@pytest.fixture
def nobody(person):
    """A person who signs in but belongs to no center."""
    return person("nora", is_staff=True)


@pytest.fixture
def seen_by_all(monkeypatch):
    """Let row security show everybody everything."""

    @contextmanager
    def wide(_):
        with holding(**sight(Center.objects.values_list("pk", flat=True))):
            yield

    monkeypatch.setattr(access, "scope", wide)


# --- the identity vault -------------------------------------------------------------------------------------------


@pytest.fixture
def vault(settings):
    """Turn the vault on, with keys that are as random as a test needs."""
    settings.VAULT_KEYS = {"2026a": b"a" * 32}
    settings.VAULT_SEARCH_KEY = b"s" * 32
    return settings


# --- scope -------------------------------------------------------------------------------------------------------


@pytest.fixture
def everywhere(north, south):
    """See both centers for the length of the test."""
    with access.everywhere():
        yield
