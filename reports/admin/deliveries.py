"""Mails: where each one is, what the server said, and the one that is stuck."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from registry.access import Action
from registry.admin import ReadOnlyAdmin, centers_where, site
from reports.admin.resending import Resends
from reports.models import Delivery
from reports.querysets import works_for_registry


@admin.register(Delivery, site=site)
class DeliveryAdmin(Resends, ReadOnlyAdmin):
    """The way of each mail. Its bytes are not shown: the report is."""

    nothing_yet = gettext_lazy("No report was mailed yet. Who subscribes gets one at the end of each period.")
    to_view = Action.READ_REPORT
    list_display = (
        "recipient",
        "of_report",
        "state_label",
        "attempts",
        "next_try_at",
        "handed_at",
        "said",
    )
    actions = ("resend_chosen",)
    list_filter = ("state", "kind", "center")
    list_select_related = ("report", "recipient", "replaced_by")
    search_fields = ("address__startswith", "message_id__startswith")
    search_help_text = gettext_lazy("Beginning of an address or of a Message-ID")
    fields = (
        "report",
        "week",
        "recipient",
        "address",
        "state",
        "attempts",
        "repeats",
        "created_at",
        "next_try_at",
        "data_started_at",
        "handed_at",
        "smtp_reply",
        "bounced_at",
        "bounce",
        "subscription",
        "replaces",
        "message_id",
        "digest",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return visible(
            Delivery.objects.defer("head", "report__content", "replaced_by__head"), request
        ).select_related("report", "recipient", "replaced_by")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from a report to its mails."""
        return lookup == "report__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("Report or week"), ordering="report")
    def of_report(self, row: Delivery) -> str:
        """The number of the report, with a way to it; of a weekly mail its week."""
        if row.report_id is None:
            return row.week
        url = reverse("admin:reports_report_change", args=[row.report_id])
        return format_html('<a class="registry-link" href="{}">{}</a>', url, row.report_id)

    @display(
        description=gettext_lazy("State"),
        ordering="state",
        label={"handed": "success", "queued": "info", "sending": "info", "uncertain": "warning", "refused": "danger",
               "failed": "danger", "bounced": "danger"},
    )  # fmt: skip
    def state_label(self, row: Delivery) -> tuple[str, str]:
        """How far it is."""
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("What was said"))
    def said(self, row: Delivery) -> str:
        """Why it came back, else what the server said last; and what took its place."""
        told = row.bounce or row.smtp_reply
        later = getattr(row, "replaced_by", None)
        if later is None:
            return told
        return f"{told} · " + gettext("sent to a later address: {mail}").format(mail=later.pk)


def visible(rows: QuerySet, request: HttpRequest) -> QuerySet:
    """Keep rows of the person's centers, and those of the registry for its own people."""
    mine = rows.filter(center_id__in=centers_where(request, Action.READ_REPORT))
    return mine | rows.filter(center=None) if works_for_registry(request.user) else mine
