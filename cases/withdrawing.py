"""What a patient's withdrawal does: end the collection, or the use, or erase; and taking back what was entered wrongly.

The first two change the consent of the case, at once and even where it is locked: intake then refuses whatever else
changes it, a center that followed the patient for another no longer does, and without use there is no survival
observation, so that nothing counts the case any more. Erasure is `cases/erasing.py`. Each is carried out by a person
who answers for it, for a reason, and written into the log of erasures before it is committed; so is a take-back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext

from cases import consents, erasure_log, identifying, matching, review, transferring
from cases.document import StoredCase, load
from cases.erasure_log import Wish
from cases.forms import FIELDS, TYPES
from cases.intake import today_at
from cases.models import Case, Consent
from cases.observations import end_use
from cases.rulebook import engine
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import ConsentBasis, Source, WithdrawalEffect
from registry import access, audit, clock
from registry.access import Action
from registry.dates import PartialDate

if TYPE_CHECKING:
    from registry.models import User

CONSENT_ENDED = "the patient withdrew consent"  # all that another center that follows the patient is told
NO_DATA_AFTER = "X-13"  # the rule: no data after a withdrawal


def checked_reason(reason: str) -> str:
    """The reason as it is kept; ValidationError where there is none, or it cannot be kept."""
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": gettext("Say why, and how the patient's wish reached you.")})
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    return reason


def held(case: Case, version: int | None) -> StoredCase:
    """Lock a case and read it, in the version that was shown; ValidationError if it changed since."""
    matching.hold(case.pk)
    Case.objects.select_for_update().get(pk=case.pk)
    (stored,) = load([case.pk])
    if version not in (None, stored.version):
        raise ValidationError(gettext("The case changed since this page was drawn; look at it again first."))
    return stored


def wish(
    stored: StoredCase,
    case: Case,
    *,
    effect: str,
    withdrawn_on: PartialDate | None,
    reason: str,
    by: User | None,
) -> Wish:
    """The line of the log for this."""
    consent = stored.document.consent  # type: ignore[attr-defined]
    return Wish(
        center=case.center.code,
        case_id=case.pk,
        patient_id=case.patient_id,
        registered_at=case.created_at.isoformat(),
        number_digest=erasure_log.number_digest(case.center_id, case.case_number),
        effect=str(effect),
        withdrawn_on=str(withdrawn_on or ""),
        basis=(consent.basis if consent else None) or "",
        reason=reason,
        at=clock.now().isoformat(),
        by=by.pk if by else None,
        center_id=case.center_id,
    )


def withdraw(
    case: Case,
    *,
    effect: WithdrawalEffect,
    withdrawn_on: PartialDate,
    reason: str,
    by: User | None,
    version: int | None = None,
    door: str = Source.ADMIN,
    is_logged: bool = True,
) -> None:
    """End the collection of a case's data, or their use; ValidationError says what is against it.

    `by` is None only where a restored copy learns of it. PermissionDenied unless the person may carry this out.
    """
    if by is not None:
        access.require(by, Action.WITHDRAW, case.center_id)
    reason = checked_reason(reason)
    if effect not in (WithdrawalEffect.STOP_COLLECTION, WithdrawalEffect.STOP_USE):
        raise ValidationError({"effect": gettext("Choose what the patient wants.")})
    with audit.because(door=door, by=by, reason=reason, centers=[case.center_id]):
        stored = held(case, version)
        check(stored, case, effect=effect, withdrawn_on=withdrawn_on)
        _write(case, _withdrawn(stored.document, effect, withdrawn_on).consent)
        transferring.end([case.pk], by=by, door=door, reason=CONSENT_ENDED)
        identifying.forget([case])  # linking is collecting
        if effect in consents.NO_FURTHER_USE:
            matching.end(case.pk)
            end_use()
        if is_logged:  # last, so that nothing stands there which was refused after all
            line = wish(stored, case, effect=effect, withdrawn_on=withdrawn_on, reason=reason, by=by)
            erasure_log.add(line)


def take_back(
    case: Case,
    *,
    reason: str,
    by: User | None,
    version: int | None = None,
    door: str = Source.ADMIN,
    is_logged: bool = True,
) -> None:
    """Undo a withdrawal that was entered by mistake: the consent is again what it was before.

    `by` is None only where a restored copy learns of it.
    """
    if by is not None:
        access.require(by, Action.WITHDRAW, case.center_id)
    reason = checked_reason(reason)
    with audit.because(door=door, by=by, reason=reason, centers=[case.center_id]):
        stored = held(case, version)
        if not consents.is_withdrawn(stored.document):
            raise ValidationError(gettext("No withdrawal is recorded."))
        row = Consent.objects.get(case=case)
        earlier = (
            audit.history_of(row).exclude(basis=ConsentBasis.WITHDRAWN).exclude(pgh_label="delete").last()
        )
        names = FIELDS[TYPES[Consent]]
        before = {name: getattr(earlier, name) for name in names} if earlier else dict.fromkeys(names)
        _write(case, TYPES[Consent](**before, missing=earlier.missing if earlier else {}))
        if is_logged:
            line = wish(
                stored,
                case,
                effect=erasure_log.TAKE_BACK,
                withdrawn_on=row.withdrawn_on,
                reason=reason,
                by=by,
            )
            erasure_log.add(line)


def _withdrawn(document: Any, effect: WithdrawalEffect, withdrawn_on: PartialDate) -> Any:
    said = {
        "basis": ConsentBasis.WITHDRAWN.value,
        "withdrawn_on": withdrawn_on,
        "withdrawal_effect": WithdrawalEffect(effect).value,
    }
    consent = document.consent
    before = consent.missing if consent else {}
    missing = {name: why for name, why in before.items() if name not in said}
    given = replace(consent, **said, missing=missing) if consent else TYPES[Consent](**said, missing=missing)
    return replace(document, consent=given)


def check(stored: StoredCase, case: Case, *, effect: WithdrawalEffect, withdrawn_on: PartialDate) -> None:
    """Refuse what can never be: a wish of tomorrow, or data after it that somebody has to remove first.

    The end of use waits for nobody: what was recorded after the day is used no more, either.
    """
    today = today_at(case.center)
    if withdrawn_on.surely_after(today):
        told = gettext("{date} lies in the future. Correct the date.")
        raise ValidationError({"withdrawn_on": told.format(date=withdrawn_on)})
    if effect == WithdrawalEffect.ERASE:
        return
    reading = engine.read(VALIDITY, _withdrawn(stored.document, effect, withdrawn_on), today)
    later_may_stay = effect == WithdrawalEffect.STOP_USE
    found = [
        one.sentence
        for one in reading.errors
        if (not later_may_stay if one.rule_id == NO_DATA_AFTER else "/consent" in one.pointer)
    ]
    if found:
        raise ValidationError({"withdrawn_on": found})


def _write(case: Case, consent: Any) -> None:
    values = {name: getattr(consent, name) for name in FIELDS[TYPES[Consent]]}
    said = {**values, "missing": consent.missing, "center_id": case.center_id}
    Consent.objects.update_or_create(case_id=case.pk, position=0, defaults=said)
    Case.objects.filter(pk=case.pk).update(version=F("version") + 1, updated_at=clock.now())
    review.reassess([case.pk], as_of=today_at(case.center))
