"""Many documents for a worker: kept once, done whole or not at all, told one by one, handed back for correction."""

import json
import signal
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from cases import importing, intake, tasks
from cases.importing import documents, posted
from cases.models import Case, ImportBatch, ImportRow
from registry import access, jobs
from registry.api.ndjson import Lines
from registry.models import ApiKey
from tests.cases.bulk import (
    BULK,
    NDJSON,
    lines,
    numbers,
    plain,
    results,
    send,
    send_array,
    told,
    versions,
    worked,
)
from tests.cases.test_at_once import together
from tests.clients import browser, machine
from tests.network import same_database, worker_process

pytestmark = pytest.mark.django_db
BAD = {"case_number": "B-1", "presentation": {"height_cm": 400}}
LATER = {"HTTP_PREFER": "respond-async"}


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "import_cases", "read", "record")


def rows():
    with access.everywhere():
        return ImportRow.objects.count()


# --- kept ----------------------------------------------------------------------------------------------------------


def test_more_than_a_few_documents_become_an_import(script):
    answer = send(script, *(plain(f"A-{n}") for n in range(201)))

    body = answer.json()
    assert (answer.status_code, body["state"], body["documents"], body["done"]) == (202, "waiting", 201, 0)
    assert answer["Location"] == f"http://testserver{body['url']}"
    assert answer["Retry-After"]
    assert (body["saved"], body["counts"]) == (None, None)
    assert numbers() == []


def test_two_hundred_are_answered_at_once(script):
    assert send(script, *(plain(f"A-{n}") for n in range(200))).status_code == 200


def test_large_ones_become_an_import_however_few_they_are(script):
    heavy = {**plain("A-1"), "x": "x" * 900_000}

    assert (
        send(script, heavy, {**heavy, "case_number": "A-2"}, {**heavy, "case_number": "A-3"}).status_code
        == 202
    )


def test_whoever_wishes_to_wait_elsewhere_is_obeyed(script):
    answer = send(script, plain("A-1"), **LATER)

    assert (answer.status_code, answer["Preference-Applied"]) == (202, "respond-async")


def test_an_import_that_is_answered_again_is_watched_as_the_first_answer_said(script):
    first, again = (send(script, plain("A-1"), HTTP_IDEMPOTENCY_KEY="k-1", **LATER) for _ in range(2))

    assert again["Idempotent-Replayed"] == "true"
    for name in ("Location", "Retry-After", "Preference-Applied"):
        assert again[name] == first[name]


