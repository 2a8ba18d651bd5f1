"""A new release is installed while people work: each program ends what it has begun, and nothing is lost or refused."""

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings

from cases.models import Case
from registry import access, clock, jobs, signs
from registry.models import Heartbeat, Slot
from reports import mails
from reports.models import Delivery
from tests.cases.bulk import plain
from tests.clients import issue
from tests.network import same_database, send
from tests.nightly import at_night
from tests.registry import bell
from tests.registry.processes import QUIET, SCHEDULER, WORKER, answers, children, programs, until
from tests.registry.queue import ringing_into
from tests.rows import a_mail, a_report
from tests.smtp import KEEP, Server

pytestmark = pytest.mark.django_db(transaction=True)
RESTARTS = int(os.environ.get("RESTARTS", "1"))  # long form: 50
CLIENTS = 4


@pytest.fixture
def environment(transactional_db, tmp_path, monkeypatch):
    queue = f"test_{os.urandom(4).hex()}"
    notes = tmp_path / "notes"
    notes.touch()
    told = {"QUEUE": queue, "REGISTRY_PROCESS": "worker", "NOTES": str(notes), "VAR_FOLDER": str(tmp_path)}
    settings_of_test = {"MAIL_QUEUE": f"{queue}_mail", "CELERY_TASK_DEFAULT_QUEUE": queue}
    for name, value in settings_of_test.items():
        monkeypatch.setattr(settings, name, value)
    with ringing_into(queue):
        yield os.environ | same_database() | told


@pytest.fixture
def running(environment, tmp_path):
    with programs(environment, tmp_path / "log") as found:
        yield found


# --- web -----------------------------------------------------------------------------------------------------------


