"""Mails about follow-up that moves: to the people of the other center, at each step, without a word about the patient.

They say which center took which step and where to look. A center whose own person took the step gets none.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, override

from cases.models import Transfer
from cases.vocabulary import TransferState
from registry import access, language
from registry.access import Action
from registry.models import Center, User
from registry.tongues import DECLARED
from reports import letters, mails, receiving
from reports.letters import Letter

# What the other center is told, by what the transfer is now; {center} is the one whose person took the step.
SENTENCES: dict[TransferState, Callable[[], str]] = {
    TransferState.OFFERED: lambda: gettext(
        "Center {center} offers you to follow one of its patients. Look at the offer, then accept or decline it."
    ),
    TransferState.ACCEPTED: lambda: gettext("Center {center} follows a patient of yours from now on."),
    TransferState.DECLINED: lambda: gettext(
        "Center {center} declined to follow a patient of yours and said why. You go on following the patient."
    ),
    TransferState.WITHDRAWN: lambda: gettext("Center {center} withdrew its offer of follow-up."),
    TransferState.RETURNED: lambda: gettext(
        "Center {center} ended a transfer of follow-up and said why. The center that operated follows the patient"
        " again."
    ),
}


def tell(transfer: Transfer, by: User) -> None:
    """Write what a step made of a transfer to the people of the other center, in the transaction of the step."""
    state = TransferState(transfer.state)
    own, other = transfer.center, transfer.receiving_center
    if _is_of_the_other(state, transfer, by):
        own, other = other, own
    written = [(user, _letter(user, other, own, transfer)) for user in _people(other)]
    if written:
        mails.write_about_transfer(f"transfer-{transfer.pk}-{state.value}", other.pk, written)
        mails.ring()


def _is_of_the_other(state: TransferState, transfer: Transfer, by: User) -> bool:
    """Whether the receiving center took the step; either may end a transfer, and by whose person says who did."""
    if state == TransferState.RETURNED:
        gives, receives = transfer.center, transfer.receiving_center
        return access.may(by, Action.TRANSFER, receives) and not access.may(by, Action.TRANSFER, gives)
    return state in (TransferState.ACCEPTED, TransferState.DECLINED)


def _people(center: Center) -> list[User]:
    """Who hands over or takes over for the center, and has an address."""
    rows: QuerySet[User] = User.objects.filter(is_active=True, memberships__center=center).exclude(email="")
    found = rows.distinct().order_by("pk").prefetch_related("memberships")
    return [user for user in found if receiving.hands_over(user, center.pk)]


def _letter(user: User, center: Center, own: Center, transfer: Transfer) -> Letter:
    spoken = language.chosen_by(user) or language.offered(center.language) or DECLARED
    with override(spoken):
        said = {
            "sentence": SENTENCES[TransferState(transfer.state)]().format(center=own),
            "address": settings.PUBLIC_URL + reverse("admin:transfer", args=[transfer.pk]),
            "language": spoken,
        }
        return letters.plain_letter(
            gettext("Registry: transfer of follow-up"),
            render_to_string("reports/transfer.txt", said),
            render_to_string("reports/transfer.html", said),
        )
