"""The page of an import, which shows what is to do next: confirm columns, wait, look and decide, or read the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from cases import flat, importing
from cases.admin.import_columns import ColumnsForm
from cases.admin.import_rows import RowsList
from cases.models import ImportBatch, ImportRow
from registry import jobs, uploads
from registry.access import Action
from registry.admin import centers_where
from registry.models import Center, Heartbeat, User

if TYPE_CHECKING:
    from cases.admin.imports import ImportBatchAdmin

State = ImportBatch.State
COLORS: dict[str, str] = {
    State.UPLOADED: "warning",
    State.WAITING: "info",
    State.RUNNING: "info",
    State.CHECKED: "warning",
    State.DONE: "success",
    State.REJECTED: "danger",
    State.FAILED: "danger",
}
WORKER_SILENT_SECONDS = 180
MIB = 2**20


class UploadPage:
    """Choose a file and say whose cases it holds."""

    batch: ImportBatch | None = None

    def __init__(self, model_admin: ImportBatchAdmin, request: HttpRequest) -> None:
        self.admin, self.request = model_admin, request
        allowed = centers_where(request, Action.IMPORT_CASES)
        self.centers = {str(center.pk): center for center in Center.objects.filter(pk__in=allowed)}

    def show(self, errors: dict[str, str] | None = None) -> HttpResponse:
        """Draw the page, with what was wrong."""
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": gettext("Import cases"),
            "opts": self.admin.opts,
            "step": 1,
            "centers": self.centers.values(),
            "chosen": self.request.POST.get("center", ""),
            "errors": errors or {},
            "limit": flat.MAX_FILE_BYTES // MIB,
        }
        status = 422 if errors else 200
        return TemplateResponse(self.request, "cases/admin/import_upload.html", context, status=status)

    def act(self) -> HttpResponse:
        """Keep the file, if it is one."""
        center, file = self.centers.get(self.request.POST.get("center", "")), self.request.FILES.get("file")
        errors = {} if center else {"center": gettext("Choose the center whose cases the file holds.")}
        if uploads.is_too_large(self.request) or (file and (file.size or 0) > flat.MAX_FILE_BYTES):
            said = gettext("The file is larger than {limit} MiB. Split it by rows. Nothing was kept of it.")
            errors["file"] = said.format(limit=flat.MAX_FILE_BYTES // MIB)
        elif file is None:
            errors["file"] = gettext("Choose a file.")
        if errors or center is None or file is None:
            return self.show(errors)
        try:
            batch = importing.upload(
                file.read(), file_name=file.name or "", center=center, by=cast(User, self.request.user)
            )
        except flat.UnreadableFile as error:
            return self.show({"file": str(error)})
        return HttpResponseRedirect(reverse("admin:cases_importbatch_change", args=[batch.pk]))


class ImportPage:
    """One request for the page of an import."""

    def __init__(self, model_admin: ImportBatchAdmin, request: HttpRequest, batch: ImportBatch) -> None:
        self.admin, self.request, self.batch = model_admin, request, batch
        self.by = cast(User, request.user)
        self.may_import = model_admin.may(request, Action.IMPORT_CASES, batch)

    # --- reading ----------------------------------------------------------------------------------------------------

    def show(self) -> HttpResponse:
        """Draw what is to do next."""
        pages: dict[str, Callable[[], HttpResponse]] = {
            State.UPLOADED: self._columns,
            State.WAITING: self._progress,
            State.RUNNING: self._progress,
            State.CHECKED: self._preview,
        }
        return pages.get(self.batch.state, self._result)()

    def _columns(self, form: ColumnsForm | None = None) -> HttpResponse:
        earlier = importing.earlier(self.batch)
        context = {
            "step": 2,
            "form": form or ColumnsForm.proposed(self.batch),
            "earlier": earlier,
            "earlier_state": state_of(earlier) if earlier else "",
        }
        return self._draw("import_columns", context, status=422 if form else 200)

    def _progress(self) -> HttpResponse:
        return self._draw("import_progress", {"step": self._step, "progress": progress_of(self.batch)})

    @property
    def _step(self) -> int:
        return 3 if self.batch.dry_run else 5

    def _preview(self) -> HttpResponse:
        counts = self.batch.verdicts["counts"]
        return self._draw(
            "import_preview",
            {
                "step": 4,
                "rows": self._rows(),
                "counts": counts,
                "to_import": counts["new"] + counts["changed"],
            },
        )

    def _result(self) -> HttpResponse:
        """Tell what came of it; of an import of long ago, or of an earlier release, the counts may be all there is."""
        counts = self.batch.verdicts.get("counts")
        has_rows = counts and ImportRow.objects.filter(batch=self.batch).exists()
        context = {"step": 5, "rows": self._rows() if has_rows else None, "counts": counts}
        return self._draw("import_result", {**context, "imported": _imported(self.batch)})

    def _rows(self) -> RowsList:
        return RowsList(self.batch, self.request.GET)

    def _draw(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": self.batch.shown_name,
            "opts": self.admin.opts,
            "batch": self.batch,
            "may_import": self.may_import,
            "state": state_of(self.batch),
            "state_color": COLORS.get(self.batch.state, ""),
            **context,
        }
        return TemplateResponse(self.request, f"cases/admin/{template}.html", context, status=status)

    # --- deciding ---------------------------------------------------------------------------------------------------

    def act(self) -> HttpResponse:
        """Take the step that was asked for, if it is still to take."""
        steps = {
            "check": self._check,
            "import": self._import,
            "columns": self._reopen,
            "cancel": self._cancel,
        }
        step = steps.get(self.request.POST.get("do", ""))
        return step() if step else self._again()

    @property
    def _seen_round(self) -> int:
        given = self.request.POST.get("round", "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else -1

    def _check(self) -> HttpResponse:
        form = ColumnsForm.sent(self.batch, self.request.POST)
        if self.batch.state == State.UPLOADED and form.mistakes:
            return self._columns(form)
        taken = importing.check(
            self.batch,
            fields=form.fields,
            blank_erases=form.blank_erases,
            by=self.by,
            seen_round=self._seen_round,
        )
        return self._then(taken)

    def _import(self) -> HttpResponse:
        wants_all = self.request.POST.get("mode") == "all"
        rejected = self.batch.verdicts.get("counts", {}).get("rejected", 0)
        if wants_all and rejected:
            said = ngettext(
                "{n} row is rejected, so not all can be imported. Correct it and upload the file again, "
                "or leave it out.",
                "{n} rows are rejected, so not all can be imported. Correct them and upload the file again, "
                "or leave them out.",
                rejected,
            )
            messages.error(self.request, said.format(n=number_format(rejected)))
            return self._again()
        return self._then(
            importing.commit(self.batch, by=self.by, seen_round=self._seen_round, all_or_nothing=wants_all)
        )

    def _reopen(self) -> HttpResponse:
        return self._then(importing.reopen(self.batch, by=self.by, seen_round=self._seen_round))

    def _cancel(self) -> HttpResponse:
        return self._then(importing.cancel(self.batch, by=self.by))

    def _then(self, taken: bool) -> HttpResponse:
        """Go on, and tell whoever came too late that nothing was done twice."""
        if not taken:
            said = gettext(
                "This step was taken already, here or in another window. This is how far the import is."
            )
            messages.info(self.request, said)
        return self._again()

    def _again(self) -> HttpResponse:
        return HttpResponseRedirect(self.request.path)


def state_of(batch: ImportBatch) -> str:
    """The state in a word."""
    return batch.get_state_display().partition(":")[0]


# --- how far it is --------------------------------------------------------------------------------------------------


def progress_of(batch: ImportBatch) -> dict[str, Any]:
    """How far a worker is, for the page and for the script that refreshes it."""
    is_over = batch.state not in (State.WAITING, State.RUNNING)
    return {
        "is_over": is_over,
        "state": batch.state,
        "done": batch.rows_done,
        "total": batch.rows_total,
        "said": _said(batch),
        "is_unattended": not is_over and batch.state == State.WAITING and not worker_is_there(),
    }


def _said(batch: ImportBatch) -> str:
    if batch.state == State.WAITING:
        return gettext("Waiting for a worker.")
    if batch.state == State.RUNNING and jobs.is_between_attempts(ImportBatch, batch.pk, batch.attempts):
        return gettext(
            "The last attempt failed; nothing of it was kept. The next begins by itself in minutes."
        )
    said = (
        gettext("Row {done} of {total} is checked.")
        if batch.dry_run
        else gettext("Row {done} of {total} is read.")
    )
    return said.format(done=number_format(batch.rows_done), total=number_format(batch.rows_total))


def worker_is_there() -> bool:
    """Whether scheduler, queue and worker have left a sign of life a short while ago."""
    age = (
        Heartbeat.objects.filter(name="worker")
        .annotate(age=Now() - F("seen_at"))
        .values_list("age", flat=True)
    )
    return any(since.total_seconds() < WORKER_SILENT_SECONDS for since in age)


def _imported(batch: ImportBatch) -> str:
    """What came of it, in a sentence."""
    counts = batch.verdicts.get("counts", {})
    n = counts.get("new", 0) + counts.get("changed", 0)
    if batch.state != State.DONE:
        return ""
    if not batch.verdicts.get("saved", True):
        return gettext("This was a dry run over the API; nothing was saved")
    return ngettext("{n} case was imported.", "{n} cases were imported.", n).format(n=number_format(n))
