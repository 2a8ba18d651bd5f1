"""The case: its list, and the address of the page on which a coordinator enters and corrects it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from unfold.decorators import display

from cases.admin.locking import Locks
from cases.admin.page import CasePage
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.models import Case, DataQuery, Deviation, Operation, Patient
from cases.vocabulary import Level, OperationType, ReviewState
from registry.access import Action
from registry.admin import RegistryAdmin, site
from registry.history import Entry, Story, told

LEVELS = {level.value: level.label.partition(" (")[0] for level in Level}

STATUS_COLORS = {"draft": "info", "complete": "success", "locked": "primary"}


@admin.register(Case, site=site)
class CaseAdmin(Locks, RegistryAdmin):
    """Cases of the centers one works for."""

    to_view, to_add, to_change = Action.READ, Action.RECORD, Action.RECORD
    list_display = (
        "case_number",
        "center_code",
        "status_label",
        "source_code",
        "resected",
        "level",
        "deviations",
        "queries",
        "updated",
    )
    list_filter = ("center", "status", "source")
    search_fields = ("case_number__startswith",)
    search_help_text = "Case number, or its beginning"
    ordering = ("-updated_at", "-id")
    actions = ("lock_chosen", "unlock_chosen")
    fields = ("case_number",)  # the page has its own forms

    # --- the list ---------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        index = Operation.objects.filter(case=OuterRef("pk"), operation_type=OperationType.INDEX_RESECTION)
        return (
            super()
            .get_queryset(request)
            .select_related("center", "observation")
            .annotate(
                resected_on=Subquery(index.order_by("position").values("operated_on")[:1]),
                deviations_open=_open(Deviation),
                queries_open=_open(DataQuery),
            )
        )

    @display(description="Center", ordering="center__code")
    def center_code(self, case: Case) -> str:
        """The short name."""
        return case.center.code

    @display(
        description="Status",
        ordering="status",
        label={"draft": "info", "complete": "success", "locked": "primary"},
    )
    def status_label(self, case: Case) -> tuple[str, str]:
        """The status as a colored word."""
        return case.status, case.get_status_display()

    @display(description="Source", ordering="source")
    def source_code(self, case: Case) -> str:
        """The door or origin, in one word."""
        return case.source

    @display(description="Resected", ordering="resected_on", empty_value="–")
    def resected(self, case: Any) -> str | None:
        """When the index resection was, as precisely as it is known."""
        return str(case.resected_on) if case.resected_on else None

    @display(description="Level", ordering="observation__level", empty_value="–")
    def level(self, case: Case) -> str | None:
        """The most cranial level of the vena cava that the tumor reached."""
        observation = getattr(case, "observation", None)
        return LEVELS.get(observation.level) if observation else None

    @display(description="Open deviations", ordering="deviations_open")
    def deviations(self, case: Any) -> int:
        """From the algorithm."""
        return case.deviations_open

    @display(description="Open queries", ordering="queries_open")
    def queries(self, case: Any) -> int:
        """Implausible values."""
        return case.queries_open

    @display(description="Updated", ordering="updated_at")
    def updated(self, case: Case) -> datetime:
        """When it last changed."""
        return case.updated_at

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


def _open(model: type[Deviation] | type[DataQuery]) -> Coalesce:
    rows = model.objects.filter(case=OuterRef("pk"), state=ReviewState.OPEN).order_by()
    return Coalesce(
        Subquery(rows.values("case").annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()
    )


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
