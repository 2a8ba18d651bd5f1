"""The page of a case to print: one sheet with its pictures, its path through the algorithm and what is open."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from cases import document as documents
from cases import drawing, summary, timeline, versions
from cases.models import Assessment, Case, DataQuery, Deviation
from cases.pathway import Phase, State, pathway
from cases.rulebook import retelling
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.completeness import missing_answers
from registry.chain import reading

if TYPE_CHECKING:
    from cases.admin.case import CaseAdmin

NAME = "cases_case_summary"
ASIDE = frozenset({State.NOTE, State.NOT_ASSESSABLE})  # told below the deviations


def routes(model_admin: "CaseAdmin") -> list[URLPattern]:
    """The address of the page, beside those of the case."""

    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        return show(model_admin, request, object_id)

    return [path("<path:object_id>/summary/", model_admin.admin_site.admin_view(view), name=NAME)]


def show(model_admin: "CaseAdmin", request: HttpRequest, object_id: str) -> HttpResponse:
    """Draw the sheet; missing and foreign cases do not exist alike."""
    case = model_admin.get_object(request, object_id)
    if case is None:
        raise Http404("There is no such case.")
    reading.of_case(case, by=request.user, door="admin", form="summary")
    (stored,) = documents.load([case.pk])
    context = {"case": case, "stored": stored, **_pictures(stored.document), **_review(case, stored.document)}
    context["printed_at"] = timezone.now()
    context["facts"] = summary.facts(stored.document)
    return TemplateResponse(request, "cases/admin/summary.html", context)


def _pictures(document: Any) -> dict[str, Any]:
    operation = document.index
    story = timeline.story_of(document)
    return {
        "before": drawing.before(document.tumor, "before-"),
        "after": drawing.after(operation, "after-") if operation else None,
        "story": story,
        "timeline": timeline.timeline(story) if story.placed else "",
    }


def _review(case: Case, document: Any) -> dict[str, Any]:
    """What the rulebooks say, and what the center answered."""
    assessment = Assessment.objects.current().filter(case=case.pk).first()
    deviations = list(Deviation.objects.standing().filter(case=case.pk).order_by("rule_id", "pointer"))
    queries = DataQuery.objects.open().filter(case=case.pk).order_by("rule_id", "pointer")
    book = versions.named(assessment.algorithm_version) if assessment else ALGORITHM
    phases = pathway(document, assessment.findings if assessment else (), deviations, book)
    return {
        "assessment": assessment,
        "phases": phases,
        "notes": list(_aside(phases)),
        "deviations": [(one, retelling.of_item(one)) for one in deviations],
        "queries": [(one, retelling.of_item(one)) for one in queries],
        "gaps": summary.gaps(missing_answers(document)),
    }


def _aside(phases: list[Phase]) -> Iterator[tuple[str, str]]:
    """What is told below the deviations: rules that say the same, and what they say."""
    said: dict[str, list[str]] = {}
    for phase in phases:
        for step in phase.steps:
            if step.state in ASIDE:
                said.setdefault(step.sentence, []).append(step.rule)
    for sentence, rules in said.items():
        yield ", ".join(rules), sentence
