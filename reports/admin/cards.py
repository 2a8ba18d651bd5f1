"""The last reports: a card of the home page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext

from registry.access import Action
from registry.home import Card, Desk, Line, first
from reports import remarks
from reports.models import Audience, Report

LATEST = 5


def reports(desk: Desk) -> Card | None:
    """The last reports that can be read."""
    if not desk.may(Action.READ_REPORT):
        return None
    rows = Report.objects.visible_to(desk.user).composed().select_related("center").defer("content")
    return Card(
        title=gettext("Last reports"),
        lines=[
            Line(
                text=report.center.code if report.center else gettext(remarks.SCOPES[report.source]),  # type: ignore[index]
                address=reverse("admin:reports_report_change", args=[report.pk]),
                aside=gettext("data cut {date}").format(date=report.as_of),
            )
            for report in rows.order_by("-id")[:LATEST]
        ],
        address=reverse("admin:reports_report_changelist"),
        empty=gettext("No report yet. Who subscribes gets one at the end of each period."),
    )


def releases(desk: Desk) -> Card | None:
    """Reports of the whole registry that leave once somebody has looked at them; nothing where none waits."""
    if not desk.may_everywhere(Action.RELEASE_REPORTS):
        return None
    waiting = Report.objects.waiting_for_release().defer("content").order_by("id")
    rows, count = first(waiting)
    if not rows:
        return None
    return Card(
        title=gettext("Reports that wait for release"),
        count=count,
        lines=[
            Line(
                text=str(report),
                address=reverse("admin:reports_report_release", args=[report.pk]),
                aside=gettext("full")
                if report.audience == Audience.INSIDE
                else gettext("small numbers withheld"),
            )
            for report in rows
        ],
        address=reverse("admin:reports_report_changelist") + "?release=waits",
    )


CARDS = ((15, releases), (80, reports))
