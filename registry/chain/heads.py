"""The head of the chain: one line that stands for all that happened until then, to be kept where nobody can change it.

Who can write to this database can make the chain anew from the first link. What they cannot change is a head that lies
elsewhere: in the auditors' mail, on another machine, on paper.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext

from registry.audit import whole_trail
from registry.chain.models import AuditLink

MAIL = """The line below stands for all that the audit trail holds until now. Keep this mail: with it, anybody can prove
that nothing of that was changed. Put the line into a file, and ask on the server:

    manage.py audit verify --head FILE

{line}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last link at some moment: its place, its digest, and the moment of its event."""

    sequence: int
    digest: bytes
    at: datetime

    def line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps({"sequence": self.sequence, "head": self.digest.hex(), "at": self.at.isoformat()})


def present() -> Head | None:
    """The head as it is; none before the first seal."""
    with whole_trail():
        last = AuditLink.objects.order_by("-sequence").first()
    return None if last is None else Head(sequence=last.sequence, digest=bytes(last.link), at=last.at)


def read(lines: Iterable[str]) -> list[Head]:
    """Read what `line` wrote, once or many times; ValueError says which line is none."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            found.append(
                Head(
                    sequence=int(told["sequence"]),
                    digest=bytes.fromhex(told["head"]),
                    at=datetime.fromisoformat(told["at"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                gettext("Line {number} is no head of the chain.").format(number=number)
            ) from None
    return found


def hand_over() -> Head | None:
    """Add the head to the file and send it to the addresses that the settings name; doing it twice does no harm."""
    if (head := present()) is None:
        return None
    if settings.AUDIT_HEAD_FILE:
        with Path(settings.AUDIT_HEAD_FILE).open("a", encoding="utf-8") as file:
            file.write(head.line() + "\n")
    if settings.AUDIT_HEAD_TO:
        subject = f"Audit trail of {settings.PUBLIC_URL}: {head.sequence} events"
        send_mail(subject, MAIL.format(line=head.line()), None, settings.AUDIT_HEAD_TO)
    return head
