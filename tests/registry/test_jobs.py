"""Work in the background survives what happens to workers and queues; what cannot be done is set aside for people."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from registry import jobs, slots
from registry.audit import history_of
from registry.celery import app
from registry.models import Setback, Slot
from tests.clients import browser
from tests.network import same_database
from tests.pages import text
from tests.registry.processes import QUIET, WORKER, programs, until
from tests.registry.queue import empty, ringing_into

POISONED = int(
    os.environ.get("POISONED_AMONG", "40")
)  # normal tasks beside the poisonous one; long form: 1000
ROUNDS = int(os.environ.get("FLUSHES", "3"))  # times the queue is emptied under load; long form: 50
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
BELL = "tests.registry.bell"


def slot(task="note", minute=0, **fields):
    return Slot.objects.create(task=f"{BELL}.{task}", due_at=NOON + timedelta(minutes=minute), **fields)


def free(rows=None):
    """Let leases run out."""
    (rows or Slot.objects.all()).update(leased_until=None)


# --- attempts and the end of them --------------------------------------------------------------------------------


@pytest.fixture
def notes(tmp_path, monkeypatch):
    path = tmp_path / "notes"
    path.touch()
    monkeypatch.setenv("NOTES", str(path))
    from tests.registry import bell  # noqa: F401 - loaded: its tasks are known now

    return path


@pytest.mark.django_db
def test_what_is_due_is_done_once_however_often_the_bell_rings(notes):
    due = slot()

    for _ in range(3):
        slots.carry_out(due.pk)

    due.refresh_from_db()
    assert (due.state, due.attempts, notes.read_text()) == ("done", 1, "done\n")
    assert not Setback.objects.exists()


@pytest.mark.django_db
def test_three_failures_set_work_aside_and_name_the_error_without_its_words(notes, caplog):
    due = slot("fail")

    for attempt in (1, 2, 3):
        with pytest.raises(ValueError, match="Jane"):
            slots.carry_out(due.pk)
        setback = Setback.objects.get()
        assert (setback.attempts, setback.error) == (attempt, "ValueError")
        assert setback.state == ("set_aside" if attempt == 3 else "tried_again")
        slots.carry_out(due.pk)  # the pause before the next attempt is kept
        assert Slot.objects.get().attempts == attempt
        free()

    slots.carry_out(due.pk)
    assert (Slot.objects.get().state, Slot.objects.get().attempts) == ("failed", 3)
    ours = [record.getMessage() for record in caplog.records if record.name == "registry.jobs"]
    assert ours
    assert "Jane" not in " ".join(ours)


@pytest.mark.django_db
def test_a_worker_that_dies_each_time_leaves_its_work_set_aside(notes):
    due = slot()
    for _ in range(3):
        assert jobs.claim(Slot, due.pk)
        free()  # it died, and its lease ran out

    assert jobs.ring_due() == 0

    setback = Setback.objects.get()
    assert (setback.state, setback.attempts, setback.error) == ("set_aside", 3, jobs.LOST)
    assert Slot.objects.get().state == "failed"


@pytest.mark.django_db
def test_what_holds_up_one_kind_of_work_holds_up_no_other(notes, monkeypatch):
    due, held = slot(), next(kind for kind in jobs.KINDS.values() if kind.model is not Slot)
    set_aside = jobs.set_aside

    def busy(kind, rows):
        if kind is held:
            Slot.objects.create(task="rolled back", due_at=NOON)
            raise OperationalError from LockNotAvailable()
        return set_aside(kind, rows)

    monkeypatch.setattr(jobs, "set_aside", busy)

    assert jobs.ring_due() == 1
    assert [row.pk for row in Slot.objects.all()] == [due.pk]


@pytest.mark.django_db
def test_a_busy_database_costs_no_attempt(notes):
    due = slot()
    for _ in range(5):
        assert jobs.claim(Slot, due.pk)
        with jobs.attempt(Slot, due.pk, Slot.objects.all()) as tried:
            raise OperationalError from LockNotAvailable()
        assert tried.is_put_off
        assert (Slot.objects.get().state, Slot.objects.get().attempts) == ("waiting", 0)
        free()
    assert not Setback.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("task", ["meet_a_lock", "find_no_room"])
def test_what_meets_a_lock_or_a_full_disk_is_done_later_and_not_called_done(notes, task):
    due = slot(task)

    slots.carry_out(due.pk)

    due.refresh_from_db()
    assert (due.state, due.attempts, due.finished_at) == ("waiting", 0, None)
    free()
    Slot.objects.update(task=f"{BELL}.note")
    slots.carry_out(due.pk)
    assert (Slot.objects.get().state, notes.read_text()) == ("done", "done\n")


@pytest.mark.django_db
def test_a_worker_whose_lease_ran_out_leaves_the_end_to_the_other(notes):
    due = slot("take_too_long")

    slots.carry_out(due.pk)

    due.refresh_from_db()
    assert (due.state, due.attempts, due.finished_at) == ("running", 2, None)


@pytest.mark.django_db
def test_work_that_is_done_after_a_failure_says_so(notes):
    due = slot("fail")
    with pytest.raises(ValueError, match="Jane"):
        slots.carry_out(due.pk)
    free(Slot.objects.filter(pk=due.pk))
    Slot.objects.update(task=f"{BELL}.note")

    slots.carry_out(due.pk)

    assert Setback.objects.get().state == "overcome"


def test_every_kind_of_work_has_a_task_and_can_be_claimed():
    app.loader.import_default_modules()

    assert {kind.task for kind in jobs.KINDS.values()} <= set(app.tasks)
    assert {model._meta.label for model in jobs.KINDS} == {
        "cases.ImportBatch",
        "cases.AssessmentRun",
        "cases.AlgorithmPreview",
        "registry.Slot",
        "reports.Report",
    }
    for model in jobs.KINDS:
        assert {"attempts", "leased_until"} <= {field.name for field in model._meta.fields}


# --- people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def aside(db, notes):
    """Work that was set aside."""
    due = slot("fail", state="failed", attempts=3, finished_at=timezone.now())
    return Setback.objects.create(
        job="registry.slot",
        job_id=due.pk,
        attempts=3,
        error="ValueError",
        state="set_aside",
        at=timezone.now(),
    )


def ask(client, aside, **fields):
    return client.post(
        "/admin/registry/setback/",
        {"action": "try_again", "_selected_action": [aside.pk], **fields},
        follow=True,
    )


def test_the_home_page_and_the_list_tell_whoever_runs_the_registry(aside, ada):
    home, listed = browser(ada).get("/admin/"), browser(ada).get("/admin/registry/setback/")

    name = f"Scheduled work {aside.job_id}"
    assert "Work that was set aside" in text(home)
    assert name in text(home)
    assert name in text(listed)
    assert "ValueError" in text(listed)


def test_the_list_costs_the_same_whatever_its_length(aside, ada, django_assert_num_queries):
    client = browser(ada)
    client.get("/admin/registry/setback/")
    with django_assert_num_queries(14):
        client.get("/admin/registry/setback/")
    for number in range(20):
        Setback.objects.create(job="registry.slot", job_id=-number - 1, state="set_aside", at=timezone.now())
    with django_assert_num_queries(14):
        client.get("/admin/registry/setback/")


def test_nobody_else_sees_it(aside, alice, lena, rita, dana, otto):
    for person in (alice, lena, rita, dana, otto):
        assert "Work that was set aside" not in text(browser(person).get("/admin/"))
        assert browser(person).get("/admin/registry/setback/").status_code == 403
        assert ask(browser(person), aside, reason="mended").status_code == 403
    assert Slot.objects.get().state == "failed"


def test_it_is_tried_again_for_a_reason_that_the_history_keeps(
    aside, ada, notes, django_capture_on_commit_callbacks, monkeypatch
):
    rung = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: rung.append((name, *args)))
    client = browser(ada)
    assert "Reason" in text(ask(client, aside))
    assert Slot.objects.get().state == "failed", "a reason is asked for first"

    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(client, aside, reason="the disk was full")

    assert f"Scheduled work {aside.job_id} is tried again." in text(answer)
    due = Slot.objects.get()
    assert (due.state, due.attempts) == ("waiting", 0)
    assert ("registry.tasks.on_time", due.pk) in rung
    context = history_of(aside).last().pgh_context
    assert (context["reason"], context["user"]) == ("the disk was full", ada.pk)

    assert "stays as it is" in text(ask(client, aside, reason="once more"))


def test_the_use_case_asks_for_itself_who_may_and_why(aside, lena, ada):
    with pytest.raises(PermissionDenied):
        jobs.begin_again([aside.pk], reason="mended", by=lena)
    for reason in ("", " ", "two\nlines", "x" * 201):
        with pytest.raises(ValidationError):
            jobs.begin_again([aside.pk], reason=reason, by=ada)


# --- real workers ------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(transactional_db, notes):
    queue = f"test_{os.urandom(4).hex()}"
    return os.environ | same_database() | {"QUEUE": queue, "REGISTRY_PROCESS": "worker", "NOTES": str(notes)}


@pytest.fixture
def ringing(environment):
    """Let this process ring in the queue of the test."""
    with ringing_into(environment["QUEUE"]):
        yield environment["QUEUE"]


@pytest.fixture
def worker(environment, tmp_path):
    """Start workers that end with the test."""
    with programs(environment, tmp_path / "log") as found:
        yield lambda: found.start(*WORKER, *QUIET, "--include", BELL)


def states():
    return Counter(Slot.objects.values_list("state", flat=True))


def as_time_passes():
    """What the minutes do: leases of the dead run out, and the scheduler rings."""
    free(Slot.objects.filter(state="running", task=f"{BELL}.poison"))
    jobs.ring_due()


@pytest.mark.django_db(transaction=True)
def test_poison_is_set_aside_after_three_attempts_and_all_other_work_is_done(ringing, worker, notes):
    bad = slot("poison")
    for minute in range(1, POISONED + 1):
        slot("note", minute)
    process = worker()

    # Each time all that is due is rung for, so not ten times a second where that is a thousand.
    assert until(
        lambda: states()["done"] == POISONED and states()["failed"] == 1,
        60 + POISONED,
        as_time_passes,
        pause_s=POISONED / 100,
    )

    lines = Counter(notes.read_text().split())
    assert lines == {"poison": 3, "done": POISONED}
    setback = Setback.objects.get()
    assert (setback.job_id, setback.state, setback.attempts) == (bad.pk, "set_aside", 3)
    assert process.poll() is None, "the worker itself lives"


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_without_the_count_poison_goes_on_for_ever(ringing, worker, notes):
    (notes.parent / "notes.uncounted").touch()
    slot("poison")
    worker()

    assert until(lambda: notes.read_text().count("poison") > 4, 60, as_time_passes)

    assert states()["failed"] == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reconciled", [True, False], ids=["rung again", "control"])
def test_a_queue_that_is_emptied_under_load_loses_no_work(ringing, worker, notes, reconciled):
    count = 10 * ROUNDS
    rows = [slot("slow_note", minute) for minute in range(count)]
    for row in rows:
        jobs.KINDS[Slot].ring(Slot.objects.filter(pk=row.pk))
    worker()
    assert until(lambda: states()["done"] > 0)

    thrown_away = 0
    for done in range(
        1, (ROUNDS if reconciled else 1) + 1
    ):  # for the control nothing may be left to go on with
        assert until(lambda done=done: states()["done"] >= min(done, count))
        thrown_away += empty(ringing)
        if reconciled:
            jobs.ring_due()
    assert thrown_away, "the queue held nothing, so that nothing was tried"

    ended = until(lambda: states()["done"] == count, 60 if reconciled else 5)
    assert ended == reconciled
    if reconciled:
        assert notes.read_text().count("done") == count
