"""What a write answers is what reading gives, though nothing is read again for it."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document, synthesis
from tests.cases.examples import resected
from tests.clients import machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


def shown(answer):
    return {name: part for name, part in answer.json().items() if name != "verdict"}


def test_every_write_answers_what_reading_gives(script):
    for made in synthesis.documents(12, until=date(2024, 1, 1), thorough=0.5):
        added = script.post(CASES, document.dump(made))
        where = added["Location"]
        assert added.status_code == 201, added.content
        assert shown(added) == script.get(where).json()

        noted = {**added.json()["document"], "note": "read again"}
        changed = script.put(where, noted, HTTP_IF_MATCH='"1"', HTTP_CHANGE_REASON="a note")
        assert changed.json()["verdict"] == "changed"
        assert shown(changed) == script.get(where).json()

        again = script.put(where, noted, HTTP_IF_MATCH='"2"', HTTP_CHANGE_REASON="a note")
        assert again.json()["verdict"] == "unchanged"
        assert shown(again) == script.get(where).json()


def test_a_new_case_is_not_read_again(script):
    with CaptureQueriesContext(connection) as seen:
        script.post(CASES, document.dump(resected("A-1")))

    assert [q["sql"] for q in seen if q["sql"].startswith("SELECT") and '"cases_operation"' in q["sql"]] == []
