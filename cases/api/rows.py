"""Follow-ups, complications, recurrences and death of a case, one small request each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from cases import duty
from cases.api import openapi_rows, parts, records, saving
from cases.api.parts import Part, Saved
from cases.api.views import CaseView
from cases.document import StoredCase
from cases.follow_up import REASON
from cases.models import Case, Complication, Death, FollowUp, Form, Recurrence, Transfer
from registry.access import Action
from registry.api import idempotency
from registry.api.permissions import key_of, reach
from registry.api.versions import etag, refuse_unless_read
from registry.models import User


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

    @contextmanager
    def opened(
        self, request: Request, pk: int, action: Action = Action.READ
    ) -> Iterator[tuple[Case, Transfer | None]]:
        """The case for this action: an own one, or one that the center follows for another, with its transfer."""
        own, may = self._own(pk), reach(request, action)
        if own is not None and own.center_id in may:
            yield own, None
            return
        transfer = self._taken(request, action).get(pk)
        if own is None and transfer is None:
            raise Http404
        if transfer is None or transfer.receiving_center_id not in may:
            raise PermissionDenied(gettext("You may read this case, but not change it."))
        with duty.opened(transfer, by=cast(User, request.user), action=action) as case:
            yield case, transfer

    def center_in_question(self, request: Request, **kwargs: Any) -> int | None:
        """The center of the case, or the one that follows the patient for it."""
        if key_of(request) is None and self._own(kwargs["pk"]) is None:
            transfer = self._taken(request, self.writes).get(kwargs["pk"])
            if transfer is not None:
                return transfer.receiving_center_id
        return super().center_in_question(request, **kwargs)

    def _own(self, pk: int) -> Case | None:
        return records.rows(self.visible(Case.objects.all())).filter(pk=pk).first()

    def _taken(self, request: Request, action: Action) -> duty.Taken:
        """What is followed for others where this request may read, or do this."""
        return duty.taken_over({*reach(request, Action.READ), *reach(request, action)})

    @contextmanager
    def part(self, request: Request, pk: int) -> Iterator[Part]:
        """The form to change, of a case that is locked until it is saved."""
        with self.opened(request, pk, self.writes) as (case, transfer):
            stored = parts.hold(case)
            yield Part(request=request, case=case, stored=stored, form=self.form, under=transfer)

    def saved(self, part: Part, saved: Saved, status: int = 200) -> Response:
        """What was saved, what became of it, and the case's new version."""
        case = records.rows(Case.objects.all()).get(pk=part.case.pk)
        place = {} if saved.place is None else {"position": saved.place}
        body = {"verdict": saved.verdict, **place, "row": saved.row, "warnings": saved.warnings}
        return Response(
            {**body, "record": records.record(case)}, status, headers={"ETag": etag(case.version)}
        )


class Rows(FormView):
    """The rows of a form that a case has several times, in the order of the document."""

    def get(self, request: Request, pk: int) -> Response:
        """List the rows; a row's position is its place in the list, from 0."""
        with self.opened(request, pk) as (case, _):
            stored = parts.read(case)
        body = {"version": stored.version, "rows": parts.rows(stored.document, self.form)}
        return Response(body, headers={"ETag": etag(stored.version)})

    def post(self, request: Request, pk: int) -> Response:
        """Add one row to the case as it is now. The same row again changes nothing."""
        with self.part(request, pk) as part:
            saved = part.append(saving.body_of(request), self.why)
            response = self.saved(part, saved, 200 if saved.verdict == "unchanged" else 201)
        response["Location"] = request.build_absolute_uri(f"{saved.place}/")
        return response


class OneRow(FormView):
    """One row, known by its position; whoever changes it names the version of the case that they read."""

    def get(self, request: Request, pk: int, position: int) -> Response:
        """Read the row."""
        with self.opened(request, pk) as (case, _):
            stored = parts.read(case)
        row = self.row(stored, position)
        body = {"version": stored.version, "position": position, "row": row}
        return Response(body, headers={"ETag": etag(stored.version)})

    def put(self, request: Request, pk: int, position: int) -> Response:
        """Replace the row."""
        with self.part_read(request, pk, position) as part:
            return self.saved(part, part.put(saving.body_of(request), position))

    def delete(self, request: Request, pk: int, position: int) -> Response:
        """Take the row out; those behind it move up."""
        with self.part_read(request, pk, position) as part:
            return self.saved(part, part.take_out(position))

    @contextmanager
    def part_read(self, request: Request, pk: int, position: int) -> Iterator[Part]:
        """The form to change, if it is as its reader saw it and has such a row."""
        with self.part(request, pk) as part:
            refuse_unless_read(request, part.stored.version)
            self.row(part.stored, position)
            yield part

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
        with self.opened(request, pk) as (case, _):
            stored = parts.read(case)
        body = {"version": stored.version, "row": parts.rows(stored.document, Death)}
        return Response(body, headers={"ETag": etag(stored.version)})

    def put(self, request: Request, pk: int) -> Response:
        """Tell or correct the death, naming in If-Match the version of the case that you read; null takes it back."""
        with self.part(request, pk) as part:
            refuse_unless_read(request, part.stored.version)
            is_known = parts.rows(part.stored.document, Death) is not None
            saved = part.put(saving.body_of(request), why="" if is_known else self.why)
            return self.saved(part, saved)
