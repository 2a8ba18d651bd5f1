"""Every parameter of every operation with values at the edge: a documented answer, and never a crash."""

import re
from itertools import cycle, islice

import pytest

from tests.cases.examples import resected
from tests.clients import browser, machine
from tests.nightly import NIGHTLY

pytestmark = pytest.mark.django_db

NUMBERS = ("0", "-1", "2147483648", "9223372036854775808", "9" * 40, "1e3", "0x1", "1.5")
TEXTS = ("", " ", "x" * 300, "%00", "%0A", "%ED%A0%80", "%F0%9F%98%80", "'", "..", "%2F", "null", "true", "*")
DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "2026-W01-1", "99999-01-01", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999-14:00", "2026-01-01T00:00:00")  # fmt: skip
VALUES = (*NUMBERS, *TEXTS, *DAYS)
BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"1",
    b'{"case_number": null}',
    b"\xff",
    b"{" * 30,
    b'[{"a": 1}]',
)
SAFE = "get"


@pytest.fixture
def answers(described, north, alice, dana):
    """Ask as a program and as a data manager, in turns or (at night) both; each answer is described."""
    from cases import document

    clients = machine(north, alice), browser(dana)
    turns = cycle([clients] if NIGHTLY else [clients[:1], clients[1:]])
    added = clients[0].post("/api/v1/cases/", document.dump(resected("A-1"))).json()
    known = {"id": str(added["record"]["id"])}

    def ask(method, path, operation, address, **sent):
        for client in next(turns):
            answer = client.generic(method.upper(), address, **sent)
            said = operation["responses"].get(str(answer.status_code))
            assert said is not None, (method, address, answer.status_code, answer.content[:300])
            media = answer["Content-Type"].partition(";")[0]
            assert media in said["content"], (method, address, media)

    def of(path):
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "0"), path)

    return ask, of


def operations(described):
    return [
        (method, path, operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
    ]


def parameters(operation, place):
    return [one["name"] for one in operation.get("parameters", []) if one["in"] == place]


def test_every_query_parameter_at_the_edge(described, answers):
    """Each parameter with each value at night, else with the next third of them."""
    (ask, of), values = answers, cycle(VALUES)
    for method, path, operation in operations(described):
        for name in parameters(operation, "query") if method == SAFE else ():
            for value in VALUES if NIGHTLY else islice(values, len(VALUES) // 3):
                ask(method, path, operation, f"{of(path)}?{name}={value}")


def test_every_part_of_an_address_at_the_edge(described, answers):
    ask, of = answers
    for method, path, operation in operations(described):
        for name in parameters(operation, "path") if method == SAFE else ():
            for value in NUMBERS[:5] if name in ("id", "position") else TEXTS[2:]:
                address = of(path.replace(f"{{{name}}}", value))
                if (
                    not address.startswith(of(path.partition("{")[0]))
                    or "-" in value
                    or value in ("..", "%2F")
                ):
                    continue  # another address, or none
                ask(method, path, operation, address)


def test_every_body_at_the_edge(described, answers):
    ask, of = answers
    for method, path, operation in operations(described):
        for media in operation.get("requestBody", {}).get("content", {}):
            for body in BODIES:
                ask(method, path, operation, of(path), data=body, content_type=media, HTTP_IF_MATCH='"1"')


def test_every_header_at_the_edge(described, answers):
    ask, of = answers
    for method, path, operation in operations(described):
        for name in parameters(operation, "header"):
            for value in ("", " ", '"0"', '"999999999999"', "*", "x" * 5000, "\xff\xfe"):
                headers = {f"HTTP_{name.upper().replace('-', '_')}": value}
                body = b'{"case_number": "A-1"}' if "requestBody" in operation else b""
                ask(method, path, operation, of(path), data=body, content_type="application/json", **headers)