def test_the_bell_is_rung_for_a_worker(script, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr("registry.bell.app.send_task", lambda task, args, retry: rung.append((task, *args)))

    with django_capture_on_commit_callbacks(execute=True):
        answer = send(script, plain("A-1"), **LATER)

    assert rung == [("cases.tasks.import_batch", answer.json()["id"])]
    with access.everywhere():
        assert jobs.due(ImportBatch) == [answer.json()["id"]]


def test_the_same_request_again_while_it_waits_is_the_same_import(script):
    first, again = send(script, plain("A-1"), **LATER), send(script, plain("A-1"), **LATER)
    other = send(script, plain("A-1"), query="?dry_run=true", **LATER)
    worked(first)
    later = send(script, plain("A-1"), **LATER)

    assert first.json()["id"] == again.json()["id"]
    assert len({answer.json()["id"] for answer in (first, other, later)}) == 3


def test_whoever_sends_faster_than_it_is_worked_on_is_asked_to_wait(script):
    for n in range(posted.MOST_OPEN):
        first = send(script, plain(f"A-{n}"), **LATER)

    refused = send(script, plain("A-99"), **LATER)
    again = send(script, plain(f"A-{n}"), **LATER)
    worked(first)

    assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert again.status_code == 202
    assert send(script, plain("A-99"), **LATER).status_code == 202


# --- done ----------------------------------------------------------------------------------------------------------


def test_a_worker_saves_them_and_tells_of_each(script):
    send(script, plain("A-1"))
    sent = [plain("A-1"), BAD, {"reference": "row 9", "document": plain("A-2")}, b"{"]

    answer = send(script, *sent, **LATER)
    assert worked(answer).state == "done"
    body = script.get(answer["Location"]).json()

    assert (body["state"], body["saved"], body["done"], body["finished_at"] is None) == (
        "done",
        True,
        4,
        False,
    )
    assert body["counts"] == {"new": 1, "changed": 0, "unchanged": 1, "rejected": 2}
    assert [
        (one["index"], one["reference"], one["case_number"], one["verdict"], one["version"])
        for one in results(script, answer).json()["results"]
    ] == [
        (0, None, "A-1", "unchanged", 1),
        (1, None, "B-1", "rejected", None),
        (2, "row 9", "A-2", "new", 1),
        (3, None, None, "rejected", None),
    ]


@pytest.mark.parametrize("query", ["", "?mode=atomic", "?dry_run=true", "?mode=atomic&dry_run=true"])
def test_what_is_answered_later_is_what_is_answered_at_once(script, query):
    sent = [
        plain("A-1"),
        {"if_version": 1, "reference": "two", "document": plain("A-2", note="x")},
        plain("A-3", note="x"),
        plain("A-4", presentation={"height_cm": 205}),
        plain("A-5"),
        plain("A-5"),
        BAD,
        b'{"case_number": "A-1", "case_number": "A-2"}',
    ]
    send(script, plain("A-1"), plain("A-2"), plain("A-3"))

    later = send(script, *sent, query=query, **LATER)
    worked(later)
    if "dry_run" not in query and "atomic" not in query:
        told_later = results(script, later).json()["results"]
        assert versions() == {"A-1": 1, "A-2": 2, "A-3": 1, "A-4": 1}
        assert [one["version"] for one in told_later[:5]] == [1, 2, 1, 1, None]
        return
    at_once = send(script, *sent, query=query)

    assert results(script, later).json()["results"] == at_once.json()["verdicts"]
    assert script.get(later["Location"]).json()["counts"] == at_once.json()["counts"]
    assert script.get(later["Location"]).json()["saved"] is False
    assert versions() == {"A-1": 1, "A-2": 1, "A-3": 1}


def test_all_or_none_that_saved_none_is_rejected(script):
    answer = send(script, plain("A-1"), BAD, query="?mode=atomic", **LATER)

    assert worked(answer).state == "rejected"
    assert told(results(script, answer)) == [("rejected", ["batch_rejected"]), ("rejected", ["out_of_range"])]
    assert numbers() == []


def test_an_array_is_worked_on_as_lines_are(script):
    answer = send_array(script, [plain("A-1", note="a, ] b"), plain("A-2")], **LATER)

    assert worked(answer).state == "done"
    assert numbers() == ["A-1", "A-2"]


def test_an_import_is_done_once_however_often_the_bell_rings(script):
    answer = send(script, plain("A-1"), **LATER)

    for _ in range(3):
        worked(answer)

    assert (versions(), rows()) == ({"A-1": 1}, 1)


def test_a_lost_right_saves_nothing(script, alice):
    answer = send(script, plain("A-1"), **LATER)
    memberships = list(alice.memberships.all())
    alice.memberships.all().delete()
    worked(answer)
    for membership in memberships:
        membership.save()

    body = script.get(answer["Location"]).json()
    assert (body["state"], bool(body["refused"]), numbers()) == ("failed", True, [])


def test_of_a_person_who_lost_the_right_nothing_is_judged(alice):
    answer = send(browser(alice), plain("A-1"), **LATER)
    alice.memberships.all().delete()

    batch = worked(answer)

    assert (batch.state, rows(), numbers()) == ("failed", 0, [])
    assert "You may not import cases in this center." in batch.verdicts["refused"]


def test_the_use_cases_ask_for_themselves_who_may(north, rita):
    sent = Lines(lines(plain("A-1")), 1)
    with pytest.raises(PermissionDenied):
        posted.receive(sent, center=north, by=rita)
    with pytest.raises(PermissionDenied):
        documents.save(sent, work=documents.Work(center=north, by=rita), mode="each")

    assert numbers() == []


def test_the_work_asks_before_the_case_does(monkeypatch, north, rita):
    monkeypatch.setattr(intake, "_require", lambda *_: None)  # the wall behind

    with pytest.raises(PermissionDenied):
        documents.save(
            lines(plain("A-1")).splitlines(), work=documents.Work(center=north, by=rita), mode="each"
        )

    assert numbers() == []


def test_sentences_are_in_the_language_of_whoever_sent_it(script):
    answer = send(script, BAD, HTTP_ACCEPT_LANGUAGE="uk", **LATER)
    worked(answer)

    assert (
        results(script, answer).json()["results"][0]["errors"]
        == (send(script, BAD, HTTP_ACCEPT_LANGUAGE="uk").json()["verdicts"][0]["errors"])
    )


# --- R18: some bad ones, retries, killed workers -------------------------------------------------------------------


def thousand():
    """A thousand documents; each tenth has a height that nobody has."""
    return [
        plain(f"A-{n}") if n % 10 else {"case_number": f"A-{n}", "presentation": {"height_cm": 400}}
        for n in range(1000)
    ]


def test_of_a_thousand_with_a_hundred_bad_the_good_are_saved_and_the_bad_are_named(script):
    first = send(script, *thousand())
    worked(first)

    assert script.get(first["Location"]).json()["counts"] == {
        "new": 900,
        "changed": 0,
        "unchanged": 0,
        "rejected": 100,
    }
    bad = results(script, first, "?verdict=rejected&page_size=1000").json()["results"]
    assert [(one["index"], [e["pointer"] for e in one["errors"]]) for one in bad] == [
        (n, ["/presentation/height_cm"]) for n in range(0, 1000, 10)
    ]
    before = versions()

    again = send(script, *thousand())
    worked(again)

    assert script.get(again["Location"]).json()["counts"] == {
        "new": 0,
        "changed": 0,
        "unchanged": 900,
        "rejected": 100,
    }
    assert versions() == before
    assert len(before) == 900


KILLED = """
import signal, os, sys, django
django.setup()
from cases import tasks
from cases.importing import documents
documents.CHUNK = 100
save_cases, calls = documents.intake.save_cases, []

def killed(*args, **options):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return save_cases(*args, **options)

documents.intake.save_cases = killed
tasks.import_batch(int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_nothing_and_the_next_comes_to_the_same_end(script, tmp_path):
    answer = send(script, *thousand())

    worker = worker_process(KILLED, answer.json()["id"], **same_database(), VAR_FOLDER=str(tmp_path))

    assert worker.returncode == -signal.SIGKILL, worker.stderr
    assert (numbers(), rows()) == ([], 0)
    assert script.get(answer["Location"]).json()["state"] == "running"
    with access.everywhere():
        assert ImportBatch.objects.get().rows_done == 300
        ImportBatch.objects.update(leased_until="2020-01-01T00:00Z")
    worked(answer)

    assert script.get(answer["Location"]).json()["counts"]["new"] == 900
    assert (len(numbers()), rows()) == (900, 1000)
    worked(send(script, *thousand()))
    assert set(versions().values()) == {1}


def test_a_worker_that_was_taken_over_stops(script, monkeypatch):
    monkeypatch.setattr(documents, "CHUNK", 1)
    answer = send(script, plain("A-1"), plain("A-2"), **LATER)
    save_cases, calls = documents.intake.save_cases, []

    def overtaken(*args, **options):
        calls.append(1)
        ImportBatch.objects.update(attempts=2)
        return save_cases(*args, **options)

    monkeypatch.setattr(documents.intake, "save_cases", overtaken)
    tasks.import_batch(answer.json()["id"])

    assert (len(calls), numbers()) == (1, [])


# --- told ----------------------------------------------------------------------------------------------------------


def test_verdicts_come_page_by_page_with_a_cursor(script):
    answer = send(script, *(plain(f"A-{n}") for n in range(5)), **LATER)
    worked(answer)
    seen, where = [], answer.json()["results"] + "?page_size=2"

    while where:
        page = script.get(where).json()
        seen += [one["index"] for one in page["results"]]
        where = page["next"]

    assert seen == [0, 1, 2, 3, 4]


def test_a_foreign_cursor_and_an_unknown_verdict_are_wrong_parameters(script):
    answer = send(script, plain("A-1"), **LATER)
    worked(answer)

    for query in ("?cursor=x", "?verdict=lost", "?page=2"):
        assert results(script, answer, query).status_code == 400


def test_verdicts_of_what_is_not_over_are_not_there_yet(script):
    answer = send(script, plain("A-1"), **LATER)

    for where in (answer.json()["results"], answer.json()["rejected"]):
        refused = script.get(where)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:ivc-registry:problem:no_verdicts")
        assert refused["Retry-After"]


def test_rejected_documents_are_handed_back_and_can_be_sent_again(script):
    send(script, plain("A-1"))
    sent = [
        plain("A-9"),
        BAD,
        {"reference": "two", "if_version": 1, "document": {**plain("A-1"), "patient": {"born_on": "1800"}}},
        b'{"case_number": ',
    ]
    answer = send(script, *sent, **LATER)
    worked(answer)

    back = script.get(answer.json()["rejected"], HTTP_ACCEPT=NDJSON)
    found = [json.loads(line) for line in back.content.splitlines()]

    assert (back.status_code, back["Content-Type"]) == (200, NDJSON)
    assert "attachment" in back["Content-Disposition"]
    for chosen in ("json", "ndjson"):
        assert script.get(f"{answer.json()['rejected']}?format={chosen}").content == back.content
    assert [line["index"] for line in found] == [1, 2, 3]
    assert (found[0]["document"], found[0]["errors"][0]["pointer"]) == (BAD, "/presentation/height_cm")
    assert (found[1]["reference"], found[1]["if_version"]) == ("two", 1)
    assert found[2]["line"] == '{"case_number":'

    found[0]["document"]["presentation"]["height_cm"] = 170
    found[1]["document"]["patient"]["born_on"] = "1950"
    assert told(send(script, found[0], found[1])) == [("new", []), ("changed", [])]


def test_of_nothing_rejected_nothing_is_handed_back(script):
    answer = send(script, plain("A-1"), **LATER)
    worked(answer)

    assert script.get(answer.json()["rejected"]).content == b""


def test_imports_are_seen_by_those_who_may_import_there(script, north, alice, south, bob, ines):
    answer = send(script, BAD, **LATER)
    worked(answer)
    body = answer.json()

    for where in (body["url"], body["results"], body["rejected"]):
        assert script.get(where).status_code == 200
        assert machine(north, alice, "read").get(where).status_code == 403
        assert browser(ines).get(where).status_code == 403
        assert machine(south, bob, "import_cases").get(where).status_code == 404
        assert script.get(where.replace(str(body["id"]), "999999")).status_code == 404


def test_files_of_the_browser_are_no_imports_of_the_api(script, north, alice):
    with access.everywhere():
        batch = importing.upload(b"case_number\nA-1\n", file_name="a.csv", center=north, by=alice)

    assert script.get(f"/api/v1/imports/{batch.pk}/").status_code == 404


# --- kept no longer than needed ------------------------------------------------------------------------------------


def test_documents_are_not_kept_when_they_have_done_their_work(script):
    answer = send(script, plain("A-1"), BAD, **LATER)
    with access.everywhere():
        assert b"case_number" not in bytes(ImportBatch.objects.get().content)  # packed

    batch = worked(answer)

    assert bytes(batch.content) == b""
    with access.everywhere():
        assert [bool(row.cells) for row in ImportRow.objects.all()] == [False, True]


def test_after_a_month_values_and_sentences_are_gone_and_codes_stay(script):
    answer = send(script, plain("A-1"), BAD, **LATER)
    worked(answer)
    with access.everywhere():
        ImportBatch.objects.update(finished_at=timezone.now() - timedelta(days=31))
    tasks.tidy_imports()

    (left,) = results(script, answer).json()["results"]
    assert (left["index"], left["errors"][0]["code"]) == (1, "out_of_range")
    assert "400" not in json.dumps(left)
    assert "not kept any more" in left["errors"][0]["message"]
    assert script.get(answer.json()["rejected"]).content == b""
    assert script.get(answer["Location"]).json()["counts"]["new"] == 1


def test_what_failed_for_good_is_emptied_a_week_later(script):
    answer = send(script, BAD, **LATER)
    with access.everywhere():
        ImportBatch.objects.update(attempts=3)
    assert worked(answer).state == "failed"

    with access.everywhere():
        ImportBatch.objects.update(finished_at=timezone.now() - timedelta(days=8))
    tasks.tidy_imports()

    with access.everywhere():
        assert bytes(ImportBatch.objects.get().content) == b""
    assert script.get(answer.json()["results"]).status_code == 409


# --- in the administration -----------------------------------------------------------------------------------------


def test_pages_say_how_many_documents_came_in_the_language_of_who_reads(script, alice):
    one = send(script, plain("A-1"), **LATER).json()["id"]
    alice.language = "uk"
    alice.save(update_fields=["language"])

    client = browser(alice)

    assert "API, 1 документ" in client.get(f"/admin/cases/importbatch/{one}/change/").content.decode()
    assert "API, 1 документ" in client.get("/admin/cases/importbatch/").content.decode()


def test_the_administration_shows_what_came_of_it(script, alice):
    answer = send(script, plain("A-1"), BAD, **LATER)
    page = f"/admin/cases/importbatch/{answer.json()['id']}/"
    client = browser(alice)
    waiting = client.get(f"{page}change/").content.decode()
    worked(answer)

    done = client.get(f"{page}change/").content.decode()
    back = client.get(f"{page}rejected/")

    assert "API, 2 documents" in waiting
    assert "1 case was imported." in done
    assert "as lines of JSON" in done
    assert (back["Content-Type"], json.loads(back.content)["document"]) == (NDJSON, BAD)


def test_the_administration_says_that_a_dry_run_saved_nothing(script, alice):
    answer = send(script, plain("A-1"), query="?dry_run=true", **LATER)
    worked(answer)

    page = browser(alice).get(f"/admin/cases/importbatch/{answer.json()['id']}/change/").content.decode()

    assert "This was a dry run over the API; nothing was saved" in page
    assert "was imported" not in page


def test_a_large_body_is_received_before_the_transaction_and_whole(script):
    heavy = {**plain("A-1"), "x": "x" * 900_000}

    answer = script.generic("POST", BULK, lines(*[heavy] * 5), content_type=NDJSON)

    assert answer.json()["documents"] == 5


# --- a key that is withdrawn, a database that is busy, a worker that is killed --------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revoked_at": "2020-01-01T00:00Z"}, "revoked"),
        ({"expires_at": "2020-01-01T00:00Z"}, "expired"),
    ],
)
def test_what_waits_for_a_key_that_was_withdrawn_is_not_saved(script, north, alice, change, said):
    answer = send(script, plain("A-1"), **LATER)
    ApiKey.objects.update(**change)
    worked(answer)

    body = machine(north, alice, "import_cases").get(answer["Location"]).json()
    assert (body["state"], numbers()) == ("failed", [])
    assert said in body["refused"]


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_puts_an_import_off_and_costs_no_attempt(script, north):
    send(script, plain("A-1"))
    answer = send(script, {"if_version": 1, "document": plain("A-1", note="x")}, **LATER)

    def work(_):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return worked(answer)

    with access.scope([north.pk]):
        Case.objects.select_for_update().get()
        (batch,) = together(work, 1)
    assert (batch.state, batch.attempts) == ("waiting", 0)
    assert timezone.now() < batch.leased_until < timezone.now() + timedelta(minutes=1)

    with access.everywhere():
        ImportBatch.objects.update(leased_until=timezone.now())
        assert jobs.due(ImportBatch) == [batch.pk]
    assert (worked(answer).state, versions()) == ("done", {"A-1": 2})
