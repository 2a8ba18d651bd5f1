"""Headers that a program acts on are described where they are sent."""

import json
import re

import pytest

from tests.cases.bulk import BULK
from tests.cases.examples import draft
from tests.cases.test_api import CASES, sent
from tests.clients import machine

pytestmark = pytest.mark.django_db

ACTED_ON = {
    *("ETag", "Location", "Retry-After", "Idempotent-Replayed", "Accept-Patch", "Preference-Applied"),
    *("WWW-Authenticate", "RateLimit", "RateLimit-Policy"),
}


def promised(described, request):
    """The headers that the description has for the answer to this request."""
    method, path, status = request
    fitting = [
        template
        for template in described["paths"]
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    operation = described["paths"][min(fitting, key=lambda template: template.count("{"))][method.lower()]
    return set(operation["responses"][str(status)].get("headers", {}))


def asked(client, north, alice):
    """Requests of every kind, with their answers."""
    script = machine(north, alice, "read", "record", "import_cases")
    kind = "application/json"

    def ask(method, path, body=None, by=script, kind=kind, **headers):
        answer = by.generic(method, path, json.dumps(body) if body is not None else b"", kind, **headers)
        return (method, path.partition("?")[0], answer.status_code), answer

    yield ask("POST", CASES, sent(), HTTP_IDEMPOTENCY_KEY="k-1")
    yield (again := ask("POST", CASES, sent(), HTTP_IDEMPOTENCY_KEY="k-1"))
    where = again[1].json()["record"]["url"]
    yield ask("POST", CASES, sent())
    yield ask("POST", CASES, sent(note="x"))
    yield ask("GET", where)
    yield ask("PUT", where, sent(note="x"), HTTP_IF_MATCH='"1"', HTTP_IDEMPOTENCY_KEY="k-2")
    yield ask("PUT", where, sent(note="y"), HTTP_IF_MATCH='"1"')
    yield ask("PATCH", where, {"note": "z"}, HTTP_IF_MATCH='"2"')
    yield ask("PATCH", where, {"note": "z"}, kind="text/plain", HTTP_IF_MATCH='"3"')
    yield ask("PATCH", where, [], kind="application/json-patch+json", HTTP_IF_MATCH='"3"')
    visit = {"visit_on": "2016-05-01", "vital_status": "alive"}
    yield ask("POST", f"{where}follow-ups/", visit)
    yield ask("POST", f"{where}follow-ups/", visit)
    yield ask("GET", f"{where}follow-ups/0/")
    yield ask("DELETE", f"{where}follow-ups/0/", HTTP_IF_MATCH='"1"')
    yield (
        later := ask("POST", BULK, [{"case_number": draft("B-1").case_number}], HTTP_PREFER="respond-async")
    )
    yield ask("GET", later[1].json()["url"])
    yield ask("GET", later[1].json()["results"])
    yield ask("GET", later[1].json()["rejected"])
    yield ask("GET", where, by=client)


def test_each_header_that_is_sent_is_described_and_each_is_sent_somewhere(described, client, north, alice):
    seen = set()
    for request, answer in asked(client, north, alice):
        told = ACTED_ON & set(answer.headers)
        assert told <= promised(described, request), request
        seen |= told

    assert seen == ACTED_ON
