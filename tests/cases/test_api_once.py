"""A request that is sent again under its Idempotency-Key is answered again and done once."""

import io
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from cases.models import Case
from registry import access, keys
from registry.access import Role
from registry.api import idempotency
from registry.api.views import RegistryView
from registry.models import AnsweredRequest, Membership
from reports.tasks import let_go
from tests.cases.test_api import CASES, sent
from tests.cases.test_at_once import AT_ONCE, together
from tests.clients import bearing, browser, issue, machine
from tests.clients import described as description

pytestmark = pytest.mark.django_db

RECEIPTS = "/api/v1/receipts/"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


def post(client, body, key="k-1", address=CASES, **headers):
    return client.post(address, body, HTTP_IDEMPOTENCY_KEY=key, **headers)


def told(answer):
    """What has to be equal in every answer to one key."""
    return answer.status_code, answer.content, {name: answer.get(name) for name in idempotency.KEPT_HEADERS}


def code(answer):
    return answer.json()["type"].rpartition(":")[2]


def kept():
    with access.everywhere():
        return list(AnsweredRequest.objects.order_by("pk"))


# --- the same again ------------------------------------------------------------------------------------------------


def test_what_is_sent_again_is_answered_byte_for_byte_and_done_once(script):
    first, again = post(script, sent()), post(script, sent())

    assert (first.status_code, first.json()["verdict"]) == (201, "new")
    assert told(again) == told(first)
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    with access.everywhere():
        assert Case.objects.get().version == 1


def test_the_first_answer_is_given_whatever_happened_since(script):
    first = post(script, sent())
    script.put(first["Location"], sent(note="later"), HTTP_IF_MATCH='"1"')

    assert told(post(script, sent())) == told(first)


def test_without_a_key_nothing_is_kept(script):
    script.post(CASES, sent())

    assert kept() == []


def test_a_correction_is_repeated_safely_too(script):
    where = script.post(CASES, sent())["Location"]

    def correct():
        return script.put(where, sent(note="x"), HTTP_IF_MATCH='"1"', HTTP_IDEMPOTENCY_KEY="put")

    first, again = correct(), correct()

    assert (first.status_code, first["ETag"]) == (200, '"2"')
    assert told(again) == told(first)


def test_the_language_of_the_first_answer_stays(script):
    first = post(script, sent(presentation={"height_cm": 400}), HTTP_ACCEPT_LANGUAGE="uk")
    again = post(script, sent(presentation={"height_cm": 400}), HTTP_ACCEPT_LANGUAGE="en")

    assert first["Content-Language"] == again["Content-Language"] == "uk"
    assert told(again) == told(first)


# --- another request under the same key ----------------------------------------------------------------------------


def test_another_body_is_refused_before_it_is_read(script):
    post(script, sent())

    for body in (sent(note="x"), {"case_number": 7}):
        answer = post(script, body)
        assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")


def test_another_address_or_reason_is_refused(script):
    post(script, sent())

    elsewhere = post(script, sent(), address=f"{CASES}?center=NORTH")
    for_a_reason = post(script, sent(), HTTP_CHANGE_REASON="typing error")

    assert [code(answer) for answer in (elsewhere, for_a_reason)] == ["idempotency_key_reused"] * 2


def test_a_new_key_in_place_of_an_old_one_is_the_same_sender(north, alice, lena):
    old, text = issue(north, alice)
    first = post(bearing(text), sent())
    for _ in range(2):
        old, text = keys.rotate(old, by=lena)
        again = post(bearing(text), sent())

        assert told(again) == told(first)
        assert again["Idempotent-Replayed"] == "true"
        assert bearing(text).get(f"{RECEIPTS}k-1/").json()["body"] == first.json()
        assert code(post(bearing(text), sent("A-2"))) == "idempotency_key_reused"


