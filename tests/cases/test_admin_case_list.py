"""The list of cases: found, narrowed, sorted, taken out; each at a cost that does not grow with the registry."""

import csv
import io
import logging
import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from cases import exporting, intake
from cases.intake import Submission
from cases.models import Case, EntryDraft, ListExport
from registry import access, audit
from registry.access import Role
from registry.begins import following
from registry.bounded import BoundedPaginator
from registry.models import Membership
from tests.cases.examples import draft, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

LIST, CSV, XLSX = "/admin/cases/case/", "/admin/cases/case/export/csv/", "/admin/cases/case/export/xlsx/"


def save(doc, center, by, source="admin"):
    return intake.save_case(Submission(document=doc), center=center, by=by, source=source).case_id


def numbers(client, query=""):
    return [row.case.case_number for row in client.get(f"{LIST}{query}").context["cl"].rows]


def registry_id(case_id):
    with access.everywhere():
        return Case.objects.get(pk=case_id).patient.registry_id


# --- what it shows -------------------------------------------------------------------------------------------------


def test_the_list_shows_what_a_coordinator_looks_for(alice, north):
    visit = {"visit_on": "2016-03-02", "vital_status": "alive"}
    case_id = save(resected("A-1", follow_ups=[visit]), north, alice)

    seen = text(browser(alice).get(LIST))

    # Five deviations (creatinine, graft, report, complications and rupture are not recorded), one query.
    assert f"A-1 {registry_id(case_id)} NORTH Draft by hand 2015-03-02 Middle 2016-03-02 0 1" in seen


@pytest.mark.parametrize("on", ["2026", "2026-02", "2026-02-28"])
def test_a_coarse_last_contact_is_no_day_in_the_list_and_in_files(alice, north, on):
    visit = {"visit_on": on, "vital_status": "alive"}
    case_id = save(resected("A-1", follow_ups=[visit]), north, alice)
    client = browser(alice)

    assert f"A-1 {registry_id(case_id)} NORTH Draft by hand 2015-03-02 Middle {on} 0 " in text(
        client.get(LIST)
    )
    (row,) = rows_of(take(client, CSV))
    heading, cells = load_workbook(io.BytesIO(take(client, XLSX))).active.iter_rows(values_only=True)
    assert row["last_contact_on"] == cells[heading.index("last_contact_on")] == on


def test_an_empty_list_says_how_to_begin(alice, rita):
    assert "There are no cases yet. Enter the first case" in text(browser(alice).get(LIST))
    assert "Enter the first case" not in text(browser(rita).get(LIST))


def test_a_list_that_nobody_narrowed_offers_no_way_back_to_all(alice, north):
    save(draft("A-1"), north, alice)
    client = browser(alice)

    assert "Show all" not in text(client.get(LIST))
    assert "No case fits what you asked for. Show all" in text(client.get(f"{LIST}?q=B"))


def test_another_center_sees_none_of_it(alice, bob, north):
    case_id = save(draft("A-1"), north, alice)
    client = browser(bob)

    for query in (
        "",
        "?q=A",
        f"?q={registry_id(case_id)}",
        f"?center__id__exact={north.pk}",
        "?status__exact=draft",
    ):
        page = client.get(f"{LIST}{query}", follow=True)
        assert "A-1" not in text(page)
        assert "NORTH" not in text(page)
        assert page.context["cl"].result_count == 0


# --- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=2015-01", ["2015-01"]),
        ("?q=2015", ["2015-02", "2015-01"]),
        ("?q=-01", []),
        ("?q=%20 2016 ", ["2016-01"]),
        ("?q=201_", []),
        ("?q=%25", []),
        ("?q=ї", ["їжак"]),
    ],
)
def test_a_case_is_found_by_its_number_or_its_beginning(alice, north, query, expected):
    for number in ("2015-01", "2015-02", "2016-01", "їжак"):
        save(draft(number), north, alice)

    assert numbers(browser(alice), query) == expected


