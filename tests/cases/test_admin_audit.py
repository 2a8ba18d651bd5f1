"""The auditor's page: everything that was changed or read, narrowed, told, taken out, and whether the chain holds."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.models import Case
from registry import access
from registry.access import Role
from registry.audit import because, whole_trail
from registry.chain import erasing, heads, sealing, verifying
from registry.models import AuditLink, Reading
from tests.clients import browser
from tests.pages import text
from tests.registry.tampering import sql
from tests.rows import one_of_each

pytestmark = pytest.mark.django_db
PAGE, FILE = "/admin/audit/", "/admin/audit/trail.csv"


@pytest.fixture
def rows(north, south, alice, lena, bob, person):
    """Cases of two centers; one is corrected for a reason, and read."""
    found = one_of_each(north, by=alice, lead=lena)
    one_of_each(south, by=bob, lead=person("sofia", Role.CENTER_LEAD, south))
    with access.everywhere(), because(door="api", by=alice, reason="typing error"):
        Case.objects.filter(pk=found[Case].pk).update(note="=1+1")
    browser(alice).get(reverse("admin:cases_case_change", args=[found[Case].pk]))
    sealing.seal()
    return found


def lines(user, **asked):
    return browser(user).get(PAGE, asked).context["lines"]


def test_the_auditor_sees_everything_the_newest_first(rows, otto):
    shown = []
    address = PAGE
    while address:
        answer = browser(otto).get(address)
        shown += [line.sequence for line in answer.context["lines"]]
        address = answer.context["older"] and PAGE + answer.context["older"]

    with whole_trail():
        assert shown == sorted(AuditLink.objects.values_list("sequence", flat=True), reverse=True)
    assert len(shown) > 50


def test_a_center_lead_sees_the_own_center_and_no_chain(rows, lena):
    answer = browser(lena).get(PAGE)

    assert {line.center for line in answer.context["lines"]} == {"NORTH"}
    assert answer.context["state"] is None
    assert lines(lena, center="SOUTH") == []


@pytest.mark.parametrize("who", ["alice", "ines", "rita", "ada"])
def test_nobody_else_may_look(request, rows, who):
    client = browser(request.getfixturevalue(who))

    assert (client.get(PAGE).status_code, client.post(FILE).status_code) == (403, 403)


def test_a_change_is_told_with_reason_and_both_values(rows, otto):
    (line,) = lines(otto, case="NORTH-1", table="cases_caseevent", label="update", door="api")

    assert (line.by, line.door, line.center, line.reason) == ("Alice", "API", "NORTH", "typing error")
    assert [(one.name, one.before, one.after) for one in line.change.fields] == [
        ("Note", "northcanary", "=1+1")
    ]
    page = text(browser(otto).get(PAGE, {"case": "NORTH-1", "label": "update"}))
    assert "Reason: typing error" in page


def test_a_reading_is_told(rows, otto):
    (line,) = lines(otto, case="NORTH-1", label="read")

    assert (line.by, line.table, line.done, line.note) == ("Alice", "Reading", "read", "Case · page")


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"center": "SOUTH"}, lambda line: line.center == "SOUTH"),
        ({"person": "bob"}, lambda line: line.by == "Bob"),
        ({"door": "api"}, lambda line: line.door == "API"),
        ({"table": "registry_centerevent"}, lambda line: line.table == "Center"),
        ({"case": "SOUTH-1"}, lambda line: line.case_number == "SOUTH-1"),
        ({"label": "update"}, lambda line: line.done == "changed"),
        ({"since": "2020-01-01", "until": "2999-01-01"}, lambda line: True),
    ],
)
def test_each_filter_narrows_to_what_fits(rows, otto, asked, fits):
    found = lines(otto, **asked)

    assert found
    assert all(map(fits, found))


def test_a_period_before_or_after_has_nothing(rows, otto):
    assert lines(otto, until="2020-01-01") == lines(otto, since="2999-01-01") == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"person": "nobody"}, "Nobody signs in under this name."),
        ({"case": "X-1"}, "There is no case of this number."),
        ({"since": "yesterday"}, "Write the day as 2026-11-22."),
        ({"until": "2026-13-01"}, "Write the day as 2026-11-22."),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(rows, otto, asked, told):
    answer = browser(otto).get(PAGE, asked)

    assert answer.status_code == 422
    assert told in text(answer)
    assert answer.context["lines"] == []


@pytest.mark.parametrize(
    "asked",
    [{"before": "x"}, {"before": "9" * 30}, {"table": "no"}, {"case": "a\x00b"}, {"until": "9999-12-31"}],
)
def test_odd_addresses_break_nothing(rows, otto, asked):
    assert browser(otto).get(PAGE, asked).status_code in (200, 422)


def test_nothing_sealed_yet_is_said(otto):
    page = text(browser(otto).get(PAGE))

    assert "Nothing is sealed yet." in page
    assert "No event is sealed yet." in page


def test_nothing_that_fits_is_said(rows, otto):
    assert "No event fits." in text(browser(otto).get(PAGE, {"until": "2020-01-01"}))


# --- the chain -------------------------------------------------------------------------------------------------------


def test_the_page_tells_how_the_chain_stands(rows, otto):
    before = text(browser(otto).get(PAGE))
    verifying.check()
    answer = browser(otto).get(PAGE)

    assert "It was not looked through yet" in before
    assert "nothing is wrong" in text(answer)
    assert heads.read([answer.context["state"]["line"]]) == [heads.present()]


def test_the_page_names_what_is_wrong(rows, otto):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE cases_case DISABLE TRIGGER USER")
    sql("UPDATE cases_case SET note = 'unseen' WHERE id = %s", rows[Case].pk)
    sql("SET ROLE reg_app")
    verifying.check()

    page = text(browser(otto).get(PAGE))

    assert "Wrong: 1." in page
    assert f"cases_case {rows[Case].pk} This row is not as its newest event left it" in page


def test_an_erased_event_says_why(rows, otto):
    event = lines(otto, case="NORTH-1", table="cases_caseevent", label="update", door="api")[0]
    with whole_trail():
        pk = AuditLink.objects.get(sequence=event.sequence).event_id
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    erasing.erase("cases_caseevent", [pk], "name in a note")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_app")

    (line,) = lines(otto, case="NORTH-1", table="cases_caseevent", label="update", door="api")

    assert (line.reason, line.change) == ("name in a note", None)
    assert line.note == "The content of this event is no longer there."


# --- the file --------------------------------------------------------------------------------------------------------


def taken(user, **asked):
    answer = browser(user).post(FILE, asked)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_file_has_what_the_page_has_and_runs_no_formula(rows, otto):
    (row,) = taken(otto, case="NORTH-1", table="cases_caseevent", label="update", door="api")

    assert (row["by"], row["reason"], row["case"]) == ("Alice", "typing error", "NORTH-1")
    assert row["changes"] == "Note: northcanary → =1+1"
    with whole_trail():
        assert len(taken(otto)) == AuditLink.objects.count()


def test_a_text_that_begins_like_a_formula_is_guarded(rows, otto, alice):
    with access.everywhere(), because(door="api", by=alice, reason="=cmd|calc"):
        Case.objects.filter(pk=rows[Case].pk).update(note="x")
    sealing.seal()

    assert "'=cmd|calc" in {row["reason"] for row in taken(otto, case="NORTH-1")}


def test_the_file_is_itself_noted(rows, north, lena):
    n = len(taken(lena))

    with whole_trail():
        noted = Reading.objects.get(what="trail")
    assert (noted.by, noted.center, noted.count, noted.note) == (lena, north, n, "csv")


def test_the_file_is_not_given_to_a_mere_look(rows, otto):
    assert browser(otto).get(FILE).status_code == 404


# --- what it costs ---------------------------------------------------------------------------------------------------


def queries(user, **asked):
    client = browser(user)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(PAGE, asked).status_code == 200
    return len(seen)


def test_many_events_of_a_table_cost_what_few_do(rows, otto):
    few = queries(otto, table="cases_caseevent")
    with access.everywhere():
        for n in range(30):
            Case.objects.filter(pk=rows[Case].pk).update(note=f"{n}")
    sealing.seal()

    assert queries(otto, table="cases_caseevent") <= few <= 31
    assert queries(otto) <= 60
