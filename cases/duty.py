"""Who follows a patient: the center that operated, unless another one accepted the follow-up.

The one place where something of a center is opened to another: one case, for follow-up, while its transfer is in force.
Row security stays by the center that operated; its scope is opened here, after the transfer was looked at, and what is
read in it names its cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext

from cases.models import Case, Complication, Death, FollowUp, Recurrence, Transfer
from registry import access
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import Center, User

Taken = Mapping[int, Transfer]  # what centers follow for others, by case
ADDED_TO = (FollowUp, Complication, Recurrence)  # what follow-up adds rows to; a death is told once


def taken_over(centers: Iterable[Center | int]) -> dict[int, Transfer]:
    """List the cases of other centers that these follow, each with its transfer."""
    rows = Transfer.objects.accepted().filter(receiving_center__in=list(centers))
    return {row.case_id: row for row in rows.select_related("receiving_center")}


def handed_over() -> QuerySet[Any]:
    """The cases, of the centers in scope, that another center follows; for a condition."""
    return Transfer.objects.accepted().order_by().values("case_id")


def seeing(center_ids: Collection[int], taken: Taken) -> AbstractContextManager[None]:
    """See these centers, and those whose patients they took over: for queries that name their cases, and no others."""
    others = {row.center_id for row in taken.values()} - set(center_ids)
    return access.scope({*center_ids, *others}) if others else nullcontext()


@contextmanager
def opened(transfer: Transfer, *, by: User, action: Action = Action.READ) -> Iterator[Case]:
    """Open the case of an accepted transfer, to who may do this in the receiving center.

    PermissionDenied for anybody else, and as soon as the follow-up is returned or taken back.
    """
    access.require(by, action, transfer.receiving_center_id)
    with access.scope([transfer.center_id]):
        _require_in_force(transfer, Transfer.objects.all())
        yield Case.objects.select_related("center", "patient").get(pk=transfer.case_id)


def hold(transfer: Transfer) -> None:
    """Let nobody end the transfer before this transaction does; the case is held first, as whoever ends it does.

    PermissionDenied unless it is in force now.
    """
    _require_in_force(transfer, Transfer.objects.select_for_update(of=("self",)))


def _require_in_force(transfer: Transfer, rows: Any) -> None:
    if not rows.accepted().filter(pk=transfer.pk).exists():
        raise PermissionDenied(no_longer())


def no_longer() -> str:
    """What is said to who does not follow a patient for another center."""
    return gettext("Your center does not follow this patient, or no longer.")


def only_adds(before: Any, after: Any) -> bool:
    """Whether a document is the other one with visits, complications, recurrences or the death added, and no more."""
    names = (*(form.name for form in ADDED_TO), Death.name)
    if replace(after, **{name: getattr(before, name) for name in names}) != before:
        return False
    known = ((getattr(before, form.name), getattr(after, form.name)) for form in ADDED_TO)
    return before.death in (None, after.death) and all(new[: len(old)] == old for old, new in known)


def only_follow_up() -> str:
    """What is said to who follows a patient for another center and would change more than follow-up."""
    return gettext(
        "Your center follows this patient for another one: it adds visits, complications, recurrences or the death."
        " What is recorded already is corrected by the center that operated."
    )
