"""From upload to import: a check saves nothing, an import saves what the check showed, and each step is taken once."""

import threading
import time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from cases import importing, intake, tasks
from cases.importing import running, waiting, working
from cases.models import Case, ImportBatch, ImportRow
from registry import access, jobs
from registry.celery import app
from tests.cases.examples import draft, resected
from tests.cases.files import flattened, table
from tests.cases.imports import checked, committed, now, recheck, rows, stored, uploaded

pytestmark = pytest.mark.django_db


def save(document, center, by, if_version=None):
    submission = intake.Submission(document=document, if_version=if_version)
    return intake.save_case(submission, center=center, by=by, source="admin")


def told(batch):
    return {
        row.case_number: (row.verdict, row.is_rejudged, [p["code"] for p in row.problems])
        for row in rows(batch)
    }


def in_scope(call, batch, **options):
    with access.scope([batch.center_id]):
        return call(batch, **options)


# --- uploading ------------------------------------------------------------------------------------------------------


def test_an_upload_is_kept_with_its_columns_and_first_values_and_nothing_else_is_read(north, alice):
    content = table(
        ("case_number", "patient.sex"), ("A-1", "female"), ("A-2", ""), ("A-3", "male"), ("A-4", "female")
    )

    batch = uploaded(content, north, alice)

    assert (batch.state, batch.attempts, batch.rows_total) == ("uploaded", 0, 0)
    assert batch.preview["sheets"] == [
        {
            "name": "",
            "header": ["case_number", "patient.sex"],
            "separator": ",",
            "samples": [["A-1", "A-2", "A-3"], ["female", "male"]],
        }
    ]
    with access.everywhere():
        assert jobs.due(ImportBatch) == []


def test_only_those_who_may_import_take_a_step(north, ines, bob, alice):
    batch = checked(b"case_number\nA-1\n", north, alice)

    for person in (ines, bob):
        with pytest.raises(PermissionDenied):
            uploaded(b"case_number\n", north, person)
        for step in (importing.commit, importing.reopen):
            with pytest.raises(PermissionDenied):
                in_scope(step, batch, by=person, seen_round=batch.round)
        with pytest.raises(PermissionDenied):
            in_scope(importing.cancel, batch, by=person)
        with pytest.raises(PermissionDenied):
            in_scope(importing.check, batch, fields={}, blank_erases=False, by=person, seen_round=batch.round)


def test_the_same_file_is_recognized(north, south, alice, bob):
    content = b"case_number\nA-1\n"
    first, foreign = uploaded(content, north, alice), uploaded(content, south, bob)
    again = uploaded(content, north, alice)

    assert in_scope(importing.earlier, again) == first
    assert in_scope(importing.earlier, first) is None
    assert in_scope(importing.earlier, foreign) is None


@pytest.mark.parametrize("name", ["a\x00b.csv", "x" * 900 + ".csv", "", "../../etc/passwd", "файл.csv"])
def test_any_name_of_a_file_is_kept_as_far_as_it_can_be(north, alice, name):
    assert 0 < len(uploaded(b"case_number\n", north, alice, name).file_name) <= 255


# --- checking -------------------------------------------------------------------------------------------------------


def test_a_check_tells_what_would_happen_and_saves_nothing(north, alice):
    save(resected("A-1"), north, alice)
    save(draft("A-2", patient={"sex": "male"}), north, alice)
    content = table(
        ("case_number", "patient.sex", "patient.born_on", "operations.1.blood_loss_ml"),
        ("A-1", "male", "NK", ""),
        ("A-2", "male", "", ""),
        ("A-3", "female", "1951", ""),
        ("A-4", "femal", "", ""),
    )

    batch = checked(content, north, alice)

    assert batch.state == "checked"
    assert batch.verdicts["counts"] == {"new": 1, "changed": 1, "unchanged": 1, "rejected": 1}
    changed, unchanged, new, rejected = rows(batch)
    assert dict(zip(changed.columns, changed.values, strict=True)) == {
        "patient.sex": ["female", "male"],
        "patient.born_on": ["1960-05", "NK"],
    }
    assert (changed.version, new.version) == (1, 0)
    assert dict(zip(new.columns, new.values, strict=True)) == {
        "patient.sex": [None, "female"],
        "patient.born_on": [None, "1951"],
    }
    assert (unchanged.columns, rejected.columns) == ([], [])
    assert [row.position for row in rows(batch)] == [1, 2, 3, 4]
    assert set(stored(north)) == {"A-1", "A-2"}
    assert stored(north)["A-1"].version == 1


