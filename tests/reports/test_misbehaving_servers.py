"""Mail servers that misbehave: where each leaves a mail, that nothing is lost unsaid, and that no copy differs.

The states are those of reports/delivery.py. What decides is whether the server may have the message: until the last
dot has left it surely has not (RFC 5321 4.1.1.4), from then on only its answer tells. `MAILS=100` sends each a hundred.
"""

import os
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from registry import access, clock
from registry.access import Role
from registry.models import Membership, User
from reports import delivery, letters, transport
from reports import mails as writing
from reports.models import Delivery
from reports.transport import UnreachableError
from tests.smtp import CUT, HANG, HANG_UP, KEEP, Server

pytestmark = pytest.mark.django_db
State = Delivery.State
MAILS = int(os.environ.get("MAILS", "2"))
PATIENCE = 0.25  # seconds that the sender waits here, instead of 30 and 600
UNREACHABLE = ""  # nobody could be asked: no mail was touched


class Behavior(NamedTuple):
    """What a server does, by step; where that leaves a mail; whether its reader has it all the same."""

    name: str
    answers: dict[str, Any]
    state: str
    arrives: bool = False


BEHAVIORS = (
    Behavior("as it should", {}, State.HANDED, arrives=True),
    # nobody to talk to
    Behavior("refuses at the door", {"banner": "554 no service here"}, UNREACHABLE),
    Behavior("is busy at the door", {"banner": ("421 too busy", HANG_UP)}, UNREACHABLE),
    Behavior("never says hello", {"banner": HANG}, UNREACHABLE),
    Behavior("hangs up at the door", {"banner": HANG_UP}, UNREACHABLE),
    Behavior("says nonsense at the door", {"banner": b"SSH-2.0-OpenSSH_9.2\r\n"}, UNREACHABLE),
    Behavior("says hello slowly", {"banner": (0.1, "220 mail.example")}, State.HANDED, arrives=True),
    Behavior("knows HELO alone", {"ehlo": "502 not known"}, State.HANDED, arrives=True),
    Behavior("knows no greeting", {"ehlo": "502 not known", "helo": "502 not known"}, UNREACHABLE),
    Behavior("hangs at the greeting", {"ehlo": HANG}, UNREACHABLE),
    Behavior("hangs up at the greeting", {"ehlo": HANG_UP}, UNREACHABLE),
    # the envelope
    Behavior("refuses the sender", {"mail": "550 not from you"}, State.REFUSED),
    Behavior("puts the sender off", {"mail": "451 later"}, State.QUEUED),
    Behavior("closes at the sender", {"mail": ("421 closing", HANG_UP)}, State.QUEUED),
    Behavior("hangs at the sender", {"mail": HANG}, State.QUEUED),
    Behavior("hangs up at the sender", {"mail": HANG_UP}, State.QUEUED),
    Behavior("says nonsense to the sender", {"mail": b"what?\r\n"}, State.QUEUED),
    Behavior("goes on where it should answer", {"mail": "354 go ahead"}, State.QUEUED),
    Behavior("refuses the recipient", {"rcpt": "550 no such user"}, State.REFUSED),
    Behavior("knows no such mailbox name", {"rcpt": "553 not allowed"}, State.REFUSED),
    Behavior("has a full mailbox", {"rcpt": "452 no space"}, State.QUEUED),
    Behavior("hangs at the recipient", {"rcpt": HANG}, State.QUEUED),
    Behavior("hangs up at the recipient", {"rcpt": HANG_UP}, State.QUEUED),
    Behavior("forwards", {"rcpt": "251 not here, will forward"}, State.HANDED, arrives=True),
    # before the message
    Behavior("refuses to take data", {"data": "554 no"}, State.REFUSED),
    Behavior("puts data off", {"data": "451 later"}, State.QUEUED),
    Behavior("says yes and takes nothing", {"data": "250 OK"}, State.QUEUED),
    Behavior("hangs before the data", {"data": HANG}, State.QUEUED),
    Behavior("hangs up before the data", {"data": HANG_UP}, State.QUEUED),
    Behavior("says nonsense before the data", {"data": b"\xff\xfe\r\n"}, State.QUEUED),
    # after the last dot
    Behavior("refuses the message", {"dot": "554 content rejected"}, State.REFUSED),
    Behavior("finds it too large", {"dot": "552 too large"}, State.REFUSED),
    Behavior("has a local error", {"dot": "451 local error"}, State.QUEUED),
    Behavior("closes after the message", {"dot": ("421 closing", HANG_UP)}, State.QUEUED),
    Behavior("takes it and hangs up", {"dot": (KEEP, HANG_UP)}, State.UNCERTAIN, arrives=True),
    Behavior("takes it and says nothing", {"dot": (KEEP, HANG)}, State.UNCERTAIN, arrives=True),
    Behavior("drops it and hangs up", {"dot": HANG_UP}, State.UNCERTAIN),
    Behavior("takes it and says nonsense", {"dot": (KEEP, b"ok!\r\n")}, State.UNCERTAIN, arrives=True),
    Behavior("takes it and says yes slowly", {"dot": (KEEP, 0.1, "250 OK")}, State.HANDED, arrives=True),
    Behavior("says yes in many lines", {"dot": (KEEP, "250-one\r\n250 two")}, State.HANDED, arrives=True),
    Behavior("says yes with a NUL", {"dot": (KEEP, b"250 \x00 \xff\r\n")}, State.HANDED, arrives=True),
    Behavior("says yes at great length", {"dot": (KEEP, "250 " + 9000 * "x")}, State.UNCERTAIN, arrives=True),
    Behavior("hangs at the farewell", {"quit": HANG}, State.HANDED, arrives=True),
)


