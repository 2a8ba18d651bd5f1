"""Signing in: names and passwords, guessed slowly; a second step for those who have a second factor.

After a few failures under one name, known or not, and after many from one address, no attempt is looked at for a while.
Attempts under one name wait for each other, so that many at once are no way around it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext

from registry import clock, signin_log
from registry.accounts import session_store
from registry.models import SignIn, SignInAttempts, User

FAILURES = 5
PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
FIRST_STEP, FIRST_STEP_LASTS_S = "first_step", 300


class PatientBackend(ModelBackend):
    """Django's own backend, which loses its patience."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Look at the password, unless too many were wrong; the sign-in form shows the refusal."""
        if username is None or password is None:
            return None
        if signin_log.is_paused(request):
            raise _too_many()
        with transaction.atomic():
            attempts = _locked(username)
            now = clock.now()
            is_blocked = attempts.blocked_until is not None and attempts.blocked_until > now
            if not is_blocked:
                user = super().authenticate(request, username, password)
                _note(attempts, now, failed=user is None)
                if user is None:
                    is_over = attempts.blocked_until and attempts.blocked_until > now
                    outcome = SignIn.Outcome.NAME_PAUSED if is_over else SignIn.Outcome.WRONG
                    signin_log.note(request, username, outcome)
        if is_blocked:
            raise _too_many()
        return user


def _too_many() -> ValidationError:
    minutes = round(PAUSE.total_seconds() / 60)
    told = ngettext(
        "Too many attempts. Please try again in {minutes} minute.",
        "Too many attempts. Please try again in {minutes} minutes.",
        minutes,
    )
    return ValidationError(told.format(minutes=minutes), code="blocked")


def _locked(username: str) -> SignInAttempts:
    key = signin_log.name_digest(username)
    SignInAttempts.objects.bulk_create([SignInAttempts(key=key)], ignore_conflicts=True)
    return SignInAttempts.objects.select_for_update().get(key=key)


def _note(attempts: SignInAttempts, now: datetime, *, failed: bool) -> None:
    if not failed:
        attempts.delete()
        return
    attempts.failures += 1
    attempts.changed_at = now
    if attempts.failures >= FAILURES:
        attempts.failures, attempts.blocked_until = 0, now + PAUSE
    attempts.save()
    SignInAttempts.objects.filter(changed_at__lt=now - FORGOTTEN_AFTER).delete()


def forget_failures(username: str) -> None:
    """Open a name again: its person has shown by another way who they are."""
    SignInAttempts.objects.filter(key=signin_log.name_digest(username)).delete()


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """Somebody whose password was right, and who is not signed in yet."""

    user: User
    leads_to: str
    name_at_provider: dict[str, str]  # what is remembered once the second step is taken, see accounts/oidc.py


def take_first_step(
    request: HttpRequest, user: User, leads_to: str, name_at_provider: dict[str, str] | None = None
) -> None:
    """Note in a new session whose password was right; nobody is signed in by that."""
    logout(request)
    request.session[FIRST_STEP] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": int(session_store.moment(request).timestamp()),
        "leads_to": leads_to,
        "name_at_provider": name_at_provider or {},
    }


def first_step(request: HttpRequest) -> FirstStep | None:
    """Who took the first step here, unless it was too long ago or the account has changed since."""
    noted = request.session.get(FIRST_STEP)
    if not noted or session_store.moment(request).timestamp() - noted["at"] > FIRST_STEP_LASTS_S:
        return None
    user = User.objects.filter(pk=noted["user"], is_active=True, second_factor_set_at__isnull=False).first()
    if user is None or not constant_time_compare(noted["hash"], user.get_session_auth_hash()):
        return None
    return FirstStep(
        user=user, leads_to=noted["leads_to"], name_at_provider=noted.get("name_at_provider", {})
    )
