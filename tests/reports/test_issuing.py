"""From subscription to mail: once per period and person, whoever asks twice and whatever is lost in between."""

import hashlib
import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import InternalError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from registry import access
from registry.access import Role
from registry.models import Center, Membership, User
from reports import compose, documents, issuing, printing, schedule, tasks
from reports import content as contents
from reports.models import Delivery, Report, Subscription
from reports.querysets import MOST_ATTEMPTS
from reports.rendering import DOCUMENTS
from tests.network import ROOT, same_database
from tests.reports import cohort

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_HOST = ""
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.REPORT_RELEASE = "automatic"  # what waits for a person is in test_releasing.py
    return settings.MAIL_FOLDER


@pytest.fixture
def registry(transactional_db):
    """One center with the founding rows, a coordinator there, an administrator of the registry."""
    north = Center.objects.create(code="NORTH", name="North", country="PL")
    alice = User.objects.create(username="alice", email="alice@example.org")
    ada = User.objects.create(username="ada", email="ada@example.org")
    Membership.objects.create(user=alice, center=north, role=Role.COORDINATOR)
    Membership.objects.create(user=ada, role=Role.REGISTRY_ADMIN)
    with access.everywhere():
        cohort.founding(north)
    return north, alice, ada


def subscribe(user, center=None, cadence="quarterly", **fields):
    with access.everywhere():
        return Subscription.objects.create(user=user, center=center, cadence=cadence, **fields)


def reports():
    with access.everywhere():
        return list(Report.objects.order_by("pk"))


# --- periods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "today", "slot", "cut"),
    [
        ("monthly", date(2026, 1, 1), "monthly 2025-12", date(2025, 12, 31)),
        ("monthly", date(2024, 3, 31), "monthly 2024-02", date(2024, 2, 29)),
        ("quarterly", date(2026, 11, 22), "quarterly 2026-Q3", date(2026, 9, 30)),
        ("quarterly", date(2026, 1, 1), "quarterly 2025-Q4", date(2025, 12, 31)),
        ("quarterly", date(2026, 3, 31), "quarterly 2025-Q4", date(2025, 12, 31)),
        ("yearly", date(2026, 12, 31), "yearly 2025", date(2025, 12, 31)),
    ],
)
def test_the_last_period_that_has_ended(cadence, today, slot, cut):
    assert schedule.last_period(cadence, today) == (slot, cut)


def test_an_unknown_cadence_is_refused():
    with pytest.raises(ValueError, match="cadence must be one of"):
        schedule.last_period("hourly", TODAY)


def test_planning_twice_asks_once(registry):
    north, alice, ada = registry
    subscribe(alice, north)
    subscribe(alice, None)
    subscribe(ada, None)

    assert len(schedule.plan(TODAY)) == len(schedule.plan(TODAY)) == 3

    assert {(report.center_id, report.audience) for report in reports()} == {
        (north.pk, "inside"), (None, "inside"), (None, "outside"),
    }  # fmt: skip


def test_who_wants_nothing_gets_nothing(registry):
    north, alice, _ = registry
    subscribe(alice, north, is_active=False)
    subscribe(alice, north, cadence="yearly")
    Center.objects.filter(pk=north.pk).update(report_optout=True)

    assert schedule.plan(TODAY) == []


# --- composing ---------------------------------------------------------------------------------------------------


def test_issuing_twice_composes_once_and_writes_one_mail(registry):
    north, alice, _ = registry
    subscribe(alice, north)
    (waiting,) = schedule.plan(TODAY)

    first = issuing.issue(waiting)
    second = issuing.issue(waiting)

    assert first.content_digest == second.content_digest
    assert first.composed_at == second.composed_at
    with access.everywhere():
        assert Delivery.objects.count() == 1


