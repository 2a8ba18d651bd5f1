"""The release of a report of the whole registry: look at both versions, then let one go or keep it here.

A decision takes two steps, the page and its confirmation, since it cannot be taken back; made twice it is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, gettext_lazy

from registry import access
from registry.access import Action
from registry.audit import LONGEST_REASON
from registry.models import User
from reports import receiving, releasing, schedule
from reports.models import Release, Report

if TYPE_CHECKING:
    from registry.admin import ReadOnlyAdmin as Base
else:
    Base = object

Decision = Release.Decision


class ReleaseFilter(admin.SimpleListFilter):
    """Reports by what was decided on them."""

    title = gettext_lazy("Release")
    parameter_name = "release"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waits", gettext("waits for release")), *Decision.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        chosen = self.value()
        if chosen == "waits":
            return cast(Any, queryset).waiting_for_release()
        return queryset.filter(release__decision=chosen) if chosen else queryset


def decided(report: Report) -> Release | None:
    """What was decided on a report, if anything was."""
    return getattr(report, "release", None)


class Releases(Base):
    """What the admin of reports gains: the page that decides on one."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.release_view)
        return [path("<int:pk>/release/", view, name="reports_report_release"), *super().get_urls()]

    def may_release(self, request: HttpRequest) -> bool:
        """Whether this person decides on reports of the registry."""
        return access.may_everywhere(request.user, Action.RELEASE_REPORTS)

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would leave and to how many; ask again; decide."""
        if not self.may_release(request):
            raise PermissionDenied
        reports = Report.objects.visible_to(request.user).composed().select_related("release__by")
        report = reports.filter(pk=pk).first()
        if report is None or not report.needs_release:
            raise Http404
        asked = request.POST.get("decision", "")
        if asked not in Decision.values:
            return self._show(request, report)
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, report, Decision(asked))
        return self._decide(request, report, Decision(asked))

    def _decide(self, request: HttpRequest, report: Report, decision: Decision) -> HttpResponse:
        by, reason = cast(User, request.user), request.POST.get("reason", "")
        letting_go = decision == Decision.RELEASED
        try:
            if letting_go:
                releasing.release(report, by=by, reason=reason)
            else:
                releasing.withhold(report, by=by, reason=reason)
        except ValidationError as error:
            for told in error.messages:
                messages.error(request, told)
            return HttpResponseRedirect(reverse("admin:reports_report_release", args=[report.pk]))
        told = gettext("{report} is released: its mails leave within a minute.") if letting_go else ""
        told = told or gettext("{report} is withheld: it is mailed to nobody.")
        messages.success(request, told.format(report=report))
        return HttpResponseRedirect(reverse("admin:reports_report_change", args=[report.pk]))

    def _ask(self, request: HttpRequest, report: Report, decision: Decision) -> HttpResponse:
        """Say once more what would happen; a reason that is missing is asked for first."""
        reason = " ".join(request.POST.get("reason", "").split())
        if decision == Decision.WITHHELD and not reason:
            messages.error(request, gettext("Say why the report is withheld."))
            return HttpResponseRedirect(reverse("admin:reports_report_release", args=[report.pk]))
        letting_go = decision == Decision.RELEASED
        title = gettext("Release {report}?") if letting_go else gettext("Withhold {report}?")
        return self._page(
            request,
            report,
            "release_confirm.html",
            title=title.format(report=report),
            decision=decision,
            letting_go=letting_go,
            reason=reason,
        )

    def _show(self, request: HttpRequest, report: Report) -> HttpResponse:
        versions = Report.objects.visible_to(request.user).composed().select_related("release")
        same = versions.filter(center=None, source=report.source, slot=report.slot).defer("content")
        return self._page(
            request,
            report,
            "release.html",
            title=gettext("Release of {report}").format(report=report),
            versions=same.order_by("audience"),
            against=[] if decided(report) else releasing.hindrances(report),
            longest=LONGEST_REASON,
        )

    def _page(self, request: HttpRequest, report: Report, template: str, **more: Any) -> HttpResponse:
        wanting = schedule.wanting(report)
        readers = {
            one.user_id for one in wanting if one.user.email and receiving.may_receive(one.user, report)
        }
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "report": report,
            "decided": decided(report),
            "readers": len(readers),
            **more,
        }
        return TemplateResponse(request, f"reports/admin/{template}", context)
