"""What is kept for how long: a day before it stays, a day after it goes, and nothing else goes with it."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from cases.models import ImportBatch, ImportRow
from registry import access, environment
from registry.audit import whole_trail
from registry.chain import forgetting, sealing, verifying
from registry.chain.models import Fault, Reading
from registry.models import AccountMail, AnsweredRequest, Erasure, RetentionRun, Session, SignIn
from reports import issuing, mails, resending, retention, tasks
from reports.models import Delivery, MailBody, ResearchExport
from tests.cases.imports import checked
from tests.clients import browser
from tests.registry.tampering import sql
from tests.rows import a_mail, a_report

DAY = timedelta(days=1)


@contextmanager
def as_owner(*tables):
    """Whoever owns the tables, and switches off what forbids to change them."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    for table in tables:
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    sql("SET ROLE reg_app")


def older(model, field, days, **only):
    """Let rows be as old as this."""
    with as_owner(model._meta.db_table):
        model._base_manager.filter(**only).update(**{field: timezone.now() - timedelta(days=days)})


def counted():
    return {one.name: one.count for one in retention.due()}


@pytest.fixture
def rows(north, alice, lena, dana, everywhere):
    """One of everything, made just now."""
    AnsweredRequest.objects.create(
        center=north, user=alice, key="k", digest=b"x" * 32, body=b"answer", status=200
    )
    checked(b"case_number,patient.sex\nA-1,female\nA-2,wrong\n", north, alice)
    mail = a_mail(a_report(north), lena)
    Delivery.objects.filter(pk=mail.pk).update(next_try_at=None, state="handed")
    AccountMail.objects.create(user=alice, kind="password_changed", address=alice.email, state="sent")
    SignIn.objects.create(user=alice, name_digest="0" * 64, way="password", outcome="signed_in")
    Reading.objects.create(by=alice, center=north, door="admin", what="case", case_id=1)
    now = timezone.now()
    ResearchExport.objects.create(
        purpose="p", recipient="r", by=dana, created_at=now, expires_at=now + 7 * DAY, as_of=date(2026, 1, 1), k=5,
        rows=9, dropped=0, digest="0" * 64, content=b"zip",
    )  # fmt: skip
    Session.objects.create(session_key="k", session_data="x", expire_date=now + DAY)
    sealing.seal()


# What is kept, the field that tells its age, and how many days: one day less stays, one day more goes.
KEPT = {
    "answers": (AnsweredRequest, "created_at", 90),
    "uploads": (ImportBatch, "created_at", 60),
    "mails": (Delivery, "created_at", 90),
    "account_mails": (AccountMail, "asked_at", 90),
    "sign_ins": (SignIn, "at", 732),
}
SETTINGS = {"sign_ins": "accesses", "account_mails": "mails"}  # of the others it is named as the rule


def test_of_today_nothing_goes(rows):
    assert set(counted().values()) == {0}

    assert set(retention.let_go().values()) == {0}
    assert RetentionRun.objects.get().removed == dict.fromkeys(counted(), 0)


@pytest.mark.parametrize("name", KEPT)
def test_a_day_before_it_stays_and_a_day_after_it_goes(rows, name):
    model, field, days = KEPT[name]
    older(model, field, days - 1)
    assert counted()[name] == 0

    older(model, field, days + 1)
    assert counted()[name] == 1
    assert {one: n for one, n in retention.let_go().items() if n} == {name: 1}
    assert counted()[name] == 0


@pytest.mark.parametrize("name", KEPT)
def test_the_days_are_settings(rows, settings, name):
    model, field, days = KEPT[name]
    setting = SETTINGS.get(name, name)
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, setting: days + 100}
    older(model, field, days + 50)

    assert counted()[name] == 0


def test_of_an_upload_nothing_of_patients_stays(rows):
    older(ImportBatch, "created_at", 61)

    retention.let_go()

    batch = ImportBatch.objects.get()
    assert (bytes(batch.content), batch.preview, batch.state) == (b"", {}, "canceled")
    assert not ImportRow.objects.filter(batch=batch).exists()
    assert batch.digest


def test_of_a_mail_the_digest_stays_and_it_is_not_sent_again_empty(rows, lena):
    older(Delivery, "created_at", 91)
    digest = Delivery.objects.get().digest

    retention.let_go()

    mail = Delivery.objects.get()
    assert (bytes(mail.message), mail.digest) == (b"", digest)
    Delivery.objects.update(state="failed")
    (outcome,) = resending.send_again([mail.pk], reason="asked for", by=lena)
    assert "not kept any longer" in outcome.refused
    assert issuing.differences(mail.report) is not None, "its report is rendered again from what is stored"


def test_a_mail_that_still_waits_keeps_its_bytes(rows):
    Delivery.objects.update(next_try_at=timezone.now())
    older(Delivery, "created_at", 91)

    assert retention.let_go()["mails"] == 0
    assert Delivery.objects.get().message


def test_a_body_that_others_need_stays_and_an_emptied_one_can_be_written_again(rows, alice, lena, north):
    other = a_mail(a_report(north), alice)
    older(Delivery, "created_at", 91, pk__lt=other.pk)
    retention.let_go()
    assert bytes(Delivery.objects.get(pk=other.pk).body.content) == b"A report."

    Delivery.objects.update(next_try_at=None)
    older(Delivery, "created_at", 91)
    retention.let_go()
    assert bytes(MailBody.objects.get().content) == b""

    row = Delivery(
        center=north, report=a_report(north), recipient=lena, address=lena.email, message_id="<again@registry.test>",
        head=b"h", digest="1" * 64, body=MailBody(center=north, digest="0" * 64, content=b"A report."),
    )  # fmt: skip
    mails.keep([row])
    assert bytes(MailBody.objects.get().content) == b"A report."


