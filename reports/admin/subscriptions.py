"""Who gets which report, and how often."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from registry.access import Action
from registry.admin import ReadOnlyAdmin, site
from reports.admin.deliveries import visible
from reports.models import Subscription


@admin.register(Subscription, site=site)
class SubscriptionAdmin(ReadOnlyAdmin):
    """The list of those who want a report at the end of each period."""

    to_view = Action.READ_REPORT
    list_display = ("user", "center", "cadence", "is_active")
    list_filter = ("cadence", "is_active", "center")
    list_select_related = ("user", "center")
    fields = ("user", "center", "cadence", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return visible(Subscription.objects.all(), request).select_related("user", "center")
