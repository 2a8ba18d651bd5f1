"""Who may keep, read and remove a patient's identity, at each door, and what goes when."""

import json
import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import identifying, intake, withdrawing
from cases.intake import Submission
from cases.models import HeldIdentity
from registry.api.problems import code_of
from registry.dates import PartialDate
from registry.models import AnsweredRequest, Reading
from registry.sessions import CONFIRMED, FRESH_S
from reports import retention
from tests.cases.examples import resected
from tests.cases.linkage import AGREED, ANNA, agreeing, identified
from tests.clients import browser, machine
from tests.registry.tampering import sql

DAY = PartialDate.parse("2026-03-04")
WORDS = ("Wiśniewska", "60051312345", "1960-05-13")


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"


@pytest.fixture
def case(vault, north, alice, everywhere):
    return agreeing(north, alice, "A-1")


def held_in_vault():
    sql("SET ROLE reg_owner")
    found = {pk for (pk,) in sql("SELECT case_id FROM vault.identity")}
    sql("SET ROLE reg_app")
    return found


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "lena"])
def test_coordinator_and_lead_of_the_center_record_it(case, who, request):
    by = request.getfixturevalue(who)

    row = identifying.put(case, ANNA, by=by, door="admin")

    assert (row.has_name, row.has_number, row.center_id) == (True, True, case.center_id)
    assert held_in_vault() == {case.pk}
    event = HeldIdentity.pgh_event_model.objects.get()
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (by.pk, "identity recorded")


@pytest.mark.parametrize("who", ["ines", "rita", "dana", "ada", "otto", "bob", "nobody"])
def test_nobody_else_does(case, who, request):
    with pytest.raises(PermissionDenied):
        identifying.put(case, ANNA, by=request.getfixturevalue(who), door="admin")

    assert held_in_vault() == set()


def test_a_lead_reads_it_and_the_reading_is_noted_with_its_reason(case, alice, lena):
    identifying.put(case, ANNA, by=alice, door="admin")

    found = identifying.read(case, by=lena, door="admin", reason="patient  asks for a copy")

    assert found.values() == ANNA
    row = Reading.objects.get(what="identity")
    said = (row.by, row.case_id, row.center_id, row.door, row.note)
    assert said == (lena, case.pk, case.center_id, "admin", "patient asks for a copy")


@pytest.mark.parametrize("who", ["alice", "ines", "rita", "dana", "ada", "otto", "bob", "nobody"])
def test_nobody_else_reads_it(case, alice, who, request):
    identifying.put(case, ANNA, by=alice, door="admin")

    with pytest.raises(PermissionDenied):
        identifying.read(case, by=request.getfixturevalue(who), door="admin", reason="curious")

    assert not Reading.objects.filter(what="identity").exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\nb"])
def test_without_a_reason_that_can_be_kept_nothing_is_read(case, alice, lena, reason):
    identifying.put(case, ANNA, by=alice, door="admin")

    if reason == "a\nb":
        reason = "a\x00b"
    with pytest.raises(ValidationError):
        identifying.read(case, by=lena, door="admin", reason=reason)


# --- of whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "consent",
    [
        None,
        {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports"]},
        {"basis": "written", "signed_on": "2015-02-20"},
    ],
)
def test_without_consent_to_linkage_nothing_is_kept(vault, north, alice, everywhere, consent):
    case = agreeing(north, alice, "A-1", consent=consent)

    with pytest.raises(ValidationError, match="does not cover linkage"):
        identifying.put(case, ANNA, by=alice, door="admin")

    assert not HeldIdentity.objects.exists()


def test_published_and_invented_cases_have_no_identity(vault, north, alice, everywhere):
    receipt = intake.save_case(
        Submission(document=resected("L-1", consent=None)), center=north, by=None, source="synthetic"
    )
    case = type(receipt.new).objects.select_related("center").get(pk=receipt.case_id)

    with pytest.raises(ValidationError, match="not of published or made-up cases"):
        identifying.put(case, ANNA, by=alice, door="admin")


def test_another_date_of_birth_than_the_case_has_is_refused(case, alice):
    with pytest.raises(ValidationError) as told:
        identifying.put(case, {**ANNA, "born_on": "1961-05-13"}, by=alice, door="admin")

    assert list(told.value.message_dict) == ["born_on"]
    assert not HeldIdentity.objects.exists()


def test_where_the_vault_is_off_nothing_is_kept_read_or_removed(case, alice, lena, settings):
    settings.VAULT_KEYS = {}

    for call in (
        lambda: identifying.put(case, ANNA, by=alice, door="admin"),
        lambda: identifying.read(case, by=lena, door="admin", reason="x"),
        lambda: identifying.remove(case, by=alice, door="admin"),
    ):
        with pytest.raises(ValidationError, match="keeps no identities"):
            call()


