"""Requests made up from the description by Schemathesis, in the name of every role: no crash, no answer undocumented.

`make made-up` takes 45 seconds for each role: over 5,000 requests in all; the build takes a quarter of that.
`make made-up EACH=150` is for once by hand, and then every field of a case has its turn. What Schemathesis said of
each is kept in `var/made-up`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from cases import intake
from cases.intake import Submission
from registry import access
from registry.access import REGISTRY_WIDE, Role
from registry.api.views import RegistryView
from tests.cases.examples import resected
from tests.clients import issue
from tests.nightly import at_night

pytestmark = [
    pytest.mark.made_up,
    pytest.mark.skipif("MADE_UP_SECONDS" not in os.environ, reason="takes minutes: make made-up"),
]

PROGRAM = Path(sys.executable).with_name("schemathesis")
SECONDS = int(os.environ.get("MADE_UP_SECONDS", "45"))
TOLD = settings.BASE_DIR / "var" / "made-up"
STRANGER, MACHINE = "stranger", "machine"
WHO = (*Role, MACHINE, STRANGER)
BY_DAY = (MACHINE, STRANGER, Role.COORDINATOR, Role.REVIEWER, Role.REGISTRY_ADMIN)
# The fields of each form are shared out among the roles; a short run takes every fifth share, which is made up faster.
PARTS = len(WHO) * (1 if SECONDS >= 75 else 5)
# What only narrows a document and is slow to make up for: what breaks it is refused, and that is documented.
HEAVY = frozenset({"dependentSchemas", "if", "then", "not", "contains"})
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
SHAPES = "#/components/schemas/"
TOKEN = "0123456789abcdefABCDEF0123456789"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let a stream of requests through; how it is held back has tests of its own."""
    monkeypatch.setattr(RegistryView, "throttle_classes", ())


@pytest.fixture
def headers(person, north, alice):
    """Headers that make a request that of somebody in this role: a session for people, a key for a program."""

    def of(who):
        if who == STRANGER:
            return []
        if who == MACHINE:
            return [f"Authorization: Bearer {issue(north, alice)[1]}"]
        client = Client()
        client.force_login(person(f"made-up-{who}", who, None if who in REGISTRY_WIDE else north))
        session = client.cookies["session"].value
        return [f"Cookie: session={session}; csrf={TOKEN}", f"X-CSRFToken: {TOKEN}"]

    return of


@pytest.mark.parametrize("who", [*BY_DAY, *at_night(*(who for who in WHO if who not in BY_DAY))])
@pytest.mark.django_db(transaction=True)
def test_no_request_meets_what_is_not_described(who, described, headers, live_server, alice, north, tmp_path):
    with access.scope([north.pk]):
        intake.save_case(Submission(document=resected("A-1")), center=north, by=alice, source="api")
    part = _with_part_to_send(_lighter(described), WHO.index(who))
    (tmp_path / "openapi.json").write_text(json.dumps(part), encoding="utf-8")

    code, told = _run(live_server.url, headers(who), tmp_path)

    TOLD.mkdir(parents=True, exist_ok=True)
    (TOLD / f"{who}.txt").write_text(told, encoding="utf-8")
    assert code == 0, told[-20_000:]


def _run(address, headers, folder):
    # beside a session, a header that is no key of ours changes nothing, and should not
    checks = CHECKS if not any(header.startswith("Cookie") for header in headers) else CHECKS[:-1]
    options = [
        *(f"--header={header}" for header in headers),
        f"--checks={','.join(checks)}",
        f"--max-time={SECONDS}",
        "--workers=1",
        "--phases=examples,coverage,fuzzing,stateful",
        "--suppress-health-check=all",
        "--generation-database=none",
        "--warnings=off",
        "--continue-on-failure",
        "--no-color",
    ]
    command = [PROGRAM, "run", "openapi.json", f"--url={address}", *options]
    with (folder / "told.txt").open("w") as file:
        done = subprocess.run(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=False)
    return done.returncode, (folder / "told.txt").read_text(encoding="utf-8")


def _lighter(shape):
    """The description without its heaviest constraints, so that making up a case takes milliseconds."""
    if isinstance(shape, list):
        return [_lighter(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    return {key: _lighter(of) for key, of in shape.items() if key not in HEAVY}


def _with_part_to_send(described, place):
    """Let one part of the fields of each form be sent; together the roles of a long run send them all."""
    shapes = described["components"]["schemas"]
    sent = json.loads(json.dumps(shapes).replace(SHAPES, f"{SHAPES}Sent"))
    _keep_part(sent, place)
    shapes |= {f"Sent{name}": shape for name, shape in sent.items()}
    for item in described["paths"].values():
        for operation in item.values():
            if body := operation.get("requestBody"):
                # Schemathesis writes no NDJSON; tests/cases/test_api_bulk.py does
                body["content"].pop("application/x-ndjson", None)
                operation["requestBody"] = json.loads(json.dumps(body).replace(SHAPES, f"{SHAPES}Sent"))
    return described


def _keep_part(shapes, place):
    for name, shape in shapes.items():
        if name.startswith("Form"):
            fields = sorted(set(shape["properties"]) - {"missing"})
            dropped = set(fields) - set(fields[place::PARTS])
            _drop(shape["properties"], dropped)
            _drop(shape["properties"].get("missing", {}).get("properties", {}), dropped)


def _drop(fields, dropped):
    for one in dropped & set(fields):
        del fields[one]
