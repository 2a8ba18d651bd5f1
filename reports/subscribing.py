"""What people do with their own subscriptions, signed in or by the link in a mail: pause, take up again, end.

The link in a mail needs no sign-in. It holds a signed token, so nobody can guess one, and says nothing of whom it is
for. It ends one subscription, or the weekly mail, and can do nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from registry import access, audit, clock
from registry.models import User
from reports.models import Subscription

_SIGNER_SALT = "reports.leave"
LONGEST_PAUSE = timedelta(days=366)
BY_LINK = "by the link in a mail"
OWN = "own subscription"


def of(user: User) -> list[Subscription]:
    """List what a person asked for, ended ones too; those of the whole registry stand first."""
    with access.everywhere():
        return list(_of(user).select_related("center").order_by("-is_active", "center__code", "cadence"))


def pause(subscription_id: int, *, until: date, by: User) -> None:
    """Send a person nothing before this day."""
    today = clock.now().date()
    if not today < until <= today + LONGEST_PAUSE:
        raise ValidationError({"until": gettext("Choose a day after today, within the next 12 months.")})
    _change(subscription_id, by, paused_until=until)


def resume(subscription_id: int, *, by: User) -> None:
    """Send a person reports again, after a pause or an end."""
    _change(subscription_id, by, paused_until=None, is_active=True)


def end(subscription_id: int, *, by: User) -> None:
    """Send a person no more of these."""
    _change(subscription_id, by, is_active=False)


def _of(user: User) -> QuerySet[Subscription]:
    return Subscription.objects.filter(user=user)


def _change(subscription_id: int, by: User, **fields: Any) -> None:
    """Change one of a person's own; ValidationError for one that is not there or not theirs."""
    with access.everywhere(), audit.because(door="admin", by=by, reason=OWN):
        if not _of(by).filter(pk=subscription_id).update(**fields):
            raise ValidationError(gettext("There is no such subscription of yours."))


# --- the link in a mail ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a token ends: a subscription, or the weekly mail of a person. `is_over` when that was done already."""

    subscription: Subscription | None = None
    user: User | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to end."""
        if self.subscription is not None:
            return not self.subscription.is_active
        return self.user is None or not self.user.weekly_mail


def link(*, subscription: Subscription | None = None, user: User | None = None) -> str:
    """Where one click ends a subscription, or the weekly mail of a person; always the same for the same."""
    told = f"s{subscription.pk}" if subscription else f"w{user.pk}" if user else ""
    return settings.PUBLIC_URL + reverse("unsubscribe", args=[_signer().sign(told)])


def opened(token: str) -> Wish | None:
    """Read a token; None for one that we did not sign, or of something that is gone."""
    try:
        told = _signer().unsign(token)
    except signing.BadSignature:
        return None
    kind, pk = told[:1], int(told[1:])
    with access.everywhere():
        if kind == "s":
            found = Subscription.objects.select_related("center").filter(pk=pk).first()
            return Wish(subscription=found) if found else None
        user = User.objects.filter(pk=pk).first()
        return Wish(user=user) if user else None


def leave(wish: Wish) -> None:
    """End what a token is about. Twice is as good as once."""
    with access.everywhere(), audit.because(door="mail", reason=BY_LINK):
        if wish.subscription is not None:
            Subscription.objects.filter(pk=wish.subscription.pk, is_active=True).update(is_active=False)
        elif wish.user is not None:
            User.objects.filter(pk=wish.user.pk, weekly_mail=True).update(weekly_mail=False)


def _signer() -> signing.Signer:
    return signing.Signer(salt=_SIGNER_SALT, sep=".")