# --- what goes -------------------------------------------------------------------------------------------------------


def test_it_is_removed_and_the_history_stays(case, alice):
    identifying.put(case, ANNA, by=alice, door="admin")

    assert identifying.remove(case, by=alice, door="admin")

    assert held_in_vault() == set()
    assert not identifying.remove(case, by=alice, door="admin")
    events = HeldIdentity.pgh_event_model.objects.order_by("pgh_id")
    assert list(events.values_list("pgh_label", flat=True)) == ["insert", "delete"]


@pytest.mark.parametrize("effect", ["stop_collection", "stop_use"])
def test_a_withdrawal_removes_it_at_once(case, alice, lena, effect):
    identifying.put(case, ANNA, by=alice, door="admin")

    withdrawing.withdraw(case, effect=effect, withdrawn_on=DAY, reason="letter", by=lena)

    assert held_in_vault() == set()
    with pytest.raises(ValidationError, match="withdrew"):
        identifying.put(case, ANNA, by=alice, door="admin")


def test_what_consent_covers_no_longer_goes_the_night_after(case, alice, lena, north):
    other = identified(north, alice, "A-2", national_number="12345678")
    identifying.put(case, ANNA, by=alice, door="admin")
    assert due() == 0
    smaller = {**AGREED, "scopes": ["registry"]}
    document = resected("A-1", consent=smaller)
    intake.save_case(Submission(document=document), center=north, by=alice, source="admin", reason="new form")
    with pytest.raises(ValidationError, match="does not cover linkage"):
        identifying.read(case, by=lena, door="admin", reason="x")
    assert due() == 1

    assert retention.let_go()["identities"] == 1

    assert held_in_vault() == {other.pk}
    assert due() == 0


def due():
    return next(one.count for one in retention.due() if one.name == "identities")


# --- the API ---------------------------------------------------------------------------------------------------------


def address(case):
    return f"/api/v1/cases/{case.pk}/identity/"


def test_a_program_sends_it_and_never_gets_it_back(case, alice, north):
    client = machine(north, alice, "identify")

    sent = client.put(address(case), ANNA, format="json", HTTP_IDEMPOTENCY_KEY="once")
    again = client.put(address(case), ANNA, format="json", HTTP_IDEMPOTENCY_KEY="once")
    read = client.get(address(case))

    assert [answer.status_code for answer in (sent, again, read)] == [200, 200, 200]
    assert read.json()["holds"] == ["name", "national_number"]
    assert read.json()["elsewhere"] == ""
    for answer in (sent, again, read):
        assert not any(word in answer.content.decode() for word in WORDS)
    assert not AnsweredRequest.objects.exists(), "a digest of the body could be guessed"
    (event, _) = HeldIdentity.pgh_event_model.objects.order_by("pgh_id")
    assert event.pgh_context["reason"].startswith("key ivcr_")
    removed = client.delete(address(case))
    assert (removed.status_code, removed.json()["holds"], removed.json()["recorded_at"]) == (200, [], None)


@pytest.mark.parametrize(
    ("sent", "status", "code", "pointers"),
    [
        ({}, 422, "invalid_identity", ["/national_number"]),
        ({**ANNA, "born_on": "1961-05-13"}, 422, "invalid_identity", ["/born_on"]),
        ({**ANNA, "phone": "1"}, 422, "invalid_identity", ["/phone"]),
        ([ANNA], 422, "invalid_identity", [""]),
    ],
)
def test_what_cannot_be_kept_is_told_by_its_place(case, alice, north, sent, status, code, pointers):
    answer = machine(north, alice, "identify").put(address(case), sent, format="json")

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert not any(word in answer.content.decode() for word in (*WORDS, "1961"))


def test_a_patient_who_may_not_be_linked_is_a_conflict(vault, north, alice, everywhere):
    case = agreeing(north, alice, "A-1", consent=None)

    answer = machine(north, alice, "identify").put(address(case), ANNA, format="json")

    assert (answer.status_code, code_of(answer)) == (409, "not_linkable")
    assert not HeldIdentity.objects.exists()


def test_it_needs_its_own_scope_and_the_right_of_its_person(case, alice, ines, north, bob, south):
    assert machine(north, alice, "read", "record").put(address(case), ANNA, format="json").status_code == 403
    assert machine(south, bob, "identify").put(address(case), ANNA, format="json").status_code == 404
    with pytest.raises(ValidationError):
        machine(north, ines, "identify")


