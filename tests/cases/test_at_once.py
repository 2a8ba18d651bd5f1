"""Many requests at the same moment: one row, one winner, an answer of the 200s or 400s for each."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from cases import document
from cases.models import Case
from registry import access
from tests.cases.examples import resected
from tests.clients import browser, machine
from tests.pages import filled

pytestmark = pytest.mark.django_db(transaction=True)

CASES, ADD = "/api/v1/cases/", "/admin/cases/case/add/"
AT_ONCE = 6


def together(work, times=AT_ONCE):
    """Do this in several threads at once, each with a connection of its own."""

    def alone(place):
        try:
            return work(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(alone, range(times)))


@pytest.fixture
def scripts(north, alice):
    return [machine(north, alice) for _ in range(AT_ONCE)]


def test_one_case_sent_by_many_is_one_case(scripts):
    sent = document.dump(resected())

    answers = together(lambda place: scripts[place].post(CASES, sent))

    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({answer.json()["record"]["id"] for answer in answers}) == 1
    with access.everywhere():
        assert Case.objects.count() == 1


def test_different_cases_under_one_number_have_one_winner(scripts):
    notes = [f"from {place}" for place in range(AT_ONCE)]

    answers = together(lambda place: scripts[place].post(CASES, {"case_number": "A-1", "note": notes[place]}))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)


def test_of_many_corrections_of_one_version_one_is_kept(scripts):
    where = scripts[0].post(CASES, {"case_number": "A-1"})["Location"]

    def correct(place):
        return scripts[place].put(where, {"case_number": "A-1", "note": f"from {place}"}, HTTP_IF_MATCH='"1"')

    answers = together(correct)

    kept = [answer.json()["document"]["note"] for answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
    assert [scripts[0].get(where).json()["document"]["note"]] == kept


def test_a_page_sent_many_times_at_once_adds_one_case(north, alice):
    clients = [browser(alice) for _ in range(AT_ONCE)]
    page = {**filled(clients[0].get(ADD)), "case_number": "A-1", "note": "once"}

    answers = together(lambda place: clients[place].post(ADD, page))

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, answers[0]["Location"])}
    with access.everywhere():
        assert Case.objects.get().version == 1
