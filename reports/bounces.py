"""Mails that came back: delivery status notifications (RFC 3464) as a mail server leaves them, noted with each mail.

Only what bears the signature of an attempt of ours counts (return_path.py). Read again, a notification changes nothing.
"""

from __future__ import annotations

import logging
import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from email.message import Message
from enum import Enum
from pathlib import Path

from django.db.models import Q
from django.utils.translation import ngettext

from registry import access, audit, clock
from registry.models import User
from reports import return_path
from reports.models import Delivery
from reports.return_path import Attempt

log = logging.getLogger(__name__)

State = Delivery.State
CAME_BACK = "came back"
SEVERAL = 2  # so many mails in a row that came back are worth a word
_ADDRESS = re.compile(r"[^\s<>@\"'();,]+@[^\s<>@\"'();,]+")
# What the server may have; of one that is being sent, once its data have begun.
_MAY_COME_BACK = Q(state__in=(State.HANDED, State.UNCERTAIN)) | Q(
    state=State.SENDING, data_started_at__isnull=False
)


class Found(Enum):
    """What one message turned out to be."""

    BOUNCED = "bounced"
    KNOWN = "known already"
    UNKNOWN = "unknown or forged"
    OTHER = "no failure"


def messages(path: Path) -> Iterator[bytes]:
    """Read a Maildir, a mailbox file (mbox) or a file with one message, and leave it as it is."""
    if path.is_dir():
        maildir = mailbox.Maildir(path, create=False)
        yield from (maildir.get_bytes(key) for key in sorted(maildir.keys()))
        return
    with path.open("rb") as file:
        is_mbox = file.read(5) == b"From "
    if is_mbox:
        with closing(mailbox.mbox(path, create=False)) as box:
            yield from (box.get_bytes(key) for key in box.keys())  # noqa: SIM118 - it iterates over messages
    else:
        yield path.read_bytes()


def take(raw: bytes) -> Found:
    """Read one message; a mail of ours that failed for good is noted as come back, with what the server said."""
    message = message_from_bytes(raw)
    heads = "\n".join(str(value) for value in message.values())
    attempts = [attempt for token in return_path.tokens(heads) if (attempt := return_path.read(token))]
    if not attempts:
        return Found.UNKNOWN
    failure = _failure(message)
    return Found.OTHER if failure is None else _note(attempts[0], failure)


def warning(user: User) -> str:
    """Say that the last mails to a person's address came back; empty when they did not."""
    with access.everywhere():
        ended = Delivery.objects.filter(
            recipient=user, address=user.email, state__in=(State.HANDED, State.BOUNCED)
        )
        states = list(ended.order_by("-queued_at", "-pk").values_list("state", flat=True)[:10])
    n = next((place for place, state in enumerate(states) if state != State.BOUNCED), len(states))
    if n < SEVERAL:
        return ""
    told = ngettext(
        "The last {n} mail to {address} came back. Ask for another address.",
        "The last {n} mails to {address} came back. Ask for another address.",
        n,
    )
    return told.format(n=n, address=user.email)


def _note(attempt: Attempt, failure: Message) -> Found:
    with access.everywhere(), audit.because(door="command", reason=CAME_BACK):
        row = Delivery.objects.defer("head").filter(pk=attempt.delivery).first()
        if row is None:
            return Found.UNKNOWN
        came_back = Delivery.objects.filter(_MAY_COME_BACK, pk=row.pk, attempts=attempt.number)
        changed = came_back.update(
            state=State.BOUNCED,
            bounced_at=clock.now(),
            bounce=_told(failure, row.address),
            next_try_at=None,
            claimed_until=None,
        )
    log.info("mail delivery=%s came_back=%s", attempt.delivery, bool(changed))
    return Found.BOUNCED if changed else Found.KNOWN


def _failure(message: Message) -> Message | None:
    """The fields of the recipient that could not be reached for good (RFC 3464, 2.3)."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for fields in part.get_payload():
                if isinstance(fields, Message) and _first_word(fields["Action"]) == "failed":
                    return fields
    return None


def _first_word(value: object) -> str:
    words = re.findall(r"[a-z]+", str(value or "").lower())
    return words[0] if words else ""


def _told(failure: Message, own: str) -> str:
    """What the server said, in one line, without the addresses of anybody else."""
    diagnostic = str(failure["Diagnostic-Code"] or "").partition(";")[2]
    said = " ".join(f"{failure['Status'] or ''} {diagnostic}".split())
    said = _ADDRESS.sub(lambda found: found[0] if found[0].lower() == own.lower() else "[address]", said)
    return "".join(letter if letter.isprintable() else " " for letter in said)[:500]
