"""What the API says of bulk requests is what they do: answers fit their shapes, and so do the examples."""

import pytest
from jsonschema import Draft202012Validator

from tests.cases.bulk import plain, results, send, worked
from tests.cases.test_api_description import fits
from tests.clients import described as description
from tests.clients import machine

pytestmark = pytest.mark.django_db
BAD = {"case_number": "B-1", "presentation": {"height_cm": 400}}
LATER = {"HTTP_PREFER": "respond-async"}


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "import_cases", "read")


@pytest.fixture
def described(client):
    return description(client)


def test_verdicts_fit(described, script):
    answer = send(script, plain("A-1", presentation={"height_cm": 205}), BAD, b"{")

    assert fits(described, "BulkAnswer", answer.json())
    assert all(fits(described, "BulkVerdict", verdict) for verdict in answer.json()["verdicts"])


def test_imports_and_their_verdicts_fit(described, script):
    waiting = send(script, plain("A-1"), BAD, **LATER)
    assert fits(described, "Import", waiting.json())
    worked(waiting)

    assert fits(described, "Import", script.get(waiting["Location"]).json())
    assert fits(described, "ImportResults", results(script, waiting).json())


def test_refusals_are_those_that_are_described(described, script):
    waiting = send(script, plain("A-1"), **LATER)
    where = waiting.json()["url"]
    paths = described["paths"]

    refused = {
        ("/api/v1/cases/bulk/", "post"): [
            send(script, b""),
            send(script, plain("A-1"), query="?center=NOWHERE"),
            send(script, *[b"{}"] * 10_001),
            script.generic("POST", "/api/v1/cases/bulk/", b"x", content_type="text/csv"),
        ],
        ("/api/v1/imports/{id}/", "get"): [script.get("/api/v1/imports/0/"), script.get(f"{where}?x=1")],
        ("/api/v1/imports/{id}/results/", "get"): [script.get(f"{where}results/")],
        ("/api/v1/imports/{id}/rejected/", "get"): [script.get(f"{where}rejected/")],
    }
    for (path, method), answers in refused.items():
        for answer in answers:
            assert str(answer.status_code) in paths[path][method]["responses"], path
            assert fits(described, "Problem", answer.json())


def test_the_example_of_an_error_is_what_is_answered(described, script):
    operation = described["paths"]["/api/v1/cases/bulk/"]["post"]
    (asked,) = operation["requestBody"]["content"]["application/json"]["examples"].values()
    (told,) = operation["responses"]["200"]["content"]["application/json"]["examples"].values()

    answered = send(script, *asked["value"]).json()["verdicts"]

    assert answered[2] == told["value"]["verdicts"][2]
    assert answered[0] | {"id": 41, "url": "/api/v1/cases/41/"} == told["value"]["verdicts"][0]


def test_examples_fit_what_they_are_examples_of(described):
    found = 0
    for path, item in described["paths"].items():
        if "bulk" in path or "/imports/" in path:
            for operation in item.values():
                bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
                for media in (media for body in bodies for media in body.get("content", {}).values()):
                    for example in media.get("examples", {}).values():
                        schema = {**media["schema"], "components": described["components"]}
                        Draft202012Validator(schema).validate(example["value"])
                        found += 1
    assert found >= 6
