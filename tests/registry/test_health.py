"""/healthz and /readyz: what load balancers and monitors ask."""

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import RequestFactory

from registry.health import HealthMiddleware
from registry.models import AuditCheck
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
        "migrations": "ok",
        "worker_seen_seconds_ago": None,
        "audit_trail": None,
    }
    assert after["worker_seen_seconds_ago"] in (0, 1)


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
