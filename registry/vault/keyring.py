"""Whether there is a vault, and by which keys it is closed and searched."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that closes and opens, with the id by which what it closed names it."""

    id: str
    secret: bytes


def is_on() -> bool:
    """Whether this installation has a vault."""
    return bool(settings.VAULT_KEYS)


def newest() -> Key:
    """The key that closes: the first that is listed."""
    key_id, secret = next(iter(settings.VAULT_KEYS.items()))
    return Key(id=key_id, secret=secret)


def find(key_id: str) -> bytes | None:
    """The key of this id; None where it is no longer given."""
    found: bytes | None = settings.VAULT_KEYS.get(key_id)
    return found


def search_digest(text: str) -> bytes:
    """HMAC-SHA-256 of a text under the key for searching."""
    return hmac.digest(settings.VAULT_SEARCH_KEY, text.encode(), "sha256")


def search_id() -> str:
    """What tells one key for searching from another and gives neither away: 32 bits of a digest of nothing secret."""
    return search_digest("which key is this?").hex()[:8]
