"""Background work through the configured broker: the queue in PostgreSQL, or RabbitMQ when CELERY_BROKER_URL is set."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from registry.audit import history_of
from registry.celery import app

TASKS = 60


@pytest.fixture
def queue():
    name = f"test_{uuid.uuid4().hex[:8]}"
    yield name
    if not in_postgresql():  # there, it goes with the test's database
        with app.connection_for_read() as broker:  # for writing, tests have another
            broker.default_channel.queue_delete(name)


def in_postgresql():
    return settings.CELERY_BROKER_URL.startswith("pgmq")


@pytest.fixture
def environment(transactional_db):
    """What a process of its own needs to find the test's database and broker."""
    keys = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    address = {
        name: connection.settings_dict[key] for name, key in keys.items() if connection.settings_dict[key]
    }
    return os.environ | {"DATABASE_URL": make_conninfo(**address), "REGISTRY_PROCESS": "worker"}


@pytest.fixture
def worker(environment, queue, tmp_path):
    """Start a worker; whatever still runs at the end of the test is killed."""
    processes = []

    def start():
        command = [
            "celery",
            "-A",
            "registry",
            "worker",
            "--queues",
            queue,
            "--include",
            "tests.registry.bell",
        ]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
        with open(tmp_path / "worker.log", "a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            kill(process)


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def send(environment, queue, code):
    """Enqueue in a process of its own, as a command of production would."""
    program = f"import django; django.setup(); from tests.registry.bell import *; {code}"
    environment = environment | {"DJANGO_SETTINGS_MODULE": "registry.settings", "QUEUE": queue}
    subprocess.run([sys.executable, "-c", program], cwd=settings.BASE_DIR, env=environment, check=True)


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def bring_redelivery_forward(queue):
    """The queue in PostgreSQL gives a killed worker's task out again after half an hour: let it be over."""
    if in_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE reg_owner")
            cursor.execute("SET ROLE reg_broker")
            cursor.execute(f"UPDATE pgmq.q_{queue} SET vt = clock_timestamp()")
            cursor.execute("RESET ROLE")
            cursor.execute("SET ROLE reg_app")


def test_no_task_is_lost_when_the_worker_is_killed(environment, queue, worker, tmp_path):
    rung = tmp_path / "rung"
    rung.touch()
    send(
        environment, queue, f"[ring.apply_async((n, {str(rung)!r}), queue={queue!r}) for n in range({TASKS})]"
    )
    first = worker()
    until(lambda: len(rung.read_text().splitlines()) >= TASKS // 4)

    kill(first)
    assert len(rung.read_text().splitlines()) < TASKS, "the kill came too late to prove anything"
    bring_redelivery_forward(queue)
    second = worker()
    until(lambda: len({line.split()[0] for line in rung.read_text().splitlines()}) == TASKS)

    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    times = Counter(line.split()[0] for line in rung.read_text().splitlines())
    assert set(times) == {str(n) for n in range(TASKS)}
    assert max(times.values()) <= 2


def test_what_a_task_writes_names_the_task_in_the_audit_trail(environment, queue, worker, north):
    worker()
    send(environment, queue, f"change.apply_async(('NORTH',), queue={queue!r})")

    until(lambda: history_of(north).count() == 2)

    context = history_of(north).last().pgh_context
    assert context == {"door": "task", "user": None, "reason": "tests.registry.bell.change"}


def test_the_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
    assert all(isinstance(entry["schedule"], crontab) for entry in settings.CELERY_BEAT_SCHEDULE.values())


@pytest.mark.parametrize(
    "task", ["reports.tasks.send_mail", "reports.tasks.deliver", "registry.tasks.send_account_mail"]
)
def test_mails_leave_by_the_queue_of_mails(task):
    assert app.amqp.router.route({}, task)["queue"].name == settings.MAIL_QUEUE


def test_lost_workers_give_their_tasks_back():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


def test_a_task_ends_before_the_queue_gives_it_out_again():
    options = app.conf.broker_transport_options
    assert app.conf.task_time_limit < options.get("visibility_timeout", 1801)
