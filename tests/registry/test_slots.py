"""The schedule: each time is a row, once whatever number of schedulers run and whatever clocks and zones say."""

import itertools
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.db import connection

from registry import clock, signs, slots
from registry.celery import app
from registry.models import Heartbeat, Slot
from tests.network import ROOT, same_database

MINUTES = int(
    os.environ.get("SLOT_MINUTES", "20")
)  # of four tasks each; long form: 250, which is 1,000 slots
SCHEDULERS = 5
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SCHEDULER = """
import sys, django
django.setup()
from datetime import datetime, timedelta
from registry import slots
start, minutes = datetime.fromisoformat(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()  # all begin at once
for minute in range(minutes):
    at = start + timedelta(minutes=minute)
    for number in slots.plan({f"task {n}": at for n in range(4)}):
        print(number)
"""


def schedulers():
    """Five schedulers that plan the same minutes at once; the numbers of the slots that each rings for."""
    environment = os.environ | same_database()
    environment |= {"REGISTRY_PROCESS": "worker", "DJANGO_SETTINGS_MODULE": "registry.settings"}
    command = [sys.executable, "-c", SCHEDULER, NOON.isoformat(), str(MINUTES)]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(SCHEDULERS)
    ]
    try:
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        rung = [list(map(int, process.communicate(timeout=300)[0].split())) for process in running]
        assert [process.returncode for process in running] == [0] * SCHEDULERS
        return rung
    finally:
        for process in running:
            process.kill()
            process.wait()


def as_owner(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        cursor.execute(statement)
        cursor.execute("SET ROLE reg_app")


@pytest.mark.django_db(transaction=True)
def test_five_schedulers_ring_once_for_each_time():
    rung = schedulers()

    assert sorted(number for one in rung for number in one) == sorted(
        Slot.objects.values_list("pk", flat=True)
    )
    assert Slot.objects.count() == 4 * MINUTES
    assert sum(map(bool, rung)) > 1, "one alone did everything: they did not run at once"


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_five_schedulers_without_the_unique_row_write_times_twice():
    as_owner("ALTER TABLE registry_slot DROP CONSTRAINT registry_slot_once")
    try:
        schedulers()
        assert Slot.objects.count() > 4 * MINUTES
    finally:
        Slot.objects.all().delete()
        as_owner("ALTER TABLE registry_slot ADD CONSTRAINT registry_slot_once UNIQUE (task, due_at)")


@pytest.mark.django_db
def test_a_later_time_takes_the_place_of_one_that_nobody_has_begun():
    (first,) = slots.plan({"a": NOON})
    assert slots.plan({"a": NOON}) == []
    Slot.objects.filter(pk=first).update(state="running", attempts=1)
    slots.plan({"a": NOON + timedelta(minutes=1)})
    slots.plan({"a": NOON + timedelta(minutes=2)})

    assert list(Slot.objects.order_by("due_at").values_list("state", flat=True)) == [
        "running",
        "replaced",
        "waiting",
    ]


# --- what is due, and when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "at", "due"),
    [
        (crontab(), "2026-11-26T12:34:56", "2026-11-26T12:34"),
        (crontab(hour=2, minute=30), "2026-11-26T02:29:59", "2026-11-25T02:30"),
        (crontab(hour=2, minute=30), "2026-11-26T02:30:00", "2026-11-26T02:30"),
        (crontab(hour=4, minute=20, day_of_week="mon"), "2026-11-26T12:00", "2026-11-23T04:20"),
        (
            crontab(hour=0, minute=0, day_of_month="1", month_of_year="1"),
            "2026-11-26T12:00",
            "2026-01-01T00:00",
        ),
    ],
)
def test_the_last_time_that_was_due(schedule, at, due):
    last = slots.last_due(schedule, datetime.fromisoformat(at).replace(tzinfo=UTC))

    assert last == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_what_was_not_due_for_a_year_is_an_error():
    with pytest.raises(ValueError, match="no minute"):
        slots.last_due(crontab(day_of_month="29", month_of_year="2"), NOON)


