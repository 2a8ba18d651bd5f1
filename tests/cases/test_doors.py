"""The same hundred bad cases at every door: the same places, codes and sentences, and nothing is saved."""

import pytest

from cases import flat
from tests.cases.bad_cases import cells, form_fields, hundred
from tests.cases.bulk import numbers, send, send_array, worked
from tests.cases.files import table
from tests.cases.imports import checked, rows
from tests.clients import browser, machine
from tests.pages import filled

pytestmark = pytest.mark.django_db
ADD = "/admin/cases/case/add/"
CASES = hundred()


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "import_cases", "read", "record")


@pytest.fixture
def alone(script):
    """What the API says to each case that is sent by itself: the measure of all doors."""
    answers = {name: script.post("/api/v1/cases/", raw) for name, raw in CASES.items()}
    assert {answer.status_code for answer in answers.values()} == {422}
    return {name: answer.json()["errors"] for name, answer in answers.items()}


def test_bulk(script, alone):
    at_once = send(script, *CASES.values()).json()["verdicts"]
    array = send_array(script, list(CASES.values())).json()["verdicts"]
    kept = send(script, *CASES.values(), HTTP_PREFER="respond-async")
    worked(kept)
    later = script.get(kept.json()["results"]).json()["results"]

    for answered in (at_once, array, later):
        found = {name: one["errors"] + one["warnings"] for name, one in zip(CASES, answered, strict=True)}
        assert found == alone
    assert numbers() == []


def test_file(north, alice, alone):
    written = [dict(cells(raw)) for raw in CASES.values()]
    header = flat.columns.sorted_names({name for row in written for name in row})
    batch = checked(table(header, *([row.get(name, "") for name in header] for row in written)), north, alice)

    found = {
        name: sorted((p["column"], p["code"], p["message"]) for p in row.problems if p["severity"] == "error")
        for name, row in zip(CASES, rows(batch), strict=True)
    }
    wanted = {
        name: sorted(
            (flat.columns.dotted(flat.steps_of(e["pointer"])), e["code"], e["message"])
            for e in errors
            if e["severity"] == "error"
        )
        for name, errors in alone.items()
    }
    assert {n: (found[n], wanted[n]) for n in CASES if found[n] != wanted[n]} == {}
    assert numbers() == []


def test_admin_form(alice, alone):
    client = browser(alice)
    page = filled(client.get(ADD))

    found, wanted = {}, {}
    for name, raw in CASES.items():
        answer = client.post(ADD, {**page, **dict(form_fields(raw))})
        assert answer.status_code == 422, name
        found[name] = sorted((one.pointer, one.message) for one in answer.context["problems"])
        wanted[name] = sorted((e["pointer"], e["message"]) for e in alone[name] if e["severity"] == "error")
    assert {n: (found[n], wanted[n]) for n in CASES if found[n] != wanted[n]} == {}
    assert numbers() == []
