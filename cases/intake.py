"""The one door: every case of the registry is written here, whoever sends it and however many at once.

Permission, validity, the rows, the survival observation, both rulebooks' findings and the audit trail belong to one
transaction: a case is saved with all that follows from it, or not at all. Drafts always save, what cannot be true
never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.utils.translation import gettext

from cases import batches, consents, duty, matching, transferring
from cases.batches import Item, Receipt, Submission
from cases.problems import Problem
from cases.vocabulary import Source
from registry import access, audit, clock
from registry.access import Action
from registry.models import Center

if TYPE_CHECKING:
    from cases.models import Transfer
    from registry.models import User

Mode = Literal["each", "atomic"]
ATTEMPTS = 3
NO_CONSENT = "no consent is recorded any more"
ACTION_AT_DOOR = {Source.IMPORT: Action.IMPORT_CASES}

__all__ = [
    "Mode",
    "Receipt",
    "Submission",
    "aside",
    "save_case",
    "save_cases",
    "today_at",
    "today_everywhere",
]


class _NothingToKeep(Exception):  # noqa: N818 (it is no error)
    """Leaves the transaction of a dry run, or of an atomic batch with a rejected case, without a trace."""


def today_at(center: Center) -> date:
    """The center's own calendar day: 'not in the future' is judged where the patient is."""
    return clock.now().astimezone(ZoneInfo(center.timezone)).date()


def today_everywhere() -> dict[int, date]:
    """Every center's own calendar day, by its id."""
    return {center.pk: today_at(center) for center in Center.objects.order_by("pk")}


def save_case(
    submission: Submission,
    *,
    center: Center,
    by: User | None,
    source: str,
    sender: str = "",
    reason: str = "",
    as_of: date | None = None,
    under: Transfer | None = None,
) -> Receipt:
    """Save one case; see `save_cases`."""
    return save_cases(
        [submission],
        center=center,
        by=by,
        source=source,
        sender=sender,
        reason=reason,
        as_of=as_of,
        under=under,
    )[0]


def save_cases(
    submissions: Sequence[Submission],
    *,
    center: Center,
    by: User | None,
    source: str,
    door: str = "",
    sender: str = "",
    reason: str = "",
    as_of: date | None = None,
    mode: Mode = "each",
    dry_run: bool = False,
    under: Transfer | None = None,
) -> list[Receipt]:
    """Save cases of one center in one transaction and answer for each, in order.

    `each` saves the good and rejects the rest; `atomic` saves all or none. A case is known by its case number:
    new ones are added, those that differ are changed, equal ones are left alone, so sending twice is safe.
    A complete case changes only for a `reason`; `sender`, such as a machine's key, stands before it in the history.
    `by` is None only for an operator at the server's shell. PermissionDenied if the person may not record here.
    Of another center's patient, whose follow-up was taken over by the transfer `under`, follow-up is added.
    """
    _require(by, source, center, under)
    day = as_of or today_at(center)
    by_center = under.receiving_center.code if under else ""
    told = ": ".join(part for part in (by_center, sender, reason) if part)
    for attempt in range(ATTEMPTS):
        items = [Item(submission=submission) for submission in submissions]
        try:
            with audit.because(door=door or source, by=by, reason=told, centers=[center.pk]):
                batches.judge(items, center=center, reason=reason, as_of=day, under=under)
                if under is not None:
                    duty.hold(under)
                held = mode == "atomic" and any(item.verdict == "rejected" for item in items)
                if dry_run or held:
                    raise _NothingToKeep
                batches.write(items, center=center, source=source, as_of=day)
                _end_what_needs_consent(items, by=by, door=door or source)
        except _NothingToKeep:
            return [_receipt(item, held=held and not dry_run) for item in items]
        except IntegrityError:
            # Somebody else saved the same case number between our look and our write (or, once in a
            # lifetime, drew the same pseudonym): look again, and now find it.
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return [_receipt(item) for item in items]


def _end_what_needs_consent(items: Sequence[Item], *, by: User | None, door: str) -> None:
    """Where a consent was corrected away, as where it is withdrawn, no other center follows the patient any more.

    Where the patient refused, the case counts no more, and the other case of the same patient does.
    """
    ended = [
        item
        for item in items
        if item.is_to_write and item.stored and consents.is_given(item.stored.document)
        if not consents.is_given(item.document)
    ]
    if ended:
        case_ids = [item.stored.id for item in ended if item.stored]
        transferring.end(case_ids, by=by, door=door, reason=NO_CONSENT)
    for item in ended:
        if item.stored and not consents.may_be_used(item.document):
            matching.end(item.stored.id)


def _require(by: User | None, source: str, center: Center, under: Transfer | None) -> None:
    """Refuse who may not record here: in the center itself, or follow-up in the one that took it over."""
    if under is not None and by is not None:
        access.require(by, Action.RECORD_FOLLOW_UP, under.receiving_center_id)
    elif by is not None:
        access.require(by, ACTION_AT_DOOR.get(Source(source), Action.RECORD), center)


def aside() -> Problem:
    """What is wrong with a good case when another one of an atomic batch is not."""
    said = gettext("Not saved, because another case of this batch was rejected.")
    return Problem(pointer="", code="batch_rejected", message=said)


def _receipt(item: Item, *, held: bool = False) -> Receipt:
    """The answer for one item; in an atomic batch that was held back, also the good ones were rejected."""
    held = held and item.is_to_write
    return Receipt(
        case_number=item.document.case_number,
        verdict="rejected" if held else item.verdict,
        case_id=item.case_id,
        version=item.version if item.is_to_write and not held else item.stored_version,
        problems=[aside(), *item.problems] if held else item.problems,
        new=item.new,
        is_asked=item.is_asked,
    )
