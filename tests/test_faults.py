"""The n-th thing that is asked of the database goes wrong: all of an operation is there then, or nothing of it.

Whoever asked is told to come back, never that it was done, and the very same again succeeds and adds nothing twice.
SQLite tests itself like this, for every n until the operation passes (https://sqlite.org/testing.html, 3.2 and 3.3).
`NIGHTLY=1 EVERY=1 pytest tests/test_faults.py` tries every n of every operation; otherwise the first, one in the middle
and the last of some are tried.
"""

import os
import resource
import smtplib
import socket
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError
from django.http import HttpResponse
from django.urls import reverse

from cases import erasure_log, importing, intake, tasks
from cases.document import dump
from cases.intake import Submission
from cases.models import ImportBatch
from registry import access, clock
from registry.backup import keys, making
from registry.backup.manifest import BackupError
from registry.chain import sealing, verifying
from reports import delivery, issuing, letters, mails, rendering, transport
from reports.models import Delivery, Report, Subscription
from tests.cases.bulk import BULK, NDJSON, lines
from tests.cases.examples import resected
from tests.cases.files import flattened
from tests.cases.imports import checked
from tests.clients import browser, machine
from tests.faults import Kind, Tables, ended, fault
from tests.network import same_database
from tests.nightly import at_night
from tests.smtp import Server

pytestmark = pytest.mark.django_db(transaction=True)

EVERY = bool(os.environ.get("EVERY"))
SETBACKS = ("registry_setback", "registry_setbackevent")
CANARY = "canary0815x"  # stands in every text of a patient


@dataclass(kw_only=True)
class Operation:
    """Something that is done to a subject made for it; what an attempt may leave, and what passes until the next."""

    subject: Callable[[int], Any]
    do: Callable[[Any], Any]
    noted: tuple[str, ...] = ()
    later: Callable[[Any], None] = lambda subject: None
    is_there: Callable[[Any], bool] | None = None  # whether it was done, told by a row that attempts write to


def told(operation, subject):
    """Do it once; what was answered, or the error that ends a job."""
    try:
        return operation.do(subject)
    except DatabaseError as error:
        return error
    finally:
        ended()


def is_done(answer):
    """Whether the answer says so; of a report, whether it was composed."""
    if isinstance(answer, DatabaseError):
        return False
    return getattr(answer, "status_code", 200) < 400 and getattr(answer, "is_composed", True)


def is_put_off(answer):
    """Whether the answer asks to come back; of a job, whether it ended with an error, and is begun again."""
    if isinstance(answer, HttpResponse):
        return answer.status_code == 503 and answer["Retry-After"] and CANARY.encode() not in answer.content
    return isinstance(answer, DatabaseError | Report)


def attempt(operation, tables, number, kind=Kind.CUT, place=0, *, healthy=None):
    """Let one thing go wrong, look at what is there, and do the same again; what was asked, and what there is more.

    In the end that is what a healthy time leaves, if it is known.
    """
    subject = operation.subject(number)
    before = tables.now()
    with fault(kind, place) as found:
        answer = told(operation, subject)
    gained = tables.since(before)
    where = f"{kind.value}, {place} of {found.asked}: {answer}"
    if answer is None:
        pass  # a job says nothing of itself, not that it put itself off either: what is there tells
    elif is_done(answer):
        assert gained, f"said to be done, and it is not: {where}"
    else:
        assert is_put_off(answer), f"not put off: {where}"
    if operation.is_there:
        assert operation.is_there(subject) == bool(gained), f"half of it: {where}"
    operation.later(subject)
    again = told(operation, subject)
    assert is_done(again) or (gained and not isinstance(again, DatabaseError) and again.status_code < 500), (
        f"not done again: {where}; {again}"
    )
    whole = tables.since(before)
    assert gained in ({}, whole), f"half of it: {where}"
    assert healthy in (None, whole), f"half of it, or twice: {where}"
    return found, whole


def tried(operation, tables):
    """Let each go wrong in turn, and compare what is there in the end with what a healthy time leaves."""
    numbers = count(1)
    attempt(operation, tables, next(numbers))  # it notes, looks up or prepares some things for the first time
    asked, whole = attempt(operation, tables, next(numbers))
    last, happened = asked.commits[-1], 0
    for kind, places in plan(asked):
        for place in places:
            found, _ = attempt(operation, tables, next(numbers), kind, place, healthy=whole)
            happened += found.happened
            if place > found.asked:
                break
    assert happened >= (2 * last if EVERY else 3)


