"""Versions of the algorithm: their list, the form that drafts one, the page that shows what a draft would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from cases import versions
from cases.admin.import_page import worker_is_there
from cases.models import AlgorithmPreview, AlgorithmVersion, PreviewedChange
from cases.rulebook import retelling
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.thresholds import LARGEST
from cases.vocabulary import Severity, Verdict
from registry.access import Action
from registry.admin import ReadOnlyAdmin, site
from registry.models import User
from registry.tongues import reader

SHOWN_CASES = 100
State = AlgorithmVersion.State
COLORS: dict[str, str] = {
    State.DRAFT: "warning",
    State.ACTIVE: "success",
    State.RETIRED: "info",
    State.WITHDRAWN: "info",
}


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The thresholds of one rule, as fields of the form or as what a version changes."""

    rule: Rule
    rows: list[Any]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One threshold that a version changes."""

    label: str
    unit: str
    before: str
    after: str


class DraftForm(forms.Form):
    """A new version: its name, its reason, and every number of every rule, as they are in force."""

    version = forms.CharField(
        required=False,
        label=gettext_lazy("Version"),
        help_text=gettext_lazy("Such as 2027.1; never used again."),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(
        required=False,
        label=gettext_lazy("What changes, and why"),
        help_text=gettext_lazy("With the source: a paper, a guideline, a decision of the steering group."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.book = versions.active()
        for rule in _with_numbers(self.book):
            for threshold in rule.thresholds:
                is_whole = isinstance(threshold.value, int)
                kind = forms.IntegerField if is_whole else forms.FloatField
                number = kind(
                    label=gettext(threshold.label),
                    initial=threshold.value,
                    min_value=0,
                    max_value=LARGEST,
                    localize=False,
                )
                number.rule = rule.id  # two rules may have a number of the same name
                self.fields[_name(rule, threshold.name)] = number

    def groups(self) -> Iterator[Numbers]:
        """The numbers by rule."""
        for rule in _with_numbers(self.book):
            rows = [(self[_name(rule, one.name)], one.unit_said) for one in rule.thresholds]
            yield Numbers(rule=rule, rows=rows)

    def thresholds(self) -> dict[str, dict[str, float]]:
        """What was given, by rule and name."""
        return {
            rule.id: {name: self.cleaned_data[_name(rule, name)] for name in rule.numbers}
            for rule in _with_numbers(self.book)
        }


def _with_numbers(book: Rulebook) -> list[Rule]:
    """Each rule that has thresholds, once: rules that share an id share their numbers."""
    return list({rule.id: rule for rule in book.rules if rule.thresholds}.values())


def _name(rule: Rule, name: str) -> str:
    return f"{rule.id}.{name}"


@admin.register(AlgorithmVersion, site=site)
class AlgorithmVersionAdmin(ReadOnlyAdmin):
    """Versions are drafted, previewed and put in force by two people."""

    to_view = to_add = to_audit = Action.MANAGE_ALGORITHM
    nothing_yet = gettext_lazy(
        "The algorithm is in force as the software brings it. To change a number, draft a version."
    )
    list_display = ("version", "state_label", "valid_from", "note", "made_by", "activated_by", "activated_at")
    list_filter = ("state",)
    list_select_related = ("made_by", "activated_by")
    actions = None
    fields = ("version",)  # the pages are our own

    def center_of(self, row: Any) -> None:
        """Nobody's: the algorithm is the registry's."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlgorithmVersion]:
        found = AlgorithmVersion.objects.select_related("made_by", "activated_by")
        return found if self.has_view_permission(request) else found.none()

    @display(description=gettext_lazy("State"), ordering="state", label=COLORS)
    def state_label(self, row: AlgorithmVersion) -> tuple[str, str]:
        """Where it stands."""
        return row.state, row.get_state_display()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", view(self.progress), name="cases_algorithmversion_progress"),
            *super().get_urls(),
        ]

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far the preview is, for the script of the page."""
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        preview = row.previews.first()
        if preview is None:
            raise Http404
        return JsonResponse(progress_of(preview))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Draft a version."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = DraftForm(
            request.POST if request.method == "POST" else None, initial={"valid_from": timezone.localdate()}
        )
        if request.method == "POST" and form.is_valid():
            try:
                row = versions.draft(
                    version=form.cleaned_data["version"],
                    valid_from=form.cleaned_data["valid_from"],
                    note=form.cleaned_data["note"],
                    thresholds=form.thresholds(),
                    by=cast(User, request.user),
                )
            except ValidationError as error:
                for name, told in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, told)
            else:
                _start_preview(row, request)
                return HttpResponseRedirect(reverse("admin:cases_algorithmversion_change", args=[row.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Draft a version of the algorithm"),
            "opts": self.opts,
            "form": form,
            "active": form.book,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "cases/admin/version_draft.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a version; take what is to be done with a draft."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        problems: list[str] = []
        if request.method == "POST":
            try:
                self._act(request, row)
            except ValidationError as error:
                problems = error.message_dict.get(NON_FIELD_ERRORS, error.messages)
            else:
                return HttpResponseRedirect(request.path)
        return self._show(request, row, problems)

    def _act(self, request: HttpRequest, row: AlgorithmVersion) -> None:
        by = cast(User, request.user)
        match request.POST.get("do"):
            case "preview":
                _start_preview(row, request)
            case "withdraw":
                versions.withdraw(row, by=by)
                messages.success(request, gettext("Withdrawn. Nothing else was changed."))
            case "activate":
                versions.activate(row, by=by)
                told = gettext("Version {version} is in force. All cases are being read again.")
                messages.success(request, told.format(version=row.version))

    def _show(self, request: HttpRequest, row: AlgorithmVersion, problems: list[str]) -> HttpResponse:
        preview = row.previews.first()
        is_draft = row.state == State.DRAFT
        is_current = preview is not None and preview.against == versions.active().version
        is_done = preview is not None and preview.state == AlgorithmPreview.State.DONE
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Version {version} of the algorithm").format(version=row.version),
            "opts": self.opts,
            "row": row,
            "color": COLORS[row.state],
            "problems": problems,
            "numbers": list(_changed(row)),
            "left_out": ", ".join(versions.left_out(row)),
            "preview": preview,
            "progress": progress_of(preview) if preview else None,
            "is_draft": is_draft,
            "is_old": is_draft and is_done and not is_current,
            "is_own": row.made_by_id == request.user.pk,
            "may_activate": is_draft and is_done and is_current and row.made_by_id != request.user.pk,
            **(_previewed(preview) if is_done else {}),
        }
        return TemplateResponse(request, "cases/admin/version.html", context, status=422 if problems else 200)


def _start_preview(row: AlgorithmVersion, request: HttpRequest) -> None:
    versions.start_preview(row, by=cast(User, request.user))


def progress_of(preview: AlgorithmPreview) -> dict[str, Any]:
    """How far a preview is, for the page and for the script that refreshes it."""
    is_over = preview.state not in (AlgorithmPreview.State.WAITING, AlgorithmPreview.State.RUNNING)
    said = gettext("{done} of {total} cases are read.")
    return {
        "is_over": is_over,
        "done": preview.cases_read,
        "total": max(preview.cases_total, 1),
        "said": gettext("Waiting for a worker.")
        if preview.state == AlgorithmPreview.State.WAITING
        else said.format(done=number_format(preview.cases_read), total=number_format(preview.cases_total)),
        "is_unattended": preview.state == AlgorithmPreview.State.WAITING and not worker_is_there(),
    }


def _changed(row: AlgorithmVersion) -> Iterator[Numbers]:
    """What the version sets otherwise than the code does."""
    for rule_id, values in sorted(row.thresholds.items()):
        rule = next((rule for rule in ALGORITHM.rules if rule.id == rule_id), None)
        if rule is None:
            continue
        declared = {one.name: one for one in rule.thresholds}
        rows = [
            Changed(
                label=gettext(declared[name].label),
                unit=str(declared[name].unit_said),
                before=reader().number(declared[name].value),
                after=reader().number(value),
            )
            for name, value in values.items()
            if name in declared
        ]
        yield Numbers(rule=rule, rows=rows)


def _previewed(preview: AlgorithmPreview) -> dict[str, Any]:
    """What the draft would change: counted by rule and center, and the first of the cases."""
    changes = PreviewedChange.objects.filter(preview=preview)
    book = versions.rulebook(preview.draft)
    columns = ("rule_id", "before", "severity_before", "after", "severity_after")
    by_rule = changes.values(*columns).annotate(n=Count("case", distinct=True)).order_by(*columns)
    by_center = changes.values("center__code", "rule_id").annotate(n=Count("case", distinct=True))
    first = changes.select_related("case", "center").order_by("rule_id", "case_id")[:SHOWN_CASES]
    return {
        "by_rule": [
            {**one, **_words(one), "title": retelling.title(one["rule_id"], book)} for one in by_rule
        ],
        "by_center": by_center.order_by("center__code", "rule_id"),
        "first": [(one, _words(vars(one))) for one in first],
        "more": max(changes.count() - SHOWN_CASES, 0),
    }


def _words(change: Any) -> dict[str, str]:
    return {name: _word(change[name], change[f"severity_{name}"]) for name in ("before", "after")}


def _word(verdict: str, severity: str) -> str:
    label = str(Verdict(verdict).label)
    return f"{label} ({Severity(severity).label})" if severity else label
