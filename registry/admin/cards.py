"""What of people, keys and centers waits for whoever manages them: cards of the home page."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from registry.access import Action
from registry.accounts import reviewing
from registry.admin.setbacks import set_aside
from registry.bounded import Count
from registry.home import ROWS, Card, Desk, Line, first
from registry.models import ApiKey, User
from registry.signs import Signs

SOON = timedelta(days=30)


def accounts(desk: Desk) -> Card | None:
    """People who cannot come in because they have no role."""
    if not desk.may_everywhere(Action.MANAGE_REGISTRY):
        return None
    rows, count = first(User.objects.filter(is_active=True, memberships=None).order_by("-date_joined", "-id"))
    return Card(
        title=gettext("Accounts without a role"),
        count=count,
        lines=[
            Line(
                text=user.get_username(),
                address=reverse("admin:registry_user_change", args=[user.pk]),
                aside=user.get_full_name(),
            )
            for user in rows
        ],
        address=reverse("admin:registry_user_changelist"),
        empty=gettext("Everybody has a role."),
    )


def background(desk: Desk) -> Card | None:
    """That a program of the background is not there, and what waits for it; nothing is said while all are."""
    if not desk.may_everywhere(Action.MANAGE_REGISTRY):
        return None
    missing = Signs.read().missing()
    if not missing:
        return None
    told = {
        "scheduler": (gettext("No scheduler runs"), gettext("nothing begins by itself")),
        "worker": (gettext("No worker runs"), gettext("imports and reports wait")),
        "sender": (gettext("No sender runs"), gettext("mails wait")),
        "queue": (gettext("The queue stands still"), gettext("imports, reports and mails wait")),
    }
    page = reverse("admin:registry_setback_changelist")
    return Card(
        title=gettext("Background work stands still"),
        count=Count(len(missing)),
        lines=[Line(text=told[name][0], aside=told[name][1], address=page) for name in missing],
        address=page,
    )


def keys(desk: Desk) -> Card | None:
    """API keys that stop working soon."""
    centers = desk.centers(Action.MANAGE_CENTER)
    if not centers:
        return None
    now = timezone.now()
    rows, count = first(
        ApiKey.objects.filter(center__in=centers, revoked_at=None, expires_at__range=(now, now + SOON))
        .select_related("center")
        .order_by("expires_at", "id")
    )
    return Card(
        title=gettext("API keys that expire within 30 days"),
        count=count,
        lines=[
            Line(
                text=key.name,
                address=reverse("admin:registry_apikey_change", args=[key.pk]),
                aside=f"{key.center.code} · {key.expires_at:%Y-%m-%d}",
            )
            for key in rows
        ],
        address=reverse("admin:registry_apikey_changelist"),
        empty=gettext("No key expires soon."),
    )


def agreements(desk: Desk) -> Card | None:
    """Centers without a signed agreement; nothing is said when all have one. A sandbox needs none."""
    lacking = [
        center
        for center in desk.centers(Action.MANAGE_CENTER)
        if center.data_agreement_signed_on is None and not center.is_sandbox
    ]
    if not lacking:
        return None
    return Card(
        title=gettext("Centers without a data sharing agreement"),
        count=Count(len(lacking)),
        lines=[
            Line(
                text=center.code,
                address=reverse("admin:registry_center_change", args=[center.pk]),
                aside=gettext("no API key works here"),
            )
            for center in lacking[:ROWS]
        ],
        address=reverse("admin:registry_center_changelist")
        + "?data_agreement_signed_on__isempty=1&is_sandbox__exact=0",
    )


def review(desk: Desk) -> Card | None:
    """That accounts and keys have to be looked over; nothing is said within a quarter of the last review."""
    if not desk.centers(Action.MANAGE_CENTER) or not isinstance(desk.user, User):
        return None
    due = [(one, last) for one, last in reviewing.last_reviews(desk.user) if reviewing.is_due(last)]
    if not due:
        return None
    page = reverse("admin:review_accounts")
    return Card(
        title=gettext("Accounts and keys to review"),
        count=Count(len(due)),
        lines=[
            Line(
                text=center.code if center else gettext("Whole registry"),
                address=page,
                aside=gettext("last on {day}").format(day=f"{last.at:%Y-%m-%d}")
                if last
                else gettext("never yet"),
            )
            for center, last in due[:ROWS]
        ],
        address=page,
    )


CARDS = ((4, background), (5, set_aside), (7, review), (6, accounts), (74, agreements), (75, keys))