def test_keys_of_others_do_not_matter(north, south, alice, bob):
    clients = [machine(north, alice), machine(north, alice), machine(south, bob), browser(alice)]
    bodies = [sent(f"A-{place}") for place in range(4)]

    answers = [
        client.post(CASES, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="same")
        if client is clients[3]
        else post(client, body, "same")
        for client, body in zip(clients, bodies, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [201] * 4


@pytest.mark.parametrize("key", ["", "k" * 256, "ключ".encode().decode("latin-1"), "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(script, key):
    answer = post(script, sent(), key)

    assert (answer.status_code, code(answer)) == (400, "invalid_idempotency_key")
    assert kept() == []


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"case_number": 7}', 422), (b'{"case_number": "A-1"}', 409)]
)
def test_a_refusal_is_kept_and_saved_nothing(script, body, status):
    script.post(CASES, sent("A-1"))

    def send(key="k-1", body=body):
        return script.generic("POST", CASES, body, "application/json", HTTP_IDEMPOTENCY_KEY=key)

    first, again = send(), send()

    assert (first.status_code, first["Content-Type"]) == (status, "application/problem+json")
    assert told(again) == told(first)
    assert again["Idempotent-Replayed"] == "true"
    assert send(body=b'{"case_number": "A-2"}').status_code == 422
    assert send("k-2", b'{"case_number": "A-2"}').status_code == 201


def test_what_may_change_by_itself_is_not_kept(script, north, alice, south):
    reader, nowhere = machine(north, alice, "read"), post(script, sent(), address=f"{CASES}?center=SOUTH")
    forbidden = post(reader, sent())

    assert (nowhere.status_code, forbidden.status_code) == (404, 403)
    assert kept() == []
    assert post(script, sent()).status_code == 201


def test_that_a_case_is_locked_is_not_kept(script, dana):
    where = script.post(CASES, sent())["Location"]

    def correct():
        return script.put(where, sent(note="x"), HTTP_IF_MATCH='"1"', HTTP_IDEMPOTENCY_KEY="k-1")

    with access.everywhere():
        Case.objects.update(status="locked")
    locked = correct()
    with access.everywhere():
        Case.objects.update(status="draft")

    assert (locked.status_code, code(locked), kept()) == (409, "locked", [])
    assert correct().status_code == 200


def test_of_a_plan_nothing_is_kept(script):
    plan = {"operations": [{"operation_type": "index_resection"}]}
    answers = [post(script, plan, address="/api/v1/algorithm/plan/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert kept() == []


def test_a_failure_of_ours_leaves_nothing_behind(script, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("cases.api.records.whole", fail)  # after the case was written
        script.raise_request_exception = False
        assert post(script, sent()).status_code == 500

    assert kept() == []
    answer = post(script, sent())
    assert (answer.status_code, answer.json()["verdict"]) == (201, "new")


def test_a_refusal_takes_back_what_was_written_before_it(script, monkeypatch):
    from registry.api.problems import Refused

    def refuse(*args, **kwargs):
        raise Refused(409, "late", "Too late.")

    with monkeypatch.context() as patch:
        patch.setattr("cases.api.records.whole", refuse)
        assert post(script, sent()).status_code == 409

    with access.everywhere():
        assert not Case.objects.exists()
    assert post(script, sent()).status_code == 409


def test_a_body_that_was_cut_short_is_not_taken_for_the_request(script):
    def send(length):
        line = {"wsgi.input": io.BytesIO(b'{"case_number": "A-1"}'), "CONTENT_LENGTH": str(length)}
        kind = "application/json"
        return script.generic("POST", CASES, content_type=kind, HTTP_IDEMPOTENCY_KEY="k-1", **line)

    cut, whole = send(40), send(22)

    assert (cut.status_code, code(cut), whole.status_code) == (400, "cut_short", 201)


def test_a_body_that_is_too_large_is_said_to_be_so(script, monkeypatch):
    monkeypatch.setattr("registry.uploads.MOST_BODY", 2**21)
    monkeypatch.setattr("registry.api.idempotency.MOST_BODY", 2**21)
    for size in (2**20 + 1, 2**22):
        answer = script.generic(
            "POST", CASES, b" " * size, "application/json", HTTP_IDEMPOTENCY_KEY=f"k-{size}"
        )

        assert (answer.status_code, code(answer)) == (413, "too_large")


# --- people --------------------------------------------------------------------------------------------------------


def test_a_person_may_send_again_too(alice, south):
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)
    client = browser(alice)

    def send():
        address = f"{CASES}?center=SOUTH"
        return client.post(address, sent(), content_type="application/json", HTTP_IDEMPOTENCY_KEY="k-1")

    assert told(send()) == told(send())
    assert kept()[0].center_id == south.pk
    assert client.get(f"{RECEIPTS}k-1/").json()["status"] == 201


# --- cost ----------------------------------------------------------------------------------------------------------


def test_a_key_costs_six_statements_and_a_repetition_saves_the_rest(script):
    def queries(number, **headers):
        with CaptureQueriesContext(connection) as seen:
            script.post(CASES, sent(number), **headers)
        return len(seen)

    keyed = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    queries("A-0")  # notes that the key was used

    plain, first, again = queries("A-1"), queries("A-2", **keyed), queries("A-2", **keyed)

    assert (first - plain, again) == (6, 13)


# --- receipts ------------------------------------------------------------------------------------------------------


def test_a_receipt_tells_what_was_answered(script):
    key = "2026/11 case A-1?"
    first = post(script, sent(), key)

    receipt = script.get(f"{RECEIPTS}2026%2F11%20case%20A-1%3F/").json()

    assert (receipt["key"], receipt["status"], receipt["body"]) == (key, 201, first.json())
    assert receipt["headers"]["Location"] == first["Location"]
    assert receipt["answered_at"]


def test_a_receipt_is_for_whoever_sent_it(script, north, south, alice, bob):
    post(script, sent())

    others = [machine(north, alice), machine(south, bob), browser(alice)]
    answers = [client.get(f"{RECEIPTS}k-1/") for client in others]
    answers += [script.get(f"{RECEIPTS}{key}/") for key in ("k-2", "%00", "%D1%8F", "k" * 256)]

    assert {answer.status_code for answer in answers} == {404}


def test_keys_are_forgotten_after_ninety_days(script):
    for key in ("old", "new"):
        post(script, sent(key), key)
    with access.everywhere():
        AnsweredRequest.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=91))

    let_go()

    assert [row.key for row in kept()] == ["new"]


# --- at the same moment --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_done_and_all_get_its_answer(north, alice):
    script = machine(north, alice)

    answers = together(lambda place: post(script, {"case_number": "A-1", "note": "once"}))

    assert len({str(told(answer)) for answer in answers}) == 1
    assert sorted(answer.get("Idempotent-Replayed", "") for answer in answers) == [""] + ["true"] * (
        AT_ONCE - 1
    )
    with access.everywhere():
        assert Case.objects.get().version == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_asked_to_come_back(north, alice):
    script = machine(north, alice)
    post(script, sent(), "k-0")
    with access.everywhere():
        known = AnsweredRequest.objects.get()

    def meanwhile(place):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        return post(script, sent())

    with access.scope([north.pk]), transaction.atomic():
        own = {"user": known.user, "api_key": known.api_key, "center": north}
        AnsweredRequest.objects.create(**own, key="k-1", digest=b"")
        (answer, *_) = together(meanwhile, 1)
        transaction.set_rollback(True)

    assert (answer.status_code, code(answer), answer["Retry-After"]) == (409, "request_in_progress", "2")
    assert post(script, sent()).status_code == 200


# --- everywhere ----------------------------------------------------------------------------------------------------


def test_every_address_that_takes_something_knows_keys(client):
    """Views of others would neither keep an answer nor be described."""
    patterns = [
        pattern
        for include in get_resolver().url_patterns
        if str(include.pattern) == "api/v1/"
        for pattern in include.url_patterns
    ]
    writing = {"post", "put", "patch", "delete"}
    views = [pattern.callback.cls for pattern in patterns if hasattr(pattern.callback, "cls")]

    assert len(views) > 5
    assert not [
        view
        for view in views
        if any(hasattr(view, name) for name in writing) and not issubclass(view, RegistryView)
    ]


def test_keys_are_described_for_every_request_that_writes(client):
    described = description(client)

    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            named = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert ("Idempotency-Key" in named) == (method != "get"), (path, method)
