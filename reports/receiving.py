"""Who may have which mail in hand: asked when it is written, when it is sent, and before it is sent again."""

from __future__ import annotations

from collections.abc import Iterable

from registry import access, clock
from registry.access import Action
from registry.models import User
from registry.tongues import Saying, say
from reports.models import Audience, Delivery, Release, Report, Subscription
from reports.querysets import works_for_registry


def by_hand(people: Iterable[User]) -> list[Subscription]:
    """People who are named for one report, as if they subscribed; none of these is kept."""
    return [Subscription(user=user) for user in people]


def may_receive(user: User, report: Report) -> bool:
    """Tell whether this person may read this report."""
    if not user.is_active:
        return False
    if report.center_id is not None:
        return access.may(user, Action.READ_REPORT, report.center_id)
    if report.audience == Audience.OUTSIDE:
        return access.may_somewhere(user, Action.READ_REPORT)
    return works_for_registry(user)


def audience_of(user: User) -> str:
    """Say which version of a report of the whole registry is for this person."""
    return Audience.INSIDE if works_for_registry(user) else Audience.OUTSIDE


def wants_weekly(user: User) -> bool:
    """Tell whether this person gets the weekly mail."""
    return user.is_active and user.weekly_mail and bool(user.email) and bool(user.memberships.all())


def hands_over(user: User, center_id: int | None) -> bool:
    """Tell whether this person is told what becomes of follow-up that this center hands over or is offered."""
    return user.is_active and bool(user.email) and access.may(user, Action.TRANSFER, center_id)


def why_not(delivery: Delivery) -> Saying | None:
    """Say why a mail may not go to its reader now, at whatever address; None when it may."""
    if delivery.kind == Delivery.Kind.WORK:
        if not wants_weekly(delivery.recipient):
            return say("this person no longer wants or may have the weekly mail")
        return None
    if delivery.kind == Delivery.Kind.TRANSFER:
        if not hands_over(delivery.recipient, delivery.center_id):
            return say("this person no longer hands over or takes over follow-up for the center")
        return None
    report = Report.objects.defer("content").get(deliveries=delivery.pk)
    if not may_receive(delivery.recipient, report):
        return say("this person may no longer read the report")
    if report.needs_release and not _is_released(report):
        return say("the report is not released")
    if delivery.subscription_id and not _is_wanted(delivery, report):
        return say("this person has ended or paused the subscription")
    return None


def _is_released(report: Report) -> bool:
    return Release.objects.filter(report=report, decision=Release.Decision.RELEASED).exists()


def _is_wanted(delivery: Delivery, report: Report) -> bool:
    wanting = Subscription.objects.wanting(report, clock.now().date())
    return wanting.filter(user=delivery.recipient_id).exists()
