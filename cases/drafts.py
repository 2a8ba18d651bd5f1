"""What a person has typed on the page of a case and not saved: kept for that person alone, until it is saved or old.

No rule reads it and no report counts it. It is small: blank answers are left out, and what is larger than any case is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from cases.models import Case, EntryDraft
from registry import access, clock
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import Center, User

KEPT_FOR = timedelta(days=30)
MOST_BYTES = 1_000_000
MOST_OF_ONE_PERSON = 50
# Counts up with each keeping of a page: what was typed earlier and comes in later does not win.
TURN = "turn"
# The entry that a page was drawn from, and its turn then: each page keeps an entry of its own, so that two tabs never
# write over each other, and takes the place of the one it goes on with.
FOLLOWS = "follows"

Fields = dict[str, list[str]]


def keep(
    token: UUID, *, center: Center, case: Case | None, fields: Mapping[str, list[str]], by: User
) -> EntryDraft:
    """Keep what was typed under the page's token, in place of what it had kept before.

    PermissionDenied unless the person may record in the center, or when the token is somebody else's.
    """
    access.require(by, Action.RECORD, center)
    told = {_storable(name): [*map(_storable, values)] for name, values in fields.items() if any(values)}
    if len(json.dumps(told)) > MOST_BYTES:
        raise ValidationError(
            gettext("This is more than a case can hold. Nothing was kept; save what you have.")
        )
    with transaction.atomic():
        entry = _of(token, by) or _begun(token, center, by)
        if _turn(told) >= _turn(entry.fields):
            entry.center, entry.case, entry.fields = center, case, told
            entry.updated_at = clock.now()
            entry.save(update_fields=["center", "case", "fields", "updated_at"])
        _let_go(told, by)
    return entry


def find(*, by: User, token: UUID | None = None, case: Case | None = None) -> EntryDraft | None:
    """The entry of that page, else of a case that is stored the newest that the person has of it."""
    own = EntryDraft.objects.filter(by=by, case=case)
    named = models.Q(token=token) | models.Q(**{f"fields__{FOLLOWS}__0__startswith": str(token)})
    if token is not None and (entry := own.filter(named).order_by("-updated_at").first()):
        return entry
    return own.order_by("-updated_at").first() if case is not None else None


def is_of(entry: EntryDraft, token: UUID | None) -> bool:
    """Whether the entry is the one of this name, or goes on with it."""
    follows = (entry.fields.get(FOLLOWS) or [""])[0]
    return token is not None and (entry.token == token or follows.startswith(str(token)))


def begun(by: User) -> QuerySet[EntryDraft]:
    """The person's entries of cases that were never saved, newest first."""
    return EntryDraft.objects.visible_to(by).filter(by=by, case=None).order_by("-updated_at")


def going_on_from(entry: EntryDraft) -> Fields:
    """What a page sends that was drawn from this entry: all that it holds, under a token of its own."""
    follows = f"{entry.token} {_turn(entry.fields)}"
    return {**entry.fields, "entry": [str(uuid4())], TURN: ["0"], FOLLOWS: [follows]}


def discard(token: UUID, *, by: User, fields: Mapping[str, list[str]] | None = None) -> None:
    """Forget an entry of this person, and the one that the page with these fields went on with.

    One that is not there is forgotten already.
    """
    EntryDraft.objects.filter(by=by, token=token).delete()
    _let_go(fields or {}, by)


def remove_old() -> int:
    """Forget what nobody came back to for a month, in the present scope."""
    removed, _ = EntryDraft.objects.filter(updated_at__lt=clock.now() - KEPT_FOR).delete()
    return removed


def _of(token: UUID, by: User) -> EntryDraft | None:
    entry = EntryDraft.objects.select_for_update().filter(token=token).first()
    if entry is not None and entry.by_id != by.pk:
        raise PermissionDenied(gettext("This entry belongs to somebody else."))
    return entry


def _begun(token: UUID, center: Center, by: User) -> EntryDraft:
    """A new entry; the oldest ones of the person make room for it."""
    own = EntryDraft.objects.filter(by=by).order_by("-updated_at").values("pk")
    EntryDraft.objects.filter(pk__in=[row["pk"] for row in own[MOST_OF_ONE_PERSON - 1 :]]).delete()
    EntryDraft.objects.filter(by=by, updated_at__lt=clock.now() - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            return EntryDraft.objects.create(token=token, center=center, by=by)
    except IntegrityError:  # the same page a moment before, or another person's page
        entry = _of(token, by)
        if entry is None:
            raise PermissionDenied(gettext("This entry belongs to somebody else.")) from None
        return entry


def _let_go(fields: Mapping[str, list[str]], by: User) -> None:
    """Remove the entry that a page goes on with, unless another page has written in it since."""
    token, _, turn = (fields.get(FOLLOWS) or [""])[0].partition(" ")
    try:
        followed = EntryDraft.objects.filter(by=by, token=UUID(token)).first()
    except ValueError:
        return
    if followed is not None and _turn(followed.fields) <= _turn({TURN: [turn]}):
        followed.delete()


def _storable(text: str) -> str:
    """What JSON in the database cannot hold is replaced by the sign for it; the page refuses such a text anyway."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _turn(fields: Mapping[str, list[str]]) -> int:
    (said,) = fields.get(TURN) or ["0"]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
