"""Background work that went wrong, for the registry's administrators: to look at, and to let it be tried again."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from registry import audit, jobs
from registry.access import Action
from registry.admin.base import ReadOnlyAdmin, site
from registry.home import Card, Desk, Line, first
from registry.models import Setback, User


class ReasonForm(forms.Form):
    """Why work is tried again."""

    reason = forms.CharField(
        max_length=audit.LONGEST_REASON,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("What was mended, or why it may do now. The audit trail keeps it."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        """Refuse what cannot be kept."""
        reason: str = self.cleaned_data["reason"]
        if told := audit.wrong_reason(reason):
            raise forms.ValidationError(told)
        return reason


@admin.register(Setback, site=site)
class SetbackAdmin(ReadOnlyAdmin):
    """What, when, how often, and the kind of the last error: never what the error said, which may be a patient's."""

    nothing_yet = gettext_lazy("No work in the background has gone wrong.")
    to_view = to_audit = Action.MANAGE_REGISTRY
    fields = ("what", "attempts", "error", "state", "at")
    list_display = ("what", "what_comes", "attempts", "error", "at")
    list_filter = ("state",)
    ordering = ("-at", "-id")
    actions = ("try_again",)

    def center_of(self, row: Setback) -> None:
        """Nobody's: whoever runs the registry looks after its work."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Setback]:
        """All rows, or none: to who may not read them, they are not there."""
        return Setback.objects.all() if self.has_view_permission(request) else Setback.objects.none()

    @display(description=gettext_lazy("Work"))
    def what(self, row: Setback) -> str:
        """What it is, and its number."""
        return name_of(row)

    @display(
        description=gettext_lazy("State"),
        ordering="state",
        label={"tried_again": "info", "set_aside": "danger", "overcome": "success"},
    )
    def what_comes(self, row: Setback) -> tuple[str, str]:
        """What comes of it."""
        return row.state, row.get_state_display()

    @admin.action(description=gettext_lazy("Try the selected work again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Setback]) -> HttpResponse | None:
        """Ask for the reason, then let it be done."""
        if request.POST.get("select_across") == "1":
            told = gettext("Choose work of one page at a time: the rest was not shown to you.")
            self.message_user(request, told, messages.ERROR)
            return None
        chosen = list(queryset)
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            self._begin_again(request, chosen, form.cleaned_data["reason"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Try work again"),
            "opts": self.opts,
            "chosen": [(row.pk, name_of(row), row.error) for row in chosen],
            "form": form,
        }
        return TemplateResponse(request, "registry/try_again.html", context)

    def _begin_again(self, request: HttpRequest, chosen: list[Setback], reason: str) -> None:
        """Let each be done, and say what became of it."""
        begun = jobs.begin_again([row.pk for row in chosen], reason=reason, by=cast(User, request.user))
        for row in chosen:
            if row.pk in begun:
                told = gettext("{work} is tried again.").format(work=name_of(row))
                self.message_user(request, told, messages.SUCCESS)
            else:
                told = gettext(
                    "{work} stays as it is: it is not set aside, or what it needs is not kept any more."
                )
                self.message_user(request, told.format(work=name_of(row)), messages.WARNING)


def name_of(row: Setback) -> str:
    """What people call a piece of work."""
    kind = jobs.kind_of(row.job)
    return f"{kind.title if kind else row.job} {row.job_id}"


def set_aside(desk: Desk) -> Card | None:
    """Work that nobody tries any more; nothing where there is none."""
    if not desk.may_everywhere(Action.MANAGE_REGISTRY):
        return None
    waiting = Setback.objects.filter(state=Setback.State.SET_ASIDE).order_by("-at", "-id")
    rows, count = first(waiting)
    if not rows:
        return None
    return Card(
        title=gettext("Work that was set aside"),
        count=count,
        lines=[
            Line(
                text=name_of(row),
                address=reverse("admin:registry_setback_change", args=[row.pk]),
                aside=f"{row.error} · {row.at:%Y-%m-%d %H:%M}",
            )
            for row in rows
        ],
        address=reverse("admin:registry_setback_changelist") + "?state__exact=set_aside",
    )
