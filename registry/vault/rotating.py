"""New keys for what is kept: closed again under the newest key, and marked again for searching, while people work.

For the owner of the tables alone (`manage.py vault rotate`). A few rows a transaction: who writes one of them meanwhile
waits a moment, and what they wrote is under the newest key already.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection, transaction

from registry.vault import cipher, keyring, marks
from registry.vault.cipher import Closed, UnreadableError
from registry.vault.identities import Identity

AT_ONCE = 100
ROWS = """
  SELECT i.case_id, p.registry_id, i.key_id, i.nonce, i.content,
    NOT EXISTS (SELECT FROM vault.mark m WHERE m.case_id = i.case_id AND m.version <> %s)
  FROM vault.identity i
  JOIN cases_case c ON c.id = i.case_id
  JOIN cases_patient p ON p.id = c.patient_id
  WHERE i.case_id > %s ORDER BY i.case_id LIMIT %s FOR UPDATE OF i
"""


@dataclass
class Result:
    """How many identities there are, how many got new keys, under which keys all lie now, which do not open."""

    looked_at: int = 0
    renewed: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    unreadable: list[int] = field(default_factory=list)  # ids of cases


def rotate(*, at_once: int = AT_ONCE) -> Result:
    """Bring every identity under the newest keys."""
    return _walk(at_once, is_changing=True)


def check(*, at_once: int = AT_ONCE) -> Result:
    """Open every identity, change none, tell nothing of them but how many."""
    return _walk(at_once, is_changing=False)


def _walk(at_once: int, *, is_changing: bool) -> Result:
    result, last = Result(), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ROWS, [marks.version(), last, at_once])
            rows = cursor.fetchall()
            for case_id, pseudonym, key_id, nonce, content, is_marked in rows:
                closed = Closed(key_id=key_id, nonce=bytes(nonce), content=bytes(content))
                is_new = is_marked and key_id == keyring.newest().id
                under = _looked_at(
                    case_id, pseudonym, closed, result, is_to_change=is_changing and not is_new
                )
                result.keys[under] = result.keys.get(under, 0) + 1
        if not rows:
            return result
        result.looked_at += len(rows)
        last = rows[-1][0]


def _looked_at(case_id: int, pseudonym: str, closed: Closed, result: Result, *, is_to_change: bool) -> str:
    """Open one identity, and close it again where it is to change; returns the id of the key it lies under now."""
    try:
        values = cipher.open_(closed, pseudonym=pseudonym)
    except UnreadableError:
        result.unreadable.append(case_id)
        return closed.key_id
    if not is_to_change:
        return closed.key_id
    again = cipher.close(values, pseudonym=pseudonym)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault.identity SET key_id = %s, nonce = %s, content = %s WHERE case_id = %s",
            [again.key_id, again.nonce, again.content, case_id],
        )
        for mark in marks.marks_of(Identity(**values)):
            cursor.execute(
                "UPDATE vault.mark SET digest = %s, version = %s WHERE case_id = %s AND kind = %s",
                [mark.digest, marks.version(), case_id, mark.kind],
            )
    result.renewed += 1
    return again.key_id
