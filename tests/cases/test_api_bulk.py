"""Many cases in one request, answered at once: a verdict for each, none twice, none overwritten unseen."""

import gc
import io
import json
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document
from cases.importing import documents
from cases.models import Case, ImportBatch
from registry import access
from registry.api import strict_json
from registry.api.ndjson import ArrayParser, Lines, LinesParser
from registry.api.problems import Refused
from registry.audit import history_of
from tests.cases.bulk import BULK, NDJSON, lines, numbers, plain, send, send_array, told, versions
from tests.cases.examples import complete, resected
from tests.cases.test_at_once import together
from tests.clients import browser, machine

pytestmark = pytest.mark.django_db
BAD = {"case_number": "B-1", "presentation": {"height_cm": 400}}


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "import_cases", "read", "record")


def fields(answer, *names):
    return [tuple(one[name] for name in names) for one in answer.json()["verdicts"]]


# --- verdicts ------------------------------------------------------------------------------------------------------


def test_each_document_gets_its_verdict_in_the_order_of_the_request(script):
    send(script, plain("A-1"))

    answer = send(script, plain("A-1"), BAD, {"reference": "row 9", "document": plain("A-2")})

    body = answer.json()
    assert (answer.status_code, body["saved"], body["mode"], body["dry_run"]) == (200, True, "each", False)
    assert body["counts"] == {"new": 1, "changed": 0, "unchanged": 1, "rejected": 1}
    assert fields(answer, "index", "reference", "case_number", "verdict", "version") == [
        (0, None, "A-1", "unchanged", 1),
        (1, None, "B-1", "rejected", None),
        (2, "row 9", "A-2", "new", 1),
    ]
    (error,) = body["verdicts"][1]["errors"]
    assert (error["pointer"], error["code"]) == ("/presentation/height_cm", "out_of_range")
    assert script.get(body["verdicts"][2]["url"]).json()["record"]["id"] == body["verdicts"][2]["id"]
    assert numbers() == ["A-1", "A-2"]


def test_an_array_is_answered_as_lines_are(script):
    array = send_array(script, [plain("A-1"), BAD], "?dry_run=true")

    assert array.json() == send(script, plain("A-1"), BAD, query="?dry_run=true").json()


def test_errors_are_those_of_one_case_sent_alone(script):
    bad = {**plain("A-1"), "patient": {"sex": "f"}, "death": {"died_on": "2015-02-30"}, "x": 1}

    alone = script.post("/api/v1/cases/", bad).json()["errors"]

    assert send(script, bad).json()["verdicts"][0]["errors"] == alone


def test_what_is_implausible_is_saved_and_asked_about(script):
    (verdict,) = send(script, plain("A-1", presentation={"height_cm": 205})).json()["verdicts"]

    assert (verdict["verdict"], verdict["errors"]) == ("new", [])
    assert [(w["pointer"], w["severity"]) for w in verdict["warnings"]] == [
        ("/presentation/height_cm", "query")
    ]


def test_blank_lines_are_no_documents(script):
    answer = send(script, b"", plain("A-1"), b"  \r", plain("A-2"), b"")

    assert fields(answer, "index", "case_number") == [(0, "A-1"), (1, "A-2")]


def test_who_sent_it_stands_in_the_history(script, alice):
    send(script, plain("A-1"), HTTP_CHANGE_REASON="first load")

    with access.everywhere():
        case = Case.objects.get()
        context = history_of(case).get().pgh_context
    assert case.source == "api"
    assert (context["door"], context["user"]) == ("api", alice.pk)
    assert context["reason"].startswith("key ivcr_")
    assert context["reason"].endswith(": first load")


# --- what is there already -----------------------------------------------------------------------------------------


def test_the_same_documents_again_change_nothing(script):
    sent = [resected_plain(f"A-{n}") for n in range(5)]
    send(script, *sent)

    again = send(script, *sent)

    assert told(again) == [("unchanged", [])] * 5
    assert set(versions().values()) == {1}


