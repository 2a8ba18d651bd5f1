"""The home page: what waits for whom, how much of it, a way in, and nothing of another center."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import answering, intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation, EntryDraft, ImportBatch, ListExport
from registry import access, home, signs
from registry.access import Role
from registry.admin import site
from registry.bounded import Count
from registry.models import Center, Membership
from reports.models import Report
from tests.cases.examples import draft, resected
from tests.clients import browser, issue
from tests.pages import text
from tests.rows import a_report

pytestmark = pytest.mark.django_db

HOME = "/admin/"
WORK = {
    "Draft cases",
    "Open data queries",
    "New deviations",
    "Follow-up due",
    "Lost to follow-up",
    "Last reports",
}
CARDS = {
    "alice": WORK | {"Last imports"},
    "ines": WORK,
    "lena": WORK | {"Last imports", "API keys that expire within 30 days", "Accounts and keys to review"},
    "dana": WORK | {"Last imports"},
    "rita": {"Confirmed values to decide on", "Explained deviations", "Last reports"},
    "ada": {
        *("Background work stands still", "Open data queries", "New deviations", "Last reports"),
        *("Accounts without a role", "API keys that expire within 30 days", "Accounts and keys to review"),
    },
    "otto": {"Open data queries", "New deviations", "Last reports", "Last exports"},
}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=True):
        yield


def save(doc, center, by):
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin").case_id


@pytest.fixture
def cohort(north, alice):
    """One draft that deviates (thromboembolism on day 8), asks (a height of 205 cm) and is due, one that is lost."""
    embolism = {"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}
    visit = {"visit_on": "2025-01-02", "vital_status": "alive"}
    due = resected("A-1", complications=[embolism], presentation={"height_cm": 205}, follow_ups=[visit])
    return save(due, north, alice), save(resected("A-2"), north, alice)


def cards(user):
    return {card.title: card for card in browser(user).get(HOME).context["cards"]}


# --- whose work ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", CARDS)
def test_each_role_finds_its_work(request, north, username):
    assert set(cards(request.getfixturevalue(username))) == CARDS[username]


def test_the_work_of_a_coordinator_is_counted_and_has_a_way_in(alice, cohort):
    shown = cards(alice)

    with access.everywhere():
        queries, deviations = DataQuery.objects.open().count(), Deviation.objects.open().count()
    assert {title: card.count and card.count.number for title, card in shown.items() if card.lines} == {
        "Draft cases": 2,
        "Open data queries": queries,
        "New deviations": deviations,
        "Follow-up due": 1,
        "Lost to follow-up": 1,
    }
    client = browser(alice)
    for card in shown.values():
        for line in card.lines:
            assert client.get(line.address.partition("#")[0]).status_code == 200
        assert client.get(card.address).status_code == 200


def test_nobody_takes_trials_for_patients(rita, bob):
    sandbox = Center.objects.create(
        code="TRY", name="For trials", country="PL", timezone="Europe/Warsaw", is_sandbox=True
    )
    Membership.objects.create(user=bob, role=Role.COORDINATOR, center=sandbox)
    save(
        resected("T-1", operated_on="2026-03-01", operation={"approach": ["median_laparotomy"]}), sandbox, bob
    )
    with access.everywhere():
        deviation = Deviation.objects.get(rule_id="S-04")
    asides = [line.aside for card in cards(bob).values() for line in card.lines if line.text == "T-1"]

    assert asides
    assert all(aside.startswith("TRY (sandbox) · ") for aside in asides)
    assert "TRY (sandbox)" in text(browser(rita).get(f"/admin/cases/deviation/{deviation.pk}/change/"))


def test_a_coarse_last_contact_is_no_day_on_a_card(alice, north):
    visit = {"visit_on": "2024", "vital_status": "alive"}
    save(resected("A-1", follow_ups=[visit]), north, alice)

    (line,) = cards(alice)["Follow-up due"].lines

    assert line.aside == "NORTH · last contact 2024, 74 days overdue"


def test_a_list_behind_a_card_holds_what_the_card_counts(alice, cohort, north):
    shown, client = cards(alice), browser(alice)

    for title in ("Draft cases", "Open data queries", "New deviations"):
        assert client.get(shown[title].address).context["cl"].result_count == shown[title].count.number
    for title in ("Follow-up due", "Lost to follow-up"):
        assert client.get(shown[title].address).context["pages"].count == shown[title].count


def test_another_center_sees_none_of_it_counts_included(bob, cohort):
    shown = cards(bob)

    assert [title for title, card in shown.items() if card.lines or card.count] == []
    assert "A-1" not in text(browser(bob).get(HOME))


def test_the_card_alone_names_no_report_of_another_center(alice, north, south, seen_by_all):
    for center in (north, south):
        a_report(center)

    assert [line.text for line in cards(alice)["Last reports"].lines] == ["NORTH"]


def test_an_empty_registry_says_what_to_do_next(alice):
    seen = text(browser(alice).get(HOME))

    assert "There are no cases yet. Enter the first case Import a file" in seen


def test_a_person_who_may_not_import_is_not_sent_there(ines):
    assert "Import a file" not in text(browser(ines).get(HOME))


def test_what_is_not_saved_waits_for_whoever_typed_it(alice, ines, north, cohort):
    with access.everywhere():
        EntryDraft.objects.create(center=north, case_id=cohort[0], by=alice, fields={})
        begun = EntryDraft.objects.create(center=north, by=alice, fields={})

    card = cards(alice)["My unsaved entries"]

    assert f"/admin/cases/case/add/?entry={begun.token}" in [line.address for line in card.lines]
    assert (card.count.number, [line.text for line in card.lines]) == (2, ["New case", "A-1"])
    assert "My unsaved entries" not in cards(ines)


def test_the_reviewer_sees_what_was_explained(alice, rita, cohort):
    with access.everywhere():
        deviation = Deviation.objects.open().first()
        answering.explain(deviation, answer="emergency", text="", by=alice)
        left = Deviation.objects.open().count()

    assert cards(alice)["New deviations"].count.number == left
    (line,) = cards(rita)["Explained deviations"].lines
    assert line.text == "A-1"


def test_the_administrator_sees_which_program_is_not_there(ada):
    signs.leave(signs.SCHEDULER, signs.THROUGH_QUEUE, signs.of_worker(settings.MAIL_QUEUE))

    (line,) = cards(ada)["Background work stands still"].lines

    assert (line.text, line.aside) == ("No worker runs", "imports and reports wait")
    signs.leave(signs.of_worker(settings.CELERY_TASK_DEFAULT_QUEUE))
    assert "Background work stands still" not in cards(ada)


def test_the_administrator_sees_who_has_no_role_and_which_keys_end(ada, nobody, north, lena, alice):
    issue(north, alice, name="soon", expires_at=timezone.now() + timedelta(days=29))
    issue(north, alice, name="later", expires_at=timezone.now() + timedelta(days=31))
    old, _ = issue(north, alice, name="withdrawn", expires_at=timezone.now() + timedelta(days=3))
    type(old).objects.filter(pk=old.pk).update(revoked_at=timezone.now())
    Center.objects.create(code="EAST", name="East", country="UA", timezone="UTC")
    Center.objects.create(code="TRY", name="For trials", country="UA", timezone="UTC", is_sandbox=True)

    shown = cards(ada)

    assert [line.text for line in shown["Accounts without a role"].lines] == ["nora"]
    assert [line.text for line in shown["API keys that expire within 30 days"].lines] == ["soon"]
    lacking = shown["Centers without a data sharing agreement"]
    assert [line.text for line in lacking.lines] == ["EAST"]
    assert [row.code for row in browser(ada).get(lacking.address).context["cl"].result_list] == ["EAST"]
    assert "Centers without a data sharing agreement" not in cards(lena)


def test_the_last_files_and_reports_are_listed(lena, otto, alice, bob, dana, north, south):
    with access.everywhere():
        late = datetime(2026, 2, 1, 23, 30, tzinfo=UTC)
        ImportBatch.objects.create(
            center=north, requested_by=alice, file_name="cases.csv", content=b"", digest="", created_at=late
        )
        ListExport.objects.create(center=north, by=alice, format="csv", rows=7)
        Report.objects.create(center=north, as_of=date(2026, 1, 1), content={}, content_digest="x")
        Report.objects.create(center=south, as_of=date(2026, 1, 1), content={}, content_digest="x")
        Report.objects.create(source="reconstruction", as_of=date(2026, 1, 1), content={}, content_digest="x")

    shown = cards(lena)

    assert [line.text for line in shown["Last imports"].lines] == ["cases.csv"]
    assert shown["Last imports"].lines[0].aside.startswith("2026-02-02"), "half past midnight in Warsaw"
    assert [line.text for line in cards(otto)["Last exports"].lines] == ["7 cases of NORTH"]
    assert [line.text for line in shown["Last reports"].lines] == ["NORTH"]
    assert [line.text for line in cards(dana)["Last reports"].lines] == ["Founding cohort", "SOUTH", "NORTH"]
    assert cards(bob)["Last imports"].lines == []


def test_counting_stops(monkeypatch, alice, cohort):
    monkeypatch.setattr(home, "MOST", 1)

    assert str(cards(alice)["Draft cases"].count) == "more than 1"
    assert str(Count(1000, is_more=True)) == "more than 1,000"


# --- the sidebar ---------------------------------------------------------------------------------------------------


def sidebar(user):
    groups = browser(user).get(HOME).context["sidebar_navigation"]
    return {str(group["title"]): [str(item["title"]) for item in group["items"]] for group in groups}


def test_the_sidebar_offers_what_a_person_may_open(alice, ada):
    assert sidebar(alice) == {
        "Work": [
            *("Home", "Cases", "Data queries", "Deviations", "Follow-up due", "Lost to follow-up"),
            *("Transfers of follow-up", "Imports"),
        ],
        "Reports": [
            "The algorithm",
            "What the registry learns",
            "Survival",
            "Reports",
            "Subscriptions",
            "Deliveries",
        ],
        "Administration": ["Centers", "Contact attempts"],
    }
    assert {"Users", "Memberships", "API keys"} <= set(sidebar(ada)["Administration"])


@pytest.mark.parametrize("username", CARDS)
def test_every_list_that_opens_is_in_the_sidebar(request, north, username):
    client = browser(request.getfixturevalue(username))
    page = client.get(HOME)
    offered = {item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]}

    addresses = {f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in site._registry}
    assert {one for one in addresses if client.get(one).status_code == 200} == {
        one for one in offered if one in addresses
    }
    assert {client.get(one).status_code for one in offered} == {200}


# --- what it costs -------------------------------------------------------------------------------------------------


def queries(client):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(HOME).status_code == 200
    return len(seen)


@pytest.mark.parametrize("username", CARDS)
def test_the_page_costs_the_same_for_one_case_and_for_many(request, alice, north, username):
    client = browser(request.getfixturevalue(username))
    save(draft("A-0"), north, alice)
    few = queries(client)
    for number in range(1, 8):
        save(resected(f"A-{number}"), north, alice)

    assert queries(client) == few <= 21


@pytest.mark.django_db(transaction=True)
def test_a_person_with_every_role_stays_within_the_bound(person, north, alice, cohort):
    everybody = person("eve", Role.CENTER_LEAD, north, is_staff=True)
    for role in (Role.REVIEWER, Role.DATA_MANAGER, Role.REGISTRY_ADMIN, Role.AUDITOR):
        Membership.objects.create(user=everybody, role=role)

    assert queries(browser(everybody)) <= 25
