"""Sending a mail again: the same bytes to the same address, the same words to a new one, nothing past the rights."""

import email
import hashlib
from datetime import timedelta
from email import policy

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registry import access, clock, history
from registry.models import Membership, User
from reports import delivery, letters, mails, resending, schedule, subscribing
from reports.models import Delivery, Subscription
from tests.clients import browser
from tests.pages import text
from tests.rows import a_report
from tests.smtp import KEEP, Server

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def server(settings):
    """A mail server that refuses each mail at first, and takes it once it is told to."""
    running = Server(rcpt="550 no such user")
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    settings.DEFAULT_FROM_EMAIL = "Registry <registry@example.org>"
    yield running
    running.close()


@pytest.fixture
def refused(server, north, alice):
    """A mail of a subscription that was refused; the server takes the next."""
    with access.everywhere():
        Subscription.objects.create(user=alice, center=north)
    report = a_report(north, slot="quarterly 2026-Q3")
    mails.keep(mails.made(report, schedule.wanting(report)))
    assert delivery.send_due() == {"refused": 1}
    server.answers["rcpt"] = "250 OK"
    with access.everywhere():
        return Delivery.objects.select_related("body").get()


def current(row):
    with access.everywhere():
        return Delivery.objects.select_related("body").get(pk=row.pk)


def change(row, **fields):
    with access.everywhere():
        Delivery.objects.filter(pk=row.pk).update(**fields)


def again(row, by, reason="the mailbox is there now"):
    (outcome,) = resending.send_again([row.pk], reason=reason, by=by)
    return outcome


# --- to the same address ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.REFUSED, State.FAILED, State.UNCERTAIN, State.BOUNCED])
def test_the_same_bytes_go_to_the_same_address(server, refused, lena, state):
    change(refused, state=state)

    assert again(refused, lena).to == "alice@example.org"

    assert delivery.send_due() == {"handed": 1}
    assert server.taken == [bytes(refused.message)]
    row = current(refused)
    assert (row.message_id, row.digest) == (refused.message_id, refused.digest)
    assert row.repeats == (state in (State.UNCERTAIN, State.BOUNCED)), "a copy may be there already"
    with access.everywhere():
        assert ("Lena", "the mailbox is there now") in {
            (entry.stamp.by, entry.stamp.reason) for entry in history.entries([row])
        }


def test_trying_begins_anew(server, refused, lena):
    """A mail that is days old is not given up at the first greylisting."""
    change(refused, queued_at=clock.now() - timedelta(days=30))
    server.answers["rcpt"] = "450 greylisted"
    again(refused, lena)

    assert delivery.send_due() == {"queued": 1}


def test_one_that_stays_uncertain_is_not_repeated_by_itself_after_a_person_did(server, refused, lena):
    change(refused, state=State.UNCERTAIN)
    server.answers["dot"] = (KEEP, b"what?\r\n")
    again(refused, lena)

    assert delivery.send_due() == {"uncertain": 1}
    assert current(refused).next_try_at is None


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.HANDED])
def test_what_is_on_its_way_or_taken_stays_as_it_is(refused, lena, state):
    change(refused, state=state)

    assert "on its way" in again(refused, lena).refused
    assert current(refused).state == state


def test_what_is_repeated_by_itself_is_left_to_that(refused, lena):
    change(refused, state=State.UNCERTAIN, next_try_at=clock.now() + timedelta(minutes=30))

    assert "by itself" in again(refused, lena).refused


# --- rights -----------------------------------------------------------------------------------------------------------


def test_who_may_no_longer_have_it_gets_nothing(server, refused, alice, lena):
    Membership.objects.filter(user=alice).delete()

    assert again(refused, lena).refused == "this person may no longer read the report"
    assert (current(refused).state, server.taken) == (State.REFUSED, [])


def test_who_ended_the_subscription_gets_nothing(refused, alice, lena):
    subscribing.end(refused.subscription_id, by=alice)

    assert again(refused, lena).refused == "this person has ended or paused the subscription"


@pytest.mark.parametrize("who", ["alice", "ines", "bob", "rita", "dana", "otto"])
def test_others_send_nothing_again(request, refused, who):
    with pytest.raises(PermissionDenied):
        again(refused, request.getfixturevalue(who))
    assert current(refused).state == State.REFUSED


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 201])
def test_a_reason_is_needed(refused, lena, reason):
    with pytest.raises(ValidationError):
        again(refused, lena, reason=reason)
    assert current(refused).state == State.REFUSED