def resected_plain(number):
    return document.dump(resected(number))


def test_a_case_that_differs_is_changed_only_by_who_read_it(script):
    send(script, plain("A-1"), plain("A-2"), plain("A-3"))

    answer = send(
        script,
        plain("A-1", note="new"),
        {"if_version": 1, "document": plain("A-2", note="new")},
        {"if_version": 7, "document": plain("A-3", note="new")},
    )

    assert told(answer) == [
        ("rejected", ["case_exists"]),
        ("changed", []),
        ("rejected", ["stale_version"]),
    ]
    assert fields(answer, "version") == [(1,), (2,), (1,)]
    assert all(one["id"] and one["url"] for one in answer.json()["verdicts"])
    assert versions() == {"A-1": 1, "A-2": 2, "A-3": 1}


def test_a_correction_that_is_sent_again_is_unchanged(script):
    send(script, plain("A-1"))
    correction = {"if_version": 1, "document": plain("A-1", note="new")}
    send(script, correction)

    assert told(send(script, correction)) == [("unchanged", [])]
    assert versions() == {"A-1": 2}


def test_a_correction_of_a_case_that_is_not_there_adds_none(script):
    answer = send(script, {"if_version": 1, "document": plain("A-1")})

    assert told(answer) == [("rejected", ["no_such_case"])]
    assert numbers() == []


def test_a_complete_case_is_changed_for_a_reason(script):
    sent = document.dump(complete("A-1"))
    send(script, sent)
    correction = {"if_version": 1, "document": {**sent, "note": "seen again"}}

    without = send(script, correction)
    with_reason = send(script, correction, HTTP_CHANGE_REASON="typing error")

    assert told(without) == [("rejected", ["reason_required"])]
    assert told(with_reason) == [("changed", [])]