def later(report_id):
    """Let the lease of a report run out."""
    with access.everywhere():
        Report.objects.filter(pk=report_id).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_a_report_that_fails_is_tried_again_later_and_left_for_a_person_in_the_end(registry, monkeypatch):
    """Five times within 14 hours: after 10, 40, 160 and 640 minutes."""
    _, _, ada = registry
    subscribe(ada)

    def fails(*_, **__):
        raise MemoryError

    monkeypatch.setattr(compose, "compose", fails)
    waits = []
    for _ in range(5):
        (waiting,) = schedule.plan(TODAY)
        with pytest.raises(MemoryError):
            issuing.issue(waiting)
        assert schedule.plan(TODAY) == []
        if until := reports()[0].leased_until:
            waits.append(round((until - timezone.now()).total_seconds() / 60))
            later(waiting)

    assert waits == [10, 40, 160, 640]
    assert schedule.plan(TODAY) == []
    assert reports()[0].attempts == 5


def test_a_report_that_meets_a_lock_is_composed_a_little_later(registry, monkeypatch):
    _, _, ada = registry
    subscribe(ada)

    def busy(*_, **__):
        raise OperationalError from LockNotAvailable()

    with monkeypatch.context() as patch:
        patch.setattr(compose, "compose", busy)
        (waiting,) = schedule.plan(TODAY)
        assert not issuing.issue(waiting).is_composed

    assert reports()[0].attempts == 0
    later(waiting)
    assert issuing.issue(waiting).is_composed


def test_a_report_that_somebody_composes_is_left_to_them(registry, monkeypatch):
    _, _, ada = registry
    subscribe(ada)
    (waiting,) = schedule.plan(TODAY)
    with access.everywhere():
        assert [Report.objects.claim(waiting) for _ in range(2)] == [True, False]

    assert not issuing.issue(waiting).is_composed
    assert schedule.plan(TODAY) == []

    later(waiting)
    assert issuing.issue(waiting).is_composed


def test_each_person_gets_one_of_the_two_reports_of_the_registry(registry):
    _, alice, ada = registry
    for user in (alice, ada):
        subscribe(user)

    for report_id in schedule.plan(TODAY):
        issuing.issue(report_id)

    with access.everywhere():
        mails = {
            (row.recipient.username, row.report.audience) for row in Delivery.objects.select_related("body")
        }
    assert mails == {("alice", "outside"), ("ada", "inside")}


def test_planning_asks_the_same_few_questions_whoever_subscribed(registry, django_assert_max_num_queries):
    for n in range(12):
        user = User.objects.create(username=f"u{n}", email=f"u{n}@example.org")
        Membership.objects.create(user=user, role=Role.AUDITOR)
        subscribe(user)

    with django_assert_max_num_queries(10):
        schedule.plan(TODAY)


def test_a_composed_report_never_changes(registry):
    report = issuing.issue(issuing.request(as_of=TODAY, source="reconstruction").pk)

    with access.everywhere():
        for change in (
            lambda: Report.objects.filter(pk=report.pk).update(as_of=date(2020, 1, 1)),
            lambda: Report.objects.filter(pk=report.pk).delete(),
        ):
            with (
                pytest.raises((InternalError, Exception), match="Cannot update or delete"),
                transaction.atomic(),
            ):
                change()


def test_the_stored_content_is_what_was_composed(registry):
    report = issuing.issue(issuing.request(as_of=TODAY, source="reconstruction").pk)

    content = contents.from_plain(report.content)
    assert contents.digest(content) == report.content_digest
    assert content.survival.estimates[0].survival == 0.875


def test_a_person_asks_only_for_a_center_of_theirs(registry):
    north, alice, _ = registry
    south = Center.objects.create(code="SOUTH", name="South", country="IT")

    assert issuing.request(as_of=TODAY, center_id=north.pk, by=alice).pk
    with pytest.raises(PermissionDenied):
        issuing.request(as_of=TODAY, center_id=south.pk, by=alice)


