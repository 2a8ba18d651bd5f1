"""Deviations and data queries: lists of what a person should look at, with a way to the case."""

from datetime import date

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from cases.models import DataQuery, Deviation
from cases.models.review import ReviewItem
from registry.admin import ReadOnlyAdmin, site


class FindingAdmin(ReadOnlyAdmin):
    """Rows that open and close by themselves when the data change."""

    list_display = ("rule_id", "case_link", "center_code", "state_label", "sentence", "opened_on")
    list_display_links = None
    list_filter = ("state", "severity", "center")
    list_select_related = ("case", "center")
    search_fields = ("case__case_number__startswith", "rule_id__startswith")
    search_help_text = "Beginning of a case number or of a rule"
    fields = (
        "case",
        "center",
        "rule_id",
        "pointer",
        "severity",
        "sentence",
        "state",
        "opened_at",
        "closed_at",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-state", "-opened_at", "-id")  # what is open first

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReviewItem]:
        return super().get_queryset(request).select_related("case", "center")

    @display(description="Case", ordering="case__case_number")
    def case_link(self, item: ReviewItem) -> str:
        """The case, at the part of its page that tells of the rules."""
        return format_html(
            '<a class="registry-link" href="{}#review">{}</a>',
            reverse("admin:cases_case_change", args=[item.case_id]),
            item.case.case_number,
        )

    @display(description="Center", ordering="center__code")
    def center_code(self, item: ReviewItem) -> str:
        """The short name."""
        return item.center.code

    @display(description="Opened", ordering="opened_at")
    def opened_on(self, item: ReviewItem) -> date:
        """The day it was first found."""
        return item.opened_at.date()

    @display(description="State", ordering="state", label={"Open": "warning", "Closed": "success"})
    def state_label(self, item: ReviewItem) -> str:
        """Open or closed, in one word."""
        return item.get_state_display().partition(":")[0]


@admin.register(Deviation, site=site)
class DeviationAdmin(FindingAdmin):
    """Where care was not as the algorithm expects."""

    list_display = ("rule_id", "case_link", "center_code", "severity", "state_label", "sentence", "opened_on")


@admin.register(DataQuery, site=site)
class DataQueryAdmin(FindingAdmin):
    """Where the data are implausible."""
