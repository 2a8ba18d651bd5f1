"""Many cases in one request: a few are answered at once, more become an import that can be watched."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from cases import importing
from cases.api import openapi_bulk, saving
from cases.importing import documents, posted, returning
from cases.models import Case, ImportBatch, ImportRow
from registry.access import Action
from registry.api.ndjson import NDJSON, ArrayParser, Lines, LinesParser
from registry.api.pages import Pages
from registry.api.permissions import key_of, reach
from registry.api.problems import Refused, as_error
from registry.api.views import RegistryView
from registry.models import Center, User

AT_ONCE = 200
AT_ONCE_BYTES = 2 * 2**20
SOON = {"Retry-After": "2"}
MODES = ("each", "atomic")
OVER = (ImportBatch.State.DONE, ImportBatch.State.REJECTED)
State = ImportBatch.State


class BulkCases(RegistryView):
    """Up to 10,000 cases in one request."""

    needs = {"POST": Action.IMPORT_CASES}
    parameters = frozenset({"mode", "dry_run", "center"})
    parser_classes = [LinesParser, ArrayParser]

    @extend_schema(**openapi_bulk.SEND)
    def post(self, request: Request) -> Response:
        """Add and correct cases, each for itself or all or none; what was saved before is `unchanged`."""
        mode = _one_of(request, "mode", MODES)
        dry_run = _one_of(request, "dry_run", ("false", "true")) == "true"
        center = saving.center_for(request, request.query_params.get("center"), Action.IMPORT_CASES)
        lines, is_later = _lines(request), _wants_later(request)
        try:
            if is_later or len(lines) > AT_ONCE or len(lines.content) > AT_ONCE_BYTES:
                return _later(request, lines, center=center, mode=mode, dry_run=dry_run)
            return Response(_now(request, lines, center=center, mode=mode, dry_run=dry_run))
        finally:
            lines.forget()


def _one_of(request: Request, name: str, known: tuple[str, ...]) -> Any:
    given = request.query_params.get(name, known[0])
    if given not in known:
        raise ValidationError({name: [gettext("One of: {names}.").format(names=", ".join(known))]})
    return given


def _lines(request: Request) -> Lines:
    if isinstance(request.data, Lines):
        return request.data
    raise Refused(400, "no_documents", gettext("The request has no documents."))


def _wants_later(request: Request) -> bool:
    wishes = request.headers.get("Prefer", "").lower().split(",")
    return "respond-async" in {wish.partition(";")[0].strip() for wish in wishes}


def _sender(request: Request) -> str:
    key = key_of(request)
    return f"key {key.prefix}" if key else ""


def _now(request: Request, lines: Lines, *, center: Center, mode: Any, dry_run: bool) -> dict[str, Any]:
    work = documents.Work(
        center=center,
        by=cast(User, request.user),
        sender=_sender(request),
        reason=saving.change_reason(request),
        dry_run=dry_run,
        repeated=documents.repeated(lines),
    )
    outcome = documents.save(lines, work=work, mode=mode)
    verdicts = [_verdict(answer) for answer in outcome.answers]
    return {
        "mode": mode,
        "dry_run": dry_run,
        "saved": outcome.saved,
        "counts": outcome.counts,
        "verdicts": verdicts,
    }


def _verdict(answer: documents.Answer) -> dict[str, Any]:
    errors = [as_error(problem) for problem in answer.problems if problem.severity == "error"]
    warnings = [as_error(problem) for problem in answer.problems if problem.severity != "error"]
    return _told(answer.item.index, answer.item, answer.verdict, answer.case_id, answer.version) | {
        "errors": errors,
        "warnings": warnings,
    }


def _told(index: int, named: Any, verdict: str, case_id: int | None, version: int | None) -> dict[str, Any]:
    """What is said of a document, at once or later; `named` has its reference and its case number."""
    return {
        "index": index,
        "reference": named.reference or None,
        "case_number": named.case_number or None,
        "verdict": verdict,
        "id": case_id,
        "url": reverse("api-case", args=[case_id]) if case_id else None,
        "version": version,
    }


def _later(request: Request, lines: Lines, *, center: Center, mode: str, dry_run: bool) -> Response:
    try:
        batch = importing.post(
            lines,
            center=center,
            by=cast(User, request.user),
            key=key_of(request),
            sender=_sender(request),
            reason=saving.change_reason(request),
            all_or_nothing=mode == "atomic",
            dry_run=dry_run,
        )
    except posted.TooManyError:
        told = gettext("{n} imports of this center wait already; send this one when some are done.")
        raise Refused(
            429, "too_many_imports", told.format(n=posted.MOST_OPEN), headers={"Retry-After": "30"}
        ) from None
    body = _import(batch)
    headers = {**SOON, "Location": request.build_absolute_uri(body["url"])}
    if _wants_later(request):
        headers["Preference-Applied"] = "respond-async"
    return Response(body, 202, headers=headers)


def _import(batch: ImportBatch) -> dict[str, Any]:
    where = reverse("api-import", args=[batch.pk])
    return {
        "id": batch.pk,
        "url": where,
        "center": batch.center.code,
        "state": batch.state,
        "mode": "atomic" if batch.all_or_nothing else "each",
        "dry_run": batch.dry_run,
        "documents": batch.rows_total,
        "done": batch.rows_done,
        "saved": batch.verdicts.get("saved"),
        "counts": batch.verdicts.get("counts"),
        "refused": batch.verdicts.get("refused"),
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
        "results": f"{where}results/",
        "rejected": f"{where}rejected/",
    }


class ImportView(RegistryView):
    """What the views of an import share: those who may import see what was sent for their centers."""

    needs = {"GET": Action.IMPORT_CASES}

    def import_(self, request: Request, pk: int) -> ImportBatch:
        """The import, or the 404 that missing and foreign ones have in common."""
        mine = ImportBatch.objects.filter(
            center_id__in=reach(request, Action.IMPORT_CASES), format=ImportBatch.Format.DOCUMENTS
        )
        return get_object_or_404(mine.select_related("center").defer("content"), pk=pk)

    def ended(self, request: Request, pk: int) -> ImportBatch:
        """The import with its verdicts; 409 as long as there are none."""
        batch = self.import_(request, pk)
        if batch.state not in OVER:
            told = gettext("This import has no verdicts (yet): its state is {state}.")
            raise Refused(
                409,
                "no_verdicts",
                told.format(state=batch.state),
                headers=SOON if not batch.finished_at else {},
            )
        return batch


class OneImport(ImportView):
    """How far an import is."""

    @extend_schema(**openapi_bulk.WATCH)
    def get(self, request: Request, pk: int) -> Response:
        """Read its state; ask again after the seconds in Retry-After until it is over."""
        batch = self.import_(request, pk)
        is_open = batch.state in posted.OPEN
        return Response(_import(batch), headers=SOON if is_open else None)


class ResultPages(Pages):
    """Verdicts in the order of the request."""

    ordering = ("position",)
    page_size = 100
    max_page_size = 1000


class ImportResults(ImportView):
    """The verdicts of an import."""

    parameters = frozenset({"cursor", "page_size", "verdict"})

    @extend_schema(**openapi_bulk.RESULTS)
    def get(self, request: Request, pk: int) -> Response:
        """List verdicts in the order of the request, all of them or those of one kind."""
        batch = self.ended(request, pk)
        rows: QuerySet[ImportRow] = ImportRow.objects.filter(batch=batch).defer("cells", "values", "columns")
        if "verdict" in request.query_params:
            rows = rows.filter(verdict=_one_of(request, "verdict", tuple(ImportRow.Verdict.values)))
        pages = ResultPages()
        page = pages.paginate_queryset(rows, request, self) or []
        numbers = [row.case_number for row in page]
        known = Case.objects.filter(center=batch.center_id, case_number__in=numbers)
        ids = dict(known.values_list("case_number", "pk"))
        saved = batch.verdicts["saved"]
        return pages.get_paginated_response([_result(row, ids.get(row.case_number), saved) for row in page])


def _result(row: ImportRow, case_id: int | None, saved: bool) -> dict[str, Any]:
    is_saved = saved and row.verdict in ("new", "changed")
    version = row.version + is_saved or None
    told = _told(row.position - 1, row, row.verdict, case_id if version else None, version)
    return told | {"errors": posted.errors_of(row), "warnings": posted.warnings_of(row)}


class LinesRenderer(JSONRenderer):
    """Lets clients ask for lines; refusals are JSON all the same."""

    media_type = NDJSON
    format = "ndjson"


class ImportRejected(ImportView):
    """The documents of an import that were rejected."""

    parameters = frozenset({"format"})  # which chooses the renderer; the documents are lines in any case
    renderer_classes = [LinesRenderer, JSONRenderer]

    @extend_schema(**openapi_bulk.REJECTED)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Download the rejected documents, one a line, with what is wrong; corrected, they can be sent again."""
        attachment = returning.rejected_documents(self.ended(request, pk))
        name = attachment.name if attachment else f"import-{pk}-rejected.ndjson"
        return HttpResponse(
            attachment.content if attachment else b"",
            content_type=NDJSON,
            headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
        )