def test_the_full_report_of_the_registry_is_hidden_from_members(registry):
    _, alice, ada = registry
    Center.objects.create(code="SOUTH", name="South", country="IT")
    full = issuing.request(as_of=TODAY)
    less = issuing.request(as_of=TODAY, audience="outside")

    for user, seen in ((alice, {less}), (ada, {full, less})):
        with access.scope(access.centers_of(user)):
            assert set(Report.objects.all()) == seen, "as PostgreSQL shows it"
            assert set(Report.objects.visible_to(user)) == seen


def test_whoever_asked_gets_the_mail(registry):
    _, _, ada = registry
    issuing.issue(issuing.request(as_of=TODAY, source="reconstruction", by=ada).pk)

    with access.everywhere():
        assert [row.recipient for row in Delivery.objects.select_related("body")] == [ada]


# --- workers killed at any moment ----------------------------------------------------------------------------------

KILLS = int(os.environ.get("KILLS", "50"))
COMPOSER = """
import os, signal, sys, time
import django
django.setup()
from reports import issuing
for line in sys.stdin:
    report, seconds = line.split()
    if not (child := os.fork()):
        issuing.issue(int(report))
        os._exit(0)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else "finished", flush=True)
"""


@contextmanager
def composers():
    """Begin composing a report in a process of its own and kill it so many seconds later: was it still at work?"""
    told = {"REGISTRY_PROCESS": "worker", "DJANGO_SETTINGS_MODULE": "registry.settings", **same_database()}
    told["REPORT_RELEASE"] = "automatic"
    command = [sys.executable, "-c", COMPOSER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | told, **pipes) as process:

        def kill(report_id, after_seconds):
            print(report_id, after_seconds, file=process.stdin, flush=True)
            return process.stdout.readline() == "killed\n"

        yield kill
        process.stdin.close()


def at_once(**fields):
    """The reports that are not composed, none of them left to somebody who is dead."""
    with access.everywhere():
        rows = Report.objects.filter(content__isnull=True, **fields)
        rows.update(leased_until=None)
        return list(rows.order_by("pk").values_list("pk", flat=True))


