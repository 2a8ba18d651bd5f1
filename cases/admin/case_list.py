"""The list of cases: found by number, narrowed, sorted where an index does it, taken out as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import display
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Collate
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from unfold.templatetags.unfold_list import result_headers

from cases import exporting, pseudonym
from cases.admin.case_filters import FILTERS
from cases.models import Case, DataQuery, Deviation, Operation, Patient
from cases.models.work import ListExport
from cases.vocabulary import Level, OperationType, ReviewState, Source
from registry.admin import RegistryAdmin
from registry.admin.base import RegistryChangeList

CHOOSER = "action_checkbox"  # Django's name for the column of boxes


# The doors and origins in one word each; `Source` tells them in full.
SOURCES: dict[str, Any] = {
    Source.ADMIN: pgettext_lazy("source", "by hand"),
    Source.API: pgettext_lazy("source", "API"),
    Source.IMPORT: pgettext_lazy("source", "import"),
    Source.LITERATURE: pgettext_lazy("source", "publication"),
    Source.RECONSTRUCTION: pgettext_lazy("source", "reconstruction"),
    Source.SYNTHETIC: pgettext_lazy("source", "synthetic"),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value of a case."""

    name: str
    label: Any
    value: Any


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """One case of the list, and the way to its page and back."""

    case: Case
    address: str
    chooser: str
    cells: list[Cell]


class CaseChangeList(RegistryChangeList):
    """Rows drawn straight: Unfold's table works out its heading anew for each."""

    @property
    def headers(self) -> list[dict[str, Any]]:
        """The heading, with the addresses that sort."""
        headers = list(result_headers(self))
        return headers[1:] if self.has_chooser else headers

    @property
    def has_chooser(self) -> bool:
        """Whether the person may do something with several cases."""
        return CHOOSER in self.list_display

    @property
    def rows(self) -> Iterator[CaseRow]:
        """The cases of this page."""
        own = (name for name in self.list_display if name not in ("number", CHOOSER))
        columns = [(name, getattr(self.model_admin, name)) for name in own]
        kept = f"?{self.preserved_filters}" if self.preserved_filters else ""
        for case in self.result_list:
            cells = [
                Cell(name=name, label=show.short_description, value=show(case)) for name, show in columns
            ]
            chooser = self.model_admin.action_checkbox(case) if self.has_chooser else ""
            yield CaseRow(case=case, address=self.url_for_result(case) + kept, chooser=chooser, cells=cells)

    @property
    def main_filters(self) -> list[Any]:
        """What is always in sight."""
        return [one for one in self.filter_specs if one.is_main]

    @property
    def more_filters(self) -> list[Any]:
        """What unfolds."""
        return [one for one in self.filter_specs if not one.is_main]

    @property
    def is_unfolded(self) -> bool:
        """Whether one of the latter is in use."""
        return any(one.value() for one in self.more_filters)

    @property
    def is_narrowed(self) -> bool:
        """Whether there is a way back to all."""
        return bool(self.query or self.has_active_filters)


class CaseList(RegistryAdmin):
    """The half of the page that lists; `case.py` has the page of one case."""

    change_list_template = "cases/admin/case_list.html"
    list_display = (
        *("number", "center_code", "status_label", "source_code", "resected", "level", "last_contact"),
        *("deviations", "queries", "updated"),
    )
    list_filter = FILTERS
    search_fields = ("case_number__begins",)
    ordering = ("-updated_at", "-id")
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CaseChangeList]:
        return CaseChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        index = Operation.objects.filter(case=OuterRef("pk"), operation_type=OperationType.INDEX_RESECTION)
        return (
            super()
            .get_queryset(request)
            .select_related("center", "observation", "patient")
            .annotate(
                resected_on=Subquery(index.order_by("position").values("operated_on")[:1]),
                deviations_open=_open(Deviation),
                queries_open=_open(DataQuery),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """By the beginning of the case number, or by the whole pseudonym."""
        text = search_term.strip()
        if not text:
            return queryset, False
        found = Q(case_number__begins=text)
        if pseudonym.is_valid(text.upper()):
            found |= Q(patient=Subquery(Patient.objects.filter(registry_id=text.upper()).values("pk")[:1]))
        return queryset.filter(found), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"title": gettext("Cases"), "may_export": exporting.centers_of(request.user) != ()}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    # --- columns ----------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("Case"), ordering=Collate("case_number", "C"))
    def number(self, case: Case) -> str:
        """The center's own number."""
        return case.case_number

    @display(description=gettext_lazy("Center"))
    def center_code(self, case: Case) -> str:
        """The short name."""
        return case.center.short

    @display(description=gettext_lazy("Status"))
    def status_label(self, case: Case) -> str:
        """How complete it is."""
        return case.get_status_display()

    @display(description=gettext_lazy("Source"))
    def source_code(self, case: Case) -> Any:
        """The door or origin, in one word."""
        return SOURCES[case.source]

    @display(description=gettext_lazy("Resected"))
    def resected(self, case: Any) -> str:
        """When the index resection was, as precisely as it is known."""
        return str(case.resected_on or "–")

    @display(description=gettext_lazy("Level"))
    def level(self, case: Case) -> str:
        """The most cranial level of the vena cava that the tumor reached."""
        observation = getattr(case, "observation", None)
        return (
            str(Level(observation.level).label).partition(" (")[0]
            if observation and observation.level
            else "–"
        )

    @display(description=gettext_lazy("Last contact"))
    def last_contact(self, case: Case) -> str:
        """The last sign of life, as precisely as it is known."""
        observation = getattr(case, "observation", None)
        return str((observation.last_contact if observation else None) or "–")

    @display(description=gettext_lazy("Deviations"))
    def deviations(self, case: Any) -> int:
        """From the algorithm, open."""
        return case.deviations_open

    @display(description=gettext_lazy("Queries"))
    def queries(self, case: Any) -> int:
        """Implausible values, open."""
        return case.queries_open

    @display(description=gettext_lazy("Updated"), ordering="updated_at")
    def updated(self, case: Case) -> datetime:
        """When it last changed."""
        return case.updated_at

    # --- the list as a file -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        route = path(
            "export/<str:format>/", self.admin_site.admin_view(self.export), name="cases_case_export"
        )
        return [route, *super().get_urls()]

    def export(self, request: HttpRequest, format: str) -> HttpResponseBase:
        """Give the list as it is narrowed, as far as the person may take cases out."""
        if request.method != "POST" or format not in ListExport.Format.values:
            raise Http404
        if not exporting.centers_of(request.user):
            raise PermissionDenied(gettext("You may not export cases."))
        address = reverse("admin:cases_case_changelist")
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            told = gettext("The list cannot be narrowed like that. Narrow it again, then take it out.")
            self.message_user(request, told, "ERROR")
            return HttpResponseRedirect(address)
        try:
            file = exporting.export(
                listed.queryset,
                format=ListExport.Format(format),
                by=request.user,
                narrowed_to=request.GET.dict(),
            )
        except exporting.TooManyRowsError as error:
            self.message_user(request, str(error), "ERROR")
            return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")
        name = f"cases-{timezone.now():%Y-%m-%d}.{format}"
        return FileResponse(
            file, as_attachment=True, filename=name, content_type=exporting.MEDIA_TYPES[format]
        )


def _open(model: type[Deviation] | type[DataQuery]) -> Coalesce:
    rows = model.objects.filter(case=OuterRef("pk"), state=ReviewState.OPEN).order_by()
    return Coalesce(
        Subquery(rows.values("case").annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()
    )
