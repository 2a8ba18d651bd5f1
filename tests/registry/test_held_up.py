"""Somebody holds what others need: they are answered soon, and who holds it without working is ended."""

import json
import threading
import time

import psycopg
import pytest

from registry import access
from registry.settings import PROCESSES
from tests.cases.bulk import plain
from tests.clients import issue
from tests.network import same_database, send, web_server

SECONDS = 3  # within which who waits is answered
ENDED_SECONDS = 15


def connected(**limits):
    """A connection of the application's role, with the limits of a kind of process."""
    options = " ".join(f"-c {name}={value}" for name, value in {"role": "reg_app", **limits}.items())
    return psycopg.connect(same_database()["DATABASE_URL"], options=options)


def holding(line, case):
    """Hold the row of a case, within a transaction that does nothing else."""
    line.execute("SELECT set_config('app.center_ids', %s, true)", [str(case.center_id)])
    assert line.execute("SELECT id FROM cases_case WHERE id = %s FOR UPDATE", [case.pk]).fetchone()


@pytest.fixture
def case(transactional_db, north, make_case):
    with access.everywhere():
        return make_case(north, case_number="H-1")


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_row_is_told_to_come_back_and_succeeds_later(case, north, alice):
    _, key = issue(north, alice, "record", "read")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "If-Match": '"1"'}
    path, body = f"/api/v1/cases/{case.case_number}/", json.dumps(plain("H-1")).encode()
    with web_server(**same_database()) as port:
        read = send(port, "GET", "/api/v1/cases/", headers=headers)
        number = json.loads(read[2])["results"][0]["id"]
        path = f"/api/v1/cases/{number}/"
        headers["If-Match"] = send(port, "GET", path, headers=headers)[1]["ETag"]
        with connected() as line:
            holding(line, case)
            begun = time.monotonic()
            status, told, _ = send(port, "PUT", path, body, headers)
            waited = time.monotonic() - begun
            line.rollback()
        later, _, _ = send(port, "PUT", path, body, headers)

    assert status in (409, 503)
    assert "Retry-After" in told
    assert 1 < waited < SECONDS
    assert later == 200


@pytest.mark.django_db(transaction=True)
def test_without_the_limit_who_waits_would_wait_as_long_as_the_other_holds(case):
    with connected() as line, connected() as other:
        holding(line, case)
        waiting = threading.Thread(target=holding, args=(other, case))
        waiting.start()
        waiting.join(SECONDS)
        assert waiting.is_alive()
        line.rollback()
        waiting.join(SECONDS)


@pytest.mark.django_db(transaction=True)
def test_a_page_that_holds_a_row_and_does_nothing_is_ended(case):
    idle = PROCESSES["web"].idle
    assert idle == "10s"
    with connected(idle_in_transaction_session_timeout=idle) as line, connected() as other:
        holding(line, case)
        begun = time.monotonic()
        holding(other, case)
        assert time.monotonic() - begun < ENDED_SECONDS
        other.rollback()
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            line.execute("SELECT 1")
