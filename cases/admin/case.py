"""The case: its list, and the address of the page on which a coordinator enters and corrects it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from unfold.decorators import display

from cases.admin import history, merge, summary
from cases.admin.entries import entry_view
from cases.admin.locking import Locks
from cases.admin.page import CasePage
from cases.models import Case, DataQuery, Deviation, Operation
from cases.vocabulary import Level, OperationType, ReviewState
from registry.access import Action
from registry.admin import RegistryAdmin, site

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
            return page.save(request.POST)
        if case is None and not allowed:
            raise PermissionDenied("You may not record cases.")
        return page.show()

    def _case(self, request: HttpRequest, object_id: str) -> Case:
        """The case; missing and foreign ones do not exist alike."""
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404("There is no such case.")
        return case

    def entry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where the page leaves what is typed and not saved."""
        return entry_view(request, None if object_id == "add" else self._case(request, object_id))

    # --- two people, one case; what happened ------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<str:object_id>/entry/", view(self.entry_view), name="cases_case_entry"),
            path("<path:object_id>/merge/", view(self.merge_view), name="cases_case_merge"),
            *summary.routes(self),
            *super().get_urls(),
        ]

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the choices of whoever saved too late."""
        case = self._case(request, object_id)
        if not self.has_change_permission(request, case):
            raise PermissionDenied("You may read this case, but not change it.")
        return merge.view(CasePage(self, request, case, may_record=True), request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the history: who may read a case may read what became of it."""
        return history.view(self, request, self._case(request, object_id))


def _open(model: type[Deviation] | type[DataQuery]) -> Coalesce:
    rows = model.objects.filter(case=OuterRef("pk"), state=ReviewState.OPEN).order_by()
    return Coalesce(
        Subquery(rows.values("case").annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()
    )
