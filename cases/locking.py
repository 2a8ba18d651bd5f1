"""Locking a case for good, and unlocking it: the case is as it is reported, until a data manager opens it for a reason.

A locked case refuses changes at every door. Only the version that a person saw is locked, never a newer one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext, ngettext

from cases.models import Case, DataQuery
from cases.vocabulary import Source, Status
from registry import access, audit, clock
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case; `refused` is the sentence that says why nothing did."""

    case_number: str
    refused: str = ""


def lock(cases: Sequence[tuple[Case, int]], *, by: User, door: str = Source.ADMIN) -> list[Outcome]:
    """Lock cases at the version that was shown of each; those that cannot be locked are left, with the reason."""
    return _turn(cases, Status.LOCKED, Action.LOCK, by=by, door=door, reason="")


def unlock(
    cases: Sequence[tuple[Case, int]], *, reason: str, by: User, door: str = Source.ADMIN
) -> list[Outcome]:
    """Open locked cases to changes again, at the version that was shown of each, and say why."""
    _require(cases, Action.UNLOCK, by)  # first: who may not do this is asked for no reason
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": gettext("Say why the case is unlocked.")})
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    return _turn(cases, Status.COMPLETE, Action.UNLOCK, by=by, door=door, reason=reason)


def hindrance(case: Case, open_queries: int) -> str:
    """Say why a case cannot be locked as it is; empty when it can."""
    if case.status == Status.LOCKED:
        return gettext("It is locked already.")
    if case.status != Status.COMPLETE:
        return gettext("It is not complete yet.")
    if open_queries:
        return ngettext(
            "{n} query is open: confirm or correct it first.",
            "{n} queries are open: confirm or correct them first.",
            open_queries,
        ).format(n=open_queries)
    return ""


def open_queries(case_ids: Collection[int]) -> Counter[int]:
    """Count what is still asked about each case."""
    return Counter(DataQuery.objects.open().filter(case__in=case_ids).values_list("case_id", flat=True))


def _turn(
    cases: Sequence[tuple[Case, int]], status: Status, action: Action, *, by: User, door: str, reason: str
) -> list[Outcome]:
    centers = _require(cases, action, by)
    shown = {case.pk: version for case, version in cases}
    with audit.because(door=door, by=by, reason=reason, centers=centers):
        # Held until the end: no door can change a case between the look at it and the lock.
        held = {
            case.pk: case for case in Case.objects.filter(pk__in=shown).order_by("pk").select_for_update()
        }
        asked = open_queries(held)
        refused = {pk: _refusal(case, shown[pk], status, asked[pk]) for pk, case in held.items()}
        turned = [pk for pk, why in refused.items() if not why]
        Case.objects.filter(pk__in=turned).update(
            status=status, version=F("version") + 1, updated_at=clock.now()
        )
    return [Outcome(case_number=case.case_number, refused=refused[case.pk]) for case, _ in cases]


def _require(cases: Sequence[tuple[Case, int]], action: Action, by: User) -> set[int]:
    """Refuse unless this person may do this in all centers of the cases; returns the centers."""
    centers = {case.center_id for case, _ in cases}
    for center in centers:
        access.require(by, action, center)
    return centers


def _refusal(case: Case, version: int, status: Status, asked: int) -> str:
    if case.version != version:
        return gettext("It changed since this page was drawn; look at it again first.")
    if status == Status.LOCKED:
        return hindrance(case, asked)
    return "" if case.status == Status.LOCKED else gettext("It is not locked.")
