"""Carrying out in a restored copy what patients wanted after its backup was made: the log of erasures tells.

Of each case the last line counts, so that what was taken back is not done again. Erasures come first, and what cannot
be done keeps nothing else from being done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError

from cases import erasing, erasure_log, withdrawing
from cases.erasure_log import TAKE_BACK, Wish
from cases.models import Case, Consent, EntryDraft, ImportRow, Tombstone
from cases.vocabulary import ConsentBasis, WithdrawalEffect
from registry import access, audit
from registry.dates import PartialDate
from registry.models import Center


@dataclass(kw_only=True)
class Outcome:
    """How many wishes were carried out, by effect, and what is to be mended before the others can be."""

    done: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def reapply(wishes: Iterable[Wish]) -> Outcome:
    """Carry out what the copy does not know yet; each wish in a transaction of its own.

    A case is the same only if it was first saved at the same moment: after a restore the database gives numbers anew.
    """
    last = {(one.case_id, one.first_saved): one for one in wishes}
    outcome = Outcome()
    for one in sorted(last.values(), key=lambda wish: wish.effect != WithdrawalEffect.ERASE):
        try:
            with access.everywhere():
                is_done = _reapplied(one)
        except ValidationError as error:
            outcome.errors.append(_told(one, " ".join(error.messages)))
        except DatabaseError as error:  # what it says may be a patient's
            outcome.errors.append(_told(one, type(error).__name__))
        else:
            outcome.done[one.effect] = outcome.done.get(one.effect, 0) + is_done
    return outcome


def _told(one: Wish, why: str) -> str:
    return f"Case {one.case_id}, {one.effect}: {why}"


def _reapplied(one: Wish) -> bool:
    """Carry out one wish; tell whether there was anything to do in a case that is here."""
    same = Case.objects.select_related("center", "patient").filter(pk=one.case_id)
    case = same.filter(created_at=one.first_saved).first()
    if _is_erased(one):
        return False
    if one.effect == WithdrawalEffect.ERASE:
        return _erased(one, case)
    if case is None or _is_known(one, case):
        return False
    told = {"reason": one.reason, "by": None, "door": "command", "is_logged": False}
    if one.effect == TAKE_BACK:
        withdrawing.take_back(case, **told)  # type: ignore[arg-type]
    else:
        on = PartialDate.parse(one.withdrawn_on)
        withdrawing.withdraw(case, effect=WithdrawalEffect(one.effect), withdrawn_on=on, **told)  # type: ignore[arg-type]
    return True


def _is_erased(one: Wish) -> bool:
    return Tombstone.objects.filter(case_id=one.case_id, registered_at=one.first_saved).exists()


def _is_known(one: Wish, case: Case) -> bool:
    """Whether the copy holds it already, or knew of it when the consent was changed later."""
    row = Consent.objects.filter(case=case).first()
    if row is None:
        return one.effect == TAKE_BACK
    history = list(audit.history_of(row))
    is_changed_since = bool(history) and history[-1].pgh_created_at > one.moment
    if one.effect == TAKE_BACK:
        return is_changed_since or row.basis != ConsentBasis.WITHDRAWN
    return _says(row, one) or (is_changed_since and any(_says(event, one) for event in history))


def _says(row: Any, one: Wish) -> bool:
    """Whether a consent, or an event of one, is this withdrawal."""
    said = (row.basis, row.withdrawal_effect, str(row.withdrawn_on))
    return said == (ConsentBasis.WITHDRAWN, one.effect, one.withdrawn_on)


def _erased(one: Wish, case: Case | None) -> bool:
    """Erase the case, in whatever center it is; of one that came after the backup, refuse the number all the same."""
    center = case.center if case else _center(one)
    if center is None:
        return False  # it came after the backup, and so did its cases
    with audit.because(door="command", reason=one.reason, centers=[center.pk]):
        if case is not None:
            erasing.erase_again(case, one)
        else:
            erasing.leave_tombstone(one, center.pk, by=None)
            _forget_what_waits(one, center)
    return case is not None


def _center(one: Wish) -> Center | None:
    """The center that a line names; older lines know its code alone, which may be another by now."""
    same = {"code": one.center} if one.center_id is None else {"pk": one.center_id}
    return Center.objects.filter(**same).first()


def _forget_what_waits(one: Wish, center: Center) -> None:
    """Remove what may hold a patient who came and went after the backup: files, drafts, refusals."""
    erasing.forget_waiting_files(center.pk)
    erasing.refusals([center.pk]).delete()
    rows = ImportRow.objects.filter(center=center)
    drafts = EntryDraft.objects.filter(center=center, case=None)
    numbers = set(rows.values_list("case_number", flat=True).distinct())
    numbers |= {number for fields in drafts.values_list("fields", flat=True) for number in _numbers(fields)}
    for number in numbers:
        if one.number_digest in erasure_log.number_digests(center.pk, number):
            rows.filter(case_number=number).delete()
            drafts.filter(fields__case_number__contains=[number]).delete()


def _numbers(fields: dict[str, list[str]]) -> list[str]:
    return fields.get("case_number", [])
