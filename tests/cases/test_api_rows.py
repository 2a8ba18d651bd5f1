"""Follow-ups, complications, recurrences and death of a case: one small request each, and nothing lost or doubled."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document
from cases.models import Case
from registry import access
from registry.access import Role
from registry.audit import history_of
from registry.models import ApiKey
from tests.cases.examples import complete
from tests.cases.test_api import CASES, sent
from tests.cases.test_at_once import AT_ONCE, together
from tests.clients import browser, machine

pytestmark = pytest.mark.django_db

VISIT = {
    "visit_on": "2016-05-01",
    "contact_type": "phone",
    "vital_status": "alive",
    "disease_status": "NED",
    "missing": {"graft_status": "ND", "creatinine_umol_l": "ND"},
}
ROWS = {
    "follow-ups": ("follow_ups", VISIT),
    "complications": ("complications", {"type": "other", "onset_on": "2015-03-05", "clavien_dindo": "II"}),
    "recurrences": (
        "recurrences",
        {"detected_on": "2016-01-10", "kind": "distant", "sites": ["liver", "lung"]},
    ),
}


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def where(script):
    return script.post(CASES, sent())["Location"]


def code(answer):
    return answer.json()["type"].rpartition(":")[2]


# --- adding a row --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "form", "row"), [(name, *told) for name, told in ROWS.items()], ids=ROWS)
def test_a_row_is_added_by_one_small_request(script, where, address, form, row):
    answer = script.post(f"{where}{address}/", row)

    body = answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"2"')
    assert (body["verdict"], body["position"], body["row"]) == ("changed", 0, row)
    assert [told["code"] for told in body["warnings"]] == ["X-55"]  # nobody has heard of the patient for long
    assert (body["record"]["version"], answer["Location"]) == (2, f"{where}{address}/0/")
    assert script.get(where).json()["document"] == sent(**{form: [row]})
    listed = script.get(f"{where}{address}/")
    assert (listed.json(), listed["ETag"]) == ({"version": 2, "rows": [row]}, '"2"')


def test_the_same_row_again_is_not_doubled(script, where):
    script.post(f"{where}follow-ups/", VISIT)
    script.post(f"{where}follow-ups/", {**VISIT, "visit_on": "2017-05-01"})

    again = script.post(f"{where}follow-ups/", VISIT, HTTP_IF_MATCH='"1"')

    body = again.json()
    assert (again.status_code, again["ETag"], body["verdict"], body["position"]) == (
        200,
        '"3"',
        "unchanged",
        0,
    )
    assert again["Location"] == f"{where}follow-ups/0/"
    assert len(script.get(f"{where}follow-ups/").json()["rows"]) == 2


def test_a_row_may_name_the_version_that_it_is_meant_for(script, where):
    added = script.post(f"{where}follow-ups/", VISIT, HTTP_IF_MATCH='"1"')
    stale = script.post(f"{where}follow-ups/", {**VISIT, "visit_on": "2017"}, HTTP_IF_MATCH='"1"')

    assert (added.status_code, stale.status_code, stale["ETag"]) == (201, 412, '"2"')


def test_a_row_is_added_to_a_complete_case_without_a_further_reason(script):
    raw = document.dump(complete())
    where = script.post(CASES, raw)["Location"]
    row = {"type": "other", "onset_on": raw["death"]["died_on"], "clavien_dindo": "II"}

    answers = [
        script.post(f"{where}complications/", row),
        script.post(f"{where}complications/", {**row, "clavien_dindo": "I"}, HTTP_CHANGE_REASON="letter"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    with access.everywhere():
        said = [event.pgh_context["reason"] for event in history_of(Case.objects.get())]
    key = f"key {ApiKey.objects.get().prefix}"
    assert said[1:] == [f"{key}: complication recorded", f"{key}: letter"]


def test_what_is_implausible_is_saved_and_asked_about(script, where):
    answer = script.post(f"{where}follow-ups/", {**VISIT, "creatinine_umol_l": 900, "missing": {}})

    asked = [(told["pointer"], told["severity"]) for told in answer.json()["warnings"]]
    assert answer.status_code == 201
    assert ("/creatinine_umol_l", "query") in asked


REFUSED = {
    "unknown field": ({"visit": "2016"}, "/visit", "unknown_field"),
    "impossible value": ({"ecog": 7}, "/ecog", "out_of_range"),
    "no object": (["2016"], "", None),
    "null": (None, "", None),
    "a text": ("2016", "", None),
    "reason beside a value": (
        {**VISIT, "missing": {"visit_on": "NK"}},
        "/missing/visit_on",
        "value_and_reason",
    ),
}


@pytest.mark.parametrize(("row", "pointer", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_row_is_refused_with_its_place_in_what_was_sent(script, where, row, pointer, reason):
    answer = script.post(f"{where}follow-ups/", row, format="json")
    if row is None:
        answer = script.generic("POST", f"{where}follow-ups/", b"null", "application/json")

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, pointer)
    assert reason in (None, error["code"])
    assert script.get(where)["ETag"] == '"1"'


def test_a_rule_may_point_at_another_part_of_the_case(script, where):
    script.put(f"{where}death/", {"died_on": "2016-01-01"}, HTTP_IF_MATCH='"1"')

    answer = script.post(f"{where}follow-ups/", VISIT)

    assert answer.status_code == 422
    assert all(error["code"].startswith("X-") for error in answer.json()["errors"])


@pytest.mark.parametrize("body", [b"", b"{"])
def test_no_body_is_no_empty_row(script, where, body):
    answer = script.generic("POST", f"{where}follow-ups/", body, "application/json")

    assert (answer.status_code, code(answer)) == (400, "not_json")


def test_a_locked_case_takes_no_row(script, where):
    with access.everywhere():
        Case.objects.update(status="locked")

    assert script.post(f"{where}follow-ups/", VISIT).status_code == 409
    assert script.put(f"{where}death/", {"died_on": "2016"}, HTTP_IF_MATCH='"1"').status_code == 409


def test_foreign_and_missing_cases_answer_alike(script, where, south, bob):
    script.post(f"{where}follow-ups/", VISIT)
    foreign = machine(south, bob)

    answers = [
        foreign.generic(method, f"{case}{part}", b"{}", "application/json", HTTP_IF_MATCH='"1"')
        for case in (where, f"{CASES}999999/")
        for method, part in [
            *(("GET", "follow-ups/"), ("POST", "follow-ups/"), ("GET", "death/"), ("PUT", "death/")),
            *((method, "follow-ups/0/") for method in ("GET", "PUT", "DELETE")),
        ]
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_reader_adds_nothing(script, where, rita, north, alice):
    for client in (browser(rita), machine(north, alice, "read")):
        answer = client.post(f"{where}follow-ups/", VISIT, content_type="application/json")
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "follow-ups/"),
        ("PUT", "death/"),
        ("PUT", ""),
        ("PATCH", ""),
        ("PUT", "identity/"),
        ("DELETE", "identity/"),
        ("POST", "transfer/"),
    ],
)
def test_who_records_elsewhere_and_reads_here_changes_nothing_here(vault, where, bob, method, address):
    bob.memberships.create(role=Role.REVIEWER)
    client = browser(bob)
    assert client.get(where).status_code == 200

    answer = client.generic(method, f"{where}{address}", b"{}", "application/json", HTTP_IF_MATCH='"1"')

    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "You may read this case, but not change it.",
    )


# --- one row -------------------------------------------------------------------------------------------------------


@pytest.fixture
def visits(script, where):
    """Three visits; the case is at version 2."""
    rows = [{**VISIT, "visit_on": f"201{year}-05-01"} for year in (6, 7, 8)]
    script.put(where, sent(follow_ups=rows), HTTP_IF_MATCH='"1"')
    return rows


def test_a_row_is_read_corrected_and_taken_out(script, where, visits):
    there = f"{where}follow-ups/1/"
    other = {**VISIT, "visit_on": "2017-06-01"}

    read = script.get(there)
    corrected = script.put(there, other, HTTP_IF_MATCH=read["ETag"])
    taken_out = script.delete(f"{where}follow-ups/0/", HTTP_IF_MATCH=corrected["ETag"])

    assert read.json() == {"version": 2, "position": 1, "row": visits[1]}
    assert (corrected.status_code, corrected["ETag"], corrected.json()["row"]) == (200, '"3"', other)
    assert (taken_out.status_code, taken_out["ETag"], taken_out.json()["row"]) == (200, '"4"', None)
    assert script.get(f"{where}follow-ups/").json()["rows"] == [other, visits[2]]


def test_changes_of_a_row_name_the_version_that_was_read(script, where, visits):
    there = f"{where}follow-ups/1/"

    answers = [
        script.put(there, VISIT),
        script.delete(there),
        script.put(there, VISIT, HTTP_IF_MATCH='"1"'),
        script.delete(there, HTTP_IF_MATCH='"1"'),
        script.put(f"{where}follow-ups/3/", VISIT, HTTP_IF_MATCH='"2"'),
        script.get(f"{where}follow-ups/3/"),
        script.get(f"{where}follow-ups/{10**20}/"),
    ]

    assert [answer.status_code for answer in answers] == [428, 428, 412, 412, 404, 404, 404]
    assert answers[2]["ETag"] == '"2"'


def test_errors_of_a_row_are_told_from_the_row(script, where, visits):
    answer = script.put(f"{where}follow-ups/1/", {"ecog": 7}, HTTP_IF_MATCH='"2"')

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/ecog"]


def test_a_correction_of_a_complete_case_says_why(script):
    raw = document.dump(complete())
    where = script.post(CASES, raw)["Location"]
    death = {**raw["death"], "autopsy": not raw["death"].get("autopsy")}

    refused = script.put(f"{where}death/", death, HTTP_IF_MATCH='"1"')
    taken = script.put(f"{where}death/", death, HTTP_IF_MATCH='"1"', HTTP_CHANGE_REASON="letter")

    assert [error["code"] for error in refused.json()["errors"]] == ["reason_required"]
    assert (taken.status_code, taken.json()["row"]) == (200, death)


# --- death ---------------------------------------------------------------------------------------------------------


def test_a_death_is_told_corrected_and_taken_back(script, where):
    there = f"{where}death/"
    unknown = script.get(there)

    told = script.put(there, {"died_on": "2018-03"}, HTTP_IF_MATCH=unknown["ETag"])
    corrected = script.put(there, {"died_on": "2018-04"}, HTTP_IF_MATCH=told["ETag"])
    read = script.get(there)
    back = script.generic("PUT", there, b"null", "application/json", HTTP_IF_MATCH=read["ETag"])

    assert unknown.json() == {"version": 1, "row": None}
    assert (told.status_code, told.json()["row"]) == (200, {"died_on": "2018-03"})
    assert (corrected["ETag"], read.json()) == ('"3"', {"version": 3, "row": {"died_on": "2018-04"}})
    assert (back.json()["row"], script.get(where).json()["document"]) == (None, sent())


def test_a_death_names_the_version_that_was_read(script, where):
    there = f"{where}death/"

    answers = [script.put(there, {"died_on": "2018"}), script.put(there, {}, HTTP_IF_MATCH='"7"')]

    assert [answer.status_code for answer in answers] == [428, 412]


# --- at the same moment, and cost ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_rows_that_many_add_at_once_are_all_kept(script, where):
    def add(place):
        return script.post(f"{where}follow-ups/", {**VISIT, "visit_on": f"2016-05-0{place + 1}"})

    answers = together(add)

    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["position"] for answer in answers) == list(range(AT_ONCE))
    assert len(script.get(f"{where}follow-ups/").json()["rows"]) == AT_ONCE


@pytest.mark.django_db(transaction=True)
def test_one_row_that_many_add_at_once_is_one_row(script, where):
    answers = together(lambda _: script.post(f"{where}follow-ups/", VISIT))

    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert script.get(f"{where}follow-ups/").json()["rows"] == [VISIT]


def test_a_row_costs_the_same_however_many_there_are(script, where):
    def queries(year):
        with CaptureQueriesContext(connection) as seen:
            script.post(f"{where}follow-ups/", {**VISIT, "visit_on": f"20{year}-05-01"})
        return len(seen)

    counted = [queries(year) for year in (16, 17, 18, 19, 20)]

    assert counted[1] == counted[4] <= 96