@pytest.fixture(autouse=True)
def patience(monkeypatch, settings):
    monkeypatch.setattr(transport, "_CONNECT_SECONDS", PATIENCE)
    monkeypatch.setattr(transport, "_FINAL_REPLY_SECONDS", PATIENCE)
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = "127.0.0.1", False, ""


@pytest.fixture
def serve(settings):
    servers = []

    def start(**answers):
        servers.append(Server(**answers))
        settings.EMAIL_PORT = servers[-1].port
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def mails(north):
    """So many mails that are due; a function that tells where they are now, by their bytes."""
    people = [
        User.objects.create(username=f"p{place}", email=f"p{place}@example.org") for place in range(MAILS)
    ]
    for person in people:
        Membership.objects.create(user=person, center=north, role=Role.COORDINATOR)
    letter = letters.plain_letter("To do", "One finding waits.\n.\n..\n", "<p>One finding waits.</p>")
    assert writing.write_weekly("2026-W48", [(person, letter) for person in people]) == MAILS

    def now():
        with access.everywhere():
            return {bytes(row.message): row for row in Delivery.objects.select_related("body")}

    return now


def send_all():
    """Send until nothing is due: whoever loses the line goes on over a new one."""
    counts = Counter()
    for _ in range(2 * MAILS + 1):
        if not (more := delivery.send_due()):
            break
        counts.update(more)
    return counts


def let_time_pass():
    with access.everywhere():
        past = clock.now() - timedelta(seconds=1)
        Delivery.objects.filter(next_try_at__isnull=False).update(next_try_at=past)


@pytest.mark.parametrize("behavior", BEHAVIORS, ids=lambda behavior: behavior.name)
def test_each_misbehavior_leaves_the_mails_where_the_protocol_says(mails, serve, behavior):
    server = serve(**behavior.answers)
    if behavior.state == UNREACHABLE:
        with pytest.raises(UnreachableError, match="EMAIL_HOST"):
            delivery.send_due()
    else:
        send_all()

    rows = mails()
    expected = behavior.state or State.QUEUED
    assert {row.state for row in rows.values()} == {expected}
    assert {row.attempts for row in rows.values()} == {0 if behavior.state == UNREACHABLE else 1}
    assert Counter(server.taken) == (Counter(list(rows)) if behavior.arrives else Counter())

    # A day later another server does as it should: what is not over arrives, and only what is uncertain comes twice.
    let_time_pass()
    better = serve()
    send_all()

    goes_on = expected in (State.QUEUED, State.UNCERTAIN)
    assert Counter(better.taken) == (Counter(list(rows)) if goes_on else Counter())
    later = {row.state for row in mails().values()}
    assert later == {State.REFUSED if expected == State.REFUSED else State.HANDED}


def test_a_line_cut_within_the_message_may_have_carried_it_and_did_not(mails, serve):
    """Of a long message the sender sees the cut before the last dot; a short one has left its hands by then."""
    server = serve(body=CUT)
    send_all()
    assert {row.state for row in mails().values()} <= {State.QUEUED, State.UNCERTAIN}
    assert server.taken == []

    let_time_pass()
    better = serve()
    send_all()

    assert {row.state for row in mails().values()} == {State.HANDED}
    assert Counter(better.taken) == Counter(list(mails()))


def test_a_server_that_hangs_up_after_each_mail_gets_them_all_once(mails, serve):
    server = serve(dot=(KEEP, "250 OK", HANG_UP))

    for _ in range(MAILS):
        send_all()
        let_time_pass()

    assert {row.state for row in mails().values()} == {State.HANDED}
    assert Counter(server.taken) == Counter(list(mails()))


def test_greylisting_is_waited_out(mails, serve):
    server = serve(rcpt=[*MAILS * ["450 greylisted, come back"], "250 OK"])

    assert send_all() == {"queued": MAILS}
    let_time_pass()
    assert send_all() == {"handed": MAILS}

    assert Counter(server.taken) == Counter(list(mails()))


def test_what_a_closing_server_said_is_kept_and_costs_the_next_mail_nothing(mails, serve):
    serve(mail=("421 closing for the night", HANG_UP))

    assert delivery.send_due() == {"queued": 1}

    rows = sorted((row.attempts, row.smtp_reply) for row in mails().values())
    assert rows == [*(MAILS - 1) * [(0, "")], (1, "421 closing for the night")]


@pytest.mark.parametrize(
    "answers",
    [
        {"ehlo": "250 mail.example"},  # offers no TLS
        {"ehlo": "250-mail.example\r\n250 STARTTLS", "starttls": "454 not now"},
        {
            "ehlo": "250-mail.example\r\n250 STARTTLS",
            "starttls": ("220 go ahead", b"\x15\x03\x01 no TLS\r\n"),
        },
        {"ehlo": "250-mail.example\r\n250 STARTTLS", "starttls": ("220 go ahead", HANG)},
        {"ehlo": "250-mail.example\r\n250 STARTTLS", "starttls": ("220 go ahead", HANG_UP)},
    ],
    ids=["none offered", "refused", "nonsense", "hangs", "hangs up"],
)
def test_nothing_is_sent_in_the_clear_where_encryption_is_asked_for(mails, serve, settings, answers):
    server = serve(**answers)
    settings.EMAIL_USE_TLS = True

    with pytest.raises(UnreachableError):
        delivery.send_due()

    assert {row.attempts for row in mails().values()} == {0}
    assert server.seen["mail"] == 0


def test_a_wrong_password_touches_no_mail(mails, serve, settings):
    serve(ehlo="250-mail.example\r\n250 AUTH PLAIN", auth="535 wrong")
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "registry", "wrong"

    with pytest.raises(UnreachableError) as refused:
        delivery.send_due()

    assert "wrong password" not in str(refused.value)
    assert {row.attempts for row in mails().values()} == {0}
