"""Into the vault and out of it, one case at a time, by the functions of its own role (`wall.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from registry.vault import cipher, marks
from registry.vault.cipher import Closed
from registry.vault.identities import Identity

if TYPE_CHECKING:
    from registry.models import User


def put(case_id: int, identity: Identity, *, pseudonym: str) -> None:
    """Keep an identity, in place of the one that was kept."""
    closed, found = cipher.close(identity.values(), pseudonym=pseudonym), marks.marks_of(identity)
    kinds, digests = [mark.kind for mark in found], [mark.digest for mark in found]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT vault.put(%s, %s, %s, %s, %s, %s, %s)",
            [case_id, closed.key_id, closed.nonce, closed.content, kinds, marks.version(), digests],
        )


def disclose(case_id: int, *, pseudonym: str, by: User, door: str, reason: str) -> Identity | None:
    """Give an identity out; the database notes who read it and why. UnreadableError where it does not open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM vault.disclose(%s, %s, %s, %s)", [case_id, by.pk, door, reason])
        row = cursor.fetchone()
    if row is None:
        return None
    key_id, nonce, content = row
    closed = Closed(key_id=key_id, nonce=bytes(nonce), content=bytes(content))
    return Identity(**cipher.open_(closed, pseudonym=pseudonym))


def twins(case_id: int) -> set[int]:
    """Cases of other centers, all in the present scope, that share a mark with this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM vault.twins(%s)", [case_id])
        return {pk for (pk,) in cursor.fetchall()}
