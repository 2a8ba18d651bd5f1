"""Asking a register of deaths: who to ask about goes out with the pseudonym, days of death come back by it.

What goes out is read from the vault one identity at a time, each reading in the trail with the purpose; the whole or
nothing. What comes back is news like any other (`cases/follow_up.py`), line by line: a line that cannot be is refused
with its reason and leaves nothing behind.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext

from cases import document as documents
from cases import follow_up, identifying, pseudonym
from cases.follow_up import News
from cases.models import Case, Death, FollowUp, HeldIdentity
from cases.vocabulary import AttemptOutcome, ContactType, VitalStatus
from registry import access, audit
from registry.access import Action
from registry.dates import PartialDate
from registry.vault import cipher, keyring, store
from registry.vault.identities import FIELDS

if TYPE_CHECKING:
    from registry.models import User

DOOR = "command"
OUT = ("pseudonym", *FIELDS)
BACK = ("pseudonym", "died_on")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What became of one line that came back; lines are counted from 1, the names of the columns among them."""

    number: int
    pseudonym: str
    verdict: Literal["recorded", "known", "refused"]
    reasons: list[str] = field(default_factory=list)


def asked_about() -> QuerySet[HeldIdentity]:
    """The identities that a register of deaths may be asked about: consent covers it, nobody recorded a death."""
    dead = FollowUp.objects.filter(vital_status=VitalStatus.DEAD)
    return (
        HeldIdentity.objects.exclude(pk__in=identifying.uncovered(0).values("pk"))
        .exclude(case__in=Death.objects.values("case"))
        .exclude(case__in=dead.values("case"))
        .exclude(center__is_sandbox=True)
        .select_related("case__patient")
        .order_by("case_id")
    )


def take_out(*, purpose: str, by: User) -> list[dict[str, str]]:
    """Read all that is to be asked about, by column, each noted with the purpose; ValidationError says what is wrong.

    PermissionDenied unless the person links patients of the whole registry.
    """
    if not keyring.is_on():
        raise ValidationError(gettext("This registry keeps no identities."))
    access.require(by, Action.LINK, None)
    purpose = " ".join(purpose.split())
    if (
        wrong := gettext("Say what for, and which register is asked.")
        if not purpose
        else audit.wrong_reason(purpose)
    ):
        raise ValidationError(wrong)
    with access.everywhere(), audit.because(door=DOOR, by=by, reason=purpose):
        return [_row(held.case, purpose, by) for held in asked_about()]


def _row(case: Case, purpose: str, by: User) -> dict[str, str]:
    name = case.patient.registry_id
    try:
        found = store.disclose(case.pk, pseudonym=name, by=by, door=DOOR, reason=purpose)
    except cipher.UnreadableError:
        told = gettext("The identity of case #{id} does not open; nothing was taken out.")
        raise ValidationError(told.format(id=case.pk)) from None
    return dict.fromkeys(OUT, "") | {"pseudonym": name} | (found.values() if found else {})


# --- what comes back ------------------------------------------------------------------------------------------------


def take_in(lines: Iterable[str], *, learned_on: date, by: User) -> Iterator[Line]:
    """Record the deaths that a register knows of, and tell of each line what became of it.

    `lines` are CSV with the columns `pseudonym` and `died_on` (YYYY-MM-DD, YYYY-MM or YYYY). ValidationError where the
    columns are others; PermissionDenied unless the person links patients of the whole registry.
    """
    access.require(by, Action.LINK, None)
    rows = csv.DictReader(lines)
    if tuple(rows.fieldnames or ()) != BACK:
        told = gettext("The first line must name the columns {names}, and no others.")
        raise ValidationError(told.format(names=",".join(BACK)))
    return (_taken_in(rows.line_num, row, learned_on, by) for row in rows)


def _taken_in(number: int, row: dict[str, str | None], learned_on: date, by: User) -> Line:
    name = (row["pseudonym"] or "").strip().upper()
    try:
        if None in row or not pseudonym.is_valid(name):
            raise ValidationError(gettext("This is no pseudonym of the registry."))
        died_on = _date((row["died_on"] or "").strip())
        said = _recorded(name, died_on, learned_on, by)
    except ValidationError as error:
        return Line(number=number, pseudonym=name[:9], verdict="refused", reasons=error.messages)
    verdict = said.verdict if said.verdict in ("recorded", "known") else "refused"
    return Line(number=number, pseudonym=name, verdict=verdict, reasons=said.reasons)  # type: ignore[arg-type]


def _recorded(name: str, died_on: PartialDate, learned_on: date, by: User) -> follow_up.Outcome:
    news = News(
        outcome=AttemptOutcome.DEAD,
        contact_type=ContactType.REGISTRY_LINKAGE,
        on=PartialDate.parse(learned_on.isoformat()),
        died_on=died_on,
    )
    with access.everywhere():
        case = Case.objects.select_related("center").filter(patient__registry_id=name).first()
        if case is None:
            raise ValidationError(gettext("No patient has this pseudonym."))
        (stored,) = documents.load([case.pk])
        if told := identifying.refusal(stored):
            raise ValidationError(told)
        # one day for many is what a register sends
        return follow_up.record(case, news, by=by, if_version=stored.version, is_meant=True, door=DOOR)


def _date(text: str) -> PartialDate:
    try:
        return PartialDate.parse(text)
    except ValueError:
        told = gettext("Write when the patient died: YYYY-MM-DD, YYYY-MM or YYYY.")
        raise ValidationError(told) from None
