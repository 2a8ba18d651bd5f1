"""Reports as they were cut, their documents, and survival of one's own center by stratum."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any, get_args

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from pydantic import TypeAdapter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from registry import language
from registry.access import Action
from registry.api.openapi import refusals
from registry.api.permissions import reach
from registry.api.views import RegistryView
from registry.models import Center
from reports import cohorts, documents, estimates, figures, survival_chapter
from reports import content as contents
from reports.cohorts import Cut
from reports.content import Source, Survival
from reports.models import Report
from reports.rendering import DOCUMENTS

_LISTED = 100
_MISSING = refusals(_404="There is no such report, or none that you may read.")
_DOCUMENTS = {
    (200, "application/pdf"): OpenApiTypes.BINARY,
    (200, "text/html"): OpenApiTypes.STR,
    (200, "application/json"): {"type": "object", "minProperties": 1},
}


def _with(*names: str) -> dict[str, Any]:
    return {"type": "object", "required": list(names), "properties": {name: {} for name in names}}


_SURVIVAL: TypeAdapter[Survival] = TypeAdapter(Survival)


class ReportView(RegistryView):
    """What the views of reports share: a report that is not yours does not exist."""

    needs = {"GET": Action.READ_REPORT}

    def reports(self, request: Request) -> QuerySet[Report]:
        """The composed reports that this person may read."""
        return Report.objects.visible_to(request.user).composed().select_related("center")


class Reports(ReportView):
    """The reports you may read."""

    @extend_schema(operation_id="reports_list", responses={(200, "application/json"): _with("reports")})
    def get(self, request: Request) -> Response:
        """List the latest, newest cut first."""
        rows = self.reports(request).defer("content").order_by("-as_of", "-id")[:_LISTED]
        return Response({"reports": [_record(report) for report in rows]})


class OneReport(ReportView):
    """One report."""

    @extend_schema(
        operation_id="reports_read", responses={(200, "application/json"): _with("id", "content"), **_MISSING}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Read everything it says, as numbers with their denominators."""
        report = get_object_or_404(self.reports(request), pk=pk)
        return Response({**_record(report), "content": report.content})


class ReportDocument(ReportView):
    """One document of a report."""

    @extend_schema(operation_id="reports_document", responses={**_DOCUMENTS, **_MISSING})
    def get(self, request: Request, pk: int, name: str) -> HttpResponse:
        """Read report.pdf, report.html or report.json; the same report gives the same bytes."""
        if name not in DOCUMENTS:
            raise Http404
        report = get_object_or_404(self.reports(request), pk=pk)
        document = DOCUMENTS[name]
        return HttpResponse(
            document.make(contents.from_plain(report.content), language.spoken()),
            content_type=document.media_type,
        )


class SurvivalEstimate(RegistryView):
    """Overall survival after index resection."""

    needs = {"GET": Action.READ}
    parameters = frozenset({"center", "as_of", "source", "stratum", "as"})

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "center", description="Code of a center; needed unless you read only one or all."
            ),
            OpenApiParameter("as_of", OpenApiTypes.DATE, description="Data cut; today without it."),
            OpenApiParameter(
                "source", enum=list(get_args(Source)), description="Which data; clinical without it."
            ),
            OpenApiParameter(
                "stratum", enum=list(cohorts.STRATA), description="One curve for each value of it."
            ),
            OpenApiParameter(
                "as", enum=["json", "csv", "svg"], description="Form of the answer; json without it."
            ),
        ],
        responses={
            (200, "application/json"): _with("survival"),
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "image/svg+xml"): OpenApiTypes.STR,
            **refusals(_404="There is no such center that you may read, or no curve to draw."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Estimate survival of your own center, or of the registry if you read all of it."""
        given = request.query_params
        form = _chosen("as", given.get("as", "json"), ("json", "csv", "svg"))
        stratum = _chosen("stratum", given.get("stratum", ""), ("", *cohorts.STRATA))
        cut = Cut(
            as_of=_day(given.get("as_of")),
            source=_chosen("source", given.get("source", "clinical"), get_args(Source)),  # type: ignore[arg-type]
            center_id=_center(request, given.get("center")),
        )
        survival = estimates.overall_survival(cohorts.life_table(cut, stratum=stratum), label=_label(stratum))
        return _ANSWERS[form](survival)


def _record(report: Report) -> dict[str, Any]:
    return {
        "id": report.pk,
        "center": report.center.code if report.center else None,
        "source": report.source,
        "as_of": report.as_of,
        "audience": report.audience,
        "slot": report.slot,
        "composed_at": report.composed_at,
        "content_digest": report.content_digest,
        "data_digest": report.data_digest,
        "code_version": report.code_version,
        "documents": {name: reverse("api-report-document", args=[report.pk, name]) for name in DOCUMENTS},
    }


# --- reading the question --------------------------------------------------------------------------------------------


def _chosen(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValidationError(
            {name: [gettext("Must be one of: {codes}.").format(codes=", ".join(filter(None, known)))]}
        )
    return value


def _day(text: str | None) -> date:
    if text is None:
        return timezone.now().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError({"as_of": [gettext("Write the day as YYYY-MM-DD.")]}) from None


def _center(request: Request, code: str | None) -> int | None:
    """Find the one center asked for; without one the only center of the reader, or all if the reader reads all."""
    mine = reach(request, Action.READ)
    if code is not None:
        return get_object_or_404(Center, code=code, pk__in=mine).pk
    if len(mine) == 1:
        return mine[0]
    if Center.objects.exclude(pk__in=mine).exists():
        raise ValidationError({"center": [gettext("Name the center: you read several, but not all.")]})
    return None


def _label(stratum: str) -> Callable[[object], str]:
    if stratum == "center":
        codes = dict(Center.objects.values_list("pk", "code"))
        return lambda pk: codes.get(pk, "") if isinstance(pk, int) else ""
    return lambda value: str(value) or "not recorded"


# --- answering -------------------------------------------------------------------------------------------------------


def _json(survival: Survival | None) -> HttpResponse:
    return Response({"survival": None if survival is None else _SURVIVAL.dump_python(survival, mode="json")})


def _csv(survival: Survival | None) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["group", "time_days", "at_risk", "died", "censored", "survival", "lower", "upper"])
    for curve in survival.curves if survival else ():
        columns = (
            curve.time_days,
            curve.at_risk,
            curve.died,
            curve.censored,
            curve.survival,
            curve.lower,
            curve.upper,
        )
        writer.writerows((curve.label, *row) for row in zip(*columns, strict=True))
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")


def _svg(survival: Survival | None) -> HttpResponse:
    if survival is None or not survival.curves:
        raise Http404
    with documents.speaking(language.spoken()):
        drawn = figures.kaplan_meier_svg(survival, title=survival_chapter.title(survival))
    return HttpResponse(drawn, content_type="image/svg+xml")


_ANSWERS: dict[str, Callable[[Survival | None], HttpResponse]] = {"json": _json, "csv": _csv, "svg": _svg}