def test_a_case_is_found_by_its_registry_number(alice, north):
    wanted = registry_id(save(draft("A-1"), north, alice))
    save(draft("A-2"), north, alice)

    assert numbers(browser(alice), f"?q={wanted.lower()}") == ["A-1"]


@pytest.mark.parametrize(
    ("text", "after"),
    [("A", "B"), ("A9", "A:"), ("\ud7ff", "\ue000"), ("A\U0010ffff", "B"), ("\U0010ffff", None), ("", None)],
)
def test_the_text_after_all_that_begin_so(text, after):
    assert following(text) == after


# --- narrowing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def registry(alice, north, ines):
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=True):
        upper = {"segments": ["retrohepatic", "supradiaphragmatic"], "growth_pattern": "mixed"}
        visit = {"visit_on": "2025-03-01", "vital_status": "alive"}  # due on 1 March 2026, 14 days ago
        old = {"visit_on": "2025-01-01", "vital_status": "alive"}  # due on 1 January 2026, 73 days ago
        older = {"visit_on": "2024-06-01", "vital_status": "alive"}  # due on 1 June 2025, 287 days ago
        embolism = {"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}
        save(draft("A-1", presentation={"height_cm": 205}), north, alice)  # asks about the height
        save(resected("A-2", operated_on="2014-05", follow_ups=[visit]), north, alice)
        save(resected("A-3", complications=[embolism], follow_ups=[old]), north, alice)
        case_id = save(resected("A-4", tumor=upper, follow_ups=[older]), north, alice)
        save(resected("A-5", operated_on="2015"), north, alice, source="import")
        with access.everywhere():
            EntryDraft.objects.create(center=north, case_id=case_id, by=alice, fields={})
            EntryDraft.objects.create(center=north, case_id=case_id - 1, by=ines, fields={})
            Case.objects.filter(case_number="A-5").update(status="complete")
        yield


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status__exact=complete", ["A-5"]),
        ("?source__exact=import", ["A-5"]),
        ("?segment=supradiaphragmatic", ["A-4"]),
        ("?segment=infrarenal", ["A-2", "A-3", "A-5"]),
        ("?level=upper", ["A-4"]),
        ("?year=2014", ["A-2"]),
        ("?year=2015", ["A-3", "A-4", "A-5"]),
        ("?overdue=0-90", ["A-2", "A-3"]),
        ("?overdue=91-365", ["A-4"]),
        ("?overdue=366-", ["A-5"]),
        ("?unsaved=mine", ["A-4"]),
        ("?year=2015&segment=infrarenal&source__exact=admin&q=A-", ["A-3"]),
    ],
)
def test_the_list_is_narrowed(alice, registry, query, expected):
    assert sorted(numbers(browser(alice), query)) == expected


def test_the_list_is_narrowed_to_what_is_open(alice, registry):
    client = browser(alice)

    assert "A-1" in numbers(client, "?open=query")
    assert "A-3" in numbers(client, "?open=deviation")
    assert "A-1" not in numbers(client, "?open=deviation")


def test_a_center_is_chosen_among_the_own(alice, bob, dana, north, south):
    save(draft("A-1"), north, alice)
    save(draft("B-1"), south, bob)

    assert numbers(browser(dana), f"?center__id__exact={south.pk}") == ["B-1"]
    assert numbers(browser(dana)) == ["B-1", "A-1"]


@pytest.mark.parametrize(
    "query",
    [
        "?year=x",
        "?year=99999",
        "?year=019991",
        "?year=02015",
        "?year=²⁰¹⁵",
        "?segment=x",
        "?level=9",
        "?overdue=x",
        "?open=x",
        "?unsaved=other",
        "?o=99.x",
    ],
)
def test_what_means_nothing_breaks_nothing(alice, registry, query):
    assert browser(alice).get(f"{LIST}{query}").status_code in (200, 302)


def test_filters_are_kept_on_the_way_to_a_case_and_to_the_next_page(alice, registry):
    page = browser(alice).get(f"{LIST}?year=2015&q=A")

    assert "_changelist_filters=year%3D2015%26q%3DA" in next(page.context["cl"].rows).address
    assert 'value="2015"' in page.content.decode()
    assert "<details" in page.content.decode()


