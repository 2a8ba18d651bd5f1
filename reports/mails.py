"""Mails as they are written: the finished message of one recipient, kept as a row before anything is sent.

A message is rendered once and never again. What goes to a later address of the same person is the old message under a
new head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from registry import access, bell, clock, language
from registry.models import User
from registry.tongues import DECLARED
from reports import content as contents
from reports import documents, letters, receiving, subscribing, transport
from reports.content import ReportContent
from reports.letters import Envelope, Letter
from reports.models import Delivery, MailBody, Report, Subscription

Format = Subscription.Format


def write(report: Report, people: Iterable[User]) -> int:
    """Write one finished message for each person who may read the report and has none yet; tell how many."""
    return keep(made(report, receiving.by_hand(people)))


def made(report: Report, wanting: Iterable[Subscription]) -> list[Delivery]:
    """Make the mails of those who want the report, may read it and have none yet, without keeping them.

    Each is written in the language of its subscription, else of its reader, else of the center reported on.
    """
    with access.everywhere():
        held = set(Delivery.objects.filter(report=report).values_list("recipient_id", flat=True))
        otherwise = language.offered(report.center.language) if report.center else ""
        wanted = {  # the first of several of one person
            one.user_id: one
            for one in reversed(list(wanting))
            if one.user_id not in held and one.user.email and receiving.may_receive(one.user, report)
        }
    if not wanted:
        return []
    ways = {pk: (_language(one, otherwise), one.format) for pk, one in sorted(wanted.items())}
    content = contents.from_plain(report.content)
    written = {way: _letter(content, report, *way) for way in sorted(set(ways.values()))}
    written_at = clock.now()
    return [
        _written(
            written[ways[pk]],
            one.user,
            written_at,
            name=f"report-{report.pk}-{pk}-{report.content_digest[:16]}",
            leave=subscribing.link(subscription=one) if one.pk else "",
            report=report,
            subscription=one if one.pk else None,
            center_id=report.center_id,
        )
        for pk, one in sorted(wanted.items())
    ]


def _language(wish: Subscription, otherwise: str) -> str:
    return language.offered(wish.language) or language.chosen_by(wish.user) or otherwise or DECLARED


def _letter(content: ReportContent, report: Report, spoken: str, form: str) -> Letter:
    """The report itself, or where it is to be read."""
    if form == Format.ATTACHED:
        return letters.letter(content, spoken)
    said = {
        "address": settings.PUBLIC_URL + reverse("admin:reports_report_change", args=[report.pk]),
        "own": settings.PUBLIC_URL + reverse("admin:my_subscriptions"),
        "subject": letters.subject(content, spoken),
        "language": spoken,
    }
    with documents.speaking(spoken):
        text = render_to_string("reports/ready.txt", said)
        html = render_to_string("reports/ready.html", said)
    return letters.plain_letter(said["subject"], text, html)


def write_weekly(week: str, written: Iterable[tuple[User, Letter]]) -> int:
    """Write the weekly mails of one week, one for a person at most, whoever else writes them; tell how many."""
    written_at = clock.now()
    return keep(
        [
            _written(
                letter,
                user,
                written_at,
                name=f"work-{week}-{user.pk}",
                leave=subscribing.link(user=user),
                kind=Delivery.Kind.WORK,
                week=week,
            )
            for user, letter in written
        ]
    )


def write_about_transfer(name: str, center_id: int, written: Iterable[tuple[User, Letter]]) -> int:
    """Write mails to people of a center about one step of a transfer, one for a person; tell how many."""
    written_at = clock.now()
    return keep(
        [
            _written(
                letter,
                user,
                written_at,
                name=f"{name}-{user.pk}",
                leave="",
                kind=Delivery.Kind.TRANSFER,
                center_id=center_id,
            )
            for user, letter in written
        ]
    )


def keep(rows: list[Delivery]) -> int:
    """Store mails that were made, and what several have in common once; tell how many."""
    bodies = {(row.body.center_id, row.body.digest): row.body for row in rows}
    with access.everywhere():  # another worker may have written the same
        MailBody.objects.bulk_create(bodies.values(), ignore_conflicts=True)
        for (center_id, digest), body in bodies.items():  # one that was emptied since says the same again
            emptied = MailBody.objects.filter(center=center_id, digest=digest, content=b"")
            emptied.update(content=body.content)
        kept = MailBody.objects.filter(digest__in=[digest for _, digest in bodies]).only(
            "center_id", "digest"
        )
        places = {(body.center_id, body.digest): body for body in kept}
        for row in rows:
            row.body = places[row.body.center_id, row.body.digest]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def ring() -> None:
    """Have what waits sent as soon as the present transaction is kept, and not at the next minute."""
    bell.ring("reports.tasks.send_mail")


def again(old: Delivery) -> Delivery:
    """Make the mail that stands for one to an earlier address: every word the same, under a new name and date."""
    written_at = clock.now()
    envelope = _envelope(old.recipient, written_at, name=f"again-{old.pk}")
    same = ("center_id", "report_id", "subscription_id", "week", "kind")
    return _row(
        letters.readdressed(bytes(old.head), envelope),
        old.body,
        old.recipient,
        envelope,
        replaces=old,
        **{name: getattr(old, name) for name in same},
    )


def _written(
    parts: Letter, user: User, written_at: datetime, *, name: str, leave: str, **of: Any
) -> Delivery:
    """The finished message under its permanent name."""
    envelope = _envelope(user, written_at, name=name, leave=leave)
    message = letters.mail(parts, envelope)
    digest = hashlib.sha256(message.body).hexdigest()
    body = MailBody(digest=digest, content=message.body, center_id=of.get("center_id"))
    return _row(message.head, body, user, envelope, **of)


def _envelope(user: User, written_at: datetime, *, name: str, leave: str = "") -> Envelope:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return Envelope(
        sender=settings.DEFAULT_FROM_EMAIL,
        recipient=_readable(user.email),
        message_id=f"<{name}@{domain}>",
        written_at=written_at,
        leave=leave,
    )


def _row(head: bytes, body: MailBody, user: User, envelope: Envelope, **of: Any) -> Delivery:
    return Delivery(
        **of,
        recipient=user,
        address=user.email,
        message_id=envelope.message_id,
        head=head,
        body=body,
        digest=hashlib.sha256(head + bytes(body.content)).hexdigest(),
        next_try_at=envelope.written_at,
    )


def _readable(address: str) -> str:
    """Write an address for the head of a message; one that cannot be is refused when it is sent."""
    try:
        return transport.in_ascii(address)
    except UnicodeError:
        return address