ZONES = (
    "Europe/Kyiv",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Casablanca",
)


def changeovers(zone, years):
    """The moments, in UTC, at which the clocks of a zone change, to the hour."""
    moment, end = datetime(min(years), 1, 1, tzinfo=UTC), datetime(max(years) + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        later = moment + timedelta(hours=1)
        if later.astimezone(ZoneInfo(zone)).utcoffset() != moment.astimezone(ZoneInfo(zone)).utcoffset():
            yield later
        moment = later


def test_changes_of_the_clock_make_no_time_come_twice_or_never(monkeypatch):
    """The zone of the machine is set to each: every minute comes once, and a daily time once in each 24 hours."""
    tried = Counter()
    daily = crontab(hour=2, minute=30)
    for zone in ZONES:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            for change in list(changeovers(zone, range(2015, 2019)))[:8]:
                around = [change + timedelta(minutes=n) for n in range(-180, 180)]
                local = [time.localtime(moment.timestamp())[:5] for moment in around]
                steps = {
                    time.mktime((*b, 0, 0, 0, 0)) - time.mktime((*a, 0, 0, 0, 0))
                    for a, b in itertools.pairwise(local)
                }
                assert len(steps) > 1, "the clock of the machine did not change"
                assert [slots.last_due(crontab(), moment) for moment in around] == around
                hours = [change + timedelta(hours=n) for n in range(-48, 49)]
                due = sorted({slots.last_due(daily, moment) for moment in hours})
                assert {b - a for a, b in itertools.pairwise(due)} == {timedelta(days=1)}
                tried[zone] += 1
        time.tzset()
    assert sum(tried.values()) == 48, tried


# --- the scheduler -----------------------------------------------------------------------------------------------


@pytest.fixture
def beat(db, monkeypatch):
    rung = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: rung.append((name, *args)))
    scheduler = slots.Scheduler(app)
    moment = [NOON]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return scheduler, moment, rung


def test_each_minute_brings_its_times_and_a_sign(beat, django_capture_on_commit_callbacks):
    scheduler, moment, rung = beat
    with django_capture_on_commit_callbacks(execute=True):
        scheduler.tick()
        scheduler.tick()
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert set(Slot.objects.values_list("task", flat=True)) == tasks
    assert {("registry.tasks.on_time", pk) for pk in Slot.objects.values_list("pk", flat=True)} <= set(rung)
    assert Heartbeat.objects.filter(name=signs.SCHEDULER).exists()

    moment[0] += timedelta(minutes=1)
    scheduler.tick()

    again = {
        entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values() if len(entry["schedule"].minute) > 1
    }
    assert set(Slot.objects.filter(due_at=moment[0]).values_list("task", flat=True)) == again


def test_after_a_pause_the_last_daily_time_is_made_up_for_once(beat):
    scheduler, moment, _ = beat
    scheduler.tick()
    moment[0] += timedelta(days=3)
    scheduler.tick()
    slots.Scheduler(app).tick()

    assert Slot.objects.filter(task="cases.tasks.reassess_all").count() == 2


def test_it_waits_for_a_database_that_is_away(beat, monkeypatch, caplog):
    from django.db import OperationalError

    scheduler, _, _ = beat

    def away():
        raise OperationalError("host=secret")

    monkeypatch.setattr(clock, "now", away)

    assert scheduler.tick() <= 60
    assert "secret" not in caplog.text
    assert "OperationalError" in caplog.text


def test_times_that_are_long_over_are_removed(db):
    now = clock.now()
    for days, state in ((8, "done"), (8, "replaced"), (8, "failed"), (6, "done")):
        Slot.objects.create(task=state, due_at=now - timedelta(days=days), state=state)

    assert slots.remove_old() == 2
    assert set(Slot.objects.values_list("state", flat=True)) == {"failed", "done"}