# --- to a new address -------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(refused, alice):
    User.objects.filter(pk=alice.pk).update(email="alice@elsewhere.example")
    return refused


def test_the_same_words_go_to_a_new_address_under_a_new_name(server, moved, lena):
    assert again(moved, lena).to == "alice@elsewhere.example"
    assert delivery.send_due() == {"handed": 1}

    old, new = (
        email.message_from_bytes(raw, policy=policy.default) for raw in (moved.message, server.taken[0])
    )
    assert new["To"] == "alice@elsewhere.example"
    assert new["Message-ID"] != old["Message-ID"]
    same = ("From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert [part.get_content() for part in new.walk() if not part.is_multipart()] == [
        part.get_content() for part in old.walk() if not part.is_multipart()
    ]
    with access.everywhere():
        later = Delivery.objects.select_related("body").get(replaces=moved)
    assert (current(moved).state, later.state) == (State.REFUSED, State.HANDED)
    assert hashlib.sha256(later.message).hexdigest() == later.digest
    assert (later.report_id, later.subscription_id) == (moved.report_id, moved.subscription_id)


def test_a_mail_is_replaced_once_and_its_later_one_may_be_replaced_in_turn(moved, lena, alice):
    again(moved, lena)
    assert "took its place" in again(moved, lena).refused
    with access.everywhere():
        later = Delivery.objects.select_related("body").get(replaces=moved)
    change(later, state=State.BOUNCED, next_try_at=None)
    User.objects.filter(pk=alice.pk).update(email="alice@third.example")

    assert again(later, lena).to == "alice@third.example"
    with pytest.raises(IntegrityError), transaction.atomic(), access.everywhere():
        Delivery.objects.create(**_like(moved), replaces=moved)


def test_still_one_mail_of_a_report_for_a_person(moved):
    with pytest.raises(IntegrityError), transaction.atomic(), access.everywhere():
        Delivery.objects.create(**_like(moved))


def _like(row):
    same = ("center_id", "report_id", "recipient_id", "address", "head", "body_id", "digest")
    return {name: getattr(row, name) for name in same} | {"message_id": "<another@example.org>"}


def test_a_weekly_mail_goes_to_a_new_address_too(server, alice, ada):

    server.answers["rcpt"] = "550 no such user"
    letter = letters.plain_letter("To do", "One finding waits.\n", "<p>One finding waits.</p>")
    mails.write_weekly("2026-W48", [(alice, letter)])
    assert delivery.send_due() == {"refused": 1}
    server.answers["rcpt"] = "250 OK"
    User.objects.filter(pk=alice.pk).update(email="alice@elsewhere.example")
    with access.everywhere():
        row = Delivery.objects.select_related("body").get()

    again(row, ada)

    assert delivery.send_due() == {"handed": 1}
    assert b"One finding waits." in server.taken[0]


def test_without_an_address_nothing_goes(refused, alice, lena):
    User.objects.filter(pk=alice.pk).update(email="")

    assert "no mail address" in again(refused, lena).refused


# --- the list ---------------------------------------------------------------------------------------------------------

LIST = "/admin/reports/delivery/"


def test_the_list_asks_for_the_reason_and_tells_what_became_of_each(server, refused, lena):
    client = browser(lena)
    sent = {"action": "resend_chosen", "_selected_action": [refused.pk]}

    assert "Send mails again" in text(client.post(LIST, sent))
    assert current(refused).state == State.REFUSED
    said = text(client.post(LIST, {**sent, "reason": "asked for"}, follow=True))
    assert "goes again, to alice@example.org" in said
    said = text(client.post(LIST, {**sent, "reason": "asked for"}, follow=True))
    assert "stays as it was: It is on its way" in said

    assert delivery.send_due() == {"handed": 1}


@pytest.mark.parametrize("who", ["alice", "rita"])
def test_the_list_does_not_offer_it_to_others(request, refused, who):
    client = browser(request.getfixturevalue(who))

    assert "resend_chosen" not in client.get(LIST).content.decode()
    client.post(LIST, {"action": "resend_chosen", "_selected_action": [refused.pk], "reason": "mine"})
    assert current(refused).state == State.REFUSED


def test_the_list_costs_the_same_for_one_mail_and_for_many(moved, north, lena, ada):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    client = browser(lena)
    queries()
    few = queries()
    again(moved, lena)
    mails.write(a_report(north), [lena, ada])

    assert queries() == few <= 25
