"""Reading cases over HTTP: narrowed, ordered and cut to what a program needs, page by page, for a bounded price."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document
from tests.cases.examples import resected
from tests.clients import machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def three(script):
    """Of 2015, the middle level, with a query; of 2018, the lower level, with a deviation; and one without anything."""
    embolism = {"type": "pe", "onset_on": "2018-05-10", "clavien_dindo": "IVa"}
    documents = [
        document.dump(resected("b", presentation={"height_cm": 205})),
        document.dump(
            resected(
                "C",
                operated_on="2018-05-03",
                tumor={"segments": ["infrarenal"]},
                complications=[embolism],
            )
        ),
        {"case_number": "a"},
    ]
    return [script.post(CASES, sent).json() for sent in documents]


def numbers(script, query=""):
    return [case["case_number"] for case in script.get(f"{CASES}?{query}").json()["results"]]


def queries(script, where):
    with CaptureQueriesContext(connection) as seen:
        assert script.get(where).status_code == 200
    return len(seen)


# --- narrowed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("year=2015", ["b"]),
        ("year=2018", ["C"]),
        ("year=2001", []),
        ("level=middle", ["b"]),
        ("level=lower", ["C"]),
        ("segment=infrarenal", ["b", "C"]),
        ("segment=interrenal", ["b"]),
        ("year=2018&segment=interrenal", []),
        ("case_number=a", ["a"]),
        ("source=import", []),
        ("status=draft", ["b", "C", "a"]),
        ("updated_since=2100-01-01T00:00:00Z", []),
        ("updated_since=2000-01-01T00:00:00%2B02:00", ["b", "C", "a"]),
    ],
)
def test_a_list_is_narrowed(script, three, query, found):
    assert numbers(script, query) == found


def test_open_work_is_found(script, three):
    assert "b" in numbers(script, "open=query")
    assert "a" not in numbers(script, "open=query")
    assert "C" in numbers(script, "open=deviation")


# --- ordered -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("updated_at", ["b", "C", "a"]),
        ("-updated_at", ["a", "C", "b"]),
        ("case_number", ["C", "a", "b"]),  # by code points
        ("-case_number", ["b", "a", "C"]),
        ("id", ["b", "C", "a"]),
        ("-id", ["a", "C", "b"]),
    ],
)
def test_each_order_holds_over_pages_and_back(script, three, order, found):
    pages, where = [], f"{CASES}?ordering={order}&page_size=1"
    while where:
        body = script.get(where).json()
        pages += [case["case_number"] for case in body["results"]]
        where, back = body["next"], body["previous"]

    assert pages == found
    assert script.get(back).json()["results"][0]["case_number"] == found[1]


def test_case_numbers_in_other_letters_page_as_well(script):
    for number in ("Ж 1", "a&b=c", "%00", "ü"):
        assert script.post(CASES, {"case_number": number}).status_code == 201

    where, seen = f"{CASES}?ordering=case_number&page_size=1", []
    while where:
        body = script.get(where).json()
        seen += [case["case_number"] for case in body["results"]]
        where = body["next"]

    assert seen == sorted(["Ж 1", "a&b=c", "%00", "ü"])


# --- cut to what is needed -----------------------------------------------------------------------------------------


def test_a_list_shows_the_fields_that_are_asked_for(script, three):
    (first, *_) = script.get(f"{CASES}?fields=id,version").json()["results"]

    assert first == {"id": three[0]["record"]["id"], "version": 1}


def test_a_form_that_is_asked_for_brings_its_part_of_the_document(script, three):
    first, _, last = script.get(f"{CASES}?fields=case_number,patient,death").json()["results"]

    patient = {"born_on": "1960-05", "sex": "female"}
    assert first == {"case_number": "b", "document": {"case_number": "b", "patient": patient}}
    assert last == {"case_number": "a", "document": {"case_number": "a"}}


def test_a_list_can_hold_whole_documents(script, three):
    found = script.get(f"{CASES}?include=document").json()["results"]

    assert [case["document"] for case in found] == [case["document"] for case in three]
    assert found[0]["version"] == 1


def test_one_case_shows_the_fields_that_are_asked_for(script, three):
    answer = script.get(f"{CASES}{three[0]['record']['id']}/?fields=status,note,tumor")

    assert set(answer.json()) == {"record", "document"}
    assert answer.json()["record"] == {"status": "draft"}
    assert set(answer.json()["document"]) == {"tumor"}
    assert answer["ETag"] == '"1"'


def test_an_unknown_field_is_answered_with_those_that_there_are(script, three):
    for where in (CASES, f"{CASES}{three[0]['record']['id']}/"):
        answer = script.get(f"{where}?fields=id,blood_loss_ml")

        assert answer.status_code == 400
        assert "id, case_number, status" in answer.json()["errors"][0]["message"]
        assert "operations" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("cases/?status=nope", "Must be one of: draft, complete, locked."),
        ("cases/?open=nope", "Must be one of: query, deviation."),
        ("deviations/?severity=nope", "Must be one of: "),
        ("queries/?state=nope", "Must be one of: open, "),
        ("transfers/?state=nope", "Must be one of: offered, "),
    ],
)
def test_a_code_that_is_none_is_answered_with_those_that_there_are(script, asked, told):
    answer = script.get(f"/api/v1/{asked}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(told)


# --- cost ----------------------------------------------------------------------------------------------------------


def test_documents_cost_a_query_for_each_form_however_many_cases(script):
    script.post(CASES, document.dump(resected("0")))
    few = queries(script, f"{CASES}?include=document")
    for number in range(1, 6):
        script.post(CASES, document.dump(resected(str(number))))

    assert queries(script, f"{CASES}?include=document") == few <= queries(script, CASES) + 19


def test_a_part_of_one_case_costs_less_than_the_whole(script, three):
    where = f"{CASES}{three[0]['record']['id']}/"

    assert queries(script, f"{where}?fields=version") <= 10 < queries(script, where)
