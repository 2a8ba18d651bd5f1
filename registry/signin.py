"""Signing in: names and passwords, guessed slowly.

After a few failures under one name, known or not, no attempt is looked at for a while. Attempts under one name wait for
each other, so that many at once are no way around it.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from registry.models import SignInAttempts, User

FAILURES = 5
PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


class PatientBackend(ModelBackend):
    """Django's own backend, which loses its patience."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Look at the password, unless too many were wrong; the sign-in form shows the refusal."""
        if username is None or password is None:
            return None
        with transaction.atomic():
            attempts = _locked(username)
            if attempts.blocked_until and attempts.blocked_until > timezone.now():
                minutes = round(PAUSE.total_seconds() / 60)
                told = ngettext(
                    "Too many attempts. Please try again in {minutes} minute.",
                    "Too many attempts. Please try again in {minutes} minutes.",
                    minutes,
                )
                raise ValidationError(told.format(minutes=minutes), code="blocked")
            user = super().authenticate(request, username, password)
            _note(attempts, failed=user is None)
        return user


def _locked(username: str) -> SignInAttempts:
    key = salted_hmac(__name__, username.strip().lower(), algorithm="sha256").hexdigest()
    SignInAttempts.objects.bulk_create([SignInAttempts(key=key)], ignore_conflicts=True)
    return SignInAttempts.objects.select_for_update().get(key=key)


def _note(attempts: SignInAttempts, *, failed: bool) -> None:
    if not failed:
        attempts.delete()
        return
    now = timezone.now()
    attempts.failures += 1
    if attempts.failures >= FAILURES:
        attempts.failures, attempts.blocked_until = 0, now + PAUSE
    attempts.save()
    SignInAttempts.objects.filter(changed_at__lt=now - FORGOTTEN_AFTER).delete()
