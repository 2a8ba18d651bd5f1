"""Passkeys as second factor: a signature of the person's own device instead of a code, bound to this address.

The ceremonies are those of django-otp-webauthn (its helper and models). What the browser is asked and what it answers
travel in ordinary forms, so that nothing beside the pages is open to anybody. A question is answered once.
"""

import json
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from webauthn.helpers.exceptions import WebAuthnException

from registry.models import User

ASKED_TO_MAKE, ASKED_TO_SIGN = "passkey_to_make", "passkey_to_sign"
MOST = 10  # passkeys of one person
NOTHING_SENT = gettext_lazy("Nothing was sent: the passkey was not given, or it took too long. Try again.")
LONGEST_NAME = 64
_REFUSALS = (OTPWebAuthnApiError, WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


def can_be_made() -> bool:
    """Tell whether browsers offer passkeys under the address of this installation: https and a name, or localhost."""
    return bool(settings.PASSKEYS)


def of(user: User) -> list[Any]:
    """The passkeys of a person, the oldest first."""
    return list(_model().objects.filter(user=user).order_by("created_at", "pk"))


def ask_to_make(request: HttpRequest, user: User) -> str:
    """What the browser is asked to make a passkey with, as JSON; the question is noted in the session."""
    asked, state = _helper(request).register_begin(user=user)
    request.session[ASKED_TO_MAKE] = state
    return json.dumps(asked)


def keep(request: HttpRequest, user: User, answer: str, name: str) -> bool:
    """Keep the passkey that a browser made; not when it answers another question, or none."""
    state = request.session.pop(ASKED_TO_MAKE, None)
    if state is None or not can_be_made() or len(of(user)) >= MOST:
        return False
    try:
        with transaction.atomic():
            made = _helper(request).register_complete(user=user, state=state, data=json.loads(answer))
            made.name = name[:LONGEST_NAME]
            made.save(update_fields=["name"])
    except _REFUSALS:
        return False
    return True


def ask_to_sign(request: HttpRequest, user: User, *, shows_person: bool = False) -> str:
    """What the browser is asked to sign, as JSON; nothing for a person without passkeys.

    After a right password a device is enough. Where nothing else is asked, it has to show its person: by a finger, a
    face or a number of its own (user verification), since a touch of a key that was left plugged in shows nobody.
    """
    if not can_be_made() or not of(user):
        return ""
    asked, state = _helper(request).authenticate_begin(user=user, require_user_verification=shows_person)
    request.session[ASKED_TO_SIGN] = state
    return json.dumps(asked)


def verify(request: HttpRequest, user: User, answer: str, *, shows_person: bool = False) -> bool:
    """Look at what a passkey of this person signed; each question is answered once, rightly or wrongly.

    A question of the second step, which a mere device answers, is not one that shows its person.
    """
    state = request.session.pop(ASKED_TO_SIGN, None)
    if state is None or not can_be_made():
        return False
    if shows_person and not state["require_user_verification"]:
        return False
    try:
        with transaction.atomic():
            used = _helper(request).authenticate_complete(user=user, state=state, data=json.loads(answer))
    except _REFUSALS:
        return False
    return bool(used.confirmed and used.user_id == user.pk)


def remove(user: User, pk: str) -> int:
    """Remove one passkey of this person; returns how many that was."""
    return _model().objects.filter(user=user, pk=int(pk) if pk.isdecimal() else 0).delete()[0] and 1


def remove_all(user: User) -> None:
    """Remove all passkeys of this person."""
    _model().objects.filter(user=user).delete()


def _model() -> Any:
    from django_otp_webauthn.models import WebAuthnCredential

    return WebAuthnCredential


def _helper(request: HttpRequest) -> Any:
    return _model().get_webauthn_helper(request=request)
