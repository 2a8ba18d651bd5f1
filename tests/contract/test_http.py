"""What HTTP itself asks of a request: its method, length, coding and kind, and its address to the letter."""

import json

import pytest
from django.urls import get_resolver

from cases.models import Case
from registry import access
from registry.api.views import RegistryView
from tests.clients import machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
DOCUMENT = {"case_number": "A-1", "tumor": {"segments": ["infrarenal"]}}
VISIT = {"visit_on": "2026-09-10", "vital_status": "alive"}


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "read", "record", "import_cases")


def code(answer):
    return answer.json()["type"].rpartition(":")[2]


def send(client, body, content_type="application/json", address=CASES, method="POST", **headers):
    return client.generic(method, address, body, content_type=content_type, **headers)


def numbers():
    with access.everywhere():
        return sorted(Case.objects.values_list("case_number", flat=True))


# --- methods -------------------------------------------------------------------------------------------------------


def views():
    """Every address of the API whose view is ours, with a 1 or an x for what it names."""
    for prefix in get_resolver().url_patterns:
        for pattern in getattr(prefix, "url_patterns", ()):
            view = getattr(pattern.callback, "cls", None)
            if view is not None and issubclass(view, RegistryView):
                address = "/" + str(prefix.pattern) + str(pattern.pattern)
                for name, kind in pattern.pattern.converters.items():
                    shape, value = ("int", "1") if type(kind).__name__.startswith("Int") else (None, "x")
                    for written in (f"<{shape}:{name}>", f"<path:{name}>", f"<str:{name}>", f"<{name}>"):
                        address = address.replace(written, value)
                yield address, view


@pytest.mark.parametrize(("address", "view"), list(views()))
def test_a_method_that_an_address_does_not_have_is_405_and_says_which_it_has(script, address, view):
    allowed = script.get(address)["Allow"] if hasattr(view, "get") else script.post(address)["Allow"]
    assert "OPTIONS" not in allowed
    for method in METHODS:
        answer = script.generic(method, address)
        assert (answer.status_code == 405) == (method not in allowed.split(", ")), method
        assert answer["Allow"] == allowed
        if answer.status_code == 405 and method != "HEAD":
            assert code(answer) == "method_not_allowed"
            assert method in answer.json()["detail"]
            assert allowed in answer.json()["detail"]


def test_a_stranger_learns_of_no_methods(client):
    assert client.delete(CASES).status_code == 401


# --- length --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [CASES, f"{CASES}bulk/", "/api/v1/algorithm/plan/"])
def test_a_body_without_its_length_is_411(script, address):
    answer = script.generic(
        "POST", address, b"", content_type="application/json", HTTP_TRANSFER_ENCODING="chunked"
    )

    assert (answer.status_code, code(answer)) == (411, "length_required")
    assert "Content-Length" in answer.json()["detail"]


@pytest.mark.parametrize("address", [CASES, "/api/v1/algorithm/plan/"])
def test_no_body_is_no_empty_document(script, address):
    answer = send(script, b"", address=address)

    assert answer.status_code == 400
    assert answer.json()["detail"] == "The request has no body; send JSON."


# --- coding and kind -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity"])
def test_a_coded_body_is_415_and_says_so(script, coding):
    answer = send(script, b"\x1f\x8b", HTTP_CONTENT_ENCODING=coding)

    assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")
    assert "Content-Encoding" in answer.json()["detail"]


def test_identity_is_no_coding(script):
    assert send(script, json.dumps(DOCUMENT), HTTP_CONTENT_ENCODING="identity").status_code == 201


@pytest.mark.parametrize(
    ("address", "kinds"),
    [(CASES, "application/json"), (f"{CASES}bulk/", "application/x-ndjson, application/json")],
)
@pytest.mark.parametrize("sent", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_is_415_and_names_the_kinds_taken(script, address, kinds, sent):
    answer = send(script, json.dumps(DOCUMENT), sent, address)

    assert answer.status_code == 415
    assert f"Content-Type: {kinds}" in answer.json()["detail"]


def test_a_byte_order_mark_is_named(script):
    line = json.dumps({"document": {"case_number": "A-2"}, "reference": "row 1"})
    array = json.dumps([{"case_number": "A-3"}])
    bulk = f"{CASES}bulk/"

    one = send(script, "\ufeff" + json.dumps(DOCUMENT))
    lines = send(script, f"\ufeff{line}\n", "application/x-ndjson", bulk)
    many = send(script, "\ufeff" + array, address=bulk)

    assert (one.status_code, many.status_code) == (400, 400)
    for told in (
        one.json()["detail"],
        lines.json()["verdicts"][0]["errors"][0]["message"],
        many.json()["detail"],
    ):
        assert "byte order mark" in told
    assert numbers() == []


@pytest.mark.parametrize("accepted", ["text/html", "application/xml"])
def test_who_accepts_no_json_is_told_what_there_is(script, accepted):
    answer = script.get("/api/v1/whoami/", HTTP_ACCEPT=accepted)

    assert answer.status_code == 406
    assert "application/json" in answer.json()["detail"]


# --- address -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_is_sent_without_the_last_slash_is_not_led_astray(script, method):
    """Most clients follow a redirect with a GET, whose 200 looks as if the case were saved."""
    answer = send(script, json.dumps(DOCUMENT), address=CASES.rstrip("/"), method=method)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "/api/v1/cases/" in answer.json()["detail"]
    assert "Location" not in answer


def test_what_is_read_without_the_last_slash_is_led_there(script):
    answer = script.get("/api/v1/cases?page_size=2")
    assert (answer.status_code, answer["Location"]) == (301, "/api/v1/cases/?page_size=2")
