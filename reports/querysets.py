"""Reading words for reports and mails, on top of who may see what."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Case as Choose
from django.db.models import F, Q, Value, When
from django.db.models.functions import Now

from registry.access import REGISTRY_WIDE, Action, ScopedQuerySet, centers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from registry.models import User


# How long a begun report is left alone, by how often it was begun: longer than composing takes, and longer each time,
# so that a report outlives a night of trouble. After the last one a person must look at it.
LEASES = tuple(timedelta(minutes=minutes) for minutes in (10, 40, 160, 640))
MOST_ATTEMPTS = len(LEASES) + 1

# What `Report.needs_release` says of one report, as a condition.
NEEDS_RELEASE = Q(center=None, source="clinical") & ~Q(slot="")
MAY_LEAVE = ~NEEDS_RELEASE | Q(release__decision="released")


def works_for_registry(user: User | AnonymousUser) -> bool:
    """Tell whether a person has a role in the whole registry; memberships fetched before are not read again."""
    return not user.is_anonymous and any(
        held.center_id is None and held.role in REGISTRY_WIDE for held in user.memberships.all()
    )


class ReportQuerySet(ScopedQuerySet):
    """A registry-wide report has no center; who may read it depends on its audience."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Keep the reports of this person's centers, and those of the registry that are meant for them."""
        centers = centers_of(user, Action.READ_REPORT)
        if not centers:
            return self.none()
        seen = Q(center_id__in=centers) | (Q(center=None, audience="outside") & MAY_LEAVE)
        if works_for_registry(user):
            seen |= Q(center=None)
        return self.filter(seen)

    def composed(self) -> Self:
        """Keep what can be read."""
        return self.filter(content__isnull=False)

    def may_leave(self) -> Self:
        """Keep what needs no release, and what was released."""
        return self.filter(MAY_LEAVE)

    def waiting_for_release(self) -> Self:
        """Keep what is composed and may leave only once somebody has said so."""
        return self.composed().filter(NEEDS_RELEASE, release=None)

    def waiting(self) -> Self:
        """Keep what was asked for and not composed yet, but not what somebody has begun or what failed each time."""
        free = Q(leased_until=None) | Q(leased_until__lt=Now())
        return self.filter(free, content__isnull=True, attempts__lt=MOST_ATTEMPTS)

    def claim(self, report_id: int) -> bool:
        """Take a waiting report to compose it; one of several wins, and the attempt counts whatever comes of it."""
        lease = Choose(
            *(When(attempts=done, then=Value(time)) for done, time in enumerate(LEASES)), default=LEASES[-1]
        )
        return bool(
            self.waiting().filter(pk=report_id).update(attempts=F("attempts") + 1, leased_until=Now() + lease)
        )


class SubscriptionQuerySet(ScopedQuerySet):
    """Wishes for reports."""

    def running(self, today: date) -> Self:
        """Keep what is wanted on this day, by people who are still there."""
        awake = Q(paused_until=None) | Q(paused_until__lte=today)
        return self.filter(awake, is_active=True, user__is_active=True)

    def wanting(self, report: Any, today: date) -> Self:
        """Keep what asks for this report: those of its period, and of what may leave also those of any period.

        Of a person with several, that of the period comes first.
        """
        cadences = Q(cadence=report.slot.partition(" ")[0])
        if report.needs_release:
            cadences |= Q(cadence="on_release")
        of_period_first = Choose(When(cadence="on_release", then=Value(1)), default=Value(0))
        return self.running(today).filter(cadences, center=report.center_id).order_by("user", of_period_first)


class DeliveryQuerySet(ScopedQuerySet):
    """Mails on their way."""

    def due(self, now: datetime) -> Self:
        """Keep what may be tried now, the longest waiting first."""
        return self.filter(state__in=("queued", "uncertain"), next_try_at__lte=now).order_by(
            "next_try_at", "id"
        )

    def abandoned(self, now: datetime) -> Self:
        """Keep what a sender took and never finished."""
        return self.filter(state="sending", claimed_until__lt=now)