@contextmanager
def load(port, key):
    """Submit cases without a pause, each over a connection of its own; yields what was answered."""
    heard, over, numbers = [], threading.Event(), iter(range(10**6))
    lock = threading.Lock()

    def submit():
        while not over.is_set():
            with lock:
                number = f"R-{next(numbers)}"
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            answer = send(port, "POST", "/api/v1/cases/", json.dumps(plain(number)).encode(), headers)
            heard.append((number, answer and answer[0]))

    clients = [threading.Thread(target=submit) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield heard
    finally:
        over.set()
        for client in clients:
            client.join()


def web(running, **variables):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = running.start("gunicorn", "--bind", f"127.0.0.1:{port}", REGISTRY_PROCESS="web", **variables)
    assert until(lambda: answers(port)), running.said()
    return process, port


def restarted_gently(process):
    """New processes take the place of the old ones, which end what they have begun."""
    before = children(process)
    process.send_signal(signal.SIGHUP)
    assert until(lambda: children(process) and not children(process) & before), "nothing was restarted"


def killed(process):
    """For the control: the processes are gone in the middle of what they do."""
    before = children(process)
    for child in before:
        os.kill(child, signal.SIGKILL)
    assert until(lambda: len(children(process) - before) >= 2)


@pytest.mark.parametrize("restart", [restarted_gently, *at_night(killed)])
def test_restarts_of_the_web_server_under_load_refuse_and_lose_nothing(running, north, alice, restart):
    _, key = issue(north, alice, "record", "read")
    process, port = web(running)
    with load(port, key) as heard:
        assert until(lambda: len(heard) > 10), "the load did not begin"
        assert {status for _, status in heard} == {201}, "it was healthy before"
        for _ in range(RESTARTS):
            restart(process)
            seen = len(heard)
            assert until(lambda seen=seen: len(heard) > seen + 5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    statuses = Counter(status for _, status in heard)
    with access.everywhere():
        stored = set(Case.objects.values_list("case_number", flat=True))
    assert {number for number, status in heard if status == 201} <= stored
    if restart is killed:
        assert statuses[None] > 0, "the control lost no answer, so that the test proves nothing"
    else:
        assert set(statuses) == {201}, statuses


# --- workers, sender, scheduler --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, *at_night(signal.SIGKILL)])
def test_restarts_of_a_worker_under_load_repeat_and_lose_nothing(running, environment, how):
    count = 12 * RESTARTS
    for minute in range(count):
        Slot.objects.create(task=bell.slow_note.name, due_at=clock.now() - timedelta(minutes=minute))
    jobs.ring_due()
    command = (*WORKER, *QUIET, "--include", bell.__name__)
    for _ in range(RESTARTS):
        enough = min(count - 2, done() + 4)
        assert done() < enough, "nothing is left that this one could be stopped at"
        worker = running.start(*command)
        assert until(lambda enough=enough: done() >= enough), running.said()
        os.killpg(worker.pid, how) if how == signal.SIGKILL else worker.send_signal(how)
        worker.wait(40)
    at_work = Slot.objects.filter(state="running").count()
    if how == signal.SIGTERM:
        assert at_work == 0, "a worker left before it had done what it had begun"
    else:
        assert at_work > 0, "the control left nothing undone, so that the test proves nothing"
        return
    running.start(*command)
    assert until(lambda: done() == count, 60 + count, meanwhile=jobs.ring_due, pause_s=1), running.said()
    assert set(Slot.objects.values_list("attempts", flat=True)) == {1}


def done():
    return Slot.objects.filter(state="done").count()


def test_restarts_of_the_sender_lose_no_mail_and_repeat_none(running, environment, north, lena):
    server = Server(dot=(0.05, KEEP, "250 queued as 42"))
    count = 10 * RESTARTS
    with access.everywhere():
        mail = a_mail(a_report(north), lena)
        mail.report, mail.kind = None, "work"
        for number in range(count - 1):
            mail.pk, mail.message_id = None, f"<{number}@registry.test>"
            mail.week = f"{2026 + number // 50}-W{number % 50 + 1:02d}"
            mail.save(force_insert=True)
        assert Delivery.objects.count() == count
    told = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(server.port), "EMAIL_USE_TLS": "false"}
    command = (*WORKER, *QUIET, "--queues", environment["QUEUE"] + "_mail", "--concurrency", "1")
    try:
        for restart in range(RESTARTS):
            sender = running.start(*command, **told)
            come_due(10)
            mails.ring()
            assert until(lambda restart=restart: len(server.taken) > 10 * restart), running.said()
            sender.send_signal(signal.SIGTERM)
            sender.wait(60)
            assert (len(server.taken), handed()) == (10 * (restart + 1),) * 2, (
                "it left in the middle of its work"
            )
    finally:
        server.close()


def come_due(count):
    """Let so many mails be due now."""
    with access.everywhere():
        later = Delivery.objects.filter(state="queued", next_try_at__gt=clock.now()).order_by("pk")
        Delivery.objects.filter(pk__in=list(later.values_list("pk", flat=True)[:count])).update(
            next_try_at=clock.now()
        )


def handed():
    with access.everywhere():
        return Delivery.objects.filter(state="handed").count()


def test_a_scheduler_that_is_restarted_rings_once_for_each_time(running):
    for _ in range(RESTARTS):
        scheduler = running.start(*SCHEDULER)
        Heartbeat.objects.filter(name=signs.SCHEDULER).delete()
        assert until(lambda: Heartbeat.objects.filter(name=signs.SCHEDULER).exists()), running.said()
        scheduler.send_signal(signal.SIGTERM)
        scheduler.wait(20)

    running.start(*SCHEDULER)
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert until(lambda: set(Slot.objects.values_list("task", flat=True)) == tasks), running.said()
    times = Counter(Slot.objects.values_list("task", "due_at"))
    assert set(times.values()) == {1}


def test_all_programs_leave_their_signs(running, client, environment):
    running.start(*WORKER, *QUIET)
    running.start(*SCHEDULER)

    assert until(lambda: client.get("/readyz").json()["background"] == "ok"), (
        client.get("/readyz").json(),
        running.said(),
    )
    assert "Traceback" not in running.said()


def test_a_worker_that_leaves_takes_its_sign_along(running, client, environment):
    worker = running.start(*WORKER, *QUIET)
    sign = signs.of_worker(environment["QUEUE"])
    assert until(lambda: Heartbeat.objects.filter(name=sign).exists()), running.said()
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    left = Heartbeat.objects.get(name=sign).seen_at
    time.sleep(2)

    assert Heartbeat.objects.get(name=sign).seen_at == left
