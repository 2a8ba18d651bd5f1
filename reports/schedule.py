"""Which report is due for whom: one per period that has ended, for each center or registry that somebody follows."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q

from registry import access
from registry.models import User
from reports.models import Audience, Report, Subscription
from reports.querysets import works_for_registry

Cadence = Subscription.Cadence


def last_period(cadence: str, today: date) -> tuple[str, date]:
    """Name the last period that has ended by today, and its last day, the data cut."""
    if cadence == Cadence.MONTHLY:
        end = today.replace(day=1) - timedelta(days=1)
        return f"{cadence} {end:%Y-%m}", end
    if cadence == Cadence.QUARTERLY:
        first_month = 3 * ((today.month - 1) // 3) + 1
        end = today.replace(month=first_month, day=1) - timedelta(days=1)
        return f"{cadence} {end.year}-Q{(end.month + 2) // 3}", end
    if cadence == Cadence.YEARLY:
        return f"{cadence} {today.year - 1}", date(today.year - 1, 12, 31)
    raise ValueError(f"cadence must be one of {', '.join(Cadence.values)}, not {cadence!r}.")


def plan(today: date) -> list[int]:
    """Ask for every report that is due and not asked for yet; list all that wait to be composed.

    Two schedulers may plan at once: the slot of a report is unique.
    """
    with access.everywhere():
        wanted = {wish for subscription in _subscriptions() for wish in _wishes(subscription, today)}
        Report.objects.bulk_create(
            (
                Report(center_id=center_id, audience=audience, slot=slot, as_of=as_of)
                for center_id, audience, slot, as_of in sorted(wanted, key=str)
            ),
            ignore_conflicts=True,
        )
        return list(Report.objects.waiting().order_by("pk").values_list("pk", flat=True))


def _subscriptions() -> list[Subscription]:
    rows = Subscription.objects.filter(is_active=True, user__is_active=True).exclude(
        Q(center__report_optout=True) | Q(center__is_sandbox=True)
    )
    return list(rows.select_related("user").prefetch_related("user__memberships"))


def _wishes(subscription: Subscription, today: date) -> list[tuple[int | None, str, str, date]]:
    slot, as_of = last_period(subscription.cadence, today)
    if subscription.center_id is not None:
        return [(subscription.center_id, Audience.INSIDE, slot, as_of)]
    return [(None, audience_of(subscription.user), slot, as_of)]


def audience_of(user: User) -> str:
    """Say which version of a report of the whole registry is for this person."""
    return Audience.INSIDE if works_for_registry(user) else Audience.OUTSIDE
