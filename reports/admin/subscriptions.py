"""Who gets which report, and how often: kept by the leads of the centers and by the registry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from registry.access import Action
from registry.admin import RegistryAdmin, centers_where, site
from registry.models import Center, User
from reports.admin.deliveries import visible
from reports.models import Subscription


@admin.register(Subscription, site=site)
class SubscriptionAdmin(RegistryAdmin):
    """The people who want a report at the end of each period."""

    nothing_yet = gettext_lazy("Nobody subscribes to a report yet.")
    to_view, to_add, to_change = Action.READ_REPORT, Action.MANAGE_CENTER, Action.MANAGE_CENTER
    list_display = ("user", "center", "cadence", "format", "language", "is_active", "paused_until")
    list_filter = ("cadence", "format", "is_active", "center")
    list_select_related = ("user", "center")
    fields = (("user", "center"), ("cadence", "format"), ("language", "paused_until"), "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return visible(Subscription.objects.all(), request).select_related("user", "center")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whoever it is and what about stays; how often, and whether at all, may change."""
        return ("user", "center") if obj else ()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **options: Any
    ) -> ModelChoiceField | None:
        """Offer the centers that this person manages, and the people who work there or for the registry."""
        managed = centers_where(request, Action.MANAGE_CENTER)
        whole = self.may(request, Action.MANAGE_REGISTRY)
        if db_field.name == "center":
            options |= {"queryset": Center.objects.filter(pk__in=managed), "required": not whole}
            if whole:
                options["empty_label"] = gettext("Whole registry")
        if db_field.name == "user":
            people = User.objects.filter(is_active=True).exclude(email="")
            if not whole:
                people = people.filter(memberships__center__in=managed)
            options["queryset"] = people.distinct().order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **options)