def plan(asked):
    """What is to go wrong where: at each place in turn, or at the first, one in the middle and the last."""
    last = asked.commits[-1]
    if EVERY:
        return (Kind.CUT, count(1)), (Kind.REFUSED, count(1)), (Kind.UNHEARD, asked.commits)
    return (Kind.CUT, (1, last)), (Kind.REFUSED, (last // 2,)), (Kind.UNHEARD, (last,))


@pytest.fixture
def owner(transactional_db):
    """A connection that sees everything, and that no fault concerns."""
    with psycopg.connect(same_database()["DATABASE_URL"], autocommit=True) as line:
        yield line


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.ERASURE_LOG, settings.MAIL_FOLDER = tmp_path / "erasures.jsonl", tmp_path / "mail"


def document(number, **forms):
    """A patient; without a year of birth nobody asks whether two are one (X-56)."""
    consent = {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports"]}
    given = {"note": CANARY, "consent": consent, **forms}
    return resected(f"{CANARY}-{number}", patient={"sex": "female", "age_at_resection_years": 57}, **given)


def plain(number, **forms):
    return dump(document(number, **forms))


# --- what is done ----------------------------------------------------------------------------------------------------


@pytest.fixture
def submitting(north, alice):
    script = machine(north, alice)
    script.raise_request_exception = False

    def submit(number):
        return script.post("/api/v1/cases/", plain(number), HTTP_IDEMPOTENCY_KEY=f"case {number}")

    return Operation(subject=int, do=submit)


@pytest.fixture
def correcting(north, alice):
    script = machine(north, alice)
    script.raise_request_exception = False

    def subject(number):
        return number, script.post("/api/v1/cases/", plain(number))["Location"]

    def correct(subject):
        number, address = subject
        headers = {"HTTP_IF_MATCH": '"1"', "HTTP_IDEMPOTENCY_KEY": f"correction {number}"}
        return script.put(address, plain(number, death={"died_on": "2019-01-02"}), **headers)

    return Operation(subject=subject, do=correct)


@pytest.fixture
def submitting_many(north, alice):
    return Operation(subject=int, do=many(north, alice))


@pytest.fixture
def leaving_many_for_later(north, alice):
    def subject(number):
        with access.scope([north.pk]):  # of one center not more than ten may wait
            ImportBatch.objects.filter(state="waiting").update(state="canceled")
        return number

    return Operation(subject=subject, do=many(north, alice, HTTP_PREFER="respond-async"))


def many(north, alice, **headers):
    script = machine(north, alice, "import_cases")
    script.raise_request_exception = False

    def submit(number):
        sent = lines(*(plain(1000 * place + number) for place in range(1, 4)))
        key = {"HTTP_IDEMPOTENCY_KEY": f"cases {number}"}
        return script.generic("POST", BULK, sent, content_type=NDJSON, **key, **headers)

    return submit


@pytest.fixture
def importing_a_file(north, alice):
    def subject(number):
        content = flattened(document(1000 * place + number) for place in range(1, 4))
        batch = checked(content, north, alice)
        with access.scope([north.pk]):
            assert importing.commit(batch, by=alice, seen_round=batch.round)
        return batch.pk

    return importing_of(subject)


@pytest.fixture
def importing_what_was_left(north, alice):
    leave = many(north, alice, HTTP_PREFER="respond-async")
    return importing_of(lambda number: leave(number).json()["id"])


def importing_of(subject):
    def batch(pk):
        return ImportBatch.objects.filter(pk=pk)

    def later(pk):
        with access.everywhere():
            batch(pk).update(leased_until=None)

    def is_there(pk):
        with access.everywhere():
            return batch(pk).get().state == ImportBatch.State.DONE

    noted = (ImportBatch._meta.db_table, *SETBACKS)
    return Operation(subject=subject, do=tasks.import_batch, noted=noted, later=later, is_there=is_there)


@pytest.fixture
def withdrawing(north, alice, lena):
    return on_the_page(north, alice, lena, "stop_use")


@pytest.fixture
def erasing(north, alice, lena):
    return on_the_page(north, alice, lena, "erase")


def on_the_page(north, alice, lena, effect):
    client = browser(lena)
    client.raise_request_exception = False
    wish = {"effect": effect, "withdrawn_on": "4.3.2020", "reason": "letter of 4 March", "version": 1}

    def subject(number):
        receipt = intake.save_case(
            Submission(document=document(number)), center=north, by=alice, source="admin"
        )
        return receipt.case_id

    def carry_out(pk):
        return client.post(reverse("admin:cases_case_privacy", args=[pk]), {**wish, "confirmed": "yes"})

    return Operation(subject=subject, do=carry_out)


@pytest.fixture
def reporting(north, alice, lena, settings, monkeypatch):
    """A report with its mail, which leads to the page: to print them costs more than all else here, and asks nobody."""
    settings.EMAIL_HOST = ""
    monkeypatch.setattr(rendering, "digests", lambda content: {})
    with access.everywhere():
        Subscription.objects.create(user=lena, center=north, cadence="monthly", format="link")
    for number in range(4):
        intake.save_case(Submission(document=document(9000 + number)), center=north, by=alice, source="admin")

    def subject(number):
        as_of = date(2026, 6, 30) - timedelta(days=number)  # none has one before it to compare with
        with access.everywhere():
            return Report.objects.create(center=north, as_of=as_of, slot=f"monthly {number}").pk

    def later(pk):
        with access.everywhere():
            Report.objects.filter(pk=pk, content__isnull=True).update(leased_until=None)

    def is_there(pk):
        with access.everywhere():
            return Report.objects.get(pk=pk).is_composed

    noted = (Report._meta.db_table, *SETBACKS)
    return Operation(subject=subject, do=issuing.issue, noted=noted, later=later, is_there=is_there)


OPERATIONS = ("submitting", "leaving_many_for_later", "importing_a_file", "withdrawing", "erasing")
MORE = ("correcting", "submitting_many", "importing_what_was_left", "reporting")


@pytest.mark.parametrize("name", [*OPERATIONS, *at_night(*MORE)])
def test_whatever_goes_wrong_all_is_there_or_nothing(name, owner, request, caplog):
    operation = request.getfixturevalue(name)
    tables = Tables(owner, noted=operation.noted)

    tried(operation, tables)

    assert CANARY not in caplog.text
    sealing.seal()
    assert verifying.verify().is_sound


@pytest.mark.parametrize(
    "name", ["submitting", "importing_a_file", *at_night("withdrawing", "erasing", *MORE)]
)
def test_without_its_transaction_halves_are_left_and_seen(name, owner, request):
    operation = request.getfixturevalue(name)
    tables = Tables(owner, noted=operation.noted)
    attempt(operation, tables, 1)
    asked, healthy = attempt(operation, tables, 2)

    with pytest.raises(AssertionError, match="half of it"):
        for number, place in enumerate(range(asked.commits[-1], 0, -3), start=3):
            attempt(operation, tables, number, Kind.KEPT, place, healthy=healthy)


# --- mails -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mail_server(settings):
    server = Server()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
    settings.EMAIL_HOST_USER = ""
    yield server
    server.close()


def a_due_mail(number, lena):
    letter = letters.plain_letter("To do", "One finding waits.\n.\n..\n", "<p>One finding waits.</p>")
    assert mails.write_weekly(f"{number:04}-W01", [(lena, letter)]) == 1
    with access.everywhere():
        return Delivery.objects.select_related("body").latest("pk")


def state_of(mail):
    with access.everywhere():
        return Delivery.objects.get(pk=mail.pk).state


def sent_later(mail):
    """Let time pass for leases and waits, and the sender run each time; the mail as it is then."""
    for _ in range(3):
        with access.everywhere():
            past = clock.now() - timedelta(seconds=1)
            Delivery.objects.filter(claimed_until__isnull=False).update(claimed_until=past)
            Delivery.objects.filter(next_try_at__isnull=False).update(next_try_at=past)
        delivery.send_due()
    with access.everywhere():
        return Delivery.objects.get(pk=mail.pk)


@pytest.mark.parametrize("kind", [Kind.CUT, *at_night(Kind.REFUSED, Kind.UNHEARD)])
def test_whatever_goes_wrong_a_mail_arrives_and_its_copies_are_equal(kind, mail_server, lena):
    sending = Operation(subject=int, do=lambda _: delivery.send_due())
    happened = 0
    for place in count(1, 1 if EVERY else 5):
        mail, others = a_due_mail(place, lena), len(mail_server.taken)
        with fault(kind, place) as found:
            answer = told(sending, place)
        state, arrived = state_of(mail), mail_server.taken[others:]
        assert answer != {"handed": 1} or state == "handed"
        assert state != "handed" or len(arrived) == 1

        settled = sent_later(mail)

        copies = mail_server.taken[others:]
        assert settled.state == "handed", f"{kind.value}, {place} of {found.asked}"
        assert set(copies) == {bytes(mail.message)}
        assert len(copies) <= len(arrived) + 1
        assert len(copies) <= settled.attempts <= 2, "each copy is known of"
        happened += found.happened
        if place > found.asked:
            break
    assert happened >= (10 if EVERY and kind is not Kind.UNHEARD else 1)


def cutting(said, words, place):
    """A word of an SMTP session, before one of which the line is cut."""

    def meet(session, *args):
        if next(words) == place:
            session.sock.shutdown(socket.SHUT_RDWR)
        return said(session, *args)

    return meet


def test_whatever_breaks_on_the_way_to_the_server_a_mail_arrives(mail_server, lena, monkeypatch):
    """Every word of the session in turn, ours and the server's, is the one before which the line breaks."""
    for place in count(1):
        mail, words, others = a_due_mail(place, lena), count(1), len(mail_server.taken)
        with monkeypatch.context() as patch:
            for name in ("send", "getreply"):
                patch.setattr(smtplib.SMTP, name, cutting(getattr(smtplib.SMTP, name), words, place))
            with suppress(transport.UnreachableError):
                delivery.send_due()
        state, arrived = state_of(mail), mail_server.taken[others:]
        assert state in ("handed", "uncertain") or not arrived

        assert sent_later(mail).state == "handed"

        copies = mail_server.taken[others:]
        assert set(copies) == {bytes(mail.message)}
        assert len(copies) == 1 + (state == "uncertain" and len(arrived))
        if next(words) <= place:
            break
    assert place > 12


# --- files -----------------------------------------------------------------------------------------------------------


@contextmanager
def room_for(size):
    """Let no file of this process grow beyond this: what is longer is cut there, and the rest refused (EFBIG)."""
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))


def test_a_full_disk_keeps_a_mail_waiting_and_leaves_no_part_of_it(lena, settings):
    settings.EMAIL_HOST = ""
    mail = a_due_mail(1, lena)
    for size in (0, 1, len(mail.message) - 1):
        with room_for(size):
            assert delivery.send_due() == {"queued": 1}
        assert list(settings.MAIL_FOLDER.iterdir()) == []
        with access.everywhere():
            Delivery.objects.update(next_try_at=clock.now())

    assert delivery.send_due() == {"handed": 1}

    (file,) = settings.MAIL_FOLDER.iterdir()
    assert file.read_bytes() == bytes(mail.message)


def test_a_full_disk_lets_nothing_be_erased_and_spoils_no_line_of_the_log(erasing, owner, settings):
    tables, log = Tables(owner), settings.ERASURE_LOG
    for number in (1, 2):
        assert erasing.do(erasing.subject(number))["Location"].endswith("/cases/case/")
    length = log.stat().st_size

    for room in range(0, length // 2, 1 if EVERY else 97):
        subject = erasing.subject(3 + room)
        before, lines_before = tables.now(), log.read_bytes()
        with room_for(len(lines_before) + room):
            answer = erasing.do(subject)
        assert answer["Location"].endswith("/privacy/"), "back to the page, which says why"
        assert not tables.since(before)
        assert log.read_bytes() == lines_before

        assert erasing.do(subject)["Location"].endswith("/cases/case/")

        assert [wish.case_id for wish in erasure_log.read(log)][-1] == subject


def test_a_full_disk_leaves_no_backup_that_is_not_whole(owner, north, tmp_path):
    keys.new_key(tmp_path / "key")
    key, folder = keys.identity(tmp_path / "key"), tmp_path / "backups"
    folder.mkdir()
    whole, _ = making.make(folder, key.to_public())
    size = whole.stat().st_size
    whole.unlink()

    for room in (0, size - 100):
        with room_for(room), pytest.raises(BackupError, match="File too large"):
            making.make(folder, key.to_public())
        assert list(folder.iterdir()) == []

    assert making.make(folder, key.to_public())[0].exists()
