# ruff: noqa: F811 (fixtures)
"""Transfers over HTTP, and follow-up of a patient of another center through the doors that follow-up has."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from cases import document, erasing, transferring
from cases.models import Case
from registry import access
from registry.access import Role, Scope
from registry.api.problems import code_of
from registry.dates import PartialDate
from registry.models import AnsweredRequest, Reading
from tests.cases.test_transferring import accepted, case, log, noon, offered, saved, sofia  # noqa: F401
from tests.clients import machine
from tests.rows import one_of_each, secrets

pytestmark = pytest.mark.django_db

BASE = "/api/v1"
SCOPES = ("read", "record_follow_up")


def person_at(user):
    """A person in a session, as the pages of the API are used."""
    client = APIClient()
    client.force_login(user)
    return client


def ours(north, alice):
    return machine(north, alice, "read", "record")


def stored(case):
    with access.everywhere():
        return document.load([case.pk])[0].document


def test_offer_accept_follow_and_return(case, north, south, alice, bob):
    at_north, at_south = person_at(alice), person_at(bob)

    offer = at_north.post(
        f"{BASE}/cases/{case.pk}/transfer/", {"center": "SOUTH", "note": "moved"}, format="json"
    )
    assert offer.status_code == 201
    address = offer["Location"].removeprefix("http://testserver")
    assert {name: offer.json()[name] for name in ("state", "center", "receiving_center", "case", "note")} == {
        "state": "offered",
        "center": "NORTH",
        "receiving_center": "SOUTH",
        "case": case.pk,
        "note": "moved",
    }

    (seen,) = at_south.get(f"{BASE}/transfers/", {"state": "offered"}).json()["results"]
    assert (seen["case"], seen["registry_id"], seen["sex"], seen["resected_year"]) == (
        None,
        case.patient.registry_id,
        "female",
        2015,
    )
    assert at_south.get(address).json()["summary"] == []

    assert at_south.post(f"{address}accept/").json()["state"] == "accepted"
    read = at_south.get(address).json()
    assert read["case"] == case.pk
    assert any("2015-03-02" in line["text"] for line in read["summary"])
    assert at_north.get(address).json()["summary"] == []

    program = machine(south, bob, *SCOPES)
    (due,) = program.get(f"{BASE}/follow-ups/lost/").json()["results"]
    assert (due["case_number"], due["center"], due["followed_by"], due["url"]) == (
        "A-1",
        "NORTH",
        "SOUTH",
        address,
    )
    visit = {"visit_on": "2020-01-01", "vital_status": "alive"}
    added = program.post(f"{BASE}/cases/{case.pk}/follow-ups/", visit, format="json")
    assert (added.status_code, added.json()["verdict"], added.json()["position"]) == (201, "changed", 1)
    again = program.post(f"{BASE}/cases/{case.pk}/follow-ups/", visit, format="json")
    assert (again.status_code, again.json()["verdict"]) == (200, "unchanged")
    death = {"died_on": "2021-01", "cause_category": "unknown"}
    told = program.put(f"{BASE}/cases/{case.pk}/death/", death, format="json", HTTP_IF_MATCH=again["ETag"])
    assert told.status_code == 200
    rows = ours(north, alice).get(f"{BASE}/cases/{case.pk}/follow-ups/").json()["rows"]
    assert [row["visit_on"] for row in rows] == ["2016-05-01", "2020-01-01"]

    assert at_south.post(f"{address}return/", {"reason": "died"}, format="json").json()["state"] == "returned"
    assert program.get(f"{BASE}/cases/{case.pk}/follow-ups/").status_code == 404


def test_a_request_sent_again_is_answered_as_before(case, accepted, south, bob):
    program, sent = machine(south, bob, *SCOPES), {"visit_on": "2020-01-01", "vital_status": "alive"}
    address, key = f"{BASE}/cases/{case.pk}/follow-ups/", {"HTTP_IDEMPOTENCY_KEY": "one"}

    first = program.post(address, sent, format="json", **key)
    second = program.post(address, sent, format="json", **key)
    by_person = person_at(bob).post(address, {**sent, "visit_on": "2021-01-01"}, format="json", **key)

    assert (first.status_code, second.status_code, by_person.status_code) == (201, 201, 201)
    assert first.content == second.content
    assert len(stored(case).follow_ups) == 3


def test_an_erasure_takes_the_answers_kept_for_the_center_that_followed(case, accepted, south, bob, lena):
    program, sent = machine(south, bob, *SCOPES), {"visit_on": "2020-01-01", "vital_status": "alive"}
    program.post(f"{BASE}/cases/{case.pk}/follow-ups/", sent, format="json", HTTP_IDEMPOTENCY_KEY="one")
    with access.everywhere():
        assert AnsweredRequest.objects.count() == 1
        erasing.erase(case, withdrawn_on=PartialDate.parse("2020-03-04"), reason="letter", by=lena)
        assert not AnsweredRequest.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_what_stands_is_corrected_by_the_center_that_operated(case, accepted, south, bob, method):
    program = machine(south, bob, *SCOPES)
    match = program.get(f"{BASE}/cases/{case.pk}/follow-ups/")["ETag"]
    sent = {"visit_on": "2016-06-01", "vital_status": "alive"} if method == "put" else None

    answer = getattr(program, method)(
        f"{BASE}/cases/{case.pk}/follow-ups/0/",
        sent,
        format="json",
        HTTP_IF_MATCH=match,
        HTTP_CHANGE_REASON="x",
    )

    assert (answer.status_code, code_of(answer)) == (403, "only_follow_up")
    assert [str(visit.visit_on) for visit in stored(case).follow_ups] == ["2016-05-01"]


@pytest.mark.parametrize(
    ("who", "step", "status", "code"),
    [
        ("alice", "accept", 403, "permission_denied"),
        ("dana", "accept", 403, "permission_denied"),
        ("bob", "withdraw", 403, "permission_denied"),
        ("bob", "return", 409, "wrong_state"),
        ("bob", "decline", 200, ""),
        ("alice", "withdraw", 200, ""),
    ],
)
def test_each_step_is_its_sides(offered, dana, request, who, step, status, code):
    sent = None if step == "accept" else {"reason": "no such patient"}

    answer = person_at(request.getfixturevalue(who)).post(
        f"{BASE}/transfers/{offered.pk}/{step}/", sent, format="json" if sent else None
    )

    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [({"reason": ""}, "/reason"), ({"reason": 5}, "/reason"), ({"why": "x"}, "/why"), ([], "")],
)
def test_what_cannot_be_said_is_told_with_its_place(offered, bob, sent, pointer):
    answer = person_at(bob).post(f"{BASE}/transfers/{offered.pk}/decline/", sent, format="json")

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_no_key_hands_over_or_takes_over(case, offered, north, south, alice, bob):
    at_north, at_south = machine(north, alice, *Scope.values), machine(south, bob, *Scope.values)

    offer = at_north.post(f"{BASE}/cases/{case.pk}/transfer/", {"center": "SOUTH"}, format="json")
    taken = at_south.post(f"{BASE}/transfers/{offered.pk}/accept/")

    assert (offer.status_code, taken.status_code) == (403, 403)
    assert at_south.get(f"{BASE}/transfers/{offered.pk}/").status_code == 200


def test_offering_is_refused_with_the_sentences_of_the_page(case, offered, alice):
    client = person_at(alice)

    wrong = client.post(f"{BASE}/cases/{case.pk}/transfer/", {"center": "NOWHERE"}, format="json")
    second = client.post(f"{BASE}/cases/{case.pk}/transfer/", {"center": "SOUTH", "note": "x"}, format="json")

    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/center")
    assert (second.status_code, code_of(second)) == (409, "not_to_be_offered")
    assert "offered to SOUTH already" in second.json()["detail"]


def test_who_read_the_summary_is_noted_for_the_center_that_operated(case, accepted, bob, north):
    person_at(bob).get(f"{BASE}/transfers/{accepted.pk}/")

    with access.scope([north.pk]):
        (noted,) = Reading.objects.filter(case_id=case.pk, by=bob)
    assert (noted.center_id, noted.door, noted.note) == (north.pk, "api", "transfer")


# --- one accepted transfer opens one case, over HTTP ------------------------------------------------------------------


def test_nothing_else_of_the_other_center_is_reached(north, south, case, accepted, alice, lena, bob):
    theirs = one_of_each(north, by=alice, lead=lena)
    hidden = secrets(north, theirs) - {"NORTH", north.name, alice.username, lena.username}
    other = theirs[Case].pk
    for client in (machine(south, bob, *Scope.values), person_at(bob)):
        for address in (
            "cases/",
            "follow-ups/due/",
            "follow-ups/lost/",
            "queries/",
            "deviations/",
            "transfers/",
        ):
            told = client.get(f"{BASE}/{address}").content.decode()
            assert not [word for word in hidden if word in told], address
        for more in (
            "",
            "assessment/",
            "history/",
            "follow-ups/",
            "complications/",
            "recurrences/",
            "death/",
        ):
            assert client.get(f"{BASE}/cases/{other}/{more}").status_code == 404, more
        for more in ("", "assessment/", "history/"):  # of the case that is followed, too
            assert client.get(f"{BASE}/cases/{case.pk}/{more}").status_code == 404, more
        refused = client.put(
            f"{BASE}/cases/{case.pk}/", {"case_number": "A-1"}, format="json", HTTP_IF_MATCH='"1"'
        )
        assert refused.status_code in (403, 404)
        visit = {"visit_on": "2020-01-01", "vital_status": "alive"}
        assert client.post(f"{BASE}/cases/{other}/follow-ups/", visit, format="json").status_code == 404
        assert client.post(
            f"{BASE}/cases/{case.pk}/transfer/", {"center": "X"}, format="json"
        ).status_code in (
            403,
            404,
        )


def test_a_key_for_reading_records_nothing(case, accepted, south, bob):
    answer = machine(south, bob, "read").post(f"{BASE}/cases/{case.pk}/follow-ups/", {}, format="json")

    assert answer.status_code == 403


def test_lists_take_the_same_queries_however_many_are_followed(case, accepted, north, alice, bob, south):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert program.get(f"{BASE}/follow-ups/lost/").status_code == 200
        return len(seen)

    program = machine(south, bob, "read")
    queries()  # the first one notes that the key is used
    few = queries()
    for number in range(4):
        more = saved(north, alice, f"B-{number}")
        transferring.accept(transferring.offer(more, center_code="SOUTH", note="", by=alice), by=bob)

    assert len(program.get(f"{BASE}/follow-ups/lost/").json()["results"]) == 5
    assert queries() == few


def test_a_reviewer_of_the_registry_who_follows_for_another_center_adds_there(case, accepted, person, south):
    rhea = person("rhea", Role.REVIEWER, is_staff=True)
    rhea.memberships.create(role=Role.COORDINATOR, center=south)
    visit = {"visit_on": "2020-01-01", "vital_status": "alive"}

    added = person_at(rhea).post(f"{BASE}/cases/{case.pk}/follow-ups/", visit, format="json")

    assert (added.status_code, added.json().get("verdict")) == (201, "changed")
    assert len(stored(case).follow_ups) == 2
