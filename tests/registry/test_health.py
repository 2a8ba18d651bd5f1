"""/healthz and /readyz: what load balancers and monitors ask."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.test import RequestFactory
from django.utils import timezone

from registry import signs
from registry.health import HealthMiddleware
from registry.models import AuditCheck, Heartbeat, Setback
from registry.tasks import beat


def ask(path):
    return HealthMiddleware(lambda _: "passed on")(RequestFactory().get(path))


def test_alive_needs_no_database():
    response = ask("/healthz")

    assert (response.status_code, response.content) == (200, b'{"status": "ok"}')


def test_any_host_name_may_ask(db, client):
    assert client.get("/readyz", headers={"host": "10.0.0.7"}).status_code == 200


def test_ready_tells_the_age_of_the_workers_last_sign(db, client):
    before = client.get("/readyz").json()
    beat()
    after = client.get("/readyz").json()

    assert before == {
        "status": "ok",
        "database": "ok",
        "disk": "ok",
        "migrations": "ok",
        "background": "no scheduler runs; no worker runs; no sender runs",
        "worker_seen_seconds_ago": None,
        "scheduler_seen_seconds_ago": None,
        "sender_seen_seconds_ago": None,
        "work_set_aside": 0,
        "audit_trail": None,
    }
    assert after["worker_seen_seconds_ago"] in (0, 1)


LATE = timedelta(seconds=signs.LATE_SECONDS + 5)
ALL = (
    signs.THROUGH_QUEUE,
    signs.SCHEDULER,
    signs.of_worker(settings.CELERY_TASK_DEFAULT_QUEUE),
    signs.of_worker(settings.MAIL_QUEUE),
)


@pytest.mark.parametrize(
    ("silent", "told"),
    [
        ((), "ok"),
        (ALL[2:3], "no worker runs"),
        (ALL[3:], "no sender runs"),
        (ALL[1:2], "no scheduler runs"),
        (ALL[:1], "the queue stands still"),
        (ALL[:3], "no scheduler runs; no worker runs"),
    ],
)
def test_ready_says_what_of_the_background_is_missing_and_stays_ready(db, client, silent, told):
    signs.leave(*ALL)
    Heartbeat.objects.filter(name__in=silent).update(seen_at=Now() - LATE)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["background"]) == (200, told)


def test_worker_and_sender_leave_two_signs_whatever_their_queues_are_called(settings):
    settings.CELERY_TASK_DEFAULT_QUEUE = "hospital_registry_of_the_north"
    settings.MAIL_QUEUE = f"{settings.CELERY_TASK_DEFAULT_QUEUE}_mail"

    found = {signs.of_worker(queue) for queue in (settings.CELERY_TASK_DEFAULT_QUEUE, settings.MAIL_QUEUE)}

    assert len(found) == 2
    assert max(map(len, found)) <= Heartbeat._meta.get_field("name").max_length


def test_ready_tells_how_much_work_was_set_aside(db, client):
    for number, state in enumerate(("set_aside", "tried_again", "overcome", "set_aside")):
        Setback.objects.create(job="registry.slot", job_id=number, state=state, at=timezone.now())

    assert client.get("/readyz").json()["work_set_aside"] == 2


@pytest.mark.parametrize(("found", "told"), [(0, "ok"), (3, "broken")])
def test_ready_tells_whether_the_audit_trail_verified(db, client, found, told):
    AuditCheck.objects.create(sequence=1, link=bytes(32), found=found, first=[])

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["audit_trail"]) == (200, told)


def test_a_database_that_does_not_answer_is_not_ready(db):
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT 1/0")  # from here on the transaction answers nothing

    response = ask("/readyz")

    assert response.status_code == 503
    assert b"unreachable" in response.content


def test_pending_migrations_are_not_ready(db):
    executor = MigrationExecutor(connection)
    last = executor.loader.graph.leaf_nodes("registry")[0]
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        executor.recorder.record_unapplied(*last)
        cursor.execute("SET ROLE reg_app")

    assert ask("/readyz").status_code == 503


def test_other_requests_pass():
    assert ask("/healthz/") == "passed on"
