"""Reports as they were cut, their documents, and survival of one's own center by stratum."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
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
from reports.content import GroupTest, Outcome, Source, Survival
from reports.endpoints import ENDPOINTS, OVERALL_SURVIVAL, Endpoint
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


_SURVIVAL: TypeAdapter[Survival | None] = TypeAdapter(Survival | None)
_OUTCOME: TypeAdapter[Outcome | None] = TypeAdapter(Outcome | None)
_TEST: TypeAdapter[GroupTest | None] = TypeAdapter(GroupTest | None)


_ESTIMATED = {
    "type": "object",
    "required": ["survival"],
    "properties": {
        "endpoint": {"type": "string", "enum": list(ENDPOINTS)},
        "survival": {
            "description": "Overall survival; null for other endpoints, and when nobody is followed."
        },
        "outcome": {
            "description": "Any other endpoint: survival free of it or, where causes compete, its cumulative incidence "
            "(`kind`); null for overall survival, and when nobody is followed."
        },
        "test": {
            "description": "Log-rank, or Gray's test where causes compete, between strata with a known value; null "
            "with fewer than 10 events in all or 10 patients in a stratum."
        },
        "imputed_dates": {"description": "How many dates behind the days lack a day.", "type": "integer"},
    },
}


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
    """Survival and the other endpoints after index resection."""

    needs = {"GET": Action.READ}
    parameters = frozenset({"center", "as_of", "source", "endpoint", "stratum", "era", "as"})

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
                "endpoint",
                enum=list(ENDPOINTS),
                description="What is estimated; overall survival without it. Where causes compete "
                "(docs/statistics.md), cumulative incidence.",
            ),
            OpenApiParameter(
                "stratum", enum=list(cohorts.STRATA), description="One curve for each value of it."
            ),
            OpenApiParameter("era", description="Only resections of one decade, as 2010s."),
            OpenApiParameter(
                "as", enum=["json", "csv", "svg"], description="Form of the answer; json without it."
            ),
        ],
        responses={
            (200, "application/json"): _ESTIMATED,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "image/svg+xml"): OpenApiTypes.STR,
            **refusals(_404="There is no such center that you may read, or no curve to draw."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Estimate an endpoint of your own center, or of the registry if you read all of it."""
        given = request.query_params
        form = _chosen("as", given.get("as", "json"), ("json", "csv", "svg"))
        stratum = _chosen("stratum", given.get("stratum", ""), ("", *cohorts.STRATA))
        endpoint = ENDPOINTS[
            _chosen("endpoint", given.get("endpoint", OVERALL_SURVIVAL.name), tuple(ENDPOINTS))
        ]
        cut = Cut(
            as_of=_day(given.get("as_of")),
            source=_chosen("source", given.get("source", "clinical"), get_args(Source)),  # type: ignore[arg-type]
            center_id=_center(request, given.get("center")),
            era=_era(given.get("era", "")),
        )
        return _ANSWERS[form](_estimate(cut, endpoint, stratum))


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


def _era(text: str) -> str:
    if text and not cohorts.ERA.fullmatch(text):
        raise ValidationError({"era": [gettext("Write the decade as 2010s.")]})
    return text


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


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """An endpoint as estimated: overall survival as reports have it, the others as an outcome."""

    endpoint: Endpoint
    survival: Survival | None
    outcome: Outcome | None
    test: GroupTest | None
    imputed_dates: int


def _is_overall(endpoint: Endpoint) -> bool:
    """Overall survival from whatever origin: it has had its own answer from the beginning."""
    return endpoint.title == OVERALL_SURVIVAL.title


def _estimate(cut: Cut, endpoint: Endpoint, stratum: str) -> Estimated:
    table = cohorts.life_table(cut, endpoint=endpoint, stratum=stratum)
    label = _label(stratum)
    is_overall = _is_overall(endpoint)
    return Estimated(
        endpoint=endpoint,
        survival=estimates.overall_survival(table, label=label, origin=endpoint.origin)
        if is_overall
        else None,
        outcome=None if is_overall else estimates.outcome(table, endpoint, label=label),
        test=estimates.compare_groups(table, label=label),
        imputed_dates=cohorts.imputed_dates(cut, endpoint),
    )


def _json(found: Estimated) -> HttpResponse:
    return Response(
        {
            "endpoint": found.endpoint.name,
            "survival": _SURVIVAL.dump_python(found.survival, mode="json"),
            "outcome": _OUTCOME.dump_python(found.outcome, mode="json"),
            "test": _TEST.dump_python(found.test, mode="json"),
            "imputed_dates": found.imputed_dates,
        }
    )


_TIMES = ("time_days", "at_risk")
_LIMITS = ("lower", "upper")


def _csv(found: Estimated) -> HttpResponse:
    """Name what the endpoint counts: deaths, or events and what competes with them."""
    if _is_overall(found.endpoint):
        columns = {name: name for name in (*_TIMES, "died", "censored", "survival", *_LIMITS)}
    else:
        competing = {"competing": "had_competing"} if found.endpoint.competing else {}
        columns = {
            **{name: name for name in _TIMES},
            "events": "had_event",
            **competing,
            "censored": "censored",
        }
        columns |= {
            "incidence" if found.endpoint.competing else "survival": "estimate",
            **{name: name for name in _LIMITS},
        }
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["group", *columns])
    drawn = found.survival or found.outcome
    for curve in drawn.curves if drawn else ():
        values = (getattr(curve, name) for name in columns.values())
        writer.writerows((curve.label, *row) for row in zip(*values, strict=True))
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")


def _svg(found: Estimated) -> HttpResponse:
    drawn = found.survival or found.outcome
    if drawn is None or not drawn.curves:
        raise Http404
    with documents.speaking(language.spoken()):
        svg = figures.curve(drawn, "svg", title=survival_chapter.title(drawn))
    return HttpResponse(svg, content_type="image/svg+xml")


_ANSWERS: dict[str, Callable[[Estimated], HttpResponse]] = {"json": _json, "csv": _csv, "svg": _svg}
