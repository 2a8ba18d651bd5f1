"""The second factor of people who sign in: a passkey, a code of an app (TOTP, RFC 6238), or one of ten recovery codes.

Whoever has one is signed in by both steps or not at all. Where it is required, whoever has none yet reaches the page
that sets it up, and no other. Codes are guessed slowly: after each wrong one, the next is looked at 1, 2, 4, 8 ...
seconds later. Of secrets the audit trail knows nothing, only when one was set up or removed, by whom and why. Keys of
machines (keys.py) have no second factor.
"""

import secrets
from base64 import b32encode
from types import SimpleNamespace

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_otp import models as otp_models
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp import models as totp_models
from django_otp.plugins.otp_totp.models import TOTPDevice

from registry import access, audit, clock
from registry.access import Action
from registry.accounts import mails, passkeys
from registry.models import User

# The library asks the clock of its process, when a code is good and how long to wait after a wrong one.
otp_models.timezone = clock  # type: ignore[attr-defined]
totp_models.time = SimpleNamespace(time=lambda: clock.now().timestamp())  # type: ignore[attr-defined]

CODES = 10  # recovery codes, each for one time
APP, RECOVERY, PASSKEY = "app", "recovery code", "passkey"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


def has(user: User) -> bool:
    """Tell whether this person signs in with a second factor."""
    return user.second_factor_set_at is not None


def is_missing(user: User) -> bool:
    """Tell whether this person must set one up before anything else."""
    return settings.SECOND_FACTOR == "required" and not has(user)


def begin(user: User) -> TOTPDevice:
    """Draw the key that an app will keep; the same one until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": APP})
    return device


def has_app(user: User) -> bool:
    """Tell whether this person has an app that shows codes."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def confirm(user: User, code: str) -> list[str] | None:
    """Let the app prove that it has the key; returns recovery codes if none were left, None for a wrong code."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        _held(user)
        if device is None or has_app(user) or not device.verify_token(_plain(code)):
            return None
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        with audit.because(door="admin", by=user, reason="second factor set up"):
            _note(user, is_there=True)
        return [] if codes_left(user) else _draw_codes(user)


def keep_passkey(request: HttpRequest, user: User, answer: str, name: str) -> list[str] | None:
    """Keep a passkey that the browser made; returns recovery codes if none were left, None when it is refused."""
    with transaction.atomic():
        _held(user)
        if not passkeys.keep(request, user, answer, name):
            return None
        with audit.because(door="admin", by=user, reason="passkey added"):
            _note(user, is_there=True)
        return [] if codes_left(user) else _draw_codes(user)


def remove_passkey(user: User, pk: str) -> bool:
    """Remove one passkey; with the last one and without an app, the second factor goes as a whole."""
    with transaction.atomic():
        _held(user)
        if not passkeys.remove(user, pk):
            return False
        with audit.because(door="admin", by=user, reason="passkey removed"):
            if has_app(user) or passkeys.of(user):
                _note(user, is_there=True)
            else:
                forget(user)
    return True


def verify(user: User, code: str) -> str:
    """Look at a code: what kind it was, or nothing when it is wrong or comes too soon after a wrong one.

    A code of the app opens once; so does a recovery code.
    """
    given = _plain(code)
    is_of_app = given.isascii() and given.isdigit() and len(given) == 6
    kind = TOTPDevice if is_of_app else StaticDevice
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is None or not device.verify_token(given if is_of_app else _kept(device, given)):
            return ""
    return APP if is_of_app else RECOVERY


def renew_codes(user: User, code: str) -> list[str] | None:
    """Draw new recovery codes in place of the old ones; None when the code that asks for them is wrong."""
    if not verify(user, code):
        return None
    with transaction.atomic():
        return _draw_codes(user)


def codes_left(user: User) -> int:
    """Count the recovery codes that were not used."""
    return StaticToken.objects.filter(device__user=user).count()


def remove(user: User, code: str) -> bool:
    """Remove the own second factor, by a code of it."""
    if not verify(user, code):
        return False
    with audit.because(door="admin", by=user, reason="second factor removed"):
        forget(user)
    return True


def reset(user: User, *, by: User, reason: str) -> None:
    """Remove the second factor of somebody who lost it; the registry's administrators do, for a reason that is kept."""
    access.require(by, Action.MANAGE_REGISTRY, None)
    with audit.because(door="admin", by=by, reason=reason):
        forget(user)


def forget(user: User) -> None:
    """Remove it with all codes; whoever calls this says in whose name and why (audit.py)."""
    with transaction.atomic():
        for kind in (TOTPDevice, StaticDevice):
            kind.objects.filter(user=user).delete()
        passkeys.remove_all(user)
        _note(user, is_there=False)


def _note(user: User, *, is_there: bool) -> None:
    """Note when: the sessions of this person hang on that moment, so that all others end with it (models.py)."""
    user.second_factor_set_at = clock.now() if is_there else None
    user.save(update_fields=["second_factor_set_at"])
    mails.write(mails.Kind.FACTOR_CHANGED, user)


def _held(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _draw_codes(user: User) -> list[str]:
    """Draw ten codes of 59 bits; only keyed digests of them are kept."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=RECOVERY)
    drawn = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(CODES)]
    for code in drawn:
        device.token_set.create(token=_digest(code))
    return ["-".join((code[:4], code[4:8], code[8:])) for code in drawn]


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _kept(device: StaticDevice, code: str) -> str:
    """The digest of a code as it was kept, by the key of today or by an earlier one."""
    digests = [_digest(code, secret) for secret in settings.SECRET_KEY_FALLBACKS]
    return device.token_set.filter(token__in=digests).values_list("token", flat=True).first() or _digest(code)


def _digest(code: str, secret: str | None = None) -> str:
    """80 bits of a keyed digest, in the 16 characters that the library has for a code."""
    digest = salted_hmac(__name__, code, secret=secret, algorithm="sha256").digest()
    return b32encode(digest[:10]).decode("ascii").lower()


def key_text(device: TOTPDevice) -> str:
    """The key as apps take it from a keyboard (base32)."""
    return b32encode(device.bin_key).decode("ascii")
