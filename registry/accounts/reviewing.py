"""Who can come in, and which programs: the list that is looked over each quarter, the riskiest first.

And accounts that nobody uses for long, which close by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Prefetch, Q, QuerySet
from django.utils.translation import gettext, gettext_lazy

from registry import access, audit, clock
from registry.access import Action, Role
from registry.accounts.models import AccessReview
from registry.models import ApiKey, Center, Membership, User

UNUSED = timedelta(days=90)
QUARTER = timedelta(days=92)
ACCOUNT, KEY = gettext_lazy("Account"), gettext_lazy("API key")

# What may be wrong, and how much it weighs.
NEVER_CAME = 4, gettext_lazy("never signed in")
NO_FACTOR = 3, gettext_lazy("no second factor")
LONG_AGO = 3, gettext_lazy("not used for 90 days")
NO_ROLE = 1, gettext_lazy("no role")
LEFT = 5, gettext_lazy("its person has left")
MOVED = 5, gettext_lazy("its person has no role here any more")
NEVER_USED = 3, gettext_lazy("never used")
Risk = tuple[int, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """An account or a key, as it is reviewed."""

    kind: Any
    pk: int
    name: str
    person: str
    roles: str
    center: str
    created_at: datetime
    used_at: datetime | None
    second_factor: str
    expires_at: datetime | None
    is_closed: bool
    risks: tuple[Risk, ...]

    @property
    def weight(self) -> int:
        """How much is wrong with it; what is closed opens nothing."""
        return 0 if self.is_closed else sum(weight for weight, _ in self.risks)

    @property
    def told(self) -> str:
        """What is wrong with it, in words."""
        return ", ".join(str(words) for _, words in self.risks)


def lines(by: User) -> list[Line]:
    """Every account and key that this person answers for, the riskiest first; those that are closed last."""
    centers = access.centers_of(by, Action.MANAGE_CENTER)
    is_all = access.may_everywhere(by, Action.MANAGE_CENTER)
    now = clock.now()
    found = [_account(user, now) for user in _people(centers, is_all=is_all)]
    found += [_key(key, now) for key in _keys(centers)]
    return sorted(found, key=lambda line: (line.is_closed, -line.weight, str(line.kind), line.name.lower()))


def _people(centers: Iterable[int], *, is_all: bool) -> QuerySet[User]:
    """All people, or those of these centers with their roles there."""
    roles = Membership.objects.select_related("center").order_by("center__code", "role")
    people = User.objects.order_by("username")
    if not is_all:
        roles = roles.filter(center__in=centers)
        people = people.filter(pk__in=Membership.objects.filter(center__in=centers).values("user"))
    return people.prefetch_related(Prefetch("memberships", roles))


def _keys(centers: Iterable[int]) -> QuerySet[ApiKey]:
    """The keys of these centers that were not withdrawn."""
    keys = ApiKey.objects.filter(center__in=centers, revoked_at=None).select_related("center", "user")
    return keys.prefetch_related("user__memberships")


def _account(user: User, now: datetime) -> Line:
    roles = list(user.memberships.all())
    came, has_factor = user.last_login, user.second_factor_set_at is not None
    risks = [
        (NEVER_CAME, came is None),
        (NO_FACTOR, not has_factor),
        (LONG_AGO, came is not None and now - came > UNUSED),
        (NO_ROLE, not roles),
    ]
    return Line(
        kind=ACCOUNT,
        pk=user.pk,
        name=user.get_username(),
        person=user.get_full_name(),
        roles="; ".join(dict.fromkeys(str(role.get_role_display()) for role in roles)),
        center="; ".join(
            dict.fromkeys(role.center.code if role.center else gettext("whole registry") for role in roles)
        ),
        created_at=user.date_joined,
        used_at=came,
        second_factor=gettext("Yes") if has_factor else gettext("No"),
        expires_at=None,
        is_closed=not user.is_active,
        risks=tuple(risk for risk, is_so in risks if is_so),
    )


def _key(key: ApiKey, now: datetime) -> Line:
    user, used = key.user, key.last_used_at
    risks = [
        (LEFT, not user.is_active),
        (MOVED, user.is_active and not access.may(user, Action.READ, key.center)),
        (NEVER_USED, used is None and now - key.created_at > UNUSED),
        (LONG_AGO, used is not None and now - used > UNUSED),
    ]
    return Line(
        kind=KEY,
        pk=key.pk,
        name=key.prefix,
        person=user.get_full_name() or user.get_username(),
        roles=key.name,
        center=key.center.code,
        created_at=key.created_at,
        used_at=used,
        second_factor="",
        expires_at=key.expires_at,
        is_closed=key.expires_at <= now,
        risks=tuple(risk for risk, is_so in risks if is_so),
    )


# --- that it was reviewed --------------------------------------------------------------------------------------------


def reviewed(by: User) -> None:
    """Note that this person has looked over what they answer for: the whole registry, or each of their centers."""
    seen = lines(by)
    counts = {
        "accounts": sum(line.kind == ACCOUNT for line in seen),
        "keys": sum(line.kind == KEY for line in seen),
    }
    for center in _reviewed_as_one(by):
        AccessReview.objects.create(center=center, by=by, **counts)


def _reviewed_as_one(by: User) -> list[Center | None]:
    if access.may_everywhere(by, Action.MANAGE_CENTER):
        return [None]
    return [*access.center_rows(by, Action.MANAGE_CENTER)]


def last_reviews(by: User) -> list[tuple[Center | None, AccessReview | None]]:
    """What this person answers for, each with its last review."""
    wanted = _reviewed_as_one(by)
    rows = AccessReview.objects.filter(Q(center__in=[one for one in wanted if one]) | Q(center=None))
    newest = rows.order_by("center_id", "-at", "-pk").distinct("center_id").select_related("by")
    found = {row.center_id: row for row in newest}
    return [(one, found.get(one.pk if one else None)) for one in wanted]


def is_due(review: AccessReview | None) -> bool:
    """Tell whether the list has to be looked over: never done, or a quarter ago."""
    return review is None or review.at < clock.now() - QUARTER


# --- accounts that nobody uses ----------------------------------------------------------------------------------------


def close_unused() -> int:
    """Close the accounts that nobody has used for `ACCOUNT_UNUSED_DAYS`; returns how many.

    A sign-in, a key's work, and any change of the account by a person count as use. One administrator of the registry,
    the one who came last, is left, so that somebody can open accounts again.
    """
    if not settings.ACCOUNT_UNUSED_DAYS:
        return 0
    before = clock.now() - timedelta(days=settings.ACCOUNT_UNUSED_DAYS)
    administers = Q(memberships__role=Role.REGISTRY_ADMIN, memberships__center=None)
    last = User.objects.filter(administers, is_active=True).order_by("-last_login", "-pk")
    came = [user for user in last if user.last_login is not None] or list(last)
    unused = (
        User.objects.filter(is_active=True, date_joined__lt=before)
        .exclude(last_login__gte=before)
        .exclude(pk__in=[user.pk for user in came[:1]])
        .annotate(changed=Max("events__pgh_created_at"), key_used=Max("api_keys__last_used_at"))
    )
    found = [
        user.pk for user in unused if not any(at and at >= before for at in (user.changed, user.key_used))
    ]
    with transaction.atomic(), audit.because(door="task", reason="not used"):
        return User.objects.filter(pk__in=found).update(is_active=False)