def test_filters_are_kept_through_the_saving_of_a_case(alice, registry):
    client = browser(alice)
    address = next(client.get(f"{LIST}?year=2015&q=A").context["cl"].rows).address

    opened = client.get(address)
    (sent_to,) = re.findall(r'<form method="post" action="([^"]+)" id="case_form"', opened.content.decode())
    saved = client.post(unescape(sent_to), {**filled(opened), "note": "seen", "reason": "read again"})

    assert saved.url == address
    assert "?year=2015&amp;q=A" in client.get(saved.url).content.decode()


# --- sorting and paging --------------------------------------------------------------------------------------------


def test_the_last_changed_stand_first_and_a_heading_turns_the_order(alice, north):
    for number in ("B", "C", "a"):
        save(draft(number), north, alice)
    client = browser(alice)

    assert numbers(client) == ["a", "C", "B"]
    assert numbers(client, "?o=9") == ["B", "C", "a"]
    assert numbers(client, "?o=0") == ["B", "C", "a"]  # by code point, whatever the collation of the server
    assert numbers(client, "?o=-0") == ["a", "C", "B"]
    assert numbers(client, "?o=4") == ["a", "C", "B"]  # a column without an index does not sort


@pytest.fixture
def many(alice, north):
    documents = [Submission(document=draft(f"A-{number:03d}")) for number in range(120)]
    intake.save_cases(documents, center=north, by=alice, source="admin")


def test_pages_are_numbered_and_the_list_is_counted(alice, many):
    client = browser(alice)
    found = [number for page in (1, 2, 3) for number in numbers(client, f"?p={page}&o=0")]

    assert found == [f"A-{number:03d}" for number in range(120)]
    assert "101 to 120 of 120" in text(client.get(f"{LIST}?p=3"))
    assert client.get(f"{LIST}?p=4").status_code == 302


