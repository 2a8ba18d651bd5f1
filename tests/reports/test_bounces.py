"""Mails that come back: only what bears our signature counts, once, and says nothing of anybody else.

The notifications have the form of RFC 3464, appendix E; the failure is that of Postfix for an unknown mailbox.
"""

import email
import io
import mailbox
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from registry import access, clock, history
from reports import bounces, delivery, mails, resending, return_path
from reports.bounces import Found
from reports.models import Delivery
from tests.clients import browser
from tests.pages import text
from tests.rows import a_report
from tests.smtp import Server

pytestmark = pytest.mark.django_db
State = Delivery.State

NOTIFICATION = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net
Arrival-Date: Thu, 26 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; alice@example.org
Original-Recipient: rfc822;alice@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: {diagnostic}

--B
Content-Type: text/rfc822-headers

Subject: Survival report

--B--
"""
UNKNOWN = (
    "smtp; 550 5.1.1 <alice@example.org>: Recipient address rejected:\n    User unknown; ask boss@example.org"
)


def notification(to, action="failed", status="5.1.1", diagnostic=UNKNOWN):
    return NOTIFICATION.format(to=to, action=action, status=status, diagnostic=diagnostic).encode()


@pytest.fixture(autouse=True)
def return_address(settings, tmp_path):
    settings.BOUNCE_ADDRESS = "bounces@registry.example.org"
    settings.DEFAULT_FROM_EMAIL = "Registry <registry@example.org>"
    settings.EMAIL_HOST, settings.MAIL_FOLDER = "", tmp_path / "mail"


def send(report, *people):
    mails.write(report, people)
    assert delivery.send_due() == {"handed": len(people)}
    with access.everywhere():
        return list(Delivery.objects.filter(report=report).order_by("pk"))


@pytest.fixture
def handed(north, alice):
    (row,) = send(a_report(north), alice)
    return row


def current(row):
    with access.everywhere():
        return Delivery.objects.select_related("body").get(pk=row.pk)


# --- the return path ------------------------------------------------------------------------------------------------


def test_each_attempt_leaves_under_an_address_of_its_own_to_come_back_to(settings, north, alice, lena):
    senders = []

    class Listening(Server):
        def _line(self, line):
            said = super()._line(line)
            if said.lower().startswith(b"mail"):
                senders.append(said.decode().partition("<")[2].partition(">")[0])
            return said

    server = Listening()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""

    rows = send(a_report(north), alice, lena)

    assert sorted(senders) == sorted(map(return_path.sender, rows))
    assert all(len(sender.partition("@")[0]) <= 64 for sender in senders), "RFC 5321 4.5.3.1.1"
    assert [email.message_from_bytes(message)["From"] for message in server.taken] == [
        "Registry <registry@example.org>"
    ] * 2
    server.close()


def test_without_a_return_path_all_leave_under_the_address_of_the_registry(settings, handed):
    settings.BOUNCE_ADDRESS = ""

    assert return_path.sender(handed) == "registry@example.org"


# --- what comes back ------------------------------------------------------------------------------------------------


def test_a_failure_is_noted_with_what_was_said_and_no_other_address(handed):
    assert bounces.take(notification(return_path.sender(handed))) is Found.BOUNCED

    row = current(handed)
    assert row.state == State.BOUNCED
    assert row.bounced_at is not None
    assert (
        row.bounce
        == "5.1.1 550 5.1.1 <alice@example.org>: Recipient address rejected: User unknown; ask [address]"
    )
    with access.everywhere():
        assert "came back" in {entry.stamp.reason for entry in history.entries([row])}


def test_read_again_it_changes_nothing(handed):
    raw = notification(return_path.sender(handed))
    bounces.take(raw)
    before = current(handed).bounced_at

    assert bounces.take(raw) is Found.KNOWN
    assert current(handed).bounced_at == before


@pytest.mark.parametrize("head", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_token_is_found_wherever_a_server_notes_the_recipient(handed, head):
    raw = f"{head}: {return_path.sender(handed).upper()}\n".encode() + notification("bounces@example.org")

    assert bounces.take(raw) is Found.BOUNCED


def test_under_a_new_secret_key_mails_that_left_before_still_come_back(handed, settings):
    raw = notification(return_path.sender(handed))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]

    assert bounces.take(raw) is Found.BOUNCED


@pytest.mark.parametrize("spoil", ["none", "signature", "number", "domain"])
def test_what_does_not_bear_our_signature_is_ignored(handed, spoil):
    true = return_path.sender(handed)
    to = {
        "none": "bounces@registry.example.org",
        "signature": true.replace(true.partition("@")[0][-26:], "a" * 26),
        "number": true.replace(f"+{handed.pk}.", f"+{handed.pk + 1}."),
        "domain": true.replace("registry.example.org", "elsewhere.example.org"),
    }[spoil]

    assert bounces.take(notification(to)) is Found.UNKNOWN
    assert current(handed).state == State.HANDED


def test_one_of_a_mail_that_is_not_here_is_ignored(handed):
    attempt = return_path.Attempt(delivery=10**9, number=1)
    to = f"bounces+{attempt.delivery}.1.{return_path._signature(attempt)}@registry.example.org"

    assert bounces.take(notification(to)) is Found.UNKNOWN


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.7"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("", "")]
)
def test_what_is_no_failure_is_counted_and_nothing_else(handed, action, status):
    raw = notification(return_path.sender(handed), action=action, status=status)

    assert bounces.take(raw) is Found.OTHER
    assert current(handed).state == State.HANDED


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\r\n\r\n",
        b"To: {to}\r\n\r\nI am away until Monday.",
        b"To: {to}\r\nContent-Type: multipart/report\r\n\r\nno parts",
        b"To: {to}\r\nContent-Type: message/delivery-status\r\n\r\nno fields",
        b"To: {to}\r\nContent-Type: multipart/report; boundary=B\r\n\r\n--B\r\nContent-Type: message/delivery-status",
    ],
)
def test_what_is_malformed_or_from_a_person_is_ignored(handed, raw):
    found = bounces.take(raw.replace(b"{to}", return_path.sender(handed).encode()))

    assert found in (Found.OTHER, Found.UNKNOWN)
    assert current(handed).state == State.HANDED


def test_what_no_text_can_hold_is_left_out(handed):
    raw = notification(return_path.sender(handed), diagnostic="smtp; 550 no\x00\x1b[31m " + "x" * 900)

    assert bounces.take(raw) is Found.BOUNCED
    assert "\x00" not in current(handed).bounce
    assert len(current(handed).bounce) == 500


def test_a_mail_that_was_perhaps_handed_over_can_come_back_and_is_not_repeated(handed):
    with access.everywhere():
        Delivery.objects.filter(pk=handed.pk).update(state=State.UNCERTAIN, next_try_at=clock.now())

    assert bounces.take(notification(return_path.sender(handed))) is Found.BOUNCED
    assert current(handed).next_try_at is None
    assert delivery.send_due() == {}


def test_a_failure_of_an_earlier_attempt_says_nothing_of_the_next(handed, ada):
    first = notification(return_path.sender(handed))
    bounces.take(first)
    resending.send_again([handed.pk], reason="mailbox is there again", by=ada)
    assert delivery.send_due() == {"handed": 1}

    assert bounces.take(first) is Found.KNOWN
    assert current(handed).state == State.HANDED
    assert bounces.take(notification(return_path.sender(current(handed)))) is Found.BOUNCED


# --- the command ------------------------------------------------------------------------------------------------------


def run(source):
    out = StringIO()
    call_command("bounces", str(source), stdout=out)
    return out.getvalue()


def test_the_command_reads_a_maildir_as_often_as_one_likes(tmp_path, north, alice, lena):
    rows = send(a_report(north), alice, lena)
    folder = mailbox.Maildir(tmp_path / "bounces")
    for row in rows:
        folder.add(notification(return_path.sender(row)))
    folder.add(notification("bounces+1.1.000000000000000000000000@registry.example.org"))

    assert run(tmp_path / "bounces") == "bounced: 2, known already: 0, unknown or forged: 1, no failure: 0\n"
    assert run(tmp_path / "bounces") == "bounced: 0, known already: 2, unknown or forged: 1, no failure: 0\n"
    assert len(folder) == 3


def test_the_command_reads_a_file_an_mbox_and_a_pipe(tmp_path, monkeypatch, north, alice, lena, ines):
    raw = [notification(return_path.sender(row)) for row in send(a_report(north), alice, lena, ines)]
    (tmp_path / "one.eml").write_bytes(raw[0])
    box = mailbox.mbox(tmp_path / "many.mbox")
    box.add(raw[1])
    box.close()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw[2])))

    for source in (tmp_path / "one.eml", tmp_path / "many.mbox", "-"):
        assert run(source).startswith("bounced: 1, ")


@pytest.mark.parametrize("what", ["nowhere", "empty folder", "no return path"])
def test_the_command_names_what_is_wrong(tmp_path, settings, what):
    (tmp_path / "empty").mkdir()
    if what == "no return path":
        settings.BOUNCE_ADDRESS = ""
    path = {"nowhere": tmp_path / "no", "empty folder": tmp_path / "empty", "no return path": tmp_path}[what]

    with pytest.raises(CommandError) as error:
        run(path)
    assert error.value.returncode == 2


# --- what is told -----------------------------------------------------------------------------------------------------


def test_the_log_of_mails_shows_what_came_back_and_why(handed, lena):
    bounces.take(notification(return_path.sender(handed)))

    shown = text(browser(lena).get(reverse("admin:reports_delivery_changelist")))

    assert "Came back" in shown
    assert "Recipient address rejected" in shown


def test_a_person_whose_mails_come_back_again_and_again_has_a_warning(north, alice, ada):
    def warned(client, address):
        return "The last 2 mails to alice@example.org came back" in text(client.get(address))

    pages = [
        (browser(ada), reverse("admin:registry_user_change", args=[alice.pk])),
        (browser(alice), reverse("admin:my_subscriptions")),
    ]
    for place, report in enumerate([a_report(north), a_report(north)]):
        assert not any(warned(*page) for page in pages), place
        (row,) = send(report, alice)
        bounces.take(notification(return_path.sender(row)))
    assert all(warned(*page) for page in pages)

    send(a_report(north), alice)
    assert not any(warned(*page) for page in pages), "one that stayed there"