def test_a_document_that_stands_twice_is_saved_neither_time(script):
    answer = send(script, plain("A-1"), plain("A-2"), plain("A-1", note="other"))

    assert told(answer) == [
        ("rejected", ["repeated_case_number"]),
        ("new", []),
        ("rejected", ["repeated_case_number"]),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_adds_meanwhile_is_not_overwritten(script, north, alice, monkeypatch):
    other = machine(north, alice, "import_cases")
    save_cases, calls = documents.intake.save_cases, []

    def late(*args, **options):
        calls.append(1)
        if len(calls) == 1:
            together(lambda _: send(other, plain("A-1", note="theirs"), plain("A-2")), 1)
        return save_cases(*args, **options)

    monkeypatch.setattr(documents.intake, "save_cases", late)
    answer = send(script, plain("A-1", note="mine"), plain("A-2"), plain("A-3"))

    assert told(answer) == [("rejected", ["case_exists"]), ("unchanged", []), ("new", [])]
    assert set(versions().values()) == {1}


# --- all or none, and none -----------------------------------------------------------------------------------------


def test_all_or_none_saves_none_when_one_is_bad(script):
    send(script, plain("A-1"), plain("A-9"))
    sent = [{"if_version": 1, "document": plain("A-1", note="x")}, plain("A-2"), BAD, plain("A-9")]

    answer = send(script, *sent, query="?mode=atomic")

    assert answer.status_code == 200
    assert answer.json()["saved"] is False
    assert told(answer) == [
        ("rejected", ["batch_rejected"]),
        ("rejected", ["batch_rejected"]),
        ("rejected", ["out_of_range"]),
        ("unchanged", []),
    ]
    assert fields(answer, "version")[:2] == [(1,), (None,)]
    assert fields(answer, "id")[1] == (None,)
    assert versions() == {"A-1": 1, "A-9": 1}


def test_all_or_none_saves_all_when_all_are_good(script):
    answer = send(script, plain("A-1"), plain("A-2"), query="?mode=atomic")

    assert (answer.json()["saved"], numbers()) == (True, ["A-1", "A-2"])


@pytest.mark.parametrize("mode", ["each", "atomic"])
def test_a_dry_run_says_what_would_happen_and_saves_nothing(script, mode):
    send(script, plain("A-1"), plain("A-2"))
    sent = [plain("A-1"), {"if_version": 1, "document": plain("A-2", note="x")}, plain("A-3"), BAD]

    dry = send(script, *sent, query=f"?mode={mode}&dry_run=true")
    assert dry.json()["saved"] is False
    assert versions() == {"A-1": 1, "A-2": 1}

    real = send(script, *sent, query=f"?mode={mode}")
    assert told(dry) == told(real)
    assert dry.json()["counts"] == real.json()["counts"]


# --- what cannot be read -------------------------------------------------------------------------------------------

UNREADABLE = {
    "nothing": (b"{", "not_json"),
    "latin-1": ('{"case_number": "Ä"}'.encode("latin-1"), "not_utf8"),
    "repeated key": (b'{"case_number": "1", "case_number": "2"}', "repeated_key"),
    "nul": (b'{"case_number": "A\\u0000"}', "nul"),
    "lone surrogate": (b'{"case_number": "\\ud800"}', "lone_surrogate"),
    "no number": (b'{"case_number": NaN}', "not_a_number"),
    "overflow": (b'{"case_number": 1e999}', "not_a_number"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    "very many values": (b"[" + b"0," * 30_000 + b"0]", "too_many_values"),
    "larger than a mebibyte": (b'{"note": "' + b"x" * 2**20 + b'"}', "too_large"),
    "two documents": (b'{"case_number": "1"}{"case_number": "2"}', "not_json"),
    "no object": (b'"A-1"', "not_an_object"),
    "null": (b"null", "not_an_object"),
    "nothing in it": (b'{"document": null}', "not_an_object"),
    "another key": (b'{"document": {"case_number": "1"}, "refrence": "x"}', "wrong_item"),
    "reference of the wrong kind": (b'{"document": {"case_number": "1"}, "reference": 7}', "wrong_item"),
    "reference of two lines": (b'{"document": {"case_number": "1"}, "reference": "a\\nb"}', "wrong_item"),
    "long reference": (
        json.dumps({"document": {"case_number": "1"}, "reference": "x" * 101}).encode(),
        "wrong_item",
    ),
    "version of the wrong kind": (b'{"document": {"case_number": "1"}, "if_version": true}', "wrong_item"),
    "version as text": (b'{"document": {"case_number": "1"}, "if_version": "1"}', "wrong_item"),
    "version of nothing": (b'{"document": {"case_number": "1"}, "if_version": 0}', "wrong_item"),
}


@pytest.mark.parametrize(("line", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_line_that_cannot_be_read_is_its_own_refusal_alone(script, line, code):
    answer = send(script, plain("A-1"), line, plain("A-2"))

    assert told(answer) == [("new", []), ("rejected", [code]), ("new", [])]
    assert answer.json()["verdicts"][1]["errors"][0]["message"]
    assert numbers() == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[", "not_json"),
        (b"{}", "not_an_array"),
        (b'{"case_number": "A-1"}', "not_an_array"),
        (b"[{}", "not_json"),
        (b"[,]", "not_json"),
        (b'[{"case_number": "A-1"},]', "not_json"),
        (b'[{"case_number": "A-1"} {"case_number": "A-2"}]', "not_json"),
        (b'[{"case_number": "A-1"}] x', "not_json"),
        (b'[{"case_number": "A-1", "case_number": "A-2"}]', "repeated_key"),
        (b'[{"case_number": "A-1"}, {"case_number": "\\ud800"}]', "lone_surrogate"),
        (b"[" * 100_000, "too_deep"),
        (b'["' + b"\xff" + b'"]', "not_utf8"),
        (b"[]", "no_documents"),
        (b" [ ] ", "no_documents"),
    ],
)
def test_an_array_that_cannot_be_read_saves_nothing(script, body, code):
    answer = send_array(script, body)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["type"].endswith(f":{code}")
    assert numbers() == []


def test_an_array_may_be_written_over_several_lines(script):
    body = json.dumps([plain("A-1", note="a, ] b"), {"document": plain("A-2")}], indent=2).encode()

    assert told(send_array(script, body.replace(b"\n", b"\r\n"))) == [("new", []), ("new", [])]


def test_an_element_that_is_no_document_is_refused_alone(script):
    assert told(send_array(script, [plain("A-1"), 7, None])) == [
        ("new", []),
        ("rejected", ["not_an_object"]),
        ("rejected", ["not_an_object"]),
    ]


def test_no_form_of_a_document_is_called_as_the_envelope(script):
    from cases.forms import CaseDocument

    assert not documents.ENVELOPE & set(CaseDocument.__dataclass_fields__)


# --- the request ---------------------------------------------------------------------------------------------------


def test_a_request_that_broke_off_is_refused_whole():
    body = lines(plain("A-1"), plain("A-2"))
    announced = SimpleNamespace(META={"CONTENT_LENGTH": str(len(body) + 100)})

    for parser in (LinesParser(), ArrayParser()):
        with pytest.raises(Refused) as refused:
            parser.parse(io.BytesIO(body), NDJSON, {"request": announced})
        assert (refused.value.status_code, refused.value.code) == (400, "cut_short")


def test_more_documents_than_a_request_may_have_are_refused(script):
    answer = send(script, *([b"{}"] * 10_001))

    assert (answer.status_code, answer.json()["type"]) == (413, "urn:ivc-registry:problem:too_many_documents")


def test_what_is_beyond_the_number_of_documents_is_not_read(script):
    lines = script.generic("POST", BULK, b"{}\n" * 10_001 + b"{", content_type=NDJSON)
    array = send_array(script, b"[" + b"{}," * 10_001 + b"no json at all")

    assert [answer.status_code for answer in (lines, array)] == [413, 413]
    assert array.json()["type"] == "urn:ivc-registry:problem:too_many_documents"


@pytest.mark.parametrize(
    "element",
    [
        b'{"note": "' + b"x" * 2**20 + b'"}',
        b"[" + b"0," * 2**20 + b"0]",
        b'{"a": "' + b"\\u00e4" * 2**18 + b'"}',
        b'{"note": 1' + b" " * 2**20 + b"}",
    ],
    ids=lambda element: element[:10].decode(),
)
def test_of_an_array_a_document_that_is_too_large_is_read_no_further(script, monkeypatch, element):
    decoded, raw_decode = [], strict_json.READER.raw_decode

    def watched(text):
        decoded.append(len(text))
        return raw_decode(text)

    monkeypatch.setattr(strict_json.READER, "raw_decode", watched)
    answer = send_array(script, b'[{"case_number": "A-1"}, ' + element + b"]")

    assert (answer.status_code, answer.json()["type"]) == (413, "urn:ivc-registry:problem:too_large")
    assert answer.json()["detail"].startswith("Document 2: ")
    assert max(decoded) <= 2**20


@pytest.mark.parametrize("pad", range(16))
def test_an_array_is_read_wherever_its_elements_are_looked_at_in_part(script, monkeypatch, pad):
    """The first look ends within a text, an escape, a number, a word, and between them."""
    monkeypatch.setattr("registry.api.ndjson.WINDOWS", (24 + pad, 2**20))
    sent = [{"note": "ä \u2014 \n", "n": [12.5, -3e-7]}, {"if_version": None, "document": True}, {"note": ""}]

    found = ArrayParser().parse(io.BytesIO(json.dumps(sent).encode()))

    assert [json.loads(line) for line in found] == sent


def test_a_line_that_is_too_large_is_not_read_for_its_number(script, monkeypatch):
    read, from_json = [], documents.from_json
    monkeypatch.setattr(documents, "from_json", lambda line: read.append(len(line)) or from_json(line))

    answer = send(script, plain("A-1"), {"case_number": "A-2", "note": "x" * 2**20})

    assert told(answer) == [("new", []), ("rejected", ["too_large"])]
    assert len(read) == 1


def test_a_body_that_is_too_large_is_refused(script):
    answer = script.generic("POST", BULK, b" " * (64 * 2**20 + 1), content_type=NDJSON)

    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"", b"\n \n"])
def test_no_documents_are_refused(script, body):
    answer = script.generic("POST", BULK, body, content_type=NDJSON)

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ivc-registry:problem:no_documents")


@pytest.mark.parametrize("query", ["?mode=all", "?dry_run=yes", "?mode=each&mode=each", "?limit=1"])
def test_a_parameter_that_is_not_known_is_refused(script, query):
    assert send(script, plain("A-1"), query=query).status_code == 400
    assert numbers() == []


@pytest.mark.parametrize("kind", ["text/csv", "application/xml", f"{NDJSON}; charset=latin-1"])
def test_other_kinds_of_body_are_refused(script, kind):
    assert script.generic("POST", BULK, lines(plain("A-1")), content_type=kind).status_code == 415


# --- who may -------------------------------------------------------------------------------------------------------


def test_a_key_needs_the_scope_of_importing(north, alice):
    assert send(machine(north, alice, "record", "read"), plain("A-1")).status_code == 403
    assert send(machine(north, alice, "import_cases"), plain("A-1")).status_code == 200


def test_who_may_record_and_not_import_sends_cases_one_by_one(ines):
    assert send(browser(ines), plain("A-1")).status_code == 403


def test_nobody_imports_for_a_foreign_center(script, north, south, alice):
    assert send(script, plain("A-1"), query="?center=SOUTH").status_code == 404
    assert send(script, plain("A-1"), query="?center=NORTH").status_code == 200


def test_cases_of_another_center_are_neither_seen_nor_changed(script, south, bob):
    send(script, plain("A-1"))

    theirs = send(machine(south, bob, "import_cases"), plain("A-1", note="ours"))

    assert told(theirs) == [("new", [])]
    assert numbers() == ["A-1", "A-1"]


# --- effort --------------------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_documents(script):
    def queries(n, *more):
        with CaptureQueriesContext(connection) as seen:
            send(script, *(plain(f"{n}-{i}") for i in range(n)), *more)
        return len(seen)

    queries(1)

    assert queries(2) == queries(40)


def test_nothing_is_kept_of_what_is_answered_at_once(script):
    send(script, plain("A-1"), BAD)

    with access.everywhere():
        assert not ImportBatch.objects.exists()


def test_a_large_request_that_is_sent_again_is_answered_again(script):
    """Beyond what Django reads into memory at once: such a body lies in a file."""
    body = b"\n".join(lines(plain(f"A-{n}")).strip() + b" " * 900_000 for n in range(24))
    assert len(body) > 20 * 2**20

    first, again = (
        script.generic(
            "POST",
            BULK,
            body,
            content_type=NDJSON,
            HTTP_IDEMPOTENCY_KEY="bulk-1",
            HTTP_PREFER="respond-async",
        )
        for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("query", ["", "?dry_run=true", "?mode=atomic"])
def test_nothing_that_was_sent_is_held_in_memory(script, query):
    """A view and its request hold each other until garbage is collected, which counts objects and not their size."""
    gc.disable()
    try:
        send(script, plain("A-1"), BAD, query=query)
        send(script, plain("A-1"), query=query, HTTP_PREFER="respond-async")
        held = [one.content for one in gc.get_objects() if type(one) is Lines]
    finally:
        gc.enable()

    assert held == [b""] * len(held)
