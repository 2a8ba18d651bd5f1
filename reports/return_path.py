"""Where a mail that cannot be delivered comes back to: an address of its own for each attempt (VERP).

`BOUNCE_ADDRESS=bounces@example.org` becomes `bounces+12.1.<signature>@example.org` for attempt 1 of delivery 12.
The signature keeps strangers from telling us that mails came back; a failure of an earlier attempt is known as such.
"""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from reports.models import Delivery

# 26 letters and digits hold 128 bits; the part before the @ has room for 64 characters, and case may be lost.
_TOKEN = re.compile(r"(\d{1,18})\.(\d{1,5})\.([a-z2-7]{26})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Which attempt of which delivery."""

    delivery: int
    number: int


def sender(delivery: Delivery) -> str:
    """The address that the envelope of this attempt names; that of all mails where no return path is set."""
    if not settings.BOUNCE_ADDRESS:
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    attempt = Attempt(delivery=delivery.pk, number=delivery.attempts)
    local, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{local}+{attempt.delivery}.{attempt.number}.{_signature(attempt)}@{domain}"


def tokens(text: str) -> list[str]:
    """Find what may be tokens of ours in the heads of a message."""
    local, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    if not domain:
        return []
    found = re.finditer(rf"{re.escape(local)}\+([^\s<>@]{{1,64}})@{re.escape(domain)}", text, re.IGNORECASE)
    return [match[1] for match in found]


def read(token: str) -> Attempt | None:
    """The attempt that a token was made for; None for a token that we did not make."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    attempt = Attempt(delivery=int(match[1]), number=int(match[2]))
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    is_ours = any(constant_time_compare(match[3].lower(), _signature(attempt, secret)) for secret in secrets)
    return attempt if is_ours else None


def _signature(attempt: Attempt, secret: str | None = None) -> str:
    told = f"{attempt.delivery}.{attempt.number}"
    digest = salted_hmac("reports.bounces", told, secret=secret, algorithm="sha256").digest()
    return b32encode(digest[:16]).decode("ascii").rstrip("=").lower()
