"""The second wall: PostgreSQL refuses what code forgot to ask."""

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases.models import Case, Consent, Patient
from registry import access, walls
from registry.access import ScopedQuerySet


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


@pytest.fixture
def two_cases(north, south, make_case):
    with access.everywhere():
        return make_case(north), make_case(south)


def test_application_role_owns_nothing_and_is_no_superuser(db):
    assert sql("SELECT current_user") == [("reg_app",)]
    assert sql("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]
    assert sql("SELECT count(*) FROM pg_class WHERE relowner = 'reg_app'::regrole") == [(0,)]


def test_raw_sql_without_a_scope_sees_nothing(two_cases):
    assert sql("SELECT count(*) FROM cases_case") == [(0,)]
    assert sql("SELECT count(*) FROM cases_caseevent") == [(0,)]
    assert sql("UPDATE cases_case SET note = 'x'") == 0
    assert sql("DELETE FROM cases_case") == 0


def test_raw_sql_sees_the_centers_of_its_scope_alone(two_cases, north):
    with access.scope([north.pk]):
        assert sql("SELECT DISTINCT center_id FROM cases_case") == [(north.pk,)]
        assert sql("SELECT DISTINCT center_id FROM cases_caseevent") == [(north.pk,)]


def test_insert_into_a_foreign_center_is_refused(north, south, make_case):
    with (
        access.scope([north.pk]),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        make_case(south)


def test_handing_a_case_to_a_foreign_center_is_refused(two_cases, north, south):
    mine, _ = two_cases
    with (
        access.scope([north.pk]),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Case.objects.filter(pk=mine.pk).update(center=south)


def test_a_row_cannot_point_at_a_case_of_another_center(two_cases, north):
    _, foreign = two_cases
    with access.scope([north.pk]), pytest.raises(IntegrityError, match="of_center"), transaction.atomic():
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        Consent.objects.create(case_id=foreign.pk, center=north, basis="written")


def test_scopes_nest_and_end(two_cases, north):
    with access.everywhere():
        with access.scope([north.pk]):
            assert Case.objects.count() == 1
        assert Case.objects.count() == 2
    assert Case.objects.count() == 0


def test_an_error_ends_the_scope_too(two_cases, north):
    with pytest.raises(RuntimeError), access.everywhere():
        raise RuntimeError
    assert Case.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_carries_no_scope_to_its_next_user(north, south):
    with access.everywhere():
        Patient.objects.create(center=north, registry_id="N-1")
    seen = []
    for center in [north, south] * 500:
        with access.scope([center.pk]):
            seen.append(Patient.objects.count())
        assert Patient.objects.count() == 0

    assert seen == [1, 0] * 500


@pytest.mark.django_db(transaction=True)
def test_a_careless_set_would_leak_through_a_pool(north):
    """The control of the test above: what ends with the transaction does not leak, what SET sets does."""
    from psycopg_pool import ConnectionPool

    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    address = psycopg.conninfo.make_conninfo(
        **{
            name: connection.settings_dict[key]
            for key, name in names.items()
            if connection.settings_dict[key]
        }
    )
    read = "SELECT coalesce(current_setting('app.center_ids', true), '')"
    with ConnectionPool(address, min_size=1, max_size=1) as pool:
        with pool.connection() as first:
            first.execute("SELECT set_config('app.center_ids', %s, true)", [str(north.pk)])
        with pool.connection() as second:
            local = second.execute(read).fetchone()
            second.execute("SELECT set_config('app.center_ids', %s, false)", [str(north.pk)])
        with pool.connection() as third:
            session = third.execute(read).fetchone()

    assert (local, session) == (("",), (str(north.pk),))


def test_every_scoped_table_and_its_events_stand_behind_the_wall(db):
    walled = {
        table
        for (table,) in sql(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND polname = 'own_centers'"
        )
    }
    tables = {
        table
        for model in walls.scoped_models()
        for table in {model._meta.db_table, *walls.event_tables(model)}
    }

    assert tables <= walled
    assert "cases_case" in tables


def test_nobody_else_reads_a_table_with_a_center_unscoped(db):
    """A table with a center column is walled, or named here with the reason it may not be."""
    before_the_scope_is_known = {"registry_membership", "registry_apikey"}
    of_the_registry_too = {
        "registry_accessreview"
    }  # whoever reviews all centers, and no patient: in no scope
    columns = sql(
        "SELECT c.table_name FROM information_schema.columns c JOIN pg_class ON relname = c.table_name"
        " WHERE c.table_schema = 'public' AND c.column_name = 'center_id' AND NOT relrowsecurity"
    )
    open_tables = {table.removesuffix("event") for (table,) in columns}

    assert open_tables == before_the_scope_is_known | of_the_registry_too


def test_raising_the_walls_again_changes_nothing(db):
    before = sql("SELECT count(*) FROM pg_policy"), sql("SELECT count(*) FROM pg_constraint")
    sql("SET ROLE reg_owner")
    walls.raise_walls()
    sql("SET ROLE reg_app")

    assert (sql("SELECT count(*) FROM pg_policy"), sql("SELECT count(*) FROM pg_constraint")) == before


def test_a_wall_that_somebody_took_down_is_raised_again(db):
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE cases_case DISABLE ROW LEVEL SECURITY")
    sql("DROP POLICY own_centers ON cases_consent")
    sql("GRANT DELETE ON cases_caseevent TO reg_app")
    walls.raise_walls()
    sql("SET ROLE reg_app")

    assert sql("SELECT relrowsecurity FROM pg_class WHERE relname = 'cases_case'") == [(True,)]
    assert sql("SELECT count(*) FROM pg_policy WHERE polrelid = 'cases_consent'::regclass") == [(1,)]
    assert sql("SELECT has_table_privilege('reg_app', 'cases_caseevent', 'DELETE')") == [(False,)]


def test_a_policy_is_evaluated_once_for_a_query_not_for_each_row(everywhere):
    plan = "\n".join(line for (line,) in sql("EXPLAIN SELECT count(*) FROM cases_case"))

    assert "InitPlan" in plan


def test_the_scoped_queryset_is_what_the_models_answer_with():
    assert isinstance(Case.objects.all(), ScopedQuerySet)
