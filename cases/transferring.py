"""Handing the follow-up of a patient over to another center: by offer and acceptance, and back.

offered  -> accepted    by the receiving center, which follows the patient from then on
         -> declined    by the receiving center
         -> withdrawn   by the center that operated
accepted -> returned    by either

The case does not move, nor does what is counted of the operation. What the receiving center may see and write is
decided in `cases/duty.py`. Each step is one transaction that holds the case and the offer: of two people one is first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext

from cases import consents, endpoints
from cases.document import load
from cases.models import Case, Transfer
from cases.vocabulary import CLINICAL_SOURCES, ConsentBasis, Source, TransferState
from registry import access, audit, clock
from registry.access import Action
from registry.models import Center, Membership

if TYPE_CHECKING:
    from registry.models import User

LONGEST_NOTE = 200  # characters
ACCEPTED = "follow-up accepted"
HANDING_OVER = [role for role, actions in access.ALLOWED.items() if Action.TRANSFER in actions]
# Who else wants to know of a step: called with the transfer and who took it, in the transaction of the step.
TOLD: list[Callable[[Transfer, User], None]] = []


def offer(case: Case, *, center_code: str, note: str, by: User, door: str = Source.ADMIN) -> Transfer:
    """Offer the follow-up of a case to the center of this code; the same offer again is the one that stands.

    ValidationError says what is against it. PermissionDenied unless the person may hand over for the case's center.
    """
    access.require(by, Action.TRANSFER, case.center_id)
    note = " ".join(note.split())
    if not audit.is_line(note, LONGEST_NOTE):
        told = gettext("Write the note as one line of at most {n} characters.")
        raise ValidationError({"note": told.format(n=LONGEST_NOTE)})
    receiving = _receiving(center_code.strip().upper(), case.center)
    with audit.because(door=door, by=by, reason="follow-up offered", centers=[case.center_id]):
        Case.objects.select_for_update().get(pk=case.pk)
        standing = Transfer.objects.standing().filter(case=case.pk).select_related("receiving_center").first()
        if standing is not None:
            same = (standing.state, standing.receiving_center_id, standing.note)
            if same == (TransferState.OFFERED, receiving.pk, note):
                return standing
            raise _refused(_stands(standing))
        (stored,) = load([case.pk])
        if why := hindrance(stored):
            raise _refused(why)
        row = Transfer.objects.create(
            case=case,
            center=case.center,
            receiving_center=receiving,
            registry_id=stored.registry_id,
            note=note,
            offered_by=by,
            offered_at=clock.now(),
            **_said_of(stored.document),
        )
        _tell(row, by)
    return row


def accept(transfer: Transfer, *, by: User, door: str = Source.ADMIN) -> Transfer:
    """Take the follow-up over; refused unless the person may do so for the receiving center, and it is offered."""
    access.require(by, Action.TRANSFER, transfer.receiving_center_id)
    return _step(transfer, TransferState.ACCEPTED, reason="", by=by, door=door)


def decline(transfer: Transfer, *, reason: str, by: User, door: str = Source.ADMIN) -> Transfer:
    """Decline an offer, for a reason that the center that operated reads."""
    access.require(by, Action.TRANSFER, transfer.receiving_center_id)
    return _step(transfer, TransferState.DECLINED, reason=_checked(reason), by=by, door=door)


def withdraw(transfer: Transfer, *, reason: str, by: User, door: str = Source.ADMIN) -> Transfer:
    """Withdraw an offer before it is answered."""
    access.require(by, Action.TRANSFER, transfer.center_id)
    return _step(transfer, TransferState.WITHDRAWN, reason=_checked(reason), by=by, door=door)


def give_back(transfer: Transfer, *, reason: str, by: User, door: str = Source.ADMIN) -> Transfer:
    """Return the follow-up to the center that operated, or take it back: either side may, and it ends at once."""
    if not access.may(by, Action.TRANSFER, transfer.receiving_center_id):
        access.require(by, Action.TRANSFER, transfer.center_id)
    return _step(transfer, TransferState.RETURNED, reason=_checked(reason), by=by, door=door)


def end(case_ids: Collection[int], *, by: User | None, door: str, reason: str) -> None:
    """End what stands of cases that nobody consents to any more; the caller holds the cases.

    Both centers read the history of a transfer, so the reason is the registry's own: why consent ended is none of it.
    `by` is None where a restored copy learns of it: then nobody is told again.
    """
    with audit.because(door=door, by=by, reason=reason):
        for row in Transfer.objects.standing().filter(case__in=case_ids).select_for_update():
            row.state = AFTER_CONSENT[TransferState(row.state)]
            row.decided_by, row.decided_at, row.reason = by, clock.now(), reason
            row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
            if by is not None:
                _tell(row, by)


AFTER_CONSENT = {
    TransferState.OFFERED: TransferState.WITHDRAWN,
    TransferState.ACCEPTED: TransferState.RETURNED,
}
BEFORE: dict[TransferState, TransferState] = {
    TransferState.ACCEPTED: TransferState.OFFERED,
    TransferState.DECLINED: TransferState.OFFERED,
    TransferState.WITHDRAWN: TransferState.OFFERED,
    TransferState.RETURNED: TransferState.ACCEPTED,
}


def steps(transfer: Transfer, by: User) -> list[str]:
    """Name what this person may do with the transfer as it is: accept, decline, withdraw or give_back."""
    receives = access.may(by, Action.TRANSFER, transfer.receiving_center_id)
    gives = access.may(by, Action.TRANSFER, transfer.center_id)
    if transfer.state == TransferState.OFFERED:
        return ["accept", "decline"] * receives + ["withdraw"] * gives
    return ["give_back"] if transfer.state == TransferState.ACCEPTED and (receives or gives) else []


def hindrance(stored: Any) -> str:
    """Say why the follow-up of a stored case cannot be handed over; empty when it can."""
    document = stored.document
    basis = document.consent.basis if document.consent else None
    if stored.source not in CLINICAL_SOURCES:
        return gettext(
            "Only the follow-up of a patient can be handed over, not that of a case made up or published."
        )
    if consents.is_withdrawn(document) or basis == ConsentBasis.REFUSED:
        return gettext("The patient withdrew or refused consent: the follow-up cannot be handed over.")
    if basis is None:
        return gettext("No consent is recorded: record it first, since what another center sees needs one.")
    if endpoints.is_dead(document):
        return gettext("The patient is known to have died: there is no follow-up to hand over.")
    return ""


# --- the parts ---------------------------------------------------------------------------------------------------


def _receiving(code: str, own: Center) -> Center:
    """The center of this code, if it may follow patients and has somebody to say so; one sentence for all others."""
    if code == own.code:
        told = gettext("This is the center that operated: name the one that is to follow the patient.")
        raise ValidationError({"center": told})
    found = Center.objects.filter(code=code, is_sandbox=own.is_sandbox).first()
    has_signed = found is not None and (found.is_sandbox or found.data_agreement_signed_on is not None)
    answering = Membership.objects.filter(center=found, role__in=HANDING_OVER, user__is_active=True)
    if found is None or not has_signed or not answering.exists():
        told = gettext(
            "No center with this code can take follow-up over. Ask the other center for its code, and whether its"
            " data agreement is signed and a coordinator or lead is appointed."
        )
        raise ValidationError({"center": told})
    return found


def _said_of(document: Any) -> dict[str, Any]:
    """What an offer says of the patient: enough to be found in a letter, too little to know somebody by."""
    on = document.index.operated_on if document.index else None
    return {
        "sex": (document.patient.sex if document.patient else None) or "",
        "resected_year": on.latest.year if on else None,
    }


def _step(transfer: Transfer, state: TransferState, *, reason: str, by: User, door: str) -> Transfer:
    """Bring a transfer to its next state; the same step of the same person again changes nothing."""
    centers = [transfer.center_id, transfer.receiving_center_id]
    with audit.because(door=door, by=by, reason=reason or ACCEPTED, centers=centers):
        # First the case, as everybody does who changes it: who withdraws consent meanwhile waits, or is waited for.
        Case.objects.select_for_update().get(pk=transfer.case_id)
        row = (
            Transfer.objects.select_for_update(of=("self",))
            .select_related("center", "receiving_center")
            .get(pk=transfer.pk)
        )
        if (row.state, row.decided_by_id, row.reason) == (state, by.pk, reason):
            return row
        if row.state != BEFORE[state]:
            raise _refused(_is_so(row))
        if state == TransferState.ACCEPTED and hindrance(*load([row.case_id])):
            # why is told to who owns the case: before the acceptance nothing of it is
            told = gettext(
                "This cannot be accepted any more: ask the center that operated to withdraw the offer."
            )
            raise _refused(told)
        row.state, row.decided_by, row.decided_at, row.reason = state, by, clock.now(), reason
        if state == TransferState.ACCEPTED:
            row.accepted_at = row.decided_at
        row.save(update_fields=["state", "accepted_at", "decided_by", "decided_at", "reason"])
        _tell(row, by)
    return row


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": gettext("Say why, so that the other center can act on it.")})
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    return reason


def _refused(sentence: str) -> ValidationError:
    return ValidationError({NON_FIELD_ERRORS: [sentence]})


def _stands(row: Transfer) -> str:
    """Why there is no second offer."""
    told = (
        gettext("The follow-up is offered to {center} already: withdraw that offer first.")
        if row.state == TransferState.OFFERED
        else gettext("{center} follows this patient already: take the follow-up back first.")
    )
    return told.format(center=row.receiving_center.code)


def _is_so(row: Transfer) -> str:
    """Why a step comes too late, or too early."""
    return {
        TransferState.OFFERED: gettext("Nothing was changed: the offer still waits for an answer."),
        TransferState.ACCEPTED: gettext("Nothing was changed: the follow-up was accepted already."),
        TransferState.DECLINED: gettext("Nothing was changed: the offer was declined already."),
        TransferState.WITHDRAWN: gettext("Nothing was changed: the offer was withdrawn already."),
        TransferState.RETURNED: gettext("Nothing was changed: the follow-up was returned already."),
    }[TransferState(row.state)]


def _tell(row: Transfer, by: User) -> None:
    for tell in TOLD:
        tell(row, by)
