"""Centers: made by the registry, kept up to date by their leads."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from registry.access import Action
from registry.admin.base import RegistryAdmin, centers_where, site
from registry.models import Center

FOR_THE_REGISTRY = ("code", "name", "country", "data_agreement_signed_on", "is_sandbox")


@admin.register(Center, site=site)
class CenterAdmin(RegistryAdmin):
    """Hospitals; what identifies one, and its agreement, is the registry's business alone."""

    to_view, to_add, to_change = Action.READ, Action.MANAGE_REGISTRY, Action.MANAGE_CENTER
    list_display = ("code", "name", "country", "is_sandbox", "data_agreement_signed_on", "report_optout")
    list_filter = ("country", "is_sandbox", ("data_agreement_signed_on", admin.EmptyFieldListFilter))
    search_fields = ("code__startswith", "name__istartswith")
    search_help_text = gettext_lazy("Beginning of the code or of the name")
    fieldsets = (
        (
            gettext_lazy("Center"),
            {"fields": (("code", "name"), ("country", "data_agreement_signed_on"), "is_sandbox")},
        ),
        (
            gettext_lazy("Facilities"),
            {"fields": (("is_sarcoma_reference", "has_cardiac_surgery", "has_liver_transplant"),)},
        ),
        (gettext_lazy("Reports and dates"), {"fields": (("timezone", "language"), "report_optout")}),
    )

    def center_of(self, row: Center) -> int:
        return row.pk

    def get_queryset(self, request: HttpRequest) -> QuerySet[Center]:
        return Center.objects.filter(pk__in=centers_where(request, Action.READ))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A center that has begun as one stays one: what was invented there must never be counted."""
        if not self.may(request, Action.MANAGE_REGISTRY):
            return FOR_THE_REGISTRY
        return () if obj is None else ("is_sandbox",)
