"""Cases: list, add, read, correct, and what the algorithm says of one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cases import versions
from cases.api import listing, merge_patch, openapi, parts, records, saving
from cases.api.filters import CaseFilter
from cases.api.merge_patch import MergePatchParser
from cases.document import dump
from cases.intake import Receipt
from cases.models import Assessment, Case, Deviation
from cases.pathway import place_of
from cases.rulebook.retelling import retold
from registry.access import Action
from registry.api.pages import PAGING
from registry.api.permissions import key_of, reach
from registry.api.versions import etag, refuse_unless_read, version_read
from registry.api.views import RegistryView
from registry.chain import reading


class CaseView(RegistryView):
    """What the views of cases share."""

    def case(self, request: Request, pk: int) -> Case:
        """The case, or the 404 that missing and foreign cases have in common."""
        return get_object_or_404(records.rows(self.visible(Case.objects.all())), pk=pk)

    def case_to_change(self, request: Request, pk: int, action: Action = Action.RECORD) -> Case:
        """The case, if this request may also do this to it."""
        case = self.case(request, pk)
        if case.center_id not in reach(request, action):
            raise PermissionDenied(gettext("You may read this case, but not change it."))
        return case

    def center_in_question(self, request: Request, **kwargs: Any) -> int | None:
        """The center of the case, when the address names one."""
        if key_of(request) or "pk" not in kwargs:
            return super().center_in_question(request, **kwargs)
        return self.case(request, kwargs["pk"]).center_id

    def _may_see(self, case: Case) -> bool:
        """Whether the answer shows the document: whoever only sends would read it by an empty correction."""
        return case.center_id in reach(self.request, Action.READ)

    def answer(
        self, case: Case, status: int = 200, receipt: Receipt | None = None, saved: Any = None
    ) -> Response:
        """The whole case with its version in the header; after a write with what became of it."""
        is_asked = receipt is None or receipt.is_asked
        body = (
            records.whole(case, saved, is_asked=is_asked)
            if self._may_see(case)
            else {"record": records.record(case)}
        )
        if receipt is not None:
            body = {"verdict": receipt.verdict, **body}
        return Response(body, status, headers={"ETag": etag(case.version)})


class Cases(CaseView):
    """All cases that you may read; new ones come in here."""

    needs = {"GET": Action.READ, "POST": Action.RECORD}
    versioned = frozenset({"POST"})

    @property
    def parameters(self) -> frozenset[str]:  # type: ignore[override]
        """Filters, order and selection for reading, the center for writing."""
        if self.request.method == "POST":
            return frozenset({"center"})
        return PAGING | listing.PARAMETERS | set(CaseFilter.base_filters)

    @extend_schema(**openapi.LIST)
    def get(self, request: Request) -> Response:
        """List records, with their documents if you include them, the oldest change first."""
        chosen = CaseFilter(request.query_params, records.rows(self.visible(Case.objects.all())))
        if not chosen.is_valid():
            raise ValidationError(chosen.errors)
        wanted = listing.selection(request)
        pages, page = listing.page(chosen.qs, request, self)
        form = "documents" if wanted.document else "records"
        reading.of_cases(page, by=request.user, door="api", form=form)
        return pages.get_paginated_response(listing.rows(page, wanted))

    @extend_schema(**openapi.CREATE)
    def post(self, request: Request) -> Response:
        """Add a case. The same document again changes nothing; another one under its number is refused."""
        document = saving.document_of(request)
        center = saving.center_for(request, request.query_params.get("center"))
        receipt = saving.create(document, center=center, request=request)
        case = receipt.new or self.case(request, receipt.case_id or 0)
        response = self.answer(case, 201 if receipt.verdict == "new" else 200, receipt, document)
        response["Location"] = request.build_absolute_uri(records.record(case)["url"])
        return response


class OneCase(CaseView):
    """One case: its document, its record, its open questions."""

    needs = {"GET": Action.READ, "PUT": Action.RECORD, "PATCH": Action.RECORD}
    versioned = frozenset(needs)

    def get_parsers(self) -> list[Any]:
        """A patch comes as what it is or as plain JSON; a whole document as JSON alone."""
        parsers = super().get_parsers()
        return [*parsers, MergePatchParser()] if self.request and self.request.method == "PATCH" else parsers

    @property
    def parameters(self) -> frozenset[str]:  # type: ignore[override]
        """Reading may select."""
        return frozenset({"fields"} if self.request.method in ("GET", "HEAD") else ())

    @extend_schema(**openapi.READ)
    def get(self, request: Request, pk: int) -> Response:
        """Read a case, or with `fields` a part of it; its ETag is the version to name when you correct it."""
        case = self.case(request, pk)
        reading.of_case(case, by=request.user, door="api")
        if "fields" not in request.query_params:
            return self.answer(case)
        return Response(listing.part(case, listing.selection(request)), headers={"ETag": etag(case.version)})

    @extend_schema(**openapi.CORRECT)
    def put(self, request: Request, pk: int) -> Response:
        """Replace the document by a corrected one, naming in If-Match the version that you read."""
        case = self.case_to_change(request, pk)
        version = version_read(request)
        document = saving.document_of(request)
        receipt = saving.correct(
            document, center=case.center, request=request, case_number=case.case_number, version=version
        )
        return self.answer(self.case(request, pk), 200, receipt, document)

    @extend_schema(**openapi.PATCH)
    def patch(self, request: Request, pk: int) -> Response:
        """Correct single answers by a JSON Merge Patch, naming in If-Match the version that you read."""
        case = self.case_to_change(request, pk)
        version_read(request)
        patch = merge_patch.sent(request)
        stored = parts.hold(case)
        refuse_unless_read(request, stored.version)
        document = saving.parsed(merge_patch.merged(dump(stored.document), patch))
        receipt = saving.correct(
            document,
            center=case.center,
            request=request,
            case_number=case.case_number,
            version=stored.version,
            has_seen_all=self._may_see(case),
        )
        return self.answer(self.case(request, pk), 200, receipt, document)


class CaseAssessment(CaseView):
    """What the algorithm says of a case: every rule, its verdict, its reason."""

    needs = {"GET": Action.READ}

    @extend_schema(**openapi.ASSESSMENT)
    def get(self, request: Request, pk: int) -> Response:
        """Read the current assessment."""
        case = self.case(request, pk)
        reading.of_case(case, by=request.user, door="api", form="assessment")
        assessment = get_object_or_404(Assessment.objects.current(), case=case)
        told = ("algorithm_version", "case_version", "as_of", "assessed_at")
        body = {"case": records.record(case), **{name: getattr(assessment, name) for name in told}}
        book = versions.named(assessment.algorithm_version)
        found = [
            {**retold(finding, book), **place_of(finding["rule"], book)} for finding in assessment.findings
        ]
        return Response({**body, "findings": found, "deviations": records.findings(Deviation, case)})
