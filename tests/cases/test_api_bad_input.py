"""Bad input over HTTP: a sentence and a status of the 400s for each, and nothing is saved or coerced."""

import json

import pytest

from cases import document
from cases.models import Case
from registry import access
from tests.cases.examples import resected
from tests.clients import machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"
GOOD = json.dumps(document.dump(resected()))


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


def post(script, body, kind="application/json"):
    return script.generic("POST", CASES, body, content_type=kind)


UNREADABLE = {
    "nothing": b"{",
    "no json": b"case_number=A-1",
    "latin-1": '{"case_number": "Ä"}'.encode("latin-1"),
    "utf-16": '{"case_number": "A-1"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "repeated key": b'{"case_number": "A-1", "case_number": "A-2"}',
    "repeated inner key": b'{"case_number": "A-1", "patient": {"sex": "male", "sex": "female"}}',
    "nul": b'{"case_number": "A\\u0000"}',
    "nul in a key": b'{"case_number": "A-1", "a\\u0000": 1}',
    "lone surrogate": b'{"case_number": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "not a number": b'{"case_number": "A-1", "presentation": {"height_cm": NaN}}',
    "infinity": b'{"case_number": "A-1", "presentation": {"height_cm": -Infinity}}',
    "overflow": b'{"case_number": "A-1", "presentation": {"height_cm": 1e999}}',
    "many digits": b'{"case_number": "A-1", "presentation": {"height_cm": ' + b"1" * 5000 + b"}}",
    "leading zero": b'{"case_number": "A-1", "presentation": {"height_cm": 0170}}',
    "arabic digits": '{"case_number": "A-1", "presentation": {"height_cm": ١٧٠}}'.encode(),
    "trailing comma": b'{"case_number": "A-1",}',
    "comment": b'{"case_number": "A-1"} // mine',
    "two documents": b'{"case_number": "A-1"}{"case_number": "A-2"}',
    "deep lists": b'{"case_number": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 50 + b"1" + b"}" * 50,
    "long key": b'{"' + b"k" * 5000 + b'": 1}',
    "very many values": b'{"case_number": "A-1", "imaging": [' + b"{}," * 30_000 + b"{}]}",
}

IMPOSSIBLE = {
    "null": b"null",
    "list": b"[]",
    "text": b'"A-1"',
    "a document as text": json.dumps('{"case_number": "A-1"}').encode(),
    "number": b"7",
    "empty": b"{}",
    "no number": b'{"patient": {}}',
    "number of the wrong kind": b'{"case_number": 7}',
    "blank number": b'{"case_number": " "}',
    "surrounding blanks": b'{"case_number": " A-1 "}',
    "long number": b'{"case_number": "' + b"9" * 41 + b'"}',
    "control character": b'{"case_number": "A\\u00071"}',
    "unknown form": b'{"case_number": "A-1", "surgery": {}}',
    "unknown field": b'{"case_number": "A-1", "patient": {"age": 7}}',
    "record in the document": b'{"case_number": "A-1", "version": 1}',
    "form as a list": b'{"case_number": "A-1", "patient": []}',
    "list as a form": b'{"case_number": "A-1", "imaging": {}}',
    "list of texts": b'{"case_number": "A-1", "imaging": ["ct"]}',
    "text for a number": b'{"case_number": "A-1", "presentation": {"height_cm": "170"}}',
    "true for a number": b'{"case_number": "A-1", "presentation": {"asa": true}}',
    "number for a flag": b'{"case_number": "A-1", "presentation": {"diabetes": 1}}',
    "fraction for a count": b'{"case_number": "A-1", "presentation": {"asa": 2.5}}',
    "unknown code": b'{"case_number": "A-1", "patient": {"sex": "f"}}',
    "code for a set": b'{"case_number": "A-1", "tumor": {"segments": "infrarenal"}}',
    "empty set": b'{"case_number": "A-1", "tumor": {"segments": []}}',
    "unknown code in a set": b'{"case_number": "A-1", "tumor": {"segments": ["renal"]}}',
    "a bare level": b'{"case_number": "A-1", "tumor": {"segments": [2]}}',
    "american date": b'{"case_number": "A-1", "patient": {"born_on": "05/03/1960"}}',
    "impossible day": b'{"case_number": "A-1", "death": {"died_on": "2015-02-30"}}',
    "date out of time": b'{"case_number": "A-1", "death": {"died_on": "0001-01-01"}}',
    "moment for a date": b'{"case_number": "A-1", "death": {"died_on": "2015-02-03T00:00:00Z"}}',
    "arabic digits in a date": '{"case_number": "A-1", "death": {"died_on": "٢٠١٥"}}'.encode(),
    "date in the future": b'{"case_number": "A-1", "death": {"died_on": "2999-01-01"}}',
    "unknown reason": b'{"case_number": "A-1", "patient": {"missing": {"sex": "?"}}}',
    "reason beside a value": b'{"case_number": "A-1", "patient": {"sex": "male", "missing": {"sex": "NK"}}}',
    "reason for an unknown field": b'{"case_number": "A-1", "patient": {"missing": {"age": "NK"}}}',
}


def refused(answer, *statuses):
    body = answer.json()
    assert answer.status_code in statuses
    assert answer["Content-Type"] == "application/problem+json"
    assert (body["status"], body["detail"][-1]) == (answer.status_code, ".")
    with access.everywhere():
        assert not Case.objects.exists()
    return body


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_in_one_way_is_refused(script, body):
    refused(post(script, body), 400)


@pytest.mark.parametrize("body", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_true_is_refused_with_its_place(script, body):
    answer = refused(post(script, body), 422)

    assert answer["errors"]
    assert all(set(error) == {"pointer", "code", "message", "severity"} for error in answer["errors"])


def test_more_than_a_mebibyte_is_refused(script):
    refused(post(script, b'{"case_number": "' + b"9" * 2**20 + b'"}'), 413)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/csv",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
def test_other_kinds_of_body_are_refused(script, kind):
    refused(post(script, GOOD, kind), 415)


def test_another_charset_is_refused(script):
    refused(post(script, GOOD, "application/json; charset=latin-1"), 415)


def test_utf8_by_name_is_taken(script):
    assert post(script, GOOD, "application/json; charset=UTF-8").status_code == 201


def test_very_many_errors_are_counted_not_listed(script):
    body = {"case_number": "A-1", "imaging": [{"wrong": 1}] * 500}

    answer = refused(post(script, json.dumps(body)), 422)

    assert len(answer["errors"]) == 100
    assert "500" in answer["detail"]


def test_an_unknown_address_answers_in_json(script):
    assert script.get("/api/v1/nothing/")["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["patch", "delete", "options", "trace"])
def test_other_methods_are_refused(script, method):
    answer = getattr(script, method)(CASES)

    assert answer.status_code in (403, 405)


def test_another_format_is_refused(script):
    assert script.get(CASES, HTTP_ACCEPT="application/xml").status_code == 406
