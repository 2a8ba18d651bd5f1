"""Cases over HTTP: what comes in is what goes out, once however often it is sent, and nobody overwrites unseen work."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, document
from cases.models import Case, DataQuery, Deviation
from cases.rulebook.algorithm import ALGORITHM
from registry import access
from registry.access import Role
from registry.audit import history_of
from registry.models import ApiKey, Membership
from tests.cases.examples import complete, resected
from tests.cases.test_versions import put_in_force
from tests.clients import browser, machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"


def sent(number="A-1", **forms):
    return {**document.dump(resected(number)), **forms}


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def foreign(south, bob):
    return machine(south, bob)


def count():
    with access.everywhere():
        return Case.objects.count()


# --- adding --------------------------------------------------------------------------------------------------------


def test_a_new_case_is_added(script):
    answer = script.post(CASES, sent())

    body = answer.json()
    assert (answer.status_code, answer["ETag"], body["verdict"]) == (201, '"1"', "new")
    assert answer["Location"] == f"http://testserver{CASES}{body['record']['id']}/"
    assert body["document"] == sent()
    assert (body["record"]["center"], body["record"]["source"], body["record"]["status"]) == (
        "NORTH",
        "api",
        "draft",
    )


def test_the_smallest_case_is_added_and_told_what_it_lacks(script):
    answer = script.post(CASES, {"case_number": "A-1"})

    assert answer.status_code == 201
    assert {"pointer": "/patient", "label": "Patient"}.items() <= answer.json()["to_complete"][0].items()


def test_the_same_case_again_changes_nothing(script):
    script.post(CASES, sent())

    again = script.post(CASES, sent())

    assert (again.status_code, again.json()["verdict"], again["ETag"]) == (200, "unchanged", '"1"')
    assert count() == 1


def test_another_case_under_the_same_number_is_refused(script):
    first = script.post(CASES, sent())

    answer = script.post(CASES, sent(patient={"born_on": "1970", "sex": "male"}))

    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert "PUT" in answer.json()["detail"]
    assert answer["Location"] in first["Location"]


def test_two_centers_may_use_the_same_number(script, foreign):
    assert script.post(CASES, sent()).status_code == 201
    assert foreign.post(CASES, sent()).status_code == 201


def test_implausible_values_are_saved_and_asked_about(script):
    answer = script.post(CASES, sent(presentation={"height_cm": 205}))

    asked = {query["pointer"]: query for query in answer.json()["queries"]}
    assert answer.status_code == 201
    assert asked["/presentation/height_cm"]["severity"] == "query"
    assert "205 cm" in asked["/presentation/height_cm"]["message"]


def test_an_impossible_value_is_refused_with_its_place(script):
    answer = script.post(CASES, sent(presentation={"height_cm": 400, "sex": "female"}))

    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert body["status"] == 422
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [
        ("/presentation/height_cm", "out_of_range"),
        ("/presentation/sex", "unknown_field"),
    ]
    assert count() == 0


def test_contradictory_dates_are_refused_by_their_rule(script):
    answer = script.post(CASES, sent(death={"died_on": "2014-01-01"}))

    assert answer.status_code == 422
    assert any(error["code"].startswith("X-") for error in answer.json()["errors"])
    assert count() == 0


def test_a_person_of_one_center_needs_not_name_it(alice):
    client = browser(alice)

    assert client.post(CASES, sent(), content_type="application/json").status_code == 201


def test_a_person_of_two_centers_names_one(alice, south):
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)
    client = browser(alice)

    unnamed = client.post(CASES, sent(), content_type="application/json")
    named = client.post(f"{CASES}?center=SOUTH", sent(), content_type="application/json")

    assert (unnamed.status_code, unnamed.json()["type"]) == (400, "urn:ivc-registry:problem:center_required")
    assert named.json()["record"]["center"] == "SOUTH"


def test_nobody_records_in_a_foreign_center(script):
    assert script.post(f"{CASES}?center=SOUTH", sent()).status_code == 404
    assert count() == 0


def test_a_session_needs_the_token_against_forgery(alice):
    client = browser(alice)
    client.handler.enforce_csrf_checks = True

    assert client.post(CASES, sent(), content_type="application/json").status_code == 403


# --- reading -------------------------------------------------------------------------------------------------------


def test_reading_gives_what_was_sent(script):
    where = script.post(CASES, sent())["Location"]

    answer = script.get(where)

    assert (answer.json()["document"], answer["ETag"]) == (sent(), '"1"')


def test_reading_tells_what_follows_from_the_answers(script):
    body = sent(
        presentation={
            "height_cm": 170.0,
            "weight_kg": 65.0,
            "creatinine_preop_umol_l": 80,
            "charlson_items": ["chronic_pulmonary"],
        },
        imaging=[{"ivc_diameter_cranial_mm": 25.0}],
        complications=[{"clavien_dindo": "II"}, {"clavien_dindo": "IIIa"}],
    )

    derived = script.get(script.post(CASES, body)["Location"]).json()["derived"]

    # By hand: 65 / 1.7^2; 20 mm over 25 mm; born in May 1960, operated in March 2015; CKD-EPI 2021 of 80 umol/L.
    assert derived == {
        "level": "middle",
        "cranial_extent": "interrenal",
        "caudal_extent": "infrarenal",
        "n_segments": 2,
        "bmi_kg_m2": 22.5,
        "egfr_preop_ml_min": 75.5,
        "charlson_score": 1,
        "highest_clavien_dindo": "IIIa",
        "age_at_resection_years": 54,
        "undersizing_ratio": 0.8,
    }


def test_what_cannot_be_known_is_not_told(script):
    assert script.post(CASES, {"case_number": "A-1"}).json()["derived"] == {}


def test_foreign_and_missing_cases_answer_alike(script, foreign):
    where = script.post(CASES, sent())["Location"]

    answers = [foreign.get(where), foreign.get(f"{CASES}999999/"), foreign.get(f"{CASES}{10**25}/")]
    answers += [foreign.get(f"{where}assessment/"), foreign.get(f"{CASES}999999/assessment/")]
    answers += [
        foreign.put(where, sent(), HTTP_IF_MATCH='"1"'),
        foreign.put(f"{CASES}999999/", {}, HTTP_IF_MATCH='"1"'),
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_list_shows_the_own_center_alone(script, foreign):
    script.post(CASES, sent("A-1"))
    foreign.post(CASES, sent("B-1"))

    assert [case["case_number"] for case in script.get(CASES).json()["results"]] == ["A-1"]
    assert script.get(f"{CASES}?center=SOUTH").json()["results"] == []


def test_a_list_is_filtered(script):
    for number in ("A-1", "A-2"):
        script.post(CASES, sent(number))
    _, second = script.get(CASES).json()["results"]

    def found(**chosen):
        return [case["case_number"] for case in script.get(CASES, chosen).json()["results"]]

    assert found(case_number="A-2") == ["A-2"]
    assert found(case_number="A") == []
    assert found(status="complete") == []
    assert found(source="api", status="draft", center="NORTH") == ["A-1", "A-2"]
    assert found(updated_since=second["updated_at"]) == ["A-2"]


@pytest.mark.parametrize(
    "query",
    [
        "centre=NORTH",
        "status=done",
        "updated_since=yesterday",
        "cursor=garbage",
        "case_number=a%00",
        "status=draft&status=draft",
    ],
)
def test_a_filter_that_means_nothing_is_refused(script, query):
    answer = script.get(f"{CASES}?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["parameter"] == query.split("=")[0]


def test_pages_follow_each_other(script):
    for number in range(5):
        script.post(CASES, {"case_number": f"A-{number}"})

    pages, where = [], f"{CASES}?page_size=2"
    while where:
        body = script.get(where).json()
        pages.append([case["case_number"] for case in body["results"]])
        where = body["next"]

    assert pages == [["A-0", "A-1"], ["A-2", "A-3"], ["A-4"]]


def test_the_assessment_names_every_rule(script):
    where = script.post(CASES, sent())["Location"]

    body = script.get(f"{where}assessment/").json()

    verdicts = {finding["rule"]: finding["verdict"] for finding in body["findings"]}
    assert (body["case_version"], verdicts["S-01"], verdicts["S-08"]) == (1, "concordant", "not_assessable")


# --- correcting ----------------------------------------------------------------------------------------------------


@pytest.fixture
def where(script):
    return script.post(CASES, sent())["Location"]


def corrected():
    return sent(patient={"born_on": "1961", "sex": "female"})


def test_a_correction_names_the_version_it_read(script, where):
    answer = script.put(where, corrected(), HTTP_IF_MATCH='"1"')

    assert (answer.status_code, answer["ETag"], answer.json()["verdict"]) == (200, '"2"', "changed")
    assert script.get(where).json()["document"] == corrected()


def test_putting_back_what_was_read_changes_nothing(script, where):
    read = script.get(where)

    answer = script.put(where, read.json()["document"], HTTP_IF_MATCH=read["ETag"])

    assert (answer.status_code, answer["ETag"], answer.json()["verdict"]) == (200, '"1"', "unchanged")


def test_a_correction_without_a_version_is_refused(script, where):
    assert script.put(where, corrected()).status_code == 428


@pytest.mark.parametrize("tag", ["*", '"x"', 'W/"x"', '"1", "2"'])
def test_a_version_that_is_none_of_ours_is_refused(script, where, tag):
    assert script.put(where, corrected(), HTTP_IF_MATCH=tag).status_code == 412


@pytest.mark.parametrize("tag", ["1", "", '"1', "W/1", '"1" "2"'])
def test_a_version_that_cannot_be_read_is_a_mistake_of_the_request(script, where, tag):
    assert script.put(where, corrected(), HTTP_IF_MATCH=tag).status_code == 400


def test_a_version_that_a_proxy_weakened_is_that_version(script, where):
    answers = [script.put(where, corrected(), HTTP_IF_MATCH='W/"1"') for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 412]


def test_what_is_said_of_patients_is_kept_by_nobody_on_the_way(script, where):
    told = [
        script.get(where),
        script.get(CASES),
        script.get("/api/v1/cases/0/"),
        script.put(where, corrected()),
    ]

    assert {answer["Cache-Control"] for answer in told} == {"no-store"}


def test_the_second_of_two_writers_is_refused(script, where):
    script.put(where, corrected(), HTTP_IF_MATCH='"1"')

    late = script.put(where, sent(note="mine"), HTTP_IF_MATCH='"1"')

    assert (late.status_code, late["ETag"]) == (412, '"2"')
    assert script.get(where).json()["document"] == corrected()


def test_a_case_number_stays(script, where):
    answer = script.put(where, sent("B-1"), HTTP_IF_MATCH='"1"')

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/case_number")
    assert count() == 1


def test_a_reader_may_not_correct(script, where, rita):
    answer = browser(rita).put(where, corrected(), content_type="application/json", HTTP_IF_MATCH='"1"')

    assert answer.status_code == 403


def test_a_locked_case_stays(script, where):
    with access.everywhere():
        Case.objects.update(status="locked")

    assert script.put(where, corrected(), HTTP_IF_MATCH='"1"').status_code == 409
    assert script.post(CASES, corrected()).status_code == 409


def test_a_complete_case_changes_only_for_a_reason(script):
    where = script.post(CASES, document.dump(complete()))["Location"]
    changed = document.dump(complete(note="corrected"))

    refused = script.put(where, changed, HTTP_IF_MATCH='"1"')
    reason = "хибодрук".encode().decode("latin-1")  # as a server hands over what a client sent in UTF-8
    taken = script.put(where, changed, HTTP_IF_MATCH='"1"', HTTP_CHANGE_REASON=reason)

    assert refused.status_code == 422
    assert refused.json()["errors"][0] == {
        "pointer": "/reason",
        "code": "reason_required",
        "message": "The case is complete: say why it changes.",
        "severity": "error",
    }
    assert taken.status_code == 200
    with access.everywhere():
        said = history_of(Case.objects.get()).last().pgh_context["reason"]
    assert said == f"key {ApiKey.objects.get().prefix}: хибодрук"


@pytest.mark.parametrize("reason", ["x" * 201, "two\tcolumns", "\xff", "\u0445"])
def test_a_reason_that_cannot_be_kept_is_refused(script, where, reason):
    answer = script.put(where, corrected(), HTTP_IF_MATCH='"1"', HTTP_CHANGE_REASON=reason)

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("unreadable_reason")


def test_nothing_can_be_deleted(script, where):
    assert script.delete(where).status_code in (403, 405)
    assert count() == 1


# --- findings and their answers ------------------------------------------------------------------------------------


def test_a_query_is_shown_with_its_answer_as_long_as_the_data_call_for_it(script, alice):
    where = script.post(CASES, sent(presentation={"height_cm": 205}))["Location"]
    open_query = {
        "pointer": "/presentation/height_cm",
        "state": "open",
        "answer": "",
        "answer_text": "",
        "severity": "query",
    }
    asked = script.get(where).json()["queries"][0]
    assert open_query.items() <= asked.items()

    with access.everywhere():
        answering.confirm(DataQuery.objects.get(rule_id=asked["code"]), text="Measured twice.", by=alice)

    answered = {"state": "answered", "answer": "confirmed", "answer_text": "Measured twice."}
    assert answered.items() <= script.get(where).json()["queries"][0].items()
    script.put(where, sent(), HTTP_IF_MATCH='"1"')
    assert asked["code"] not in {query["code"] for query in script.get(where).json()["queries"]}


def test_a_deviation_is_shown_with_its_answer(script, alice):
    embolism = {"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}
    where = script.post(CASES, sent(complications=[embolism]))["Location"]
    with access.everywhere():
        answering.explain(Deviation.objects.get(rule_id="S-14"), answer="comorbidity", text="", by=alice)

    shown = {row["code"]: row for row in script.get(f"{where}assessment/").json()["deviations"]}

    assert (shown["S-14"]["state"], shown["S-14"]["answer"]) == ("answered", "comorbidity")
    assert shown["S-14"]["severity"] == "sentinel"


# --- knowledge -----------------------------------------------------------------------------------------------------


def test_rules_and_dictionary_are_there_for_everybody_with_a_key(script):
    rules = script.get("/api/v1/rules/").json()["rulebooks"]
    dictionary = script.get("/api/v1/dictionary/").json()

    assert {"S-01", "S-17"} <= {rule["id"] for book in rules for rule in book["rules"]}
    assert dictionary["properties"]["operations"]["items"]["properties"]["blood_loss_ml"]["x-unit"] == "mL"


def rule(script, rule_id):
    books = script.get("/api/v1/rules/").json()["rulebooks"]
    return next(rule for book in books for rule in book["rules"] if rule["id"] == rule_id)


def test_a_rule_tells_its_numbers_its_phase_and_who_asks_otherwise(script):
    diameter, opposed = rule(script, "S-13"), rule(script, "L-11")

    assert [(one["name"], one["value"], one["unit"]) for one in diameter["thresholds"]] == [
        (one.name, one.value, one.unit) for one in ALGORITHM.rule("S-13").thresholds
    ]
    assert diameter["thresholds"][0]["unit"] == "mm"
    assert diameter["phase"] == "reconstruction"
    assert opposed["conflicts_with"] == list(ALGORITHM.rule("L-11").conflicts_with)
    assert rule(script, "X-01")["phase"] is None


def test_rules_are_told_with_the_numbers_of_the_version_in_force(script, dana, rita, everywhere):
    put_in_force({"S-13": {"largest_mm": 19}}, dana, rita)

    told = rule(script, "S-13")
    algorithm, _ = script.get("/api/v1/rules/").json()["rulebooks"]

    assert {one["name"]: one["value"] for one in told["thresholds"]}["largest_mm"] == 19
    assert "19" in told["asks"]
    assert algorithm["version"] == "2027.1"


def test_the_rules_cost_one_statement_more_than_who_asks(script):
    script.get("/api/v1/dictionary/")  # what is asked once a process
    with CaptureQueriesContext(connection) as nothing:
        script.get("/api/v1/dictionary/")
    with CaptureQueriesContext(connection) as seen:
        script.get("/api/v1/rules/")

    assert len(seen) == len(nothing) + 1


def test_the_api_describes_itself(client, db):
    import yaml

    described = yaml.safe_load(client.get("/api/v1/schema/").content)

    assert {"/api/v1/cases/", "/api/v1/cases/{id}/", "/api/v1/whoami/"} <= set(described["paths"])
    assert "blood_loss_ml" in str(described["components"]["schemas"]["FormOperations"])
    assert described["paths"]["/api/v1/cases/"]["post"]["responses"]["422"]


# --- cost ----------------------------------------------------------------------------------------------------------


def test_a_list_costs_the_same_for_one_case_and_for_many(script):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            script.get(CASES)
        return len(seen)

    script.post(CASES, sent("A-0"))
    few = queries()
    for number in range(1, 6):
        script.post(CASES, sent(f"A-{number}"))

    assert queries() == few <= 11


def test_a_case_costs_the_same_however_many_rows_it_has(script):
    visits = [{"visit_on": f"20{year}", "vital_status": "alive"} for year in range(16, 25)]
    small = script.post(CASES, sent("A-1"))["Location"]
    large = script.post(CASES, sent("A-2", follow_ups=visits))["Location"]

    def queries(where):
        with CaptureQueriesContext(connection) as seen:
            script.get(where)
        return len(seen)

    assert queries(small) == queries(large) <= 31


def test_the_trail_names_the_key(script, alice, where):
    with access.everywhere():
        event = history_of(Case.objects.get()).get()

    assert event.pgh_context == {
        "door": "api",
        "user": alice.pk,
        "reason": f"key {ApiKey.objects.get().prefix}",
    }
