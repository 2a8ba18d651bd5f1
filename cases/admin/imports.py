"""Files that come in: the list of them, and the addresses of the pages that lead a file into the registry."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.formats import number_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from cases import dictionary, importing
from cases.admin.import_page import COLORS, ImportPage, UploadPage, progress_of, state_of
from cases.flat import template
from cases.importing import Attachment
from cases.importing.returning import WORKBOOK
from cases.models import ImportBatch, ImportRow
from registry.access import Action
from registry.admin import ReadOnlyAdmin, site

FILES: dict[str, Callable[[], Attachment]] = {
    "cases.xlsx": lambda: Attachment(name="cases.xlsx", content_type=WORKBOOK, content=template.workbook()),
    "cases.csv": lambda: Attachment(
        name="cases.csv", content_type="text/csv", content=template.table().encode("utf-8-sig")
    ),
    "dictionary.md": lambda: Attachment(
        name="dictionary.md",
        content_type="text/markdown; charset=utf-8",
        content=dictionary.FORMATS["markdown"]().encode(),
    ),
}


@admin.register(ImportBatch, site=site)
class ImportBatchAdmin(ReadOnlyAdmin):
    """The imports of the centers one sees."""

    nothing_yet = gettext_lazy("No file was imported yet.")
    to_add = Action.IMPORT_CASES
    list_display = ("file", "center_code", "person", "state_label", "outcome", "uploaded")
    list_filter = ("state", "center")
    actions = None
    fields: ClassVar[tuple[str, ...]] = ("file_name",)  # the pages are our own

    # --- the list ---------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        found: QuerySet[ImportBatch] = super().get_queryset(request)
        return found.select_related("center", "requested_by").defer("content")

    @display(description=gettext_lazy("File"), ordering="file_name")
    def file(self, batch: ImportBatch) -> str:
        """Its name."""
        return batch.shown_name

    @display(description=gettext_lazy("By"), ordering="requested_by__username", empty_value="–")
    def person(self, batch: ImportBatch) -> str | None:
        """Whoever uploaded it, or had it imported."""
        return str(batch.requested_by) if batch.requested_by else None

    @display(description=gettext_lazy("Uploaded"), ordering="created_at")
    def uploaded(self, batch: ImportBatch) -> datetime:
        """When."""
        return batch.created_at

    @display(description=gettext_lazy("Center"), ordering="center__code")
    def center_code(self, batch: ImportBatch) -> str:
        """The short name."""
        return batch.center.short

    @display(description=gettext_lazy("State"), ordering="state", label=COLORS)
    def state_label(self, batch: ImportBatch) -> tuple[str, str]:
        """How far it is, in a word."""
        return batch.state, state_of(batch)

    @display(description=gettext_lazy("Rows"), empty_value="–")
    def outcome(self, batch: ImportBatch) -> str | None:
        """What becomes of its rows."""
        counts = batch.verdicts.get("counts")
        if not counts:
            return None
        parts = [
            f"{verdict.label}: {number_format(counts[verdict])}"
            for verdict in ImportRow.Verdict
            if counts[verdict]
        ]
        return ", ".join(parts) or gettext("none")

    # --- the pages --------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("files/<str:name>", view(self.file_view), name="cases_importbatch_file"),
            path("<int:pk>/progress/", view(self.progress_view), name="cases_importbatch_progress"),
            path("<int:pk>/rejected/", view(self.rejected_view), name="cases_importbatch_rejected"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if object_id is None:
            self._require(request, None)
            page: UploadPage | ImportPage = UploadPage(self, request)
        else:
            page = ImportPage(self, request, self._batch(request, object_id))
        if request.method != "POST":
            return page.show()
        self._require(request, page.batch)
        return page.act()

    def file_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Give a file that helps to fill in a file."""
        if name not in FILES or not self.has_view_permission(request):
            raise Http404
        return _download(FILES[name]())

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say how far an import is."""
        return JsonResponse(progress_of(self._batch(request, str(pk))))

    def rejected_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the rejected rows back as a file."""
        batch = self._batch(request, str(pk))
        self._require(request, batch)
        attachment = importing.rejected_rows(batch)
        if attachment is None:
            raise Http404("No rejected rows are kept of this import.")
        return _download(attachment)

    def _batch(self, request: HttpRequest, object_id: str) -> ImportBatch:
        """The import; missing and foreign ones do not exist alike."""
        batch = self.get_object(request, object_id)
        if batch is None:
            raise Http404("There is no such import.")
        return batch

    def _require(self, request: HttpRequest, batch: ImportBatch | None) -> None:
        if not self.may(request, Action.IMPORT_CASES, batch):
            raise PermissionDenied(gettext("You may look at imports here, but not import cases."))


def _download(attachment: Attachment) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, attachment.name) or "attachment"}
    return HttpResponse(attachment.content, content_type=attachment.content_type, headers=headers)
