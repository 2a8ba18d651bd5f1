"""Work lists over HTTP: follow-up due and lost, data queries and deviations, of the own centers alone."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, document
from cases.models import Deviation
from registry import access
from tests.cases.examples import resected
from tests.cases.test_api_description import fits
from tests.clients import browser, machine
from tests.clients import described as description

pytestmark = pytest.mark.django_db

CASES, DUE, LOST = "/api/v1/cases/", "/api/v1/follow-ups/due/", "/api/v1/follow-ups/lost/"
QUERIES, DEVIATIONS = "/api/v1/queries/", "/api/v1/deviations/"
LISTS = [DUE, LOST, QUERIES, DEVIATIONS]
EMBOLISM = {"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def foreign(south, bob):
    return machine(south, bob)


def add(script, number, last_contact="2025-02", **forms):
    visit = {"visit_on": last_contact, "vital_status": "alive"}
    answer = script.post(CASES, document.dump(resected(number, follow_ups=[visit], **forms)))
    assert answer.status_code == 201
    return answer.json()["record"]


def numbers(script, where):
    return [row["case_number"] for row in script.get(where).json()["results"]]


# --- follow-up -----------------------------------------------------------------------------------------------------


def test_due_and_lost_are_two_lists_the_most_overdue_first(script):
    for number, on in (("A-1", "2025-03-15"), ("A-2", "2025-02"), ("A-3", "2020"), ("A-4", "2026-01-01")):
        add(script, number, on)

    assert numbers(script, DUE) == ["A-2", "A-1"]
    assert numbers(script, LOST) == ["A-3"]


def test_a_patient_is_told_with_what_a_follow_up_needs(script):
    record = add(script, "A-1")

    (row,) = script.get(DUE).json()["results"]

    assert row == {
        "case": record["id"],
        "case_number": "A-1",
        "center": "NORTH",
        "url": record["url"],
        "followed_by": "NORTH",
        "registry_id": record["registry_id"],
        "version": 1,
        "last_contact": "2025-02",
        "due_on": "2026-02-28",  # a month ends on its last day
        "days_overdue": 15,
    }


def test_the_dead_are_not_waited_for(script):
    script.post(CASES, document.dump(resected("A-1", death={"died_on": "2024"})))

    assert numbers(script, DUE) == numbers(script, LOST) == []


def test_pages_follow_each_other(script):
    for number, on in (("A-1", "2025-01"), ("A-2", "2025-01"), ("A-3", "2025-02")):
        add(script, number, on)

    seen, where = [], f"{DUE}?page_size=1"
    while where:
        body = script.get(where).json()
        seen += [row["case_number"] for row in body["results"]]
        where = body["next"]

    assert seen == ["A-1", "A-2", "A-3"]


# --- findings ------------------------------------------------------------------------------------------------------


def test_findings_are_listed_with_their_case_and_answer(script, alice):
    record = add(script, "A-1", complications=[EMBOLISM], presentation={"height_cm": 205})
    with access.everywhere():
        answering.explain(Deviation.objects.get(rule_id="S-14"), answer="comorbidity", text="", by=alice)

    (query,) = [r for r in script.get(QUERIES).json()["results"] if r["pointer"].endswith("height_cm")]
    (found,) = script.get(f"{DEVIATIONS}?code=S-14").json()["results"]

    assert (query["case_number"], query["url"], query["state"]) == ("A-1", record["url"], "open")
    assert "205 cm" in query["message"]
    assert (found["state"], found["answer"], found["severity"]) == ("answered", "comorbidity", "sentinel")


def test_findings_are_narrowed_by_state(script):
    record = add(script, "A-1", presentation={"height_cm": 205})
    mended = document.dump(resected("A-1", presentation={"height_cm": 165}))
    script.put(record["url"], mended, HTTP_IF_MATCH='"1"')

    def codes(query):
        found = script.get(f"{QUERIES}?{query}").json()["results"]
        return {row["pointer"] for row in found if row["pointer"].endswith("height_cm")}

    assert codes("page_size=500") == codes("state=open") == codes("state=answered") == set()
    assert codes("state=closed") == {"/presentation/height_cm"}
    assert codes("state=closed&case_number=A-2") == set()


# --- all of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", LISTS)
def test_other_centers_are_not_seen(script, foreign, rita, where):
    for client in (script, foreign):
        for number, on in (("A-1", "2025-02"), ("A-2", "2020")):
            add(client, number, on, complications=[EMBOLISM], presentation={"height_cm": 205})

    found = {row["center"] for row in script.get(where).json()["results"]}
    everything = {row["center"] for row in browser(rita).get(where).json()["results"]}

    assert (found, everything) == ({"NORTH"}, {"NORTH", "SOUTH"})
    assert script.get(f"{where}?center=SOUTH").json()["results"] == []


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize(
    "query", ["center=north", "page_size=0", "cursor=x", "q=a", "state=done", "overdue=1"]
)
def test_what_means_nothing_is_refused(script, where, query):
    assert script.get(f"{where}?{query}").status_code == 400


@pytest.mark.parametrize("where", LISTS)
def test_they_need_the_scope(north, alice, where):
    assert machine(north, alice, "record").get(where).status_code == 403


@pytest.mark.parametrize("where", LISTS)
def test_they_cost_the_same_however_long(script, where):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            script.get(where)
        return len(seen)

    forms = {"complications": [EMBOLISM], "presentation": {"height_cm": 205}}
    add(script, "A-0", "2025-02", **forms)
    add(script, "B-0", "2020", **forms)
    few = queries()
    for number in range(1, 4):
        add(script, f"A-{number}", "2025-02", **forms)
        add(script, f"B-{number}", "2020", **forms)

    assert queries() == few <= 11


def test_they_are_what_the_description_says(client, script):
    described = description(client)
    add(script, "A-1", complications=[EMBOLISM], presentation={"height_cm": 205})

    assert fits(described, "WaitingPage", script.get(DUE).json())
    assert fits(described, "Waiting", script.get(DUE).json()["results"][0])
    for where in (QUERIES, DEVIATIONS):
        assert fits(described, "FoundPage", script.get(where).json())
        assert fits(described, "Found", script.get(where).json()["results"][0])
