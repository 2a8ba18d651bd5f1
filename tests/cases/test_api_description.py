"""What the API says of itself is what it does: answers fit the shapes that OpenAPI promises."""

import pytest
from jsonschema import Draft202012Validator

from tests.cases.test_api import CASES, sent
from tests.clients import described as description
from tests.clients import machine

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def described(client):
    return description(client)


def fits(described, name, body):
    """The names and kinds of everything promised; what is not promised is not sent."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    return not errors and set(body) <= set(described["components"]["schemas"][name]["properties"])


def test_cases_and_their_lists_fit(described, script):
    added = script.post(CASES, sent(presentation={"height_cm": 205}))
    where = added["Location"]

    assert fits(described, "Case", added.json())
    assert fits(described, "Case", script.get(where).json())
    assert fits(described, "CaseDocument", script.get(where).json()["document"])
    assert fits(described, "Page", script.get(CASES).json())
    assert fits(described, "Record", script.get(CASES).json()["results"][0])
    assert fits(described, "Assessment", script.get(f"{where}assessment/").json())


def test_single_forms_fit(described, script):
    where = script.post(CASES, sent())["Location"]
    visit = {"visit_on": "2016-05-01", "missing": {"graft_status": "ND"}}

    added = script.post(f"{where}follow-ups/", visit)
    dead = script.put(f"{where}death/", {"died_on": "2018"}, HTTP_IF_MATCH='"2"')

    assert fits(described, "FollowUp", visit)
    assert fits(described, "FollowUpSaved", added.json())
    assert fits(described, "FollowUpRows", script.get(f"{where}follow-ups/").json())
    assert fits(described, "FollowUpRead", script.get(f"{where}follow-ups/0/").json())
    assert fits(described, "DeathSaved", dead.json())
    assert fits(described, "DeathRead", script.get(f"{where}death/").json())


def test_refusals_fit(described, script, client):
    where = script.post(CASES, sent())["Location"]

    refused = [
        script.post(CASES, {"case_number": "A-2", "patient": {"sex": "f"}}),
        script.post(CASES, sent(note="other")),
        script.put(where, sent()),
        script.put(where, sent(note="x"), HTTP_IF_MATCH='"7"'),
        script.get(f"{CASES}?status=x"),
        script.get(f"{CASES}0/"),
        client.get(CASES),
    ]

    assert [answer.status_code for answer in refused] == [422, 409, 428, 412, 400, 404, 401]
    assert all(fits(described, "Problem", answer.json()) for answer in refused)


def test_every_refusal_that_an_operation_may_give_is_a_problem(described):
    answers = [
        (path, status, answer)
        for path, item in described["paths"].items()
        for operation in item.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    ]

    others = [(path, status) for path, status, answer in answers if PROBLEM not in answer["content"]]
    assert others == []
    assert {"400", "401", "403", "503"} <= {status for _, status, _ in answers}


def test_asking_again_for_what_changed_is_described_with_its_overlap(described):
    parameters = described["paths"]["/api/v1/cases/"]["get"]["parameters"]

    (since,) = [given["description"] for given in parameters if given["name"] == "updated_since"]

    assert "30 minutes before" in since


def test_what_follows_from_a_case_is_described(described, script):
    added = script.post(CASES, sent()).json()

    assert added["derived"]
    assert fits(described, "Derived", added["derived"])
