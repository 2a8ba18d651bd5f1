"""Work lists over HTTP: whose news is due, who is lost. They are for reading: news comes in with the case."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cases import duty, follow_up, intake
from cases.api import openapi_reading
from cases.api.filters import CODE
from cases.follow_up import DUE_MONTHS, Which
from cases.models import Case, SurvivalObservation, Transfer
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


class FollowedBy(django_filters.FilterSet):
    """Followed by one center: the view has looked up no others."""

    center = django_filters.CharFilter(
        method="done", help_text="Code of the center that follows the patients", validators=[CODE]
    )

    def done(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Leave the rows as they are."""
        return rows


class _FollowUps(WorkList):
    """Patients without news, the most overdue first; by the calendar and the day of the center that follows them."""

    which: ClassVar[Which]
    filters, order = FollowedBy, ("last_contact_on", "case_id")

    def _answer(self, request: Request) -> Response:
        own = reach(request, Action.READ)
        centers = Center.objects.filter(pk__in=own)
        if code := request.query_params.get("center"):
            centers = centers.filter(code=code)
        taken = duty.taken_over(own)
        with duty.seeing(own, taken):
            rows = follow_up.waiting(self.which, centers, taken=taken)
            shown = partial(_patient, taken=taken)
            return self.page(request, rows.select_related("case__patient", "center"), shown)


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


def _patient(row: SurvivalObservation, *, taken: duty.Taken) -> dict[str, Any]:
    assert row.last_contact_on is not None
    transfer: Transfer | None = taken.get(row.case_id)
    follows = row.center if transfer is None else transfer.receiving_center
    address = {} if transfer is None else {"url": reverse("api-transfer", args=[transfer.pk])}
    return {
        **named(row.case, row.center),
        **address,
        "followed_by": follows.code,
        "registry_id": row.case.patient.registry_id,
        "version": row.case.version,
        "last_contact": str(row.last_contact),
        "due_on": months_later(row.last_contact_on, DUE_MONTHS),
        "days_overdue": follow_up.days_overdue(row.last_contact_on, intake.today_at(follows)),
    }
