"""How stored mails are sent: one message per recipient, at least once, and every extra copy is identical.

queued    -> sending     a sender claims the row; two never hold one
sending   -> handed      the server said 250
          -> refused     it said 5xx, or the person may no longer have the mail or wants it no more
          -> queued      4xx, or the line broke before the last dot: again after 1, 5, 15, 60 ... minutes, up to 48 h
          -> uncertain   the line broke or nonsense came after the last dot, or the sender died after the data had
                         begun; repeated once after 30 minutes
uncertain -> sending     the one repetition: same bytes, same Message-ID
queued    -> failed      48 hours of trying are over
handed    -> bounced     a server on the way sent it back later (bounces.py); of uncertain ones, too
refused, failed, uncertain, bounced -> queued   a person sends it again (resending.py)

Exactly once does not exist over SMTP: the server may have taken what the sender does not know of (RFC 1047).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from registry import access, clock
from registry.tongues import ENGLISH
from reports import receiving, return_path, transport
from reports.models import Delivery
from reports.transport import Outcome, Result, Transport

log = logging.getLogger(__name__)

State = Delivery.State
LEASE = timedelta(minutes=15)  # longer than the wait for a server's final reply
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP = timedelta(hours=48)
REPEAT_AFTER = timedelta(minutes=30)
MAX_REPEATS = 1


class LostClaimError(Exception):
    """This sender was too slow: its row belongs to another by now, and nothing was sent."""


def send_due(*, limit: int = 500) -> dict[str, int]:
    """Send what is due, one by one; count the states reached. The server is opened before any row is taken."""
    recover()
    counts: dict[str, int] = {}
    with access.everywhere():
        anything = Delivery.objects.due(clock.now()).exists()
    if not anything:
        return counts
    with transport.opened() as sender:
        for _ in range(limit):
            delivery = claim()
            if delivery is None:
                break
            try:
                result = _send(delivery, sender)
            except LostClaimError:
                log.warning("mail delivery=%s lost=claim", delivery.pk)
                break  # the session stands in the middle of a message
            counts[delivery.state] = counts.get(delivery.state, 0) + 1
            if result.ends_session:
                break  # the mails that are left have lost nothing: the next run takes them
    return counts


def deliver(delivery_id: int) -> str | None:
    """Send one message if it is due and nobody else has it; give the state it reached."""
    with transport.opened() as sender:
        delivery = claim(delivery_id)
        if delivery is None:
            return None
        _send(delivery, sender)
        return delivery.state


def claim(delivery_id: int | None = None) -> Delivery | None:
    """Take one due row for this sender and commit that before anything else happens."""
    with access.everywhere():
        now = clock.now()
        due = (
            Delivery.objects.select_related("body").due(now).select_for_update(skip_locked=True, of=("self",))
        )
        row = (due if delivery_id is None else due.filter(pk=delivery_id)).first()
        if row is None:
            return None
        row.repeats += row.state == State.UNCERTAIN
        row.state, row.attempts = State.SENDING, row.attempts + 1
        row.claimed_until, row.data_started_at, row.next_try_at = now + LEASE, None, None
        row.save(
            update_fields=["state", "attempts", "repeats", "claimed_until", "data_started_at", "next_try_at"]
        )
        return row


def recover() -> int:
    """Settle the rows whose sender died: without the mark they are certainly unsent, with it nobody knows."""
    with access.everywhere():
        now = clock.now()
        rows = list(Delivery.objects.abandoned(now).select_for_update(skip_locked=True, of=("self",)))
        for row in rows:
            lost = Outcome.UNCERTAIN if row.data_started_at else Outcome.LATER
            _settle(row, Result(outcome=lost, reply="the sender stopped"), now)
    return len(rows)


def _send(delivery: Delivery, sender: Transport) -> Result:
    """Hand over one claimed message and write down what became of it."""
    with access.everywhere():
        reason = _why_not(delivery)
    if not reason:
        result = sender.send(
            sender=return_path.sender(delivery),
            recipient=delivery.address,
            message=delivery.message,
            before_data=lambda: _mark_data_started(delivery),
        )
    else:
        result = Result(outcome=Outcome.REFUSED, reply=f"not sent: {reason}")
    with access.everywhere():
        _settle(delivery, result, clock.now())
    log.info("mail delivery=%s state=%s attempt=%s", delivery.pk, delivery.state, delivery.attempts)
    return result


def _why_not(delivery: Delivery) -> str:
    """Ask again, at the last moment, whether this message may go to this address."""
    if reason := receiving.why_not(delivery):
        return reason.put(ENGLISH)
    if delivery.recipient.email != delivery.address:
        return "the address has changed since it was written"
    return ""


def _mark_data_started(delivery: Delivery) -> None:
    """Commit the mark: a crash before it means unsent, a crash after it means uncertain."""
    with access.everywhere():
        delivery.data_started_at = clock.now()
        changed = Delivery.objects.filter(
            pk=delivery.pk,
            state=State.SENDING,
            attempts=delivery.attempts,
            claimed_until__gt=delivery.data_started_at,
        ).update(data_started_at=delivery.data_started_at)
    if changed != 1:
        raise LostClaimError(f"Delivery {delivery.pk} was taken over by another sender.")


def _settle(row: Delivery, result: Result, now: datetime) -> None:
    """Write the outcome of one attempt; conditional on the attempt, so that a late sender changes nothing."""
    row.smtp_reply, row.claimed_until = result.reply, None
    if result.outcome is Outcome.HANDED:
        row.state, row.handed_at, row.next_try_at = State.HANDED, now, None
    elif result.outcome is Outcome.REFUSED:
        row.state, row.next_try_at = State.REFUSED, None
    elif result.outcome is Outcome.UNCERTAIN:
        row.state = State.UNCERTAIN
        row.next_try_at = now + REPEAT_AFTER if row.repeats < MAX_REPEATS else None
    else:
        wait = WAITS[min(row.attempts, len(WAITS)) - 1]
        over = now + wait > row.queued_at + GIVE_UP
        row.state, row.next_try_at = (State.FAILED, None) if over else (State.QUEUED, now + wait)
    fields = ("state", "smtp_reply", "claimed_until", "handed_at", "next_try_at")
    with transaction.atomic():
        Delivery.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts).update(
            **{field: getattr(row, field) for field in fields}
        )
