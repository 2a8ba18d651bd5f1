"""Answers and decisions over HTTP: on what was read, by whom it may be, never twice, never by the same person."""

import pytest

from cases import answering, document
from cases.api import findings
from cases.models import DataQuery, Deviation
from registry import access
from registry.audit import history_of
from tests.cases.examples import OF_TODAY, resected
from tests.cases.test_api_description import fits
from tests.clients import browser, machine
from tests.clients import described as description

pytestmark = pytest.mark.django_db

CASES, QUERIES, DEVIATIONS = "/api/v1/cases/", "/api/v1/queries/", "/api/v1/deviations/"
KINDS = {"deviation": (DEVIATIONS, "explain"), "query": (QUERIES, "answer")}
TOO_YOUNG = "The operation is not older than the rule; choose another reason."
WORDS = {
    "deviation": {"answer": "emergency", "answer_text": "Ruptured."},
    "query": {"answer_text": "Two cell savers."},
}


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "read", "record", "explain")


@pytest.fixture(autouse=True)
def case(script):
    """It asks (20 liters of blood) and deviates (a median laparotomy, S-04)."""
    sent = document.dump(
        resected(
            "A-1", operated_on=OF_TODAY, operation={"blood_loss_ml": 20000, "approach": ["median_laparotomy"]}
        )
    )
    answer = script.post(CASES, sent)
    assert answer.status_code == 201
    return answer.json()["record"]


def found(client, kind):
    """The finding of this kind, as the list shows it."""
    where, _ = KINDS[kind]
    rows = client.get(where).json()["results"]
    wanted = {"deviation": "S-04", "query": "/operations/0/blood_loss_ml"}[kind]
    return next(row for row in rows if wanted in (row["code"], row["pointer"]))


