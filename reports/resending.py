"""Sending a mail again that did not arrive, or perhaps did not: by a person, for a reason.

To the same address goes what is stored, byte for byte and under its Message-ID. Where the person's address has changed,
a new row with the same words takes the place of the old one, which stays as it ended.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from registry import access, audit, clock
from registry.access import Action
from registry.models import User
from reports import mails, receiving
from reports.models import Delivery

State = Delivery.State
OVER = (State.REFUSED, State.FAILED, State.UNCERTAIN, State.BOUNCED)
PERHAPS_TAKEN = (State.UNCERTAIN, State.BOUNCED)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one mail; `refused` says why nothing did, `to` where it goes now."""

    delivery: Delivery
    refused: str = ""
    to: str = ""


def send_again(delivery_ids: Collection[int], *, reason: str, by: User) -> list[Outcome]:
    """Queue mails again that are over; those that may not go are left as they are, with the reason."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": gettext("Say why the mail is sent again.")})
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    with access.everywhere(), audit.because(door="admin", by=by, reason=reason):
        rows = Delivery.objects.filter(pk__in=delivery_ids).order_by("pk").select_for_update(of=("self",))
        found = list(rows.select_related("recipient").prefetch_related("recipient__memberships"))
        for center in {row.center_id for row in found}:
            access.require(by, Action.MANAGE_CENTER, center)
        outcomes = [_one(row) for row in found]
        mails.ring()
    return outcomes


def _one(row: Delivery) -> Outcome:
    if told := _hindrance(row):
        return Outcome(delivery=row, refused=told)
    if row.recipient.email != row.address:
        mails.again(row).save()
    else:
        now = clock.now()
        Delivery.objects.filter(pk=row.pk).update(
            state=State.QUEUED,
            repeats=row.repeats + (row.state in PERHAPS_TAKEN),  # one more copy
            next_try_at=now,
            queued_at=now,
            bounced_at=None,
            bounce="",
        )
    return Outcome(delivery=row, to=row.recipient.email)


def _hindrance(row: Delivery) -> str:
    """Say why a mail cannot be sent again; empty when it can."""
    if row.state not in OVER:
        return gettext("It is on its way, or the mail server has taken it.")
    if row.next_try_at is not None:
        return gettext("It is repeated by itself soon.")
    if not row.head:
        return gettext("Its bytes were not kept any longer: mail the report anew, its content is still here.")
    if Delivery.objects.filter(replaces=row.pk).exists():
        return gettext("A mail to a later address took its place.")
    if not row.recipient.email:
        return gettext("This person has no mail address: add it first.")
    return str(receiving.why_not(row) or "")
