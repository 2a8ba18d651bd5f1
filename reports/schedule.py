"""Which report is due, and for whom: one per period that has ended, of each center or registry that people follow."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q

from registry import access, clock
from reports import receiving
from reports.models import Audience, Report, Subscription

Cadence = Subscription.Cadence
Due = tuple[int | None, str, str, date]  # center, audience, slot, data cut


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
        Report.objects.bulk_create(
            (
                Report(center_id=center_id, audience=audience, slot=slot, as_of=as_of)
                for center_id, audience, slot, as_of in sorted(_due(today), key=str)
            ),
            ignore_conflicts=True,
        )
        return list(Report.objects.waiting().order_by("pk").values_list("pk", flat=True))


def _due(today: date) -> set[Due]:
    """What is wanted by period; and of each period of the registry the version of those who want whatever leaves."""
    rows = list(_subscriptions(today))
    by_period = {_of_period(one, today) for one in rows if one.cadence != Cadence.ON_RELEASE}
    on_release = {receiving.audience_of(one.user) for one in rows if one.cadence == Cadence.ON_RELEASE}
    periods = {(slot, as_of) for center_id, _, slot, as_of in by_period if center_id is None}
    return by_period | {(None, audience, *period) for audience in on_release for period in periods}


def _subscriptions(today: date) -> list[Subscription]:
    rows = Subscription.objects.running(today).exclude(
        Q(center__report_optout=True) | Q(center__is_sandbox=True)
    )
    return list(rows.select_related("user").prefetch_related("user__memberships"))


def _of_period(subscription: Subscription, today: date) -> Due:
    slot, as_of = last_period(subscription.cadence, today)
    if subscription.center_id is not None:
        return subscription.center_id, Audience.INSIDE, slot, as_of
    return None, receiving.audience_of(subscription.user), slot, as_of


def wanting(report: Report) -> list[Subscription]:
    """List who gets this report: its subscribers, or the one person who requested it."""
    if not report.slot:
        return receiving.by_hand([report.requested_by] if report.requested_by else [])
    with access.everywhere():
        rows = Subscription.objects.wanting(report, clock.now().date()).select_related("user")
        found = list(rows.prefetch_related("user__memberships"))
    if report.center_id is not None:
        return found
    # Of the two versions of a report of the registry, each person gets one.
    return [one for one in found if receiving.audience_of(one.user) == report.audience]
