"""The case: its list, and the address of the page on which a coordinator enters and corrects it."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse

from cases.admin.case_list import CaseList
from cases.admin.page import CasePage
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.models import Case, Patient
from registry.access import Action
from registry.admin import site
from registry.history import Entry, Story, told


@admin.register(Case, site=site)
class CaseAdmin(CaseList):
    """Cases of the centers one works for."""

    to_view, to_add, to_change = Action.READ, Action.RECORD, Action.RECORD
    fields = ("case_number",)  # the page has its own forms

    # --- the page ---------------------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        case = None if object_id is None else self._case(request, object_id)
        allowed = (
            self.has_add_permission(request) if case is None else self.has_change_permission(request, case)
        )
        page = CasePage(self, request, case, may_record=allowed)
        if request.method == "POST":
            if not allowed:
                raise PermissionDenied("You may read this case, but not change it.")
            return page.save()
        if case is None and not allowed:
            raise PermissionDenied("You may not record cases.")
        return page.show()

    def _case(self, request: HttpRequest, object_id: str) -> Case:
        """The case; missing and foreign ones do not exist alike."""
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404("There is no such case.")
        return case

    # --- the history ------------------------------------------------------------------------------------------------

    def history_of(self, row: Model) -> list[Entry]:
        return told(_stories(row))  # type: ignore[arg-type]


def _stories(case: Case) -> Iterator[Story]:
    """The events of the case, and of every row of its forms under the name that it began with."""
    yield Story(name="Case", events=_events(Case, pgh_obj=case.pk))
    yield Story(name="Patient", events=_events(Patient, pgh_obj=case.patient_id))
    for model in (*OUTER_FORMS, *OPERATION_FORMS):
        rows: dict[int, list[Any]] = {}
        for event in _events(model, case_id=case.pk):
            rows.setdefault(event.pgh_obj_id, []).append(event)
        for events in rows.values():
            yield Story(name=_name(model, events[0]), events=events)


def _name(model: Any, event: Any) -> str:
    name = f"{model.title} {event.position + 1}" if model.repeats else model.title
    operation = getattr(event, "operation_position", 0)
    return f"{name} of operation {operation + 1}" if operation else name


def _events(model: Any, **chosen: Any) -> list[Any]:
    return list(model.pgh_event_model.objects.filter(**chosen).order_by("pgh_id"))
