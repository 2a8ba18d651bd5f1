"""Who the patient of a case is, for linkage: kept in the vault, read for a reason, removed. Refused where it is off.

An identity is kept of patients alone whose recorded consent covers *linkage*, and who did not withdraw. A withdrawal
removes it at once, and the night after the consent stopped covering it, too (reports/retention.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext

from cases import batches, consents, intake, matching
from cases.document import StoredCase, load
from cases.models import Case, HeldIdentity
from cases.vocabulary import CLINICAL_SOURCES, ConsentScope
from registry import access, audit, clock
from registry.access import Action
from registry.vault import cipher, identities, keyring, store
from registry.vault.identities import Identity

if TYPE_CHECKING:
    from registry.models import User

RECORDED = "identity recorded"
REMOVED = "identity removed"


def held(case: Case) -> HeldIdentity | None:
    """What is noted of the identity of a case; None where none is held."""
    return HeldIdentity.objects.filter(case=case).first()


def put(case: Case, sent: Any, *, by: User, door: str, sender: str = "", reason: str = "") -> HeldIdentity:
    """Keep who the patient is, in place of what was kept, and look whether another center holds the same patient.

    ValidationError names what cannot be kept, by field, or why nothing may be; PermissionDenied unless the person may
    record identities here.
    """
    told = _checked(case, by=by, sender=sender, reason=reason)
    with (
        audit.because(door=door, by=by, reason=RECORDED, centers=[case.center_id]),
        _also(told, door=door, by=by),
    ):
        stored = _held(case)
        if told := refusal(stored):
            raise ValidationError(told)
        today = intake.today_at(case.center)
        identity = identities.parse(sent, country=case.center.country, today=today)
        _refuse_another_day(identity, stored)
        noted = {"has_name": identity.has_name, "has_number": identity.has_number}
        row, _ = HeldIdentity.objects.update_or_create(
            case=case, defaults={**noted, "center_id": case.center_id, "recorded_at": clock.now()}
        )
        store.put(case.pk, identity, pseudonym=stored.registry_id)
        matching.look(case)
    return row


def read(case: Case, *, by: User, door: str, reason: str) -> Identity | None:
    """Give out who the patient is; the database notes who read it and why. None where none is held.

    ValidationError where the reason is missing or the identity does not open; PermissionDenied unless the person may
    read identities here.
    """
    _refuse_if_off()
    access.require(by, Action.READ_IDENTITY, case.center_id)
    reason = " ".join(reason.split())
    if wrong := gettext("Say why you read it.") if not reason else audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    with audit.because(door=door, by=by, reason=reason, centers=[case.center_id]):
        stored = _held(case)
        if told := refusal(stored):
            raise ValidationError(told)
        try:
            return store.disclose(case.pk, pseudonym=stored.registry_id, by=by, door=door, reason=reason)
        except cipher.UnreadableError:
            raise ValidationError(
                gettext(
                    "The identity cannot be opened: tell whoever runs the registry that a key is missing."
                )
            ) from None


def remove(case: Case, *, by: User, door: str, sender: str = "", reason: str = "") -> bool:
    """Remove who the patient is; returns whether it was held. Pairs that nobody decided on go with it."""
    told = _checked(case, by=by, sender=sender, reason=reason)
    with (
        audit.because(door=door, by=by, reason=REMOVED, centers=[case.center_id]),
        _also(told, door=door, by=by),
    ):
        _held(case)
        return forget([case])


def forget(cases: Iterable[Case]) -> bool:
    """Remove the identities of cases, whoever says so; the vault follows the row (registry/vault/wall.py)."""
    gone = [case for case in cases if HeldIdentity.objects.filter(case=case).delete()[0]]
    for case in gone:
        matching.look(case)
    return bool(gone)


def refusal(stored: StoredCase) -> str:
    """Why no identity of this case may be kept or read; empty where one may."""
    document: Any = stored.document
    if stored.source not in CLINICAL_SOURCES:
        return gettext(
            "Only of the registry's own patients is an identity kept, not of published or made-up cases."
        )
    if consents.is_withdrawn(document):
        return batches.withdrawn()
    if not consents.covers(document, ConsentScope.LINKAGE, source=stored.source):
        return gettext(
            "The recorded consent does not cover linkage with other registers. Record that scope first."
        )
    return ""


def uncovered(_: int) -> QuerySet[HeldIdentity]:
    """What is held of patients whose recorded consent does not cover linkage, or does no longer."""
    return HeldIdentity.objects.exclude(case__in=matching.covering_consents().values("case"))


def remove_uncovered(days: int) -> int:
    """Remove it; returns how many there were."""
    cases = [row.case for row in uncovered(days).select_related("case__center")]
    forget(cases)
    return len(cases)


def _held(case: Case) -> StoredCase:
    """Read the case that nobody else changes until the end of the transaction."""
    Case.objects.select_for_update().get(pk=case.pk)
    (stored,) = load([case.pk])
    return stored


def _also(told: str, *, door: str, by: User) -> AbstractContextManager[None]:
    """What a person or program gives as reason stands in place of the registry's own."""
    return audit.because(door=door, by=by, reason=told) if told else nullcontext()


def _checked(case: Case, *, by: User, sender: str, reason: str) -> str:
    """What is given as reason, once the person may write and it can be kept; empty where nothing is."""
    _refuse_if_off()
    access.require(by, Action.IDENTIFY, case.center_id)
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    return ": ".join(filter(None, (sender, reason)))


def _refuse_if_off() -> None:
    if not keyring.is_on():
        raise ValidationError(gettext("This registry keeps no identities."))


def _refuse_another_day(identity: Identity, stored: StoredCase) -> None:
    patient = stored.document.patient  # type: ignore[attr-defined]
    recorded = patient and patient.born_on
    if identity.born_on and recorded and not identity.born_on.startswith(str(recorded)):
        told = gettext(
            "The case has another date of birth. Is this the right patient? Correct one of the two."
        )
        raise ValidationError({"born_on": told})
