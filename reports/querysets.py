"""Reading words for reports and mails, on top of who may see what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q

from registry.access import REGISTRY_WIDE, Action, ScopedQuerySet, centers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from registry.models import User


MOST_ATTEMPTS = 3


def works_for_registry(user: User | AnonymousUser) -> bool:
    """Tell whether a person has a role in the whole registry."""
    return not user.is_anonymous and user.memberships.filter(center=None, role__in=REGISTRY_WIDE).exists()


class ReportQuerySet(ScopedQuerySet):
    """A registry-wide report has no center; who may read it depends on its audience."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Keep the reports of this person's centers, and those of the registry that are meant for them."""
        centers = centers_of(user, Action.READ_REPORT)
        if not centers:
            return self.none()
        seen = Q(center_id__in=centers) | Q(center=None, audience="outside")
        if works_for_registry(user):
            seen |= Q(center=None)
        return self.filter(seen)

    def composed(self) -> Self:
        """Keep what can be read."""
        return self.filter(content__isnull=False)

    def waiting(self) -> Self:
        """Keep what was asked for and not composed yet, but not what failed each time: a person must look at it."""
        return self.filter(content__isnull=True, attempts__lt=MOST_ATTEMPTS)


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
