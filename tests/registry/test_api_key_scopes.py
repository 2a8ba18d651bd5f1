"""What a key is for: a scope opens its own addresses alone; a key is replaced without a program standing still."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from cases import document
from registry import access, keys
from registry.access import Action, Role, Scope
from registry.admin import site
from registry.api.permissions import Allowed, reach
from registry.audit import history_of
from registry.models import ApiKey, Center, Membership
from tests.cases.examples import resected
from tests.clients import browser, issue, machine
from tests.pages import text
from tests.rows import a_report

pytestmark = pytest.mark.django_db

CASES, WHOAMI, LIST = "/api/v1/cases/", "/api/v1/whoami/", "/admin/registry/apikey/"


# --- scopes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ("read", {"read"}),
        ("record", {"record", "record_follow_up"}),
        ("record_follow_up", {"record_follow_up"}),
        ("import_cases", {"import_cases"}),
        ("export", {"export"}),
        ("read_report", {"read_report"}),
    ],
)
def test_a_scope_brings_its_actions_and_no_others(north, alice, scope, may):
    (center,) = machine(north, alice, scope).get(WHOAMI).json()["centers"]

    assert set(center["may"]) == may


def test_each_scope_is_an_action_that_neither_decides_nor_manages():
    assert set(Scope.values) == {
        "read",
        "record",
        "record_follow_up",
        "import_cases",
        "explain",
        "export",
        "read_report",
        "identify",
    }


@pytest.mark.parametrize("scope", ["record_follow_up", "read_report", "export"])
def test_no_other_scope_reads_or_records_cases(north, alice, scope):
    record = machine(north, alice).post(CASES, {"case_number": "A-1"}).json()["record"]
    client = machine(north, alice, scope)

    assert client.get(CASES).status_code == 403
    assert client.get(record["url"]).status_code == 403
    assert client.post(CASES, {"case_number": "A-2"}).status_code == 403
    assert client.put(record["url"], {"case_number": "A-1"}, HTTP_IF_MATCH='"1"').status_code == 403


def test_a_key_that_only_submits_is_answered_and_can_correct_what_it_sent(north, alice):
    client, sent = machine(north, alice, "record"), document.dump(resected())

    added = client.post(CASES, sent)
    again = client.post(CASES, sent)
    corrected = client.put(added["Location"], {**sent, "note": "x"}, HTTP_IF_MATCH=added["ETag"])

    assert [answer.status_code for answer in (added, again, corrected)] == [201, 200, 200]
    assert [set(answer.json()) for answer in (added, again, corrected)] == [{"verdict", "record"}] * 3
    assert client.get(CASES).status_code == client.get(added["Location"]).status_code == 403


def test_a_key_that_only_submits_reads_no_case_by_an_empty_correction(north, alice):
    where = machine(north, alice).post(CASES, document.dump(resected()))["Location"]
    client = machine(north, alice, "record")

    answer = client.patch(where, {}, HTTP_IF_MATCH='"1"')

    assert (answer.status_code, answer.json()["verdict"]) == (200, "unchanged")
    assert set(answer.json()) == {"verdict", "record"}


def test_a_key_that_does_not_read_is_not_told_what_a_rule_compares(north, alice):
    where = machine(north, alice).post(CASES, document.dump(resected()))["Location"]
    visit = {"visit_on": "2014-01-01", "vital_status": "alive"}
    told = {}
    for scopes in (("read", "record"), ("record_follow_up",), ("record",)):
        client = machine(north, alice, *scopes)
        told[scopes[0]] = client.post(f"{where}follow-ups/", visit).json()["errors"]
    patched = client.patch(where, {"follow_ups": [visit]}, HTTP_IF_MATCH='"1"').json()["errors"]

    assert "2015-03-02" in told["read"][0]["message"]
    for errors in (told["record_follow_up"], told["record"], patched):
        assert [error["code"] for error in errors] == [error["code"] for error in told["read"]]
        assert "2015" not in str(errors)
        assert "may not read" in errors[0]["message"]
    assert told["record"][0]["pointer"] == told["read"][0]["pointer"]


def test_a_key_for_follow_up_does_nothing_else(rf, north, alice):
    """Views name the action of each method; a view of follow-ups names this one (cases/api)."""
    key, _ = issue(north, alice, "record_follow_up")
    request = rf.post("/")
    request.user, request.auth = alice, key

    class View:
        needs = {"POST": Action.RECORD_FOLLOW_UP, "PUT": Action.RECORD, "GET": Action.READ}

    allowed = {}
    for method in View.needs:
        request.method = method
        allowed[method] = Allowed().has_permission(request, View())
    assert allowed == {"POST": True, "PUT": False, "GET": False}
    assert reach(request, Action.RECORD_FOLLOW_UP) == (north.pk,)


def test_whoever_records_may_record_follow_up(north, alice, ines, rita):
    assert access.may(alice, Action.RECORD_FOLLOW_UP, north)
    assert access.may(ines, Action.RECORD_FOLLOW_UP, north)
    assert not access.may(rita, Action.RECORD_FOLLOW_UP, north)


def test_a_key_for_reports_reads_those_of_its_center_alone(north, south, alice):
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)
    with access.everywhere():
        own, other = a_report(north), a_report(south)
    client = machine(north, alice, "read_report")

    listed = client.get("/api/v1/reports/").json()["reports"]

    assert [report["id"] for report in listed] == [own.pk]
    assert client.get(f"/api/v1/reports/{own.pk}/").status_code == 200
    assert client.get(f"/api/v1/reports/{other.pk}/").status_code == 404
    assert machine(north, alice, "read").get("/api/v1/reports/").status_code == 403


# --- rotation ------------------------------------------------------------------------------------------------------


def test_the_new_key_does_what_the_old_one_did_and_both_work_for_a_week(client, north, alice, lena):
    old, old_text = issue(north, alice, "read", "record", name="HIS")

    new, new_text = keys.rotate(old, by=lena)

    assert (new.center, new.user, new.name, new.scopes) == (north, alice, "HIS", ["read", "record"])
    assert keys.issuer(new) == "Lena"
    for key_text in (old_text, new_text):
        assert client.get(WHOAMI, HTTP_AUTHORIZATION=f"Bearer {key_text}").status_code == 200
    with time_machine.travel(timezone.now() + keys.OVERLAP + timedelta(minutes=1)):
        answers = [client.get(WHOAMI, HTTP_AUTHORIZATION=f"Bearer {t}") for t in (old_text, new_text)]
    assert [answer.status_code for answer in answers] == [401, 200]
    assert "expired" in answers[0].json()["detail"]
    assert history_of(old).last().pgh_context["reason"] == "key rotated"


def test_the_new_key_lives_as_long_as_the_old_one_was_meant_to(north, alice, lena):
    old, _ = issue(north, alice, expires_at=timezone.now() + timedelta(days=30))

    new, _ = keys.rotate(old, by=lena)

    assert abs(new.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_a_key_that_ends_sooner_anyway_ends_then(north, alice, lena):
    old, _ = issue(north, alice, expires_at=timezone.now() + timedelta(days=2))

    keys.rotate(old, by=lena)

    before = old.expires_at
    old.refresh_from_db()
    assert old.expires_at == before


@pytest.mark.parametrize("gone", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_a_key_out_of_force_is_not_replaced(north, alice, lena, gone):
    old, _ = issue(north, alice)
    ApiKey.objects.filter(pk=old.pk).update(**gone)

    with pytest.raises(ValidationError, match="no longer in force"):
        keys.rotate(old, by=lena)


def test_only_who_manages_the_center_replaces_keys(north, alice, bob):
    old, _ = issue(north, alice)

    with pytest.raises(PermissionDenied):
        keys.rotate(old, by=bob)
    old.refresh_from_db()
    assert ApiKey.objects.count() == 1
    assert old.expires_at > timezone.now() + keys.OVERLAP


def test_a_key_is_not_replaced_when_its_person_may_no_longer_do_as_much(north, alice, lena):
    old, _ = issue(north, alice)
    Membership.objects.filter(user=alice).update(role=Role.COORDINATOR, center=north)
    Membership.objects.filter(user=alice).delete()

    with pytest.raises(ValidationError):
        keys.rotate(old, by=lena)
    assert ApiKey.objects.count() == 1


def test_one_click_on_the_page_of_the_key(client, north, alice, lena):
    old, _ = issue(north, alice, name="HIS")
    page = browser(lena)
    assert "Replace this key by a new one" in text(page.get(f"{LIST}{old.pk}/change/"))

    answer = page.post(LIST, {"action": "rotate", "_selected_action": [old.pk], "index": 0})

    shown = answer.context["text"]
    assert answer.status_code == 200
    assert f"The old key {old.prefix}… works until" in text(answer)
    assert client.get(WHOAMI, HTTP_AUTHORIZATION=f"Bearer {shown}").json()["key"]["name"] == "HIS"


def test_one_key_at_a_time_is_replaced(north, alice, lena):
    chosen = [issue(north, alice)[0].pk for _ in range(2)]

    answer = browser(lena).post(LIST, {"action": "rotate", "_selected_action": chosen}, follow=True)

    assert "Choose one key" in text(answer)
    assert ApiKey.objects.count() == 2


def test_a_key_out_of_force_offers_no_other_in_its_place(north, alice, lena):
    old, _ = issue(north, alice)
    ApiKey.objects.update(revoked_at=timezone.now())

    assert "Replace this key" not in text(browser(lena).get(f"{LIST}{old.pk}/change/"))


# --- a sandbox -----------------------------------------------------------------------------------------------------


def test_a_sandbox_needs_no_agreement_and_says_what_it_is(person):
    sandbox = Center.objects.create(code="TRY", name="For trials", country="PL", is_sandbox=True)

    (center,) = machine(sandbox, person("tess", Role.COORDINATOR, sandbox)).get(WHOAMI).json()["centers"]

    assert center["sandbox"] is True


def test_the_registry_makes_a_sandbox_and_none_becomes_or_stops_being_one(ada, north, lena):
    page, address = browser(ada), "/admin/registry/center/"
    made = {
        "code": "TRY",
        "name": "For trials",
        "country": "PL",
        "is_sandbox": "on",
        "timezone": "UTC",
        "language": "en",
    }
    assert page.post(f"{address}add/", made).status_code == 302

    sandbox = Center.objects.get(code="TRY")

    assert (sandbox.is_sandbox, str(sandbox)) == (True, "TRY For trials (sandbox)")
    form = site._registry[Center].get_form
    for user, center in ((ada, sandbox), (ada, north), (lena, north)):
        request = page.get(address).wsgi_request
        request.user = user
        assert "is_sandbox" not in form(request, center, change=True).base_fields
