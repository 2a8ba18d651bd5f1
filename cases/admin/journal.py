"""What people did beside the cases, to look up: attempts to reach patients, lists taken out as files."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from cases.models import ContactAttempt, ListExport
from registry.access import Action
from registry.admin import ReadOnlyAdmin, site


@admin.register(ContactAttempt, site=site)
class ContactAttemptAdmin(ReadOnlyAdmin):
    """Attempts of the centers one sees, also those that failed."""

    nothing_yet = gettext_lazy("No attempt to reach a patient was noted yet.")
    list_display = ("tried_on", "case_link", "outcome", "contact_type", "by", "center")
    list_display_links = ("tried_on",)
    list_filter = ("outcome", "contact_type", "center")
    list_select_related = ("case", "center", "by")
    search_fields = ("case__case_number__begins",)
    search_help_text = gettext_lazy("Beginning of the case number")
    ordering = ("-id",)
    fields = ("case", "center", "tried_on", "contact_type", "outcome", "note", "by", "created_at")

    @display(description=gettext_lazy("Case"))
    def case_link(self, attempt: ContactAttempt) -> str:
        """The case, at its page."""
        address = reverse("admin:cases_case_change", args=[attempt.case_id])
        return format_html('<a class="registry-link" href="{}">{}</a>', address, attempt.case.case_number)


@admin.register(ListExport, site=site)
class ListExportAdmin(ReadOnlyAdmin):
    """Who took which cases out: for those who read the audit trail."""

    nothing_yet = gettext_lazy("No list of cases was taken out yet.")
    to_view = Action.READ_AUDIT
    list_display = ("created_at", "by", "center", "rows", "format")
    list_filter = ("format", "center")
    list_select_related = ("center", "by")
    fields = ("created_at", "by", "center", "rows", "format", "filters")