def test_a_check_tells_which_queries_will_open(north, alice):
    batch = checked(flattened([resected("A-1", operation={"blood_loss_ml": 19_000})]), north, alice)

    (row,) = rows(batch)
    assert batch.verdicts["queries"] == 1
    assert row.verdict == "new"
    assert {problem["severity"] for problem in row.problems} == {"query"}


def test_a_file_that_turns_out_unreadable_is_refused_and_nothing_of_it_kept(north, alice):
    content = b"case_number,note\n" + b"A,x\n" * 200 + b'B,"open\n'

    batch = checked(content, north, alice)

    assert batch.state == "rejected"
    assert "Row 202 is not well-formed CSV" in batch.verdicts["refused"]
    assert (bytes(batch.content), batch.preview, rows(batch)) == (b"", {}, [])


def test_a_check_begins_again_when_its_worker_died(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    batch = uploaded(flattened([draft(f"A-{n}") for n in range(5)]), north, alice)
    in_scope(importing.check, batch, fields={}, blank_erases=False, by=alice, seen_round=0)
    save_cases, calls = running.intake.save_cases, []

    def killed(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", killed)
    with pytest.raises(SystemExit):
        tasks.import_batch(batch.pk)
    assert (now(batch).state, now(batch).rows_done, len(rows(batch))) == ("running", 2, 2)

    with access.scope([north.pk]):
        ImportBatch.objects.update(leased_until="2020-01-01T00:00Z")
    tasks.import_batch(batch.pk)

    assert (now(batch).state, len(rows(batch))) == ("checked", 5)


def test_a_check_is_told_chunk_by_chunk(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    seen, hold = [], working._hold
    monkeypatch.setattr(working, "_hold", lambda batch, **p: (hold(batch, **p), seen.append(p["rows_done"])))

    checked(flattened([draft(f"A-{n}") for n in range(5)]), north, alice)

    assert seen == [0, 2, 4, 5]


def test_the_queries_of_a_check_do_not_grow_with_the_rows_of_a_chunk(north, alice):
    def queries(n):
        with CaptureQueriesContext(connection) as seen:
            checked(flattened([draft(f"{n}-{i}") for i in range(n)]), north, alice)
        return len(seen)

    queries(2)

    assert queries(40) == queries(2)


# --- importing ------------------------------------------------------------------------------------------------------


def test_what_was_checked_is_imported_by_the_task(north, alice):
    batch = checked(flattened([resected("A-1"), draft("A-2")]), north, alice)

    done = committed(batch, alice)

    assert (done.state, done.verdicts["saved"], done.rows_done) == ("done", True, 2)
    assert set(stored(north)) == {"A-1", "A-2"}
    assert bytes(done.content) == b""
    assert all(row.values == [] for row in rows(done))
    assert "samples" not in str(done.preview)


def test_rejected_rows_are_left_out_and_their_cells_kept(north, alice):
    done = committed(
        checked(table(("case_number", "patient.sex"), ("A-1", "x"), ("A-2", "male")), north, alice), alice
    )

    assert told(done) == {"A-1": ("rejected", False, ["unknown_code"]), "A-2": ("new", False, [])}
    assert [bool(row.cells) for row in rows(done)] == [True, False]
    assert set(stored(north)) == {"A-2"}


def test_an_import_is_done_once_however_often_it_is_asked_for(north, alice):
    batch = checked(flattened([draft("A-1")]), north, alice)

    first = in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    second = in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    for _ in range(3):
        tasks.import_batch(batch.pk)
    third = in_scope(importing.commit, batch, by=alice, seen_round=batch.round)

    assert (first, second, third) == (True, False, False)
    assert now(batch).state == "done"
    assert stored(north)["A-1"].version == 1


def test_a_page_that_is_out_of_date_decides_nothing(north, alice):
    """Another window went back to the columns and had the file checked again."""
    old = checked(table(("case_number", "patient.sex"), ("A-1", "female")), north, alice)
    in_scope(importing.reopen, old, by=alice, seen_round=old.round)
    between = now(old)
    in_scope(importing.check, between, fields={}, blank_erases=False, by=alice, seen_round=between.round)
    tasks.import_batch(old.pk)

    assert not in_scope(importing.commit, old, by=alice, seen_round=old.round)
    assert not in_scope(importing.reopen, old, by=alice, seen_round=old.round)
    assert now(old).state == "checked"


def test_who_says_import_is_who_imported(north, alice, lena):
    done = committed(checked(flattened([draft("A-1")]), north, alice), lena)

    assert done.requested_by_id == lena.pk
    with access.scope([north.pk]):
        context = Case.objects.get().events.get().pgh_context
    assert (context["door"], context["user"]) == ("import", lena.pk)


def test_a_worker_killed_in_an_import_leaves_nothing_and_another_does_it_whole(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    batch = checked(flattened([draft(f"A-{n}") for n in range(5)]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    save_cases, calls = running.intake.save_cases, []

    def killed(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", killed)
    with pytest.raises(SystemExit):
        tasks.import_batch(batch.pk)
    assert (stored(north), len(rows(batch)), bool(now(batch).content)) == ({}, 5, True)
    with access.scope([north.pk]):
        ImportBatch.objects.update(leased_until="2020-01-01T00:00Z")
    tasks.import_batch(batch.pk)

    assert now(batch).state == "done"
    assert len(stored(north)) == 5


def test_a_lost_right_saves_nothing(north, alice):
    batch = checked(flattened([draft("A-1")]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    alice.memberships.all().delete()

    tasks.import_batch(batch.pk)

    assert now(batch).state == "failed"
    assert now(batch).verdicts["refused"]
    assert stored(north) == {}


# --- when cases change between check and import ---------------------------------------------------------------------


def test_a_row_is_judged_again_when_its_case_changed_elsewhere(north, alice):
    save(draft("A-1", patient={"sex": "female"}), north, alice)
    batch = checked(table(("case_number", "patient.born_on"), ("A-1", "1951")), north, alice)
    save(draft("A-1", patient={"sex": "female"}, note="by hand"), north, alice, if_version=1)

    done = committed(batch, alice)

    assert told(done) == {"A-1": ("changed", True, [])}
    assert done.verdicts["rejudged"] == 1
    assert stored(north)["A-1"].document == draft(
        "A-1", patient={"sex": "female", "born_on": "1951"}, note="by hand"
    )


def test_an_answer_that_somebody_corrected_after_the_check_is_not_written_over(north, alice):
    save(draft("A-1", patient={"born_on": "1950"}), north, alice)
    batch = checked(table(("case_number", "patient.born_on"), ("A-1", "1951"), ("A-2", "1960")), north, alice)
    save(draft("A-1", patient={"born_on": "1952"}), north, alice, if_version=1)

    done = committed(batch, alice)

    assert told(done) == {"A-1": ("rejected", True, ["changed_since_check"]), "A-2": ("new", False, [])}
    assert str(stored(north)["A-1"].document.patient.born_on) == "1952"
    assert rows(done)[0].cells


def test_a_new_case_that_somebody_added_after_the_check_is_not_written_over(north, alice):
    batch = checked(table(("case_number", "patient.sex"), ("A-1", "male")), north, alice)
    save(draft("A-1", patient={"sex": "female"}), north, alice)

    done = committed(batch, alice)

    assert told(done) == {"A-1": ("rejected", True, ["changed_since_check"])}
    assert stored(north)["A-1"].document.patient.sex == "female"


def test_a_case_that_says_already_what_the_file_says_is_unchanged(north, alice):
    batch = checked(table(("case_number", "patient.sex"), ("A-1", "male")), north, alice)
    save(draft("A-1", patient={"sex": "male"}), north, alice)

    done = committed(batch, alice)

    assert told(done) == {"A-1": ("unchanged", True, [])}
    assert stored(north)["A-1"].version == 1


def test_what_was_unchanged_or_rejected_at_the_check_stays_so(north, alice):
    save(draft("A-1", patient={"sex": "male"}), north, alice)
    batch = checked(table(("case_number", "patient.sex"), ("A-1", "male"), ("A-2", "x")), north, alice)
    save(draft("A-1", patient={"sex": "female"}), north, alice, if_version=1)

    done = committed(batch, alice)

    assert told(done) == {"A-1": ("unchanged", False, []), "A-2": ("rejected", False, ["unknown_code"])}
    assert stored(north)["A-1"].document.patient.sex == "female"


def test_all_or_nothing_saves_nothing_when_a_row_cannot_be_saved_any_more(north, alice):
    batch = checked(table(("case_number", "patient.sex"), ("A-1", "male"), ("A-2", "male")), north, alice)
    save(draft("A-1", patient={"sex": "female"}), north, alice)

    done = committed(batch, alice, all_or_nothing=True)

    assert (done.state, done.verdicts["saved"]) == ("rejected", False)
    assert told(done)["A-1"] == ("rejected", True, ["changed_since_check"])
    assert set(stored(north)) == {"A-1"}
    assert all(row.values == [] for row in rows(done))


def test_a_locked_case_is_left_out(north, alice):
    save(draft("A-1", patient={"sex": "female"}), north, alice)
    batch = checked(table(("case_number", "patient.born_on"), ("A-1", "1951")), north, alice)
    with access.scope([north.pk]):
        Case.objects.update(status="locked")

    assert told(committed(batch, alice)) == {"A-1": ("rejected", False, ["locked"])}


# --- canceling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["uploaded", "waiting", "running", "checked"])
def test_before_it_is_imported_a_file_is_canceled_and_forgotten(north, alice, when):
    batch = checked(flattened([draft("A-1")]), north, alice)
    with access.scope([north.pk]):
        ImportBatch.objects.update(state=when)

    assert in_scope(importing.cancel, batch, by=alice)

    gone = now(batch)
    assert (gone.state, bytes(gone.content), gone.preview, gone.verdicts) == ("canceled", b"", {}, {})
    assert rows(batch) == []
    assert not in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    tasks.import_batch(batch.pk)
    assert stored(north) == {}


def test_an_import_that_was_asked_for_is_not_canceled(north, alice):
    batch = checked(flattened([draft("A-1")]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)

    assert not in_scope(importing.cancel, batch, by=alice)
    tasks.import_batch(batch.pk)
    assert not in_scope(importing.cancel, batch, by=alice)
    assert set(stored(north)) == {"A-1"}


@pytest.mark.django_db(transaction=True)
def test_a_check_that_is_canceled_while_it_runs_leaves_nothing(north, alice, monkeypatch):
    batch = uploaded(flattened([draft("A-1")]), north, alice)
    in_scope(importing.check, batch, fields={}, blank_erases=False, by=alice, seen_round=0)
    save_cases = running.intake.save_cases

    def cancel():
        in_scope(importing.cancel, batch, by=alice)
        connection.close()

    def canceled(*args, **options):
        beside(cancel)
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", canceled)
    tasks.import_batch(batch.pk)

    assert now(batch).state == "canceled"
    assert rows(batch) == []


def beside(call):
    """What another process does meanwhile."""
    other = threading.Thread(target=call)
    other.start()
    other.join()


# --- the bell, the lease and the language ---------------------------------------------------------------------------


def test_a_step_rings_for_a_worker_once_it_is_kept(
    north, alice, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: rung.append((name, *args)))
    batch = uploaded(b"case_number\nA-1\n", north, alice)

    with django_capture_on_commit_callbacks(execute=True):
        in_scope(importing.check, batch, fields={}, blank_erases=False, by=alice, seen_round=0)
        assert rung == []

    assert rung == [(waiting.TASK, batch.pk)]
    assert waiting.TASK in app.tasks


def test_a_queue_that_is_away_stops_no_step(
    north, alice, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    def away(*args, **options):
        raise OSError

    monkeypatch.setattr(app, "send_task", away)
    batch = uploaded(b"case_number\nA-1\n", north, alice)

    with django_capture_on_commit_callbacks(execute=True):
        in_scope(importing.check, batch, fields={}, blank_erases=False, by=alice, seen_round=0)

    with access.everywhere():
        assert jobs.due(ImportBatch) == [batch.pk]
    assert "Error calling" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_while_it_imports_people_see_how_far_it_is_and_no_case(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    batch = checked(flattened([draft(f"A-{n}") for n in range(6)]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    save_cases, seen = running.intake.save_cases, []

    def look():
        seen.append((now(batch).state, now(batch).rows_done, len(stored(north))))
        connection.close()

    def watched(*args, **options):
        beside(look)
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", watched)
    tasks.import_batch(batch.pk)

    assert seen == [("running", 0, 0), ("running", 2, 0), ("running", 4, 0)]
    assert len(stored(north)) == 6


@pytest.mark.django_db(transaction=True)
def test_a_long_import_keeps_its_lease(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 1)
    batch = checked(flattened([draft("A-1"), draft("A-2")]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    save_cases, leases = running.intake.save_cases, []

    def watched(*args, **options):
        leases.append(now(batch).leased_until)
        time.sleep(0.01)
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", watched)
    tasks.import_batch(batch.pk)

    assert leases[0] < leases[1]


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_lease_went_to_another_stops_and_leaves_that_lease_alone(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 1)
    batch = checked(flattened([draft(f"A-{n}") for n in range(3)]), north, alice)
    in_scope(importing.commit, batch, by=alice, seen_round=batch.round)
    save_cases, calls = running.intake.save_cases, []

    def take_over():
        with access.scope([north.pk]):
            ImportBatch.objects.update(attempts=2, leased_until="2040-01-01T00:00Z")
        connection.close()

    def slow(*args, **options):
        calls.append(1)
        beside(take_over)
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", slow)
    tasks.import_batch(batch.pk)

    assert len(calls) == 1
    assert (now(batch).leased_until.year, now(batch).rows_done, stored(north)) == (2040, 0, {})


def test_sentences_are_in_the_language_of_whoever_asked_last(north, alice):
    """The worker knows no browser: the language of the request is kept with the file."""
    content = table(("case_number", "operations.1.blood_loss_ml"), ("A-1", "1,5"), ("A-1", "x"))
    batch = uploaded(content, north, alice)

    def sentences(language):
        with translation.override(language):
            recheck(now(batch), alice)
        told = " ".join(problem["message"] for row in rows(batch) for problem in row.problems)
        in_scope(importing.reopen, now(batch), by=alice, seen_round=now(batch).round)
        return told

    ukrainian, english = sentences("uk"), sentences("en")

    assert "Row 3 has the same case number." in english
    assert "written with a comma" in english
    assert "Рядок 3 має такий самий номер випадку." in ukrainian
    assert "written with a comma" not in ukrainian
    assert now(batch).language == "en"


def test_an_import_speaks_as_the_person_who_asked_for_it(north, alice):
    batch = checked(table(("case_number", "patient.sex"), ("A-1", "male")), north, alice)
    save(draft("A-1", patient={"sex": "female"}), north, alice)

    with translation.override("uk"):
        done = committed(batch, alice)

    (problem,) = rows(done)[0].problems
    assert (problem["code"], done.language) == ("changed_since_check", "uk")
    assert "Check the file again" not in problem["message"]


# --- isolation ------------------------------------------------------------------------------------------------------


def test_rows_are_seen_in_the_scope_of_their_center_alone(north, south, alice):
    checked(b"case_number\nA-1\n", north, alice)

    assert ImportRow.objects.count() == 0
    with access.scope([south.pk]):
        assert (ImportRow.objects.count(), ImportBatch.objects.count()) == (0, 0)
    with access.scope([north.pk]):
        assert ImportRow.objects.count() == 1
