"""The history of a case over HTTP: who, when, by which door, why, and each answer before and after at its place."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, document
from cases.models import DataQuery
from registry import access
from registry.models import ApiKey
from tests.cases.examples import complete, resected
from tests.cases.test_api_description import fits
from tests.clients import browser, machine
from tests.clients import described as description

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def sent():
    return document.dump(resected(imaging=[{"modality": "ct"}, {"modality": "mri"}]))


@pytest.fixture
def where(script, sent):
    return script.post(CASES, sent)["Location"]


def correct(script, where, sent, version, **headers):
    answer = script.put(where, sent, HTTP_IF_MATCH=f'"{version}"', **headers)
    assert answer.status_code == 200, answer.json()


def newest(script, where):
    return script.get(f"{where}history/").json()["results"][0]


def changes(save):
    return {change["pointer"]: (change["old"], change["new"]) for change in save["changes"]}


def test_an_empty_row_of_a_list_is_told_too(script, where):
    script.post(f"{where}follow-ups/", {})
    assert changes(newest(script, where)) == {"/follow_ups/0": (None, {})}

    script.delete(f"{where}follow-ups/0/", HTTP_IF_MATCH='"2"')
    assert changes(newest(script, where)) == {"/follow_ups/0": ({}, None)}


def test_the_first_save_brings_each_row_whole(script, where, sent):
    save = newest(script, where)

    found = changes(save)
    assert (save["number"], save["version"], save["status"]) == (1, 1, "draft")
    assert found["/patient"] == (None, sent["patient"])
    assert found["/imaging/1"] == (None, {"modality": "mri"})
    assert found["/operations/0/veins/1"] == (None, sent["operations"][0]["veins"][1])
    assert found["/operations/0/reconstruction"] == (None, sent["operations"][0]["reconstruction"])
    assert "veins" not in found["/operations/0"][1]


def test_it_tells_who_by_which_door_and_why(script, alice, where, sent):
    correct(script, where, {**sent, "note": "called"}, 1, HTTP_CHANGE_REASON="asked again")

    save = newest(script, where)

    assert (save["by"], save["door"], save["version"]) == ("Alice", "api", 2)
    assert save["reason"] == f"key {ApiKey.objects.get().prefix}: asked again"
    assert changes(save) == {"/note": (None, "called")}


def test_each_answer_stands_at_its_pointer_before_and_after(script, where, sent):
    sent["patient"] = {"sex": "male", "missing": {"born_on": "NK"}}
    sent["tumor"]["segments"] = ["infrarenal"]
    sent["operations"][0]["veins"][1]["handling"] = "ligated"
    sent["operations"][0]["reconstruction"]["diameter_mm"] = 18.5
    correct(script, where, sent, 1)

    assert changes(newest(script, where)) == {
        "/patient/sex": ("female", "male"),
        "/patient/born_on": ("1960-05", None),
        "/patient/missing/born_on": (None, "NK"),
        "/tumor/segments": (["infrarenal", "interrenal"], ["infrarenal"]),
        "/operations/0/veins/1/handling": ("reimplanted_graft", "ligated"),
        "/operations/0/reconstruction/diameter_mm": (20, 18.5),
    }


def test_a_row_that_goes_and_one_that_comes(script, where, sent):
    del sent["imaging"][1]
    sent["follow_ups"] = [{"visit_on": "2016", "vital_status": "alive"}]
    correct(script, where, sent, 1)

    assert changes(newest(script, where)) == {
        "/imaging/1": ({"modality": "mri"}, None),
        "/follow_ups/0": (None, {"visit_on": "2016", "vital_status": "alive"}),
    }


def test_veins_are_counted_in_their_operation_as_it_was_then(script, where, sent):
    second = {
        "operation_type": "resection_recurrence",
        "operated_on": "2016",
        "veins": [{"vein": "left_renal", "handling": "ligated"}],
    }
    sent["operations"].append(second)
    correct(script, where, sent, 1)
    assert changes(newest(script, where))["/operations/1/veins/0"] == (None, second["veins"][0])

    second["veins"][0]["handling"] = "reimplanted_graft"
    correct(script, where, sent, 2)
    assert changes(newest(script, where)) == {
        "/operations/1/veins/0/handling": ("ligated", "reimplanted_graft")
    }

    del sent["operations"][1]
    correct(script, where, sent, 3)
    assert changes(newest(script, where))["/operations/1/veins/0"] == (second["veins"][0], None)


def test_queries_and_their_answers_stand_in_it(script, alice, where, sent):
    correct(script, where, {**sent, "presentation": {"height_cm": 205}}, 1)
    with access.everywhere():
        query = DataQuery.objects.open().get(pointer="/presentation/height_cm")
        answering.confirm(query, text="A tall man.", by=alice)

    saves = script.get(f"{where}history/").json()["results"]
    # in one transaction of a test all of it is of one moment, and what made no version comes last
    asked, answered = saves[0], saves[-1]
    (finding,) = answered["findings"]
    assert (finding["kind"], finding["was"], finding["state"]) == ("query", "open", "answered")
    assert (finding["pointer"], finding["answer_text"]) == ("/presentation/height_cm", "A tall man.")
    assert (answered["version"], answered["changes"]) == (None, [])
    assert [f["was"] for f in asked["findings"] if f["pointer"] == "/presentation/height_cm"] == [None]


def test_pages_follow_each_other_while_others_save(script, where, sent):
    for version in range(1, 5):
        correct(script, where, {**sent, "note": f"n{version}"}, version)

    first = script.get(f"{where}history/?page_size=2").json()
    correct(script, where, {**sent, "note": "n5"}, 5)
    second = script.get(first["next"]).json()
    third = script.get(second["next"]).json()

    assert [save["number"] for page in (first, second, third) for save in page["results"]] == [5, 4, 3, 2, 1]
    assert third["next"] is None


@pytest.mark.parametrize("query", ["cursor=0", "cursor=x", "cursor=%D9%A1", "page_size=101", "page=1"])
def test_a_page_that_there_cannot_be_is_refused(script, where, query):
    assert script.get(f"{where}history/?{query}").status_code == 400


@pytest.mark.parametrize("who", ["alice", "ines", "lena", "rita", "dana", "otto", "ada"])
def test_whoever_may_read_the_case_reads_it(request, where, who):
    assert browser(request.getfixturevalue(who)).get(f"{where}history/").status_code == 200


def test_others_do_not_and_a_key_needs_its_scope(north, south, alice, bob, where):
    assert machine(south, bob).get(f"{where}history/").status_code == 404
    assert machine(north, alice, "record").get(f"{where}history/").status_code == 403


def test_it_costs_the_same_however_long(script, where, sent):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            script.get(f"{where}history/")
        return len(seen)

    few = queries()
    for version in range(1, 8):
        handling = ("ligated", "reimplanted_graft")[version % 2]
        sent["operations"][0]["veins"][0]["handling"] = handling
        correct(script, where, {**sent, "note": str(version)}, version)

    assert queries() == few <= 14  # one of them counts the request


def test_it_is_what_the_description_says(client, script):
    where = script.post(CASES, document.dump(complete()))["Location"]
    described = description(client)

    body = script.get(f"{where}history/").json()

    assert fits(described, "History", body)
    assert all(fits(described, "Save", save) for save in body["results"])
