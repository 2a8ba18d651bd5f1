"""/metrics: what monitors read, for who shows the token, and nothing of centers, people or patients."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry import metrics, signs
from registry.models import AuditCheck, Setback, Slot
from tests.clients import browser
from tests.network import same_database, send, web_server
from tests.rows import one_of_each, secrets

TOKEN = "t" * 40


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def ask(**headers):
    return Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})


def value(text, name, **labels):
    """The value of a measurement; None when it is not told."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")).items() >= labels.items():
            return float(found[2])
    return None


@pytest.mark.django_db
def test_without_the_setting_there_is_no_such_page():
    assert ask().status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"]
)
def test_only_who_shows_the_token_reads_it(token, shown):
    answer = ask(authorization=shown)

    assert answer.status_code == 401
    assert b"registry_" not in answer.content


@pytest.mark.django_db
def test_it_tells_of_requests_work_mails_and_signs(token, north, alice, lena):
    one_of_each(north, by=alice, lead=lena)
    Slot.objects.create(task="a", due_at=timezone.now() - timedelta(minutes=5))
    Slot.objects.create(task="b", due_at=timezone.now(), state="failed", attempts=3)
    Setback.objects.update(state="set_aside")
    AuditCheck.objects.create(sequence=1, link=bytes(32), found=2, first=[])
    signs.leave(signs.BACKUP, signs.SCHEDULER)
    route = {"method": "GET", "route": "admin:index", "status": "200"}
    before = value(ask().content.decode(), "registry_requests_total", **route) or 0
    browser(alice).get("/admin/")

    told = ask().content.decode()

    assert value(told, "registry_requests_total", **route) == before + 1
    assert value(told, "registry_request_seconds_count", route="admin:index") >= 1
    assert value(told, "registry_jobs", kind="registry.slot", state="waiting") == 1
    assert value(told, "registry_jobs", kind="registry.slot", state="failed") == 1
    assert 299 < value(told, "registry_oldest_due_seconds", kind="registry.slot") < 330
    assert value(told, "registry_mails", state="queued") == 1
    assert value(told, "registry_work_set_aside") == 1
    assert value(told, "registry_audit_found") == 2
    assert value(told, "registry_audit_verified_seconds") < 30
    assert value(told, "registry_seen_seconds", process="backup") < 30
    assert "registry_queue_messages" in told


@pytest.mark.django_db
def test_it_holds_nothing_of_centers_people_or_patients(token, north, alice, lena):
    hidden = secrets(north, one_of_each(north, by=alice, lead=lena))
    for path in (f"/admin/cases/case/?q={north.code}", f"/nowhere/{north.code}/", "/api/v1/cases/canary/"):
        browser(alice).get(path)
        browser(alice).generic("BREW", path)

    told = ask().content.decode()

    assert not {word for word in hidden if word in told}
    assert "canary" not in told
    assert "BREW" not in told


@pytest.mark.django_db
def test_a_broker_that_is_away_takes_nothing_else_away(token, monkeypatch):
    def away(**_):
        raise OSError

    monkeypatch.setattr(metrics.celery.app, "connection_for_read", away)

    answer = ask()

    assert answer.status_code == 200
    assert value(answer.content.decode(), "registry_work_set_aside") == 0


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_the_web_server_are_added_up(north):
    asked = 40
    with web_server(**same_database(), METRICS_TOKEN=TOKEN) as port:
        for _ in range(asked):
            assert send(port, "GET", "/admin/login/")[0] == 200
        told = [
            send(port, "GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})[2].decode()
            for _ in range(8)  # whichever of the processes answers
        ]
    counts = {value(one, "registry_requests_total", route="admin:login", status="200") for one in told}
    assert counts == {asked}
    assert value(told[-1], "registry_database_connections", what="open") >= 1
