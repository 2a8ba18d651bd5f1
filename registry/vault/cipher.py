"""Closing and opening one identity: AES-256-GCM (NIST SP 800-38D) under the newest key, with a random nonce of 96 bits.

What is closed is bound to the pseudonym of its patient and to the id of its key: in the row of another patient it does
not open.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.vault import keyring

NONCE_BYTES = 12
FORM = "ivc-registry identity 1"
PADDED_TO = 128  # bytes: how long a name is does not show


@dataclass(frozen=True, kw_only=True)
class Closed:
    """An identity as it is kept."""

    key_id: str
    nonce: bytes
    content: bytes


class UnreadableError(Exception):
    """It does not open: its key is not given, it was changed, or it is another patient's."""


def close(values: Mapping[str, str], *, pseudonym: str) -> Closed:
    """Encrypt the values of one patient."""
    key, nonce = keyring.newest(), secrets.token_bytes(NONCE_BYTES)
    plain = json.dumps(dict(values), ensure_ascii=False, sort_keys=True).encode()
    padded = plain.ljust(-(-len(plain) // PADDED_TO) * PADDED_TO)
    content = AESGCM(key.secret).encrypt(nonce, padded, _bound(key.id, pseudonym))
    return Closed(key_id=key.id, nonce=nonce, content=content)


def open_(closed: Closed, *, pseudonym: str) -> dict[str, str]:
    """Decrypt the values of one patient; UnreadableError tells why they cannot be, and nothing of them."""
    secret = keyring.find(closed.key_id)
    if secret is None:
        raise UnreadableError(f"The key {closed.key_id} is not among VAULT_KEYS.")
    try:
        plain = AESGCM(secret).decrypt(closed.nonce, closed.content, _bound(closed.key_id, pseudonym))
    except InvalidTag:
        raise UnreadableError("It was changed, or belongs to another patient or key.") from None
    values: dict[str, str] = json.loads(plain)
    return values


def _bound(key_id: str, pseudonym: str) -> bytes:
    return "\x1f".join((FORM, key_id, pseudonym)).encode()