def test_a_body_is_never_changed_otherwise(rows):
    for change in ({"content": b"other"}, {"digest": "2" * 64}):
        with pytest.raises(DatabaseError), transaction.atomic():
            MailBody.objects.update(**change)


def test_files_for_research_and_ended_sessions_go(rows):
    ResearchExport.objects.update(expires_at=timezone.now() - DAY)
    Session.objects.update(expire_date=timezone.now() - DAY)

    removed = retention.let_go()

    assert (removed["research_files"], removed["sessions"]) == (1, 1)
    assert bytes(ResearchExport.objects.get().content) == b""
    assert not Session.objects.exists()


# --- readings: part of the chain -------------------------------------------------------------------------------------


def old_readings(alice, north, n, days=800):
    """Readings that were sealed long ago: both reading and link say so."""
    for _ in range(n):
        Reading.objects.create(by=alice, center=north, door="admin", what="case", case_id=1)
    with as_owner("registry_reading"):
        sql(f"UPDATE registry_reading SET at = now() - interval '{days} days'")
    sealing.seal()


def test_old_readings_go_and_the_chain_verifies(north, alice, everywhere):
    old_readings(alice, north, 3)
    Reading.objects.create(by=alice, center=north, door="admin", what="case", case_id=2)
    sealing.seal()
    assert counted()["readings"] == 3

    assert retention.let_go()["readings"] == 3

    with whole_trail():
        assert list(Reading.objects.values_list("case_id", flat=True)) == [2]
        assert [row.reason for row in Erasure.objects.filter(table="registry_reading")] == [
            "kept long enough"
        ]
    sealing.seal()
    result = verifying.verify()
    assert (result.problems, result.erased) == ([], 3)


def test_a_younger_reading_that_vanished_is_found_all_the_same(north, alice, everywhere):
    """The control: one erasure explains what was old enough, and nothing else."""
    old_readings(alice, north, 2)
    Reading.objects.create(by=alice, center=north, door="admin", what="case", case_id=2)
    sealing.seal()
    retention.let_go()
    with as_owner("registry_reading", "registry_auditlink", "registry_erasure"):
        sql("UPDATE registry_auditlink SET salt = NULL WHERE label = 'read'")
        sql("UPDATE registry_erasure SET event_id = 1000000 WHERE \"table\" = 'registry_reading'")
        sql("DELETE FROM registry_reading")

    found = {(one.table, one.kind) for one in verifying.verify().problems}

    assert ("registry_reading", Fault.UNEXPLAINED) in found


def test_the_database_lets_no_reading_go_before_24_months(north, alice, everywhere):
    old_readings(alice, north, 1, days=700)

    with pytest.raises(DatabaseError, match="kept for 24 months"), transaction.atomic():
        forgetting.forget_readings(timezone.now() - timedelta(days=600), reason="x")


# --- the command, the task, the page ---------------------------------------------------------------------------------


def test_a_dry_run_counts_and_removes_nothing(rows, capsys):
    older(AnsweredRequest, "created_at", 91)

    call_command("retention", "--dry-run")
    assert "answers         kept   90 days: 1 due" in capsys.readouterr().out
    assert AnsweredRequest.objects.exists()
    assert not RetentionRun.objects.exists()

    call_command("retention")
    assert "answers         kept   90 days: 1 gone" in capsys.readouterr().out
    assert not AnsweredRequest.objects.exists()


def test_the_scheduler_does_it_and_the_page_tells(rows, otto):
    older(SignIn, "at", 733)
    page = reverse("admin:privacy")
    assert "attempts to sign in: 732 days · due now: 1" in browser(otto).get(page).content.decode()

    tasks.let_go()

    shown = browser(otto).get(page).content.decode()
    assert "attempts to sign in: 732 days · due now: 0" in shown
    assert "Last let go" in shown


def test_accesses_are_kept_for_24_months_at_least(monkeypatch):
    monkeypatch.setenv("KEEP_ACCESSES_DAYS", "30")

    with pytest.raises(
        ImproperlyConfigured, match="KEEP_ACCESSES_DAYS must be a whole number of at least 732"
    ):
        environment.number("KEEP_ACCESSES_DAYS", 732, least=732)


def test_what_is_kept_is_of_all_centers(rows, south, bob):
    AnsweredRequest.objects.create(center=south, user=bob, key="s", digest=b"x" * 32, status=200)
    older(AnsweredRequest, "created_at", 91)

    assert retention.let_go()["answers"] == 2
    with access.everywhere():
        assert not AnsweredRequest.objects.exists()


def test_a_rule_that_fails_keeps_no_other_from_its_work(rows, monkeypatch, caplog):
    def fails(*_, **__):
        raise ValueError("Jane Doe")

    monkeypatch.setattr(forgetting, "forget_readings", fails)
    later = retention.RULES[[rule.name for rule in retention.RULES].index("readings") + 1 :]
    assert later
    ResearchExport.objects.update(expires_at=timezone.now() - DAY)

    with pytest.raises(ValueError, match="Jane"):
        retention.let_go()

    removed = RetentionRun.objects.get().removed
    assert set(removed) == {rule.name for rule in retention.RULES} - {"readings"}
    assert removed["research_files"] == 1
    assert "retention_failed rule=readings error=ValueError" in caplog.text
    assert "Jane" not in caplog.text
