"""Work lists over HTTP: whose news is due, who is lost. They are for reading: news comes in with the case."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cases import follow_up, intake
from cases.api import openapi_reading
from cases.api.filters import CODE
from cases.follow_up import DUE_MONTHS, Which
from cases.models import Case, SurvivalObservation
from registry.access import Action
from registry.api.pages import PAGING, Pages
from registry.api.permissions import reach
from registry.api.views import RegistryView
from registry.dates import months_later
from registry.models import Center


class WorkList(RegistryView):
    """What the lists share."""

    needs = {"GET": Action.READ}
    order: ClassVar[tuple[str, ...]]
    filters: ClassVar[type[django_filters.FilterSet]]

    @property
    def parameters(self) -> frozenset[str]:  # type: ignore[override]
        """Paging and filters."""
        return PAGING | set(self.filters.base_filters)

    def page(self, request: Request, rows: QuerySet, shown: Any) -> Response:
        """Answer with one page of what the filters leave."""
        chosen = self.filters(request.query_params, rows)
        if not chosen.is_valid():
            raise ValidationError(chosen.errors)
        pages = Pages()
        pages.ordering = self.order
        found = pages.paginate_queryset(chosen.qs, request, self) or []
        return pages.get_paginated_response([shown(row) for row in found])


def named(case: Case, center: Center) -> dict[str, Any]:
    """A case as the lists name it."""
    address = reverse("api-case", args=[case.pk])
    return {"case": case.pk, "case_number": case.case_number, "center": center.code, "url": address}


# --- follow-up -------------------------------------------------------------------------------------------------------


class OfCenter(django_filters.FilterSet):
    """Of one center."""

    center = django_filters.CharFilter(
        field_name="center__code", help_text="Code of the center", validators=[CODE]
    )


class _FollowUps(WorkList):
    """Patients without news, the most overdue first; by the calendar and the center's own day."""

    which: ClassVar[Which]
    filters, order = OfCenter, ("last_contact_on", "case_id")

    def _answer(self, request: Request) -> Response:
        centers = Center.objects.filter(pk__in=reach(request, Action.READ))
        rows = follow_up.waiting(self.which, centers)
        return self.page(request, rows.select_related("case__patient", "center"), _patient)


class FollowUpsDue(_FollowUps):
    """Follow-up due."""

    which = Which.DUE

    @extend_schema(**openapi_reading.DUE)
    def get(self, request: Request) -> Response:
        """List whose last contact is 12 to 15 months old."""
        return self._answer(request)


class FollowUpsLost(_FollowUps):
    """Lost to follow-up."""

    which = Which.LOST

    @extend_schema(**openapi_reading.LOST)
    def get(self, request: Request) -> Response:
        """List whose last contact is more than 15 months old."""
        return self._answer(request)


def _patient(row: SurvivalObservation) -> dict[str, Any]:
    assert row.last_contact_on is not None
    return {
        **named(row.case, row.center),
        "registry_id": row.case.patient.registry_id,
        "version": row.case.version,
        "last_contact": str(row.last_contact),
        "due_on": months_later(row.last_contact_on, DUE_MONTHS),
        "days_overdue": follow_up.days_overdue(row.last_contact_on, intake.today_at(row.center)),
    }