def test_killed_composers_lose_no_report_and_double_no_mail(registry):
    """Whatever the moment: in the end each report is there once, whole, and one mail of it for who wants it."""
    north, alice, ada = registry
    for user, center in ((alice, north), (ada, None)):
        subscribe(user, center, cadence="monthly")
    days = iter(date(2026 - place // 12, 12 - place % 12, 1) for place in range(2 * KILLS))
    moments, killed = random.Random(1047), 0
    with composers() as kill:
        while killed < KILLS:
            while not (waiting := at_once(attempts__lt=MOST_ATTEMPTS - 1)):
                schedule.plan(next(days))
            killed += kill(waiting[0], 0.02 + moments.random() ** 2)

    while waiting := at_once():
        for report_id in waiting:
            issuing.issue(report_id)

    with access.everywhere():
        for report in Report.objects.all():
            mails = list(report.deliveries.all())
            assert contents.digest(contents.from_plain(report.content)) == report.content_digest
            assert [mail.recipient for mail in mails] == [alice if report.center_id else ada]
            assert {hashlib.sha256(mail.message).hexdigest() for mail in mails} == {
                mail.digest for mail in mails
            }


# --- jobs --------------------------------------------------------------------------------------------------------


def test_the_job_composes_and_rings_for_the_mail(registry, folder, monkeypatch):
    _, _, ada = registry
    rung = []
    monkeypatch.setattr(tasks.bell, "ring", rung.append)
    report = issuing.request(as_of=TODAY, source="reconstruction", by=ada)

    for _ in range(2):
        tasks.compose_report(report.pk)
    tasks.send_mail()
    tasks.send_mail()

    assert rung == ["reports.tasks.send_mail"] * 2
    assert len(list(folder.glob("*.eml"))) == 1


def test_the_scheduler_rings_for_each_report_that_waits(registry, monkeypatch):
    _, _, ada = registry
    subscribe(ada)
    rung = []
    monkeypatch.setattr(tasks.bell, "ring", lambda *called: rung.append(called))

    tasks.send_due()

    assert rung == [("reports.tasks.compose_report", reports()[0].pk), ("reports.tasks.send_mail",)]


# --- commands ----------------------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_three_files_and_one_mail(registry, tmp_path, folder):
    said = run(
        "report", "--scope", "registry", "--source", "reconstruction", "--as-of", "2026-11-22",
        "--out", str(tmp_path / "out"), "--mail-to", "ada",
    )  # fmt: skip

    assert "87.5% alive at 12 months" in said
    assert "Mail: 1 handed" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(DOCUMENTS)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["source"] == "reconstruction"
    assert len(list(folder.glob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--scope", "WEST"), "there is no center WEST. Centers: NORTH"),
        (("--mail-to", "zoe"), "no active user zoe"),
        (("--as-of", "22.11.2026"), "Write the day as YYYY-MM-DD"),
        (("--as-of", "2999-12-31"), "The data cut lies in the future: give today or a day before"),
        (("--source", "rumor"), "invalid choice"),
    ],
)
def test_bad_arguments_are_named_and_change_nothing(registry, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("report", *arguments)

    assert reports() == []


def test_without_a_center_there_is_nothing_to_report(transactional_db):
    with pytest.raises(CommandError, match="There is no center yet"):
        run("report")


def test_send_due_does_it_all(registry, folder):
    _, _, ada = registry
    subscribe(ada)

    due = ("send_due", "--today", "2026-11-22")
    assert "Reports composed: 1. Weekly mails written: 0. Mail: 1 handed." in run(*due)
    assert "Reports composed: 0. Weekly mails written: 0. Mail: nothing to send." in run(*due)


def test_send_due_names_a_server_that_is_away(registry, settings):
    _, _, ada = registry
    subscribe(ada)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(CommandError, match="EMAIL_HOST"):
        run("send_due")


# --- is it what it was? ----------------------------------------------------------------------------------------------


@pytest.fixture
def composed(registry):
    return issuing.issue(issuing.request(as_of=TODAY, source="reconstruction").pk, recipients=[])


def refused(*arguments):
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return error.value.returncode, str(error.value)


def test_a_report_is_verified_by_rendering_it_again(composed):
    assert set(composed.document_digests) == {"report.pdf", "report.html", "report.json"}
    written = documents.html(contents.from_plain(composed.content)).encode()
    assert composed.document_digests["report.html"] == hashlib.sha256(written).hexdigest()

    said = run("report", "verify", str(composed.pk))

    assert (
        said
        == f"Report {composed.pk} is as it was composed: content, report.pdf, report.html, report.json.\n"
    )


def test_verifying_names_a_document_that_is_printed_otherwise(composed, monkeypatch):
    monkeypatch.setattr(
        printing,
        "printed",
        lambda content, printed=printing.printed: replace(printed(content), title="Other"),
    )

    code, said = refused("report", "verify", str(composed.pk))

    assert code == 1
    assert said.endswith("not as composed: report.pdf, report.html.")


def test_verifying_names_a_content_that_is_not_what_was_composed(composed):
    with access.everywhere():
        other = Report.objects.create(
            as_of=TODAY,
            source="reconstruction",
            content={**composed.content, "centers": 7},
            content_digest=composed.content_digest,
            document_digests=composed.document_digests,
        )

    code, said = refused("report", "verify", str(other.pk))

    assert (code, "not as composed: content, report.pdf, report.html, report.json" in said) == (1, True)


def test_what_was_composed_without_digests_of_its_documents_is_not_proved(composed):
    with access.everywhere():
        older = Report.objects.create(
            as_of=TODAY,
            source="reconstruction",
            content=composed.content,
            content_digest=composed.content_digest,
        )

    code, said = refused("report", "verify", str(older.pk))

    assert (code, "no digest was kept of: report.pdf, report.html, report.json" in said) == (1, True)
    assert "not as composed" not in said


@pytest.mark.parametrize("arguments", [("verify",), ("verify", "987"), ("compose", "1")])
def test_verifying_needs_a_report(registry, arguments):
    assert refused("report", *arguments)[0] == 2
