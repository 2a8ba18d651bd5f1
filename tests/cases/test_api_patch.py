"""JSON Merge Patch of a case: what is named changes, the rest stays, and nothing is taken more loosely than in PUT."""

import json

import pytest

from cases.api.merge_patch import merged
from cases.models import Case
from registry import access
from registry.access import Role
from tests.cases.test_api import CASES, sent
from tests.cases.test_at_once import AT_ONCE, together
from tests.clients import browser, machine

pytestmark = pytest.mark.django_db

KIND = "application/merge-patch+json"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def where(script):
    return script.post(CASES, sent(presentation={"height_cm": 170.0, "asa": 2}))["Location"]


def patch(client, where, body, tag='"1"', kind=KIND, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic("PATCH", where, body, kind, HTTP_IF_MATCH=tag, **headers)


# RFC 7396, appendix A; names that no document has are no `null` to remove, so the names are told here.
@pytest.mark.parametrize(
    ("target", "given", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_it_merges_as_the_standard_says(target, given, result):
    names = {"a": {"b": {}, "c": {}, "bb": {"ccc": {}}}, "b": {}, "c": {}}

    assert merged(target, given, names) == result


def test_what_is_named_changes_and_the_rest_stays(script, where):
    answer = patch(script, where, {"presentation": {"asa": 3}, "note": "seen again"})

    body = answer.json()
    assert (answer.status_code, answer["ETag"], body["verdict"]) == (200, '"2"', "changed")
    assert body["document"] == sent(presentation={"height_cm": 170.0, "asa": 3}, note="seen again")


@pytest.mark.parametrize("kind", [KIND, f"{KIND}; charset=utf-8", "application/json"])
def test_null_removes_an_answer_a_form_or_a_list(script, where, kind):
    answer = patch(
        script, where, {"presentation": {"asa": None}, "tumor": None, "operations": None}, kind=kind
    )

    left = sent(presentation={"height_cm": 170.0})
    assert answer.json()["document"] == {
        name: form for name, form in left.items() if name not in ("tumor", "operations")
    }


def test_what_is_not_there_can_be_removed(script, where):
    answer = patch(script, where, {"death": None, "presentation": {"ecog": None, "missing": {"ecog": None}}})

    assert (answer.status_code, answer.json()["verdict"]) == (200, "unchanged")


def test_a_list_replaces_the_list(script, where):
    visits = [{"visit_on": "2016-05-01"}, {"visit_on": "2017-05-01"}]
    patch(script, where, {"follow_ups": visits})

    answer = patch(script, where, {"follow_ups": visits[1:]}, '"2"')

    assert answer.json()["document"]["follow_ups"] == visits[1:]


def test_an_answer_may_take_the_place_of_its_reason(script, where):
    patch(script, where, {"presentation": {"missing": {"ecog": "NK"}}})

    refused = patch(script, where, {"presentation": {"ecog": 1}}, '"2"')
    taken = patch(script, where, {"presentation": {"ecog": 1, "missing": {"ecog": None}}}, '"2"')

    assert [error["code"] for error in refused.json()["errors"]] == ["value_and_reason"]
    assert taken.json()["document"]["presentation"]["ecog"] == 1


REFUSED = {
    "an unknown name": (b'{"surgery": {}}', 422),
    "null for an unknown name": (b'{"surgery": null}', 422),
    "null for an unknown field": (b'{"patient": {"age": null}}', 422),
    "null for the reason of an unknown field": (b'{"patient": {"missing": {"age": null}}}', 422),
    "null for the number": (b'{"case_number": null}', 422),
    "another number": (b'{"case_number": "A-2"}', 422),
    "an impossible value": (b'{"presentation": {"height_cm": 400}}', 422),
    "a text for a number": (b'{"presentation": {"height_cm": "170"}}', 422),
    "an object for a list": (b'{"follow_ups": {"0": {}}}', 422),
    "a list for the case": (b"[]", 422),
    "null for the case": (b"null", 422),
    "contradicting dates": (b'{"death": {"died_on": "2014-01-01"}}', 422),
    "a repeated key": (b'{"note": "x", "note": "y"}', 400),
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_patch_of_a_case_is_refused(script, where, body, status):
    answer = patch(script, where, body)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert script.get(where)["ETag"] == '"1"'


@pytest.mark.parametrize("kind", ["application/json-patch+json", "text/plain", "application/xml"])
def test_other_kinds_are_refused_with_those_that_are_taken(script, where, kind):
    answer = patch(script, where, {"note": "x"}, kind=kind)

    assert (answer.status_code, answer["Accept-Patch"]) == (415, f"{KIND}, application/json")


def test_a_whole_document_is_no_patch(script, where):
    answer = script.generic("PUT", where, json.dumps(sent()), KIND, HTTP_IF_MATCH='"1"')

    assert answer.status_code == 415


def test_a_patch_names_the_version_that_was_read(script, where):
    unnamed = script.generic("PATCH", where, b"{}", KIND)
    patch(script, where, {"note": "first"})

    stale = patch(script, where, {"citation": "second"})

    assert unnamed.status_code == 428
    assert (stale.status_code, stale["ETag"]) == (412, '"2"')
    assert patch(script, where, {"note": "first"}, '"x"').status_code == 412


def test_a_locked_case_and_a_reader_change_nothing(script, where, rita, south, bob):
    with access.everywhere():
        Case.objects.update(status="locked")

    answers = [patch(client, where, {"note": "x"}) for client in (script, browser(rita), machine(south, bob))]

    assert [answer.status_code for answer in answers] == [409, 403, 404]


def test_a_person_of_the_registry_patches_with_a_key(where, person):
    client = browser(person("dora", Role.DATA_MANAGER))

    answers = [patch(client, where, {"note": "x"}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


@pytest.mark.django_db(transaction=True)
def test_of_many_patches_of_one_version_one_is_kept(script, where):
    answers = together(lambda place: patch(script, where, {"note": f"from {place}"}))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
