"""Follow-ups, complications, recurrences and death of a case, one small request each."""

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from cases.api import openapi_rows, parts, records, saving
from cases.api.parts import Part, Saved
from cases.api.views import CaseView
from cases.document import StoredCase
from cases.follow_up import REASON
from cases.models import Complication, Death, FollowUp, Form, Recurrence
from registry.access import Action
from registry.api import idempotency
from registry.api.versions import etag, refuse_unless_read


class FormView(CaseView):
    """One form of a case, or the list of its rows, with the version of the case as ETag."""

    versioned = frozenset({"GET", "POST", "PUT", "DELETE"})
    form: ClassVar[type[Form]]
    writes: ClassVar[Action] = Action.RECORD_FOLLOW_UP
    why: ClassVar[str]  # a new row is its own reason; a correction of a complete case says one

    @property
    def needs(self) -> dict[str, str]:  # type: ignore[override]
        """Reading is for readers; all that the view takes is for those who may do `writes`."""
        taken = [name for name in idempotency.WRITING if hasattr(self, name.lower())]
        return {"GET": Action.READ, **dict.fromkeys(taken, self.writes)}

    def read(self, request: Request, pk: int) -> StoredCase:
        """The case to read from."""
        return parts.read(self.case(request, pk))

    def part(self, request: Request, pk: int) -> Part:
        """The form to change, of a case that is locked until it is saved."""
        case = self.case_to_change(request, pk, self.writes)
        return Part(request=request, case=case, stored=parts.hold(case), form=self.form)

    def saved(self, request: Request, pk: int, saved: Saved, status: int = 200) -> Response:
        """What was saved, what became of it, and the case's new version."""
        case = self.case(request, pk)
        place = {} if saved.place is None else {"position": saved.place}
        body = {"verdict": saved.verdict, **place, "row": saved.row, "warnings": saved.warnings}
        return Response(
            {**body, "record": records.record(case)}, status, headers={"ETag": etag(case.version)}
        )


class Rows(FormView):
    """The rows of a form that a case has several times, in the order of the document."""

    def get(self, request: Request, pk: int) -> Response:
        """List the rows; a row's position is its place in the list, from 0."""
        stored = self.read(request, pk)
        body = {"version": stored.version, "rows": parts.rows(stored.document, self.form)}
        return Response(body, headers={"ETag": etag(stored.version)})

    def post(self, request: Request, pk: int) -> Response:
        """Add one row to the case as it is now. The same row again changes nothing."""
        saved = self.part(request, pk).append(saving.body_of(request), self.why)
        response = self.saved(request, pk, saved, 200 if saved.verdict == "unchanged" else 201)
        response["Location"] = request.build_absolute_uri(f"{saved.place}/")
        return response


class OneRow(FormView):
    """One row, known by its position; whoever changes it names the version of the case that they read."""

    def get(self, request: Request, pk: int, position: int) -> Response:
        """Read the row."""
        stored = self.read(request, pk)
        row = self.row(stored, position)
        body = {"version": stored.version, "position": position, "row": row}
        return Response(body, headers={"ETag": etag(stored.version)})

    def put(self, request: Request, pk: int, position: int) -> Response:
        """Replace the row."""
        part = self.part_read(request, pk, position)
        return self.saved(request, pk, part.put(saving.body_of(request), position))

    def delete(self, request: Request, pk: int, position: int) -> Response:
        """Take the row out; those behind it move up."""
        return self.saved(request, pk, self.part_read(request, pk, position).take_out(position))

    def part_read(self, request: Request, pk: int, position: int) -> Part:
        """The form to change, if it is as its reader saw it and has such a row."""
        part = self.part(request, pk)
        refuse_unless_read(request, part.stored.version)
        self.row(part.stored, position)
        return part

    def row(self, stored: StoredCase, position: int) -> Any:
        """The row at this position, or 404."""
        rows = parts.rows(stored.document, self.form)
        if position >= len(rows):
            raise Http404
        return rows[position]


@extend_schema_view(**openapi_rows.rows(FollowUp))
class FollowUps(Rows):
    """Visits and other contacts after the resection."""

    form, why = FollowUp, REASON


@extend_schema_view(**openapi_rows.one_row(FollowUp))
class OneFollowUp(OneRow):
    """One visit."""

    form = FollowUp


@extend_schema_view(**openapi_rows.rows(Complication))
class Complications(Rows):
    """Complications with their grades."""

    form, why = Complication, "complication recorded"


@extend_schema_view(**openapi_rows.one_row(Complication))
class OneComplication(OneRow):
    """One complication."""

    form = Complication


@extend_schema_view(**openapi_rows.rows(Recurrence))
class Recurrences(Rows):
    """Recurrences of the tumor."""

    form, why = Recurrence, "recurrence recorded"


@extend_schema_view(**openapi_rows.one_row(Recurrence))
class OneRecurrence(OneRow):
    """One recurrence."""

    form = Recurrence


@extend_schema_view(**openapi_rows.DEATH)
class TheDeath(FormView):
    """The patient's death."""

    form, why = Death, "death recorded"

    def get(self, request: Request, pk: int) -> Response:
        """Read what is known of the death; the row is null while nothing is."""
        stored = self.read(request, pk)
        body = {"version": stored.version, "row": parts.rows(stored.document, Death)}
        return Response(body, headers={"ETag": etag(stored.version)})

    def put(self, request: Request, pk: int) -> Response:
        """Tell or correct the death, naming in If-Match the version of the case that you read; null takes it back."""
        part = self.part(request, pk)
        refuse_unless_read(request, part.stored.version)
        is_known = parts.rows(part.stored.document, Death) is not None
        saved = part.put(saving.body_of(request), why="" if is_known else self.why)
        return self.saved(request, pk, saved)