def test_counting_stops_and_so_do_the_pages(alice, many, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    client = browser(alice)

    assert "51 to 60 of more than 60" in text(client.get(f"{LIST}?p=2"))
    assert client.get(f"{LIST}?p=3").status_code == 302


# --- what it costs -------------------------------------------------------------------------------------------------


def _queries(client, address):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("username", ["alice", "dana", "rita"])
@pytest.mark.parametrize(
    "query", ["", "?q=A", "?segment=infrarenal&open=query&overdue=366-&year=2015&unsaved=mine"]
)
def test_the_list_costs_the_same_for_one_case_and_for_many(request, alice, north, username, query):
    client = browser(request.getfixturevalue(username))
    save(resected("A-0"), north, alice)
    few = _queries(client, LIST + query)
    for number in range(1, 8):
        save(resected(f"A-{number}"), north, alice)

    assert _queries(client, LIST + query) == few <= 16


# --- the list as a file --------------------------------------------------------------------------------------------


def take(client, address, query=""):
    answer = client.post(f"{address}{query}")
    assert answer.status_code == 200, text(answer)
    return b"".join(answer.streaming_content)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_narrowed_list_is_taken_out_as_csv(alice, registry):
    taken = rows_of(take(browser(alice), CSV, "?year=2014"))

    (row,) = taken
    assert list(row) == list(exporting.COLUMNS)
    assert (row["case_number"], row["center"], row["status"], row["source"]) == (
        "A-2",
        "NORTH",
        "draft",
        "admin",
    )
    assert (row["resected_on"], row["level"], row["last_contact_on"]) == ("2014-05", "middle", "2025-03-01")


def test_the_list_is_taken_out_as_a_workbook(alice, registry):
    book = load_workbook(io.BytesIO(take(browser(alice), XLSX, "?o=0")))

    heading, *rows = book.active.iter_rows(values_only=True)
    assert heading == tuple(exporting.COLUMNS)
    assert [row[0] for row in rows] == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert all(isinstance(row[heading.index("open_queries")], int) for row in rows)


FORMULAS = ("=1+1", "+1+1", "-A1", "@SUM(A1)", "＝1+1", "=cmd|' /C calc'!A0", "'=1")


@pytest.mark.parametrize("number", FORMULAS)
def test_a_text_that_begins_like_a_formula_is_no_formula(alice, north, number):
    save(draft(number), north, alice)
    client = browser(alice)

    (row,) = rows_of(take(client, CSV))
    cell = load_workbook(io.BytesIO(take(client, XLSX))).active["A2"]

    assert row["case_number"] == f"'{number}"
    assert (cell.value, cell.data_type) == (number, "s")


def test_an_export_is_noted_by_center_and_without_what_was_searched(alice, registry, north, caplog):
    with caplog.at_level(logging.INFO, "cases.exporting"):
        take(browser(alice), CSV, "?q=A-&year=2015")

    with access.everywhere():
        noted = ListExport.objects.get()
        assert audit.history_of(noted).get().pgh_context["user"] == alice.pk
    assert (noted.center, noted.by, noted.rows, noted.format) == (north, alice, 3, "csv")
    assert noted.filters == {"q": "", "year": "2015"}
    told = [record.getMessage() for record in caplog.records if record.name == "cases.exporting"]
    assert told == [f"cases exported user={alice.pk} format=csv rows=3 filters=q,year"]


def test_only_cases_of_centers_where_one_may_export_are_taken(alice, bob, north, south):
    save(draft("A-1"), north, alice)
    save(draft("B-1"), south, bob)
    Membership.objects.create(user=alice, role=Role.REVIEWER)
    client = browser(alice)

    assert numbers(client) == ["B-1", "A-1"]
    assert [row["case_number"] for row in rows_of(take(client, CSV))] == ["A-1"]
    with access.everywhere():
        assert list(ListExport.objects.values_list("center", "rows")) == [(north.pk, 1)]


@pytest.mark.parametrize("username", ["rita", "ines", "otto", "ada"])
def test_who_may_not_export_gets_no_file_and_no_button(request, alice, north, username):
    save(draft("A-1"), north, alice)
    client = browser(request.getfixturevalue(username))

    assert "Take this list out as" not in text(client.get(LIST))
    assert client.post(CSV).status_code == 403
    assert client.post(f"{CSV}?segment=bogus").status_code == 403, "before the list is read"


def test_the_use_case_asks_for_itself_who_may_export(rita):
    with pytest.raises(PermissionDenied):
        exporting.export(Case.objects.none(), format=ListExport.Format.CSV, by=rita, narrowed_to={})


def test_an_export_is_no_link(alice, registry):
    assert browser(alice).get(CSV).status_code == 404
    assert browser(alice).post("/admin/cases/case/export/exe/").status_code == 404


@pytest.mark.parametrize("query", ["?segment=bogus", "?year=abc", "?year=019991", "?o=%00"])
def test_a_list_that_cannot_be_narrowed_so_is_not_taken_out(alice, registry, query):
    answer = browser(alice).post(f"{CSV}{query}", follow=True)

    assert answer.redirect_chain == [(LIST, 302)]
    assert "The list cannot be narrowed like that" in text(answer)
    with access.everywhere():
        assert not ListExport.objects.exists()


def test_too_many_rows_are_refused_with_what_to_do(alice, registry, monkeypatch):
    monkeypatch.setitem(exporting.MOST_ROWS, "xlsx", 2)
    client = browser(alice)

    answer = client.post(f"{XLSX}?q=A", follow=True)

    assert "This list has more than 2 cases" in text(answer)
    assert numbers(client, "?q=A") == numbers(client)
    with access.everywhere():
        assert not ListExport.objects.exists()


@pytest.mark.parametrize(
    ("username", "status"), [("lena", 200), ("otto", 200), ("dana", 200), ("alice", 403), ("bob", 403)]
)
def test_exports_are_listed_for_those_who_read_the_audit_trail(request, north, ines, username, status):
    with access.everywhere():
        ListExport.objects.create(center=north, by=ines, format="csv", rows=7)

    page = browser(request.getfixturevalue(username)).get("/admin/cases/listexport/")

    assert page.status_code == status
    assert ("ines" in text(page)) == (status == 200)
