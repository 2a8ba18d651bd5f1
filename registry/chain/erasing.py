"""Taking the content of events away for good, for a reason that is kept; the chain goes on to verify.

Only the owner of the tables can: the rule against changes has to be lifted for the moment, and each event that goes
leaves an erasure, which is an event itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils.translation import gettext

from registry.audit import because, wrong_reason
from registry.chain.arms import READINGS, Arm, arms, quoted
from registry.chain.models import Erasure

LINKS = "registry_auditlink"
# Erasures themselves stay: they say why something is missing.
KEPT = {READINGS, "registry_erasureevent"}


def erase(table: str, events: Iterable[int], reason: str) -> int:
    """Remove what these events say, with their salts; ValueError names what cannot be erased."""
    arm = next((arm for arm in arms() if arm.table == table and table not in KEPT), None)
    if arm is None:
        raise ValueError(gettext("{table} is no table of events.").format(table=table))
    if not reason.strip() or wrong_reason(reason):
        raise ValueError(wrong_reason(reason) or gettext("Say why, and who decided it."))
    wanted = sorted(set(events))
    with transaction.atomic(), because(door="command", reason="erasure"), _lifted(arm):
        for event in wanted:
            _erase(arm, event, reason)
    return len(wanted)


def _erase(arm: Arm, event: int, reason: str) -> None:
    forms = 'SELECT id FROM registry_auditform WHERE "table" = %s'
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {LINKS} SET salt = NULL WHERE form_id IN ({forms}) AND event_id = %s",  # nosec B608  # names of ours
            [arm.table, event],
        )
        if not cursor.rowcount:
            raise ValueError(gettext("Event {n} is not sealed yet.").format(n=event))
        cursor.execute(
            f"DELETE FROM {quoted(arm.table)} WHERE pgh_id = %s RETURNING pgh_obj_id",  # nosec B608  # names of ours
            [event],
        )
        gone = cursor.fetchone()
    if gone is None:
        raise ValueError(gettext("There is no event {n}.").format(n=event))
    Erasure.objects.create(table=arm.table, event_id=event, row_id=gone[0], reason=reason)


@contextmanager
def _lifted(arm: Arm) -> Iterator[None]:
    """Lift the rule against changes in both tables until the end of this block, or of its transaction."""
    with connection.cursor() as cursor:
        for table in (arm.table, LINKS):
            cursor.execute(f"ALTER TABLE {quoted(table)} DISABLE TRIGGER USER")
        yield
        for table in (arm.table, LINKS):
            cursor.execute(f"ALTER TABLE {quoted(table)} ENABLE TRIGGER USER")
