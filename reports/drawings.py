"""Which figures a report has, by name, and each as SVG or PNG. Pure: the same content gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reports import center_chapter, context_chapters, figures, forest, funnel, survival_chapter
from reports.content import ReportContent
from reports.forest import Forest
from reports.speech import say
from reports.survival_content import Outcome, Survival

FIRST = "survival"  # stands on the first page
Make = Callable[[figures.Kind], bytes]


def drawn(content: ReportContent) -> dict[str, Make]:
    """Find what is drawn; the name is that of the printed figure."""
    curves: dict[str, Survival | Outcome | None] = {
        FIRST: content.survival,
        "from_day_90": content.from_day_90,
        "from_diagnosis": content.from_diagnosis,
        **{outcome.name: outcome for outcome in content.outcomes},
        "after_recurrence": content.after_recurrence,
    }
    found: dict[str, Make] = {
        name: partial(_curve, one, name != FIRST)
        for name, one in curves.items()
        if one is not None and one.curves
    }
    if context_chapters.is_drawn(content.subgroups):
        found["subgroups"] = partial(_forest, content)
    if content.funnels:
        found["funnels"] = partial(_funnels, content)
    return found


def _curve(curve: Survival | Outcome, is_low: bool, kind: figures.Kind) -> bytes:
    return figures.curve(curve, kind, title=survival_chapter.title(curve), is_low=is_low)


def _forest(content: ReportContent, kind: figures.Kind) -> bytes:
    months = context_chapters.subgroup_months(content.subgroups)
    estimates = content.survival.estimates if content.survival else ()
    whole = next((e for e in estimates if e.months == months), None)
    title = say("Survival at {months} months by subgroup", months=months)
    return figures.saved(
        lambda: forest.draw(Forest(groups=content.subgroups, months=months, whole=whole)), kind, title=title
    )


def _funnels(content: ReportContent, kind: figures.Kind) -> bytes:
    return figures.saved(lambda: funnel.draw(content.funnels), kind, title=center_chapter.funnel_title())
