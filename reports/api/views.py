"""Reports as they were cut, their documents, and survival of one's own center by stratum."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError as WrongParameters
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from pydantic import TypeAdapter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from registry import access, language
from registry.access import Action
from registry.api.openapi import refusals
from registry.api.permissions import reach
from registry.api.views import RegistryView
from registry.chain import reading
from reports import asking, cohorts, rendering
from reports import content as contents
from reports.asking import SOURCES, Answer
from reports.endpoints import ENDPOINTS
from reports.mean_differences import MeanDifference
from reports.models import Report
from reports.rendering import DOCUMENTS
from reports.survival_content import GroupTest, Outcome, Survival
from reports.survival_files import FILES

_LISTED = 100
_FILES = {name.partition(".")[2].lower(): name for name in FILES}  # of an estimate, by their forms
_MISSING = refusals(_404="There is no such report, or none that you may read.")
_DOCUMENTS = {
    (200, "application/pdf"): OpenApiTypes.BINARY,
    (200, "text/html"): OpenApiTypes.STR,
    (200, "application/json"): {"type": "object", "minProperties": 1},
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "application/zip"): OpenApiTypes.BINARY,
}


def _with(*names: str) -> dict[str, Any]:
    return {"type": "object", "required": list(names), "properties": {name: {} for name in names}}


_SURVIVAL: TypeAdapter[Survival | None] = TypeAdapter(Survival | None)
_OUTCOME: TypeAdapter[Outcome | None] = TypeAdapter(Outcome | None)
_TEST: TypeAdapter[GroupTest | None] = TypeAdapter(GroupTest | None)
_MEANS: TypeAdapter[MeanDifference | None] = TypeAdapter(MeanDifference | None)


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
            "with fewer than 10 events in all or 10 patients in a stratum, and between centers, which are never ranked."
        },
        "mean_difference": {
            "description": "Mean time lived (or free of the event) until the longest of 36 and 60 months at which both "
            "have 5 patients at risk, between two strata with a known value: the second less the first, in days; null "
            "otherwise, under the conditions of the test, and where causes compete."
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
        reading.of_report(report, by=request.user, door="api", form="content")
        return Response({**_record(report), "content": report.content})


class ReportDocument(ReportView):
    """One document of a report."""

    @extend_schema(operation_id="reports_document", responses={**_DOCUMENTS, **_MISSING})
    def get(self, request: Request, pk: int, name: str) -> HttpResponse:
        """Read report.pdf (A4), report-letter.pdf, report.html, report.json, report.csv (every number, with its JSON
        Pointer into report.json) or figures.zip (SVG); the same report gives the same bytes.
        """
        if name not in DOCUMENTS:
            raise Http404
        report = get_object_or_404(self.reports(request), pk=pk)
        made = rendering.made(name, contents.from_plain(report.content), language.spoken())
        reading.of_report(report, by=request.user, door="api", form=name)
        return HttpResponse(made, content_type=DOCUMENTS[name].media_type)


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
            OpenApiParameter("source", enum=list(SOURCES), description="Which data; clinical without it."),
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
                "as",
                enum=["json", *_FILES],
                description="Form of the answer; json without it. `r` is a script for R with the counts.",
            ),
        ],
        responses={
            (200, "application/json"): _ESTIMATED,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "image/svg+xml"): OpenApiTypes.STR,
            (200, "image/png"): OpenApiTypes.BINARY,
            (200, "text/plain"): OpenApiTypes.STR,
            **refusals(_404="There is no such center that you may read, or no curve to draw."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Estimate an endpoint of your own center, or of the registry if you read all of it."""
        given = request.query_params.dict()
        form = given.pop("as", "json")
        if form not in _ANSWERS:
            raise ValidationError({"as": [asking.one_of(_ANSWERS)]})
        mine = reach(request, Action.READ)
        centers = [center for center in access.center_rows(request.user) if center.pk in mine]
        try:
            question = asking.read(given, centers=centers)
        except WrongParameters as error:
            raise ValidationError(error.message_dict) from None
        answer = _ANSWERS[form](asking.estimate(question))
        if form != "json":
            reading.of_survival(question.center, by=request.user, door="api", form=form)
        return answer


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


# --- answering -------------------------------------------------------------------------------------------------------


def _json(answer: Answer) -> HttpResponse:
    return Response(
        {
            "endpoint": answer.question.endpoint.name,
            "survival": _SURVIVAL.dump_python(answer.survival, mode="json"),
            "outcome": _OUTCOME.dump_python(answer.outcome, mode="json"),
            "test": _TEST.dump_python(answer.test, mode="json"),
            "mean_difference": _MEANS.dump_python(answer.mean_difference, mode="json"),
            "imputed_dates": answer.imputed_dates,
        }
    )


def _file(name: str, answer: Answer) -> HttpResponse:
    file = FILES[name]
    made = file.make(answer)
    if made is None:
        raise Http404
    return HttpResponse(made, content_type=file.media_type)


_ANSWERS: dict[str, Callable[[Answer], HttpResponse]] = {
    "json": _json,
    **{form: partial(_file, name) for form, name in _FILES.items()},
}
