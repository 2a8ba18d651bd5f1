"""Reports: a list of cuts, each with its documents and the state of its mails."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from unfold.decorators import display

from registry import language
from registry.access import Action
from registry.admin import ReadOnlyAdmin, site
from registry.chain import reading
from reports import content as contents
from reports import rendering
from reports.admin.releases import ReleaseFilter, Releases, decided
from reports.models import Audience, Delivery, Report
from reports.querysets import MOST_ATTEMPTS, works_for_registry
from reports.rendering import DOCUMENTS


@admin.register(Report, site=site)
class ReportAdmin(Releases, ReadOnlyAdmin):
    """What was cut, for whom, and its documents."""

    nothing_yet = gettext_lazy("No report yet. Who subscribes gets one at the end of each period.")
    to_view = Action.READ_REPORT
    list_display = ("number", "cut", "scope", "source", "audience_label", "state", "downloads")
    list_filter = (ReleaseFilter, "source", "audience", "center")
    list_select_related = ("center",)
    date_hierarchy = "as_of"
    fields = (
        "downloads",
        "center",
        "source",
        "audience",
        "as_of",
        "slot",
        "requested_by",
        "created_at",
        "composed_at",
        "release_told",
        "attempts",
        "content_digest",
        "data_digest",
        "code_version",
        "report_version",
        "rulebooks",
        "mails",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        rows = Report.objects.visible_to(request.user).select_related("center", "release__by")
        rows = rows.defer("content")
        return rows.annotate(has_content=Q(content__isnull=False)).order_by("-id")

    def has_view_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """Let everybody read what the list shows them: reports of the whole registry, too, for their audience."""
        return super().has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the documents; they are rendered from the stored content at each look."""
        route = path(
            "<int:pk>/<str:name>", self.admin_site.admin_view(self.document), name="reports_report_document"
        )
        return [route, *super().get_urls()]

    def document(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Give one document of a report that this person may read; anything else does not exist."""
        if not self.has_view_permission(request) or name not in DOCUMENTS:
            raise Http404
        report = Report.objects.visible_to(request.user).composed().filter(pk=pk).first()
        if report is None:
            raise Http404
        content, document = contents.from_plain(report.content), DOCUMENTS[name]
        made = rendering.made(name, content, language.spoken())
        reading.of_report(report, by=request.user, door="admin", form=name)
        response = HttpResponse(made, content_type=document.media_type)
        stem, _, suffix = name.partition(".")
        file = f"survival-{stem}-{report.pk}-{report.as_of.isoformat()}.{suffix}"
        response["Content-Disposition"] = (
            f'{"inline" if document.is_shown else "attachment"}; filename="{file}"'
        )
        return response

    @display(description=gettext_lazy("Report"), ordering="id")
    def number(self, report: Report) -> str:
        """Its number, which mails name too."""
        return f"{report.pk}"

    @display(description=gettext_lazy("Data cut"), ordering="as_of")
    def cut(self, report: Report) -> str:
        """The day, with the period of a scheduled report."""
        return f"{report.as_of:%Y-%m-%d}" + (f" ({report.slot})" if report.slot else "")

    @display(description=gettext_lazy("Scope"))
    def scope(self, report: Report) -> str:
        """Which center, or all."""
        return report.center.code if report.center else gettext("Registry")

    @display(
        description=pgettext_lazy("audience", "For"),
        ordering="audience",
        label={"inside": "success", "outside": "warning"},
    )
    def audience_label(self, report: Report) -> tuple[str, str]:
        """Whether small numbers are withheld."""
        is_full = report.audience == Audience.INSIDE
        return report.audience, gettext("full") if is_full else gettext("small numbers withheld")

    @display(
        description=gettext_lazy("State"),
        label={
            "composed": "success",
            "released": "success",
            "waiting": "info",
            "waits": "warning",
            "withheld": "danger",
            "stuck": "danger",
        },
    )
    def state(self, report: Report) -> tuple[str, str]:
        """Whether there is something to read, or will be."""
        if report.has_content:  # type: ignore[attr-defined]
            return _standing(report)
        is_stuck = report.attempts >= MOST_ATTEMPTS
        return ("stuck", gettext("stuck")) if is_stuck else ("waiting", gettext("waiting"))

    def get_fields(self, request: HttpRequest, obj: Report | None = None) -> tuple[str, ...]:
        """Tell of the release those who work for the registry; others find only what was released."""
        return tuple(
            name for name in self.fields if name != "release_told" or works_for_registry(request.user)
        )

    @display(description=gettext_lazy("Release"))
    def release_told(self, report: Report) -> SafeString | str:
        """What was decided, by whom and why; or the way to the page that decides."""
        if not (report.needs_release and report.has_content):  # type: ignore[attr-defined]
            return gettext("needs none")
        url = reverse("admin:reports_report_release", args=[report.pk])
        found = decided(report)
        if found is None:
            told = gettext("waits for release")
        else:
            told = gettext("{decision} by {who}, {when} UTC").format(
                decision=found.get_decision_display().lower(),
                who=found.by or gettext("the registry itself"),
                when=f"{found.decided_at:%Y-%m-%d %H:%M}",
            )
            told += f": {found.reason}" if found.reason else ""
        return format_html('{} <a class="registry-link" href="{}">{}</a>', told, url, gettext("Release page"))

    @display(description=gettext_lazy("Documents"))
    def downloads(self, report: Report) -> SafeString | str:
        """Links to the documents."""
        if not report.has_content:  # type: ignore[attr-defined]
            return "–"
        links = (
            (reverse("admin:reports_report_document", args=[report.pk, name]), document.title)
            for name, document in DOCUMENTS.items()
        )
        return format_html_join(" ", '<a class="registry-link" href="{}">{}</a>', links)

    @display(description=gettext_lazy("Mails"))
    def mails(self, report: Report) -> SafeString | str:
        """How many mails are in which state, with a way to them."""
        counted = (
            Delivery.objects.filter(report=report)
            .values_list("state")
            .annotate(n=Count("pk"))
            .order_by("state")
        )
        said = ", ".join(f"{n} {Delivery.State(state).label.lower()}" for state, n in counted)
        if not said:
            return gettext("none")
        url = f"{reverse('admin:reports_delivery_changelist')}?report__id__exact={report.pk}"
        return format_html('<a class="registry-link" href="{}">{}</a>', url, said)


def _standing(report: Report) -> tuple[str, str]:
    """How far a composed report is: of those that need a release, what was decided."""
    if not report.needs_release:
        return "composed", gettext("composed")
    found = decided(report)
    if found is None:
        return "waits", gettext("waits for release")
    return found.decision, found.get_decision_display().lower()
