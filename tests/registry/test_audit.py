"""The audit trail: every changed row leaves an event, and the application cannot prevent or alter it."""

import pytest
from django.db import DatabaseError, connection, transaction

from cases.models import Case
from registry import access
from registry.audit import because, history_of
from registry.models import Center, User


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def labels(row):
    return [event.pgh_label for event in history_of(row)]


@pytest.fixture
def case(everywhere, north, make_case):
    return make_case(north)


def test_save_leaves_an_event_with_the_values_after(case):
    case.note = "second look"
    case.save()

    assert [(event.pgh_label, event.note) for event in history_of(case)] == [
        ("insert", ""),
        ("update", "second look"),
    ]


def test_an_unchanged_save_leaves_none(case):
    case.save()

    assert labels(case) == ["insert"]


def test_bulk_create_leaves_one_event_for_each_row(db):
    centers = Center.objects.bulk_create(
        Center(code=f"BULK{n}", name=f"Center {n}", country="PL") for n in range(5)
    )

    assert [labels(center) for center in centers] == [["insert"]] * 5


def test_update_of_many_leaves_one_event_for_each_row(everywhere, north, make_case):
    rows = [make_case(north) for _ in range(3)]

    Case.objects.filter(center=north).update(note="all")

    assert [labels(row) for row in rows] == [["insert", "update"]] * 3


def test_raw_sql_leaves_an_event(case):
    sql("UPDATE cases_case SET note = 'raw' WHERE id = %s", case.pk)

    assert history_of(case).last().note == "raw"


def test_deleting_leaves_an_event_with_the_last_values(db):
    center = Center.objects.create(code="GONE", name="Closed", country="PL")
    pk = center.pk

    center.delete()

    assert history_of(Center(pk=pk)).last().pgh_label == "delete"


def test_copy_leaves_events_that_say_why(alice):
    with because(door="import", by=alice, reason="first load"), connection.cursor() as cursor:
        columns = "code, name, country, timezone, language, is_sarcoma_reference, has_cardiac_surgery,"
        columns += "has_liver_transplant, report_optout"
        with cursor.copy(f"COPY registry_center ({columns}) FROM STDIN") as copy:
            copy.write_row(("COPIED", "Copied", "PL", "UTC", "en", False, False, False, False))

    event = history_of(Center.objects.get(code="COPIED")).get()
    assert event.pgh_context == {"door": "import", "user": alice.pk, "reason": "first load"}


def test_the_reason_ends_with_its_block(case, alice):
    with because(door="api", by=alice, reason="typing error"):
        Case.objects.update(note="1")
    Case.objects.update(note="2")

    _, explained, unexplained = history_of(case)
    assert explained.pgh_context["reason"] == "typing error"
    assert unexplained.pgh_context is None


def test_inner_reasons_give_way_to_outer_ones_again(case, alice):
    with because(door="task", reason="nightly"):
        with because(door="api", by=alice):
            Case.objects.update(note="inner")
        Case.objects.update(note="outer")

    assert [event.pgh_context["door"] for event in list(history_of(case))[1:]] == ["api", "task"]


def test_the_password_is_not_in_the_trail(alice):
    assert not hasattr(history_of(alice).first(), "password")


BYPASSES = {
    "insert": "INSERT INTO cases_caseevent SELECT * FROM cases_caseevent",
    "update": "UPDATE cases_caseevent SET note = 'forged'",
    "delete": "DELETE FROM cases_caseevent",
    "truncate": "TRUNCATE cases_caseevent",
    "disable one trigger": "ALTER TABLE cases_case DISABLE TRIGGER ALL",
    "disable all triggers": "SET session_replication_role = replica",
    "drop the table": "DROP TABLE cases_caseevent CASCADE",
    "replace the switch": "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name)"
    " RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "disable the wall": "ALTER TABLE cases_case DISABLE ROW LEVEL SECURITY",
}


@pytest.mark.parametrize("statement", BYPASSES.values(), ids=BYPASSES)
def test_the_application_cannot_get_around_it(case, statement):
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        sql(statement)


def test_the_ignore_switch_of_the_triggers_is_dead(case):
    sql("SELECT set_config('pgtrigger.ignore', '{cases_case:update_update,update_update}', true)")
    Case.objects.update(note="unseen?")

    assert labels(case) == ["insert", "update"]


def test_a_search_path_of_the_session_does_not_mislead_the_triggers(case):
    sql("CREATE TEMPORARY TABLE cases_caseevent (LIKE public.cases_caseevent)")
    Case.objects.update(note="here")
    sql("DROP TABLE pg_temp.cases_caseevent")

    assert labels(case) == ["insert", "update"]


def test_even_the_owner_cannot_change_an_event(case):
    sql("SET ROLE reg_owner")
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        sql("UPDATE cases_caseevent SET note = 'forged'")
    sql("SET ROLE reg_app")


def test_every_audited_model_is_named_in_the_trail_with_its_center():
    assert {field.name for field in Case.pgh_event_model._meta.fields} >= {"center", "pgh_context", "pgh_obj"}
    assert User.pgh_event_model


def test_events_of_a_foreign_center_stay_out_of_sight(case, south):
    with access.scope([south.pk]):
        assert not history_of(case).exists()
