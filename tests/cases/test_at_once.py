"""Many requests at the same moment: one row, one winner, an answer of the 200s or 400s for each.

`PAIRS=1000 pytest tests/cases/test_at_once.py -k pair` tries a thousand pairs for each two doors.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations_with_replacement

import pytest
from django.db import connection
from django.db.models import QuerySet

from cases import document, erasing, importing, intake, transferring
from cases.intake import Submission
from cases.models import Case, Deviation, FollowUp
from registry import access
from registry.dates import PartialDate
from tests.cases.bulk import send, told
from tests.cases.examples import OF_TODAY, draft, resected
from tests.cases.linkage import ANNA, agreeing
from tests.clients import browser, machine
from tests.pages import filled

pytestmark = pytest.mark.django_db(transaction=True)

CASES, ADD = "/api/v1/cases/", "/admin/cases/case/add/"
AT_ONCE = 6
PAIRS = int(os.environ.get("PAIRS", "2"))


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


# --- pairs, at the same door and at different ones --------------------------------------------------------------------


def both(works, texts):
    """Do two works at the same moment, each with its text; which of them was kept."""
    return together(lambda place: works[place](texts[place]), 2)


def _named(doors):
    return " and ".join(door.__name__ for door in doors)


def by_api(north, alice, case):
    script = machine(north, alice)
    where = f"{CASES}{case.case_id}/"
    seen = script.get(where)

    def correct(note):
        sent = {**seen.json()["document"], "note": note}
        return {200: True, 412: False}[script.put(where, sent, HTTP_IF_MATCH=seen["ETag"]).status_code]

    return correct


def by_bulk(north, alice, case):
    script = machine(north, alice, "import_cases")
    sent = {"case_number": case.case_number}

    def correct(note):
        answer = send(script, {"if_version": case.version, "document": {**sent, "note": note}})
        return [("changed", []), ("rejected", ["stale_version"])].index(told(answer)[0]) == 0

    return correct


def by_page(north, alice, case):
    client, where = browser(alice), f"/admin/cases/case/{case.case_id}/change/"
    page = filled(client.get(where))

    def correct(note):
        return {302: True, 422: False}[client.post(where, {**page, "note": note}).status_code]

    return correct


def pair_at(doors, north, alice, place):
    """Two corrections of one version of a new case: who won, and the case after it."""
    submission = Submission(document=draft(f"P-{place}"))
    case = intake.save_case(submission, center=north, by=alice, source="admin")
    notes = [f"first {place}", f"second {place}"]
    won = both([door(north, alice, case) for door in doors], notes)
    with access.everywhere():
        return won, notes, Case.objects.get(pk=case.case_id)


@pytest.mark.parametrize("doors", [*combinations_with_replacement((by_api, by_bulk, by_page), 2)], ids=_named)
def test_of_each_pair_of_corrections_one_wins_and_the_other_is_told(north, alice, doors):
    for place in range(PAIRS):
        won, notes, kept = pair_at(doors, north, alice, place)

        assert (sorted(won), kept.version) == ([False, True], 2)
        assert kept.note == notes[won.index(True)]


def test_without_its_lock_a_pair_would_lose_a_correction(north, alice, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows.all())

    assert any(all(pair_at((by_api, by_api), north, alice, place)[0]) for place in range(20))


def explain_by_api(north, alice, deviation):
    script = machine(north, alice, "read", "explain")
    where = f"/api/v1/deviations/{deviation.pk}/"
    seen = script.get(where)["ETag"]

    def explain(text):
        given = {"answer": "emergency", "answer_text": text}
        answer = script.post(f"{where}explain/", given, format="json", HTTP_IF_MATCH=seen)
        return {200: True, 412: False}[answer.status_code]

    return explain


def explain_by_page(north, alice, deviation):
    client, where = browser(alice), f"/admin/cases/deviation/{deviation.pk}/change/"
    page = filled(client.get(where), "answer_form")

    def explain(text):
        given = {**page, "answer": "emergency", "answer_text": text}
        return {302: True, 422: False}[client.post(where, given).status_code]

    return explain


@pytest.mark.parametrize(
    "doors", [*combinations_with_replacement((explain_by_api, explain_by_page), 2)], ids=_named
)
def test_of_each_pair_of_answers_one_wins_and_the_other_is_told(north, alice, doors):
    for place in range(PAIRS):
        said = {"operated_on": OF_TODAY, "approach": ["median_laparotomy"]}
        submission = Submission(document=resected(f"P-{place}", operation=said))
        case = intake.save_case(submission, center=north, by=alice, source="admin")
        with access.everywhere():
            deviation = Deviation.objects.get(rule_id="S-04", case_id=case.case_id)
        texts = [f"Ruptured: first {place}.", f"Ruptured: second {place}."]
        explain = [door(north, alice, deviation) for door in doors]

        won = both(explain, texts)

        assert sorted(won) == [False, True]
        with access.everywhere():
            assert Deviation.objects.get(pk=deviation.pk).answer_text == texts[won.index(True)]


def test_a_page_sent_many_times_at_once_adds_one_case(north, alice):
    clients = [browser(alice) for _ in range(AT_ONCE)]
    page = {**filled(clients[0].get(ADD)), "case_number": "A-1", "note": "once"}

    answers = together(lambda place: clients[place].post(ADD, page))

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, answers[0]["Location"])}
    with access.everywhere():
        assert Case.objects.get().version == 1


# --- a change that is committed while the parts of a case are read --------------------------------------------------

VISITS = [{"visit_on": f"201{n}-05-01", "contact_type": "phone", "vital_status": "alive"} for n in (6, 7)]
DEATH = {"died_on": "2019-01-02"}


@contextmanager
def while_it_is_read(work):
    """Do this on another connection, once, as soon as the follow-ups of a case were read on this one."""
    left = [work]

    def between(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if f'FROM "{FollowUp._meta.db_table}" WHERE case_id = ANY' in sql and left:
            together(lambda _: left.pop()(), 1)
        return answer

    with connection.execute_wrapper(between):
        yield
    assert not left


@pytest.fixture
def visited(scripts):
    """The address of a case with two visits."""
    sent = document.dump(resected(follow_ups=VISITS))
    return scripts[0].post(CASES, sent)["Location"].removeprefix("http://testserver")


@pytest.fixture
def corrected(scripts, visited):
    """What somebody else does meanwhile: the first visit goes, and the patient is dead."""

    def correct(**forms):
        sent = document.dump(resected(follow_ups=VISITS[1:], **(forms or {"death": DEATH})))
        assert scripts[1].put(visited, sent, HTTP_IF_MATCH='"1"').status_code == 200

    return correct


def now(script, where):
    told = script.get(where).json()["document"]
    return [visit["visit_on"] for visit in told["follow_ups"]], told.get("death")


AS_CORRECTED = (["2017-05-01"], DEATH)


def test_the_row_that_was_read_is_taken_out_and_no_other(scripts, visited, corrected):
    with while_it_is_read(corrected):
        read = scripts[0].get(f"{visited}follow-ups/")
    assert read.json()["rows"][0]["visit_on"] == "2016-05-01"

    gone = scripts[0].delete(f"{visited}follow-ups/0/", HTTP_IF_MATCH=read["ETag"])

    assert (gone.status_code, now(scripts[0], visited)) == (412, AS_CORRECTED)


def test_a_file_undoes_nothing_that_it_has_not_seen(north, alice, scripts, visited, corrected):
    with while_it_is_read(corrected):
        report = importing.run(b"case_number,note\nA-1,from a file\n", centers=[north], by=alice)

    assert [told.code for row in report.verdicts for told in row.problems] == ["stale_version"]
    assert now(scripts[0], visited) == AS_CORRECTED


def test_of_many_documents_one_is_unchanged_in_the_version_that_has_it(north, alice, visited, corrected):
    script = machine(north, alice, "import_cases")
    with while_it_is_read(lambda: corrected(note="without a death")):
        answer = send(script, document.dump(resected(follow_ups=VISITS)))

    assert told(answer) == [("unchanged", [])]
    assert answer.json()["verdicts"][0]["version"] == 1


def test_a_page_that_was_overtaken_while_it_was_made_saves_nothing(alice, scripts, visited, corrected):
    client, where = browser(alice), f"/admin/cases/case/{visited.split('/')[-2]}/change/"
    with while_it_is_read(corrected):
        page = filled(client.get(where))

    answer = client.post(where, {**page, "note": "mine"})

    assert (answer.status_code, now(scripts[0], visited)) == (422, AS_CORRECTED)


# --- an erasure ------------------------------------------------------------------------------------------------------


def news(case):
    return {"case": case.pk, "version": 1, "on": "2026-03-14", "way": "phone", "outcome": "alive"}


MEANWHILE = {
    "accept": lambda case, offer, ours, theirs: theirs.post(
        f"/admin/transfers/{offer.pk}/", {"step": "accept"}
    ),
    "withdraw": lambda case, offer, ours, theirs: ours.post(
        f"/admin/transfers/{offer.pk}/", {"step": "withdraw", "reason": "wrong center"}
    ),
    "accept over HTTP": lambda case, offer, ours, theirs: theirs.post(
        f"/api/v1/transfers/{offer.pk}/accept/"
    ),
    "offer": lambda case, offer, ours, theirs: ours.post(
        f"/admin/cases/case/{case.pk}/transfer/", {"center": "SOUTH"}
    ),
    "record an identity": lambda case, offer, ours, theirs: ours.post(
        f"/admin/cases/case/{case.pk}/identity/", {"act": "record", **ANNA}
    ),
    "record news": lambda case, offer, ours, theirs: ours.post("/admin/follow-up/lost/", news(case)),
    "add a visit over HTTP": lambda case, offer, ours, theirs: ours.post(
        f"/api/v1/cases/{case.pk}/follow-ups/",
        {"visit_on": "2020-01-01", "vital_status": "alive"},
        content_type="application/json",
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_waited_for_an_erasure_finds_nothing(
    vault, north, south, alice, bob, lena, settings, tmp_path, what
):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    case = agreeing(north, alice, "A-1")
    offer = transferring.offer(case, center_code="SOUTH", note="", by=alice)
    ours, theirs = browser(alice), browser(bob)
    is_held, may_end = threading.Event(), threading.Event()

    def erase():
        with access.scope([north.pk]):
            Case.objects.select_for_update().get(pk=case.pk)
            is_held.set()
            may_end.wait(1)
            erasing.erase(case, withdrawn_on=PartialDate.parse("2020-03-04"), reason="letter", by=lena)

    def ask():
        is_held.wait(10)
        return MEANWHILE[what](case, offer, ours, theirs)

    answers = together(lambda place: (erase, ask)[place](), times=2)

    assert answers[1].status_code == 404