def say(client, kind, body=None, *, seen=None, act=None, **headers):
    """Say something to the finding as it is, or as it was seen."""
    row = seen or found(client, kind)
    where, usual = KINDS[kind]
    sent = WORDS[kind] if body is None else body
    headers = {"HTTP_IF_MATCH": row["etag"], **headers}
    return (
        client.post(f"{where}{row['id']}/{act or usual}/", sent, content_type="application/json", **headers)
        if not hasattr(client, "credentials")
        else client.post(f"{where}{row['id']}/{act or usual}/", sent, format="json", **headers)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_answers_what_it_read(script, alice, kind):
    answer = say(script, kind)

    body = answer.json()
    assert (answer.status_code, body["state"]) == (200, "answered")
    assert {name: body[name] for name in WORDS[kind]} == WORDS[kind]
    assert answer["ETag"] == body["etag"] == found(script, kind)["etag"]
    with access.everywhere():
        model = Deviation if kind == "deviation" else DataQuery
        context = history_of(model.objects.get(pk=body["id"])).last().pgh_context
    assert (context["door"], context["user"]) == ("api", alice.pk)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_person_decides(script, rita, kind):
    say(script, kind)

    answer = say(browser(rita), kind, {"decision": "accepted"}, act="decide")

    assert (answer.status_code, answer.json()["state"], answer.json()["decision"]) == (
        200,
        "decided",
        "accepted",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_decides_over_a_key(script, kind):
    say(script, kind)

    assert say(script, kind, {"decision": "accepted"}, act="decide").status_code == 403


def test_nobody_decides_on_their_own_answer(dana):
    client = browser(dana)
    say(client, "query")

    answer = say(client, "query", {"decision": "accepted"}, act="decide")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ivc-registry:problem:not_to_be_answered")
    assert "another person decides" in answer.json()["detail"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_needs_the_scope(north, alice, kind, script):
    seen = found(script, kind)
    weak = machine(north, alice, "read")

    assert say(weak, kind, seen=seen).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
def test_findings_of_other_centers_do_not_exist(script, south, bob, kind):
    seen = found(script, kind)
    foreign = machine(south, bob, "read", "record", "explain")
    where, _ = KINDS[kind]

    assert foreign.get(f"{where}{seen['id']}/").status_code == 404
    assert say(foreign, kind, seen=seen).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_read_is_not_answered(script, kind):
    seen = found(script, kind)
    where, act = KINDS[kind]
    bare = script.post(f"{where}{seen['id']}/{act}/", WORDS[kind], format="json")
    stale = say(script, kind, HTTP_IF_MATCH='"1"')

    assert (bare.status_code, stale.status_code) == (428, 412)
    assert stale["ETag"] == seen["etag"] == found(script, kind)["etag"]


def test_an_answer_to_what_changed_since_is_refused(script, case):
    seen = found(script, "query")
    changed = document.dump(
        resected(
            "A-1", operated_on=OF_TODAY, operation={"blood_loss_ml": 25000, "approach": ["median_laparotomy"]}
        )
    )
    script.put(case["url"], changed, HTTP_IF_MATCH='"1"')

    assert say(script, "query", seen=seen).status_code == 412


def meanwhile(monkeypatch, act):
    """Somebody does this after a request's If-Match was checked, and before what it says is stored."""
    check = findings.refuse_unless_seen

    def checked(request, current):
        check(request, current)
        monkeypatch.setattr(findings, "refuse_unless_seen", check)
        act()

    monkeypatch.setattr(findings, "refuse_unless_seen", checked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_never_lands_on_an_answer_that_was_given_meanwhile(script, rita, kind, monkeypatch):
    say(script, kind)
    client, body = browser(rita), {"decision": "accepted"}
    other = {**WORDS[kind], "answer_text": "Something else."}
    meanwhile(monkeypatch, lambda: say(script, kind, other))

    answer = say(client, kind, body, act="decide")

    assert answer.status_code == 412
    assert answer.json()["detail"] == "It changed since you read it; read it again."
    now = found(script, kind)
    assert (now["state"], now["answer_text"], now["etag"]) == ("answered", "Something else.", answer["ETag"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_never_lands_on_one_that_was_given_meanwhile(script, kind, monkeypatch):
    other = {**WORDS[kind], "answer_text": "Something else."}
    meanwhile(monkeypatch, lambda: say(script, kind, other))

    assert say(script, kind).status_code == 412
    assert found(script, kind)["answer_text"] == "Something else."


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({"answer": "historical_case"}, "/answer", TOO_YOUNG),
        ({}, "/answer", "Choose a reason from the list."),
        ({"answer": "confirmed"}, "/answer", "Choose a reason from the list."),
        ({"answer": "other_text"}, "/answer_text", "Say what the reason was."),
        ({"answer": 1}, "/answer", "This must be a text."),
        ({"answer": "emergency", "answer_text": None}, "/answer_text", "This must be a text."),
        ({"answer": "emergency", "why": "x"}, "/why", "Unknown field; known here: answer, answer_text."),
        ([], "", "Send one JSON object."),
        ("emergency", "", "Send one JSON object."),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_where(script, body, pointer, told):
    answer = say(script, "deviation", body)

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["message"]) == (pointer, told)
    assert found(script, "deviation")["state"] == "open"


def test_an_answer_sent_again_after_a_time_out_is_given_once(script):
    seen = found(script, "deviation")
    first, again = (say(script, "deviation", seen=seen, HTTP_IDEMPOTENCY_KEY="a-1") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    with access.everywhere():
        states = list(history_of(Deviation.objects.get(pk=seen["id"])).values_list("state", flat=True))
    assert states == ["open", "answered"]


def test_the_life_of_a_finding_is_told(script, rita, dana):
    say(script, "deviation")
    say(
        browser(rita), "deviation", {"decision": "data_wrong", "decision_text": "See the note."}, act="decide"
    )
    seen = found(script, "deviation")

    answer = script.get(f"{DEVIATIONS}{seen['id']}/")

    steps = answer.json()["history"]
    assert [(step["state"], step["answered_by"], step["decided_by"]) for step in steps] == [
        ("open", None, None),
        ("answered", "Alice", None),
        ("open", "Alice", "Rita"),
    ]
    assert answer["ETag"] == seen["etag"]


def test_lists_are_narrowed_by_severity_and_age(script):
    def rows(query):
        return [row["code"] for row in script.get(f"{DEVIATIONS}?{query}").json()["results"]]

    assert "S-04" in rows("severity=minor")
    assert "S-04" not in rows("severity=major")
    assert rows("opened_before=2020-01-01") == []
    assert "S-04" in rows("opened_before=2999-01-01")


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_what_the_description_says(client, script, rita, kind):
    described = description(client)
    answered = say(script, kind).json()
    decided = say(browser(rita), kind, {"decision": "accepted"}, act="decide").json()
    where, _ = KINDS[kind]

    assert fits(described, "Found", answered)
    assert fits(described, "Found", decided)
    assert fits(described, "FoundWithHistory", script.get(f"{where}{decided['id']}/").json())


def test_a_decision_of_the_admin_is_seen_in_the_case(script, case, rita, everywhere):
    say(script, "query")
    answering.decide(
        DataQuery.objects.get(pointer__contains="blood_loss"), decision="accepted", text="", by=rita
    )

    (query,) = [q for q in script.get(case["url"]).json()["queries"] if "blood_loss" in q["pointer"]]

    assert (query["state"], query["decision"]) == ("decided", "accepted")
