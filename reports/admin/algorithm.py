"""The algorithm as pages: its rules by phase, what the registry learns about them, and one page for each rule."""

from __future__ import annotations

import base64
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from registry import language
from registry.admin import site
from reports import documents, dots, estimates, figures, landmark, learning, survival_chapter
from reports.admin.rule_pages import Asked, Counts, ToldPhase, address, share_of
from reports.admin.survival_tables import tables
from reports.learning import Learned


def algorithm(request: HttpRequest) -> HttpResponse:
    """Every rule in words, and how often it applies and holds."""
    asked = Asked(request)
    asked.year = None
    learned = learning.by_rule(asked.view, version=asked.book.version)
    context = {"title": gettext("The algorithm"), **_learned(asked, learned)}
    return _page(request, "reports/admin/algorithm.html", asked, context)


def adherence(request: HttpRequest) -> HttpResponse:
    """How often every rule holds, as table and plot, for all years or one."""
    asked = Asked(request)
    learned = learning.by_rule(asked.view, version=asked.book.version)
    context = {"title": gettext("What the registry learns"), **_learned(asked, learned)}
    context |= {"year": asked.year, "years": _years(asked, learned)}
    context["plot"] = _plot(asked, context["phases"]) if context["has_cases"] else ""
    return _page(request, "reports/admin/adherence.html", asked, context)


def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule in full: its counts by year, and survival from the landmark."""
    asked = Asked(request)
    asked.year = None
    told = asked.rule(rule_id)
    if told is None:
        raise Http404
    learned = learning.by_year(asked.view, rule_id=rule_id, version=asked.book.version)
    years = sorted(
        {*learned.own.tallies, *(learned.others.tallies if learned.others else ())},
        key=lambda year: (year is None, -(year or 0)),
    )
    context = {
        "title": f"{told.entry.id}: {told.entry.title}",
        "rule": told,
        "by_year": [(year, list(asked.counts(year, learned.own, learned.others))) for year in years],
        **_sides(asked, learned),
        **_survival(asked, rule_id),
    }
    return _page(request, "reports/admin/rule.html", asked, context)


def _page(request: HttpRequest, template: str, asked: Asked, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**site.each_context(request), **asked.context(), **context})


def _learned(asked: Asked, learned: Learned) -> dict[str, Any]:
    return {**_sides(asked, learned), "phases": asked.phases(learned.own, learned.others)}


def _sides(asked: Asked, learned: Learned) -> dict[str, Any]:
    """How many cases stand on either side, and where to go when there are none."""
    others = learned.others
    has_cases = bool(learned.own.cases or (others and others.is_shown and others.cases))
    return {
        "own_cases": learned.own.cases,
        "others": others,
        "outdated": learned.outdated,
        "has_cases": has_cases,
        "other_sources": [] if has_cases else asked.other_sources(),
    }


def _years(asked: Asked, learned: Learned) -> list[int]:
    """The years to choose from, with the one that was chosen."""
    return sorted({*learned.years, *([asked.year] if asked.year else [])}, reverse=True)


def _plot(asked: Asked, phases: tuple[ToldPhase, ...]) -> str:
    groups = [
        (
            phase.title,
            [
                dots.Row(
                    label=one.entry.id,
                    address=address(one.entry.id, asked.carried),
                    dots=tuple(
                        _dot(one.entry.id, counts) for counts in one.counts if counts.tally.share is not None
                    ),
                )
                for one in phase.rules
            ],
        )
        for phase in phases
    ]
    title = gettext("Concordant share of the judged cases by rule, with exact 95% intervals of one's own")
    return mark_safe(dots.plot(groups, title=title))  # noqa: S308  # nosec B308 B703  # it escapes every text


def _dot(rule_id: str, counts: Counts) -> dots.Dot:
    assert counts.tally.share is not None
    lower, upper = counts.tally.interval or (None, None)
    told = f"{rule_id}, {counts.who}: {share_of(counts.tally)}"
    return dots.Dot(kind=counts.kind, share=counts.tally.share, lower=lower, upper=upper, told=told)


def _survival(asked: Asked, rule_id: str) -> dict[str, Any]:
    """The curves from the landmark; rules judged by what comes after it have none."""
    known: dict[str, Any] = {
        "landmark_days": landmark.LANDMARK_DAYS,
        "least_at_risk": estimates.LEAST_AT_RISK,
        "is_judged_later": rule_id in landmark.JUDGED_LATER,
    }
    if known["is_judged_later"]:
        return known
    found = landmark.compare(
        asked.cut, rule_id, is_outsider=not asked.view.is_whole, own=asked.view.own or ()
    )
    known |= {"comparison": found, **tables(found)}
    if found.survival is not None:
        with documents.speaking(language.spoken()):
            drawn = figures.curve(found.survival, "svg", title=survival_chapter.title(found.survival))
        known["figure"] = base64.b64encode(drawn).decode()
    return known


site.add_page("algorithm/", algorithm, "algorithm")
site.add_page("algorithm/<str:rule_id>/", rule, "algorithm_rule")
site.add_page("adherence/", adherence, "adherence")
