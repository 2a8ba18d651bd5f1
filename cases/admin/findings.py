"""Work lists of deviations and data queries, and the way to the page of each."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.decorators import display

from cases import versions
from cases.admin.finding import FindingPage, standing
from cases.admin.finding_filters import Mattering, OfRule, Standing, Waiting, entry, tabs
from cases.models import DataQuery, Deviation
from cases.models.review import ReviewItem
from cases.rulebook import retelling
from cases.rulebook.engine import Rulebook
from cases.rulebook.validity import VALIDITY
from registry.admin import ReadOnlyAdmin, site

LONGEST_ANSWER = 80


class FindingAdmin(ReadOnlyAdmin):
    """Findings that open and close by themselves when the data change, and that people answer."""

    list_display_links = ("rule",)
    list_select_related = ("case", "center")
    show_full_result_count = False
    search_fields = ("case__case_number__begins", "rule_id__begins")
    search_help_text = gettext_lazy("Beginning of a case number or of a rule")
    list_before_template = "cases/admin/standing.html"

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("cases/review.css",)}

    def rulebook(self) -> Rulebook:
        """The rules that find now."""
        raise NotImplementedError

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-opened_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReviewItem]:
        return super().get_queryset(request).select_related("case", "center", "answered_by", "decided_by")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "tabs": tabs(request, self)})

    # --- the columns ------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("Rule"), ordering="rule_id")
    def rule(self, item: ReviewItem) -> str:
        """The rule and its version; the way to the page of the finding."""
        told = '<span class="registry-link">{}</span> <span class="review-version">{}</span><br>{}'
        rule = entry(retelling.book_of(item), item.rule_id)
        return format_html(told, item.rule_id, item.rulebook_version, rule.title if rule else "")

    @display(description=gettext_lazy("Case"), ordering="case__case_number")
    def case_link(self, item: ReviewItem) -> str:
        """The case, at the part of its page that tells of the rules."""
        return format_html(
            '<a class="registry-link" href="{}#review">{}</a>',
            reverse("admin:cases_case_change", args=[item.case_id]),
            item.case.case_number,
        )

    @display(description=gettext_lazy("Center"), ordering="center__code")
    def center_code(self, item: ReviewItem) -> str:
        """The short name."""
        return item.center.short

    @display(description=gettext_lazy("Found"))
    def found(self, item: ReviewItem) -> str:
        """What was recorded, and what was expected instead."""
        rule = entry(retelling.book_of(item), item.rule_id)
        expected = gettext("Expected: {rule}.").format(rule=rule.asks) if rule and rule.asks else ""
        told = '<div class="review-found">{}<p class="review-help">{}</p></div>'
        return format_html(told, retelling.of_item(item), expected)

    @display(description=gettext_lazy("Severity"), ordering="severity")
    def severity_label(self, item: ReviewItem) -> str:
        """How much it matters."""
        return str(item.get_severity_display())

    @display(description=gettext_lazy("Age"), ordering="-opened_at")
    def age(self, item: ReviewItem) -> str:
        """Days since it was first found."""
        days = (timezone.now() - item.opened_at).days
        return ngettext("{n} day", "{n} days", days).format(n=days)

    @display(description=gettext_lazy("State and answer"), ordering="state")
    def state_and_answer(self, item: ReviewItem) -> str:
        """Where it stands, and what the center said."""
        key, word = standing(item)
        given = item.get_answer_display() if item.answer else ""
        words = Truncator(item.decision_text or item.answer_text).chars(LONGEST_ANSWER)
        badge = format_html('<span class="review-badge review-{}">{}</span>', key, word)
        told = '<div class="review-given">{} {}<p class="review-help">{}</p></div>'
        return format_html(told, badge, given, words)

    # --- the page ---------------------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        item = None if object_id is None else self.get_object(request, object_id)
        if item is None:
            raise Http404  # also for an addition: findings make themselves
        page = FindingPage(self, request, item)
        return page.take() if request.method == "POST" else page.show()


@admin.register(Deviation, site=site)
class DeviationAdmin(FindingAdmin):
    """Where care was not as the algorithm expects."""

    nothing_yet = gettext_lazy("There is no deviation here.")
    list_display = (
        "rule",
        "case_link",
        "center_code",
        "severity_label",
        "found",
        "age",
        "state_and_answer",
    )
    list_filter = (Standing, Mattering, Waiting, "center", OfRule)  # fmt: skip

    def rulebook(self) -> Rulebook:
        return versions.active()


@admin.register(DataQuery, site=site)
class DataQueryAdmin(FindingAdmin):
    """Where the data are implausible."""

    nothing_yet = gettext_lazy("No value is in question.")
    list_display = ("rule", "case_link", "center_code", "found", "age", "state_and_answer")
    list_filter = (Standing, Waiting, "center", OfRule)

    def rulebook(self) -> Rulebook:
        return VALIDITY