def test_where_the_vault_is_off_there_is_no_such_address(case, alice, north, settings):
    client = machine(north, alice, "identify")
    settings.VAULT_KEYS = {}

    answers = [
        client.get(address(case)),
        client.put(address(case), ANNA, format="json"),
        client.delete(address(case)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert not HeldIdentity.objects.exists()


# --- the page --------------------------------------------------------------------------------------------------------


def page(case):
    return reverse("admin:cases_case_identity", args=[case.pk])


def test_the_page_records_it_and_shows_no_value(case, alice):
    client = browser(alice)

    answer = client.post(page(case), {"act": "record", **ANNA}, follow=True)

    html = answer.content.decode()
    assert "The identity is recorded." in html
    assert not any(word in html for word in WORDS)
    assert "Show who it is" not in html, "a coordinator does not read it"
    assert held_in_vault() == {case.pk}


def test_what_is_wrong_comes_back_with_what_was_typed(case, alice):
    answer = browser(alice).post(page(case), {"act": "record", **ANNA, "born_on": "13/05/1960"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Day of birth (YYYY-MM-DD): Write the day of birth as YYYY-MM-DD." in html
    assert 'value="Wiśniewska"' in html
    assert html.count("aria-invalid") == 1
    assert '<p id="wrong-born_on">Write the day of birth as YYYY-MM-DD.</p>' in html
    assert not HeldIdentity.objects.exists()


def test_a_day_is_understood_as_on_the_page_of_the_case(case, alice):
    answer = browser(alice).post(page(case), {"act": "record", **ANNA, "born_on": "13.5.1960"}, follow=True)

    assert "The identity is recorded." in answer.content.decode()


def test_where_nothing_may_be_recorded_the_page_leads_back(vault, north, alice, everywhere):
    case = agreeing(north, alice, "A-1", consent=None)

    html = browser(alice).get(page(case)).content.decode()

    assert "Record that scope first." in html
    assert f'<a href="{reverse("admin:cases_case_change", args=[case.pk])}" class="review-link">' in html


def test_a_lead_reads_it_for_a_reason(case, alice, lena):
    identifying.put(case, ANNA, by=alice, door="admin")
    client = browser(lena)

    assert "Say why you read it." in client.post(page(case), {"act": "read"}).content.decode()
    shown = client.post(page(case), {"act": "read", "reason": "letter to the patient"})

    assert all(word in shown.content.decode() for word in WORDS)
    assert "no-store" in shown["Cache-Control"]
    assert Reading.objects.filter(what="identity", by=lena, note="letter to the patient").count() == 1
    assert not any(word in client.get(page(case)).content.decode() for word in WORDS)


def signed_in_long_ago(who):
    client = browser(who)
    session = client.session
    session[CONFIRMED] = int(time.time()) - 3 * FRESH_S
    session.save()
    return client


def test_who_signed_in_long_ago_signs_in_again_first(case, alice, lena):
    identifying.put(case, ANNA, by=alice, door="admin")
    client = signed_in_long_ago(lena)

    answer = client.post(page(case), {"act": "read", "reason": "letter"})

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("again"))
    assert not Reading.objects.filter(what="identity").exists()


@pytest.mark.parametrize("opened", [browser, signed_in_long_ago])
def test_a_coordinator_who_makes_up_the_form_reads_nothing(case, alice, opened):
    identifying.put(case, ANNA, by=alice, door="admin")

    answer = opened(alice).post(page(case), {"act": "read", "reason": "letter"})

    assert answer.status_code == 403
    assert not Reading.objects.filter(what="identity").exists()


def test_the_page_of_the_case_leads_there_where_there_is_a_vault(case, alice, ines, settings):
    link = f'href="{page(case)}"'
    change = reverse("admin:cases_case_change", args=[case.pk])

    assert link in browser(alice).get(change).content.decode()
    assert link not in browser(ines).get(change).content.decode()
    settings.VAULT_KEYS = {}
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert link not in browser(alice).get(change).content.decode()
    assert not [one for one in queries if "vault" in one["sql"] or "possibleduplicate" in one["sql"]]
    assert browser(alice).get(page(case)).status_code == 404


def test_the_trail_tells_who_recorded_and_read_and_nothing_of_what(case, alice, lena, otto):
    identifying.put(case, ANNA, by=alice, door="admin")
    identifying.read(case, by=lena, door="admin", reason="letter to the patient")
    sql("SET ROLE reg_owner")
    sql("SELECT seal_audit()")
    sql("SET ROLE reg_app")

    html = browser(otto).get(reverse("admin:audit_trail")).content.decode()

    assert "Identity for linkage · letter to the patient" in html
    assert not any(word in html for word in WORDS)
    events = json.dumps([list(map(str, row)) for row in sql("SELECT * FROM cases_heldidentityevent")])
    assert not any(word in events for word in WORDS)
