"""The numbers beside the curves of a rule's page, as rows of text: who was left out, who was at risk, who lived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from reports.content import RiskColumn, Survival
from reports.landmark import LANDMARK_DAYS, Comparison, Group

UNKNOWN = "–"
COLUMNS = ("cases", "no_follow_up", "died_before", "last_seen_before", "compared", "deaths")
Cells = tuple[
    tuple[str, str], ...
]  # each with the heading of its column, which narrow screens show beside it


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table: its heading, and its cells."""

    label: str
    cells: Cells


@dataclass(frozen=True, kw_only=True)
class RiskTable:
    """The numbers at risk of one group, by month."""

    label: str
    months: tuple[int, ...]
    lines: tuple[Line, ...]


def tables(comparison: Comparison) -> dict[str, Any]:
    """All tables of a comparison, and their headings."""
    left_out = [_left_out(group) for group in comparison.groups]
    fixed_times = [line for group in comparison.groups for line in _times(group)]
    survival = comparison.survival
    return {
        "left_out": left_out,
        "left_out_heads": _heads(left_out),
        "fixed_times": fixed_times,
        "fixed_times_heads": _heads(fixed_times),
        "risk_tables": _risk_tables(survival) if survival is not None else [],
    }


def _heads(lines: list[Line]) -> list[str]:
    return [head for head, _ in lines[0].cells] if lines else []


def _left_out(group: Group) -> Line:
    """Who of a group was left out and why; a small number of other centers is told as such."""
    heads = (
        gettext("Judged, eligible"),
        gettext("No follow-up"),
        gettext("Died by day {day}").format(day=LANDMARK_DAYS),
        gettext("Last seen by day {day}").format(day=LANDMARK_DAYS),
        gettext("Compared"),
        gettext("Deaths since"),
    )
    marks = dict(group.marks)
    counts = (_count(getattr(group, name), marks.get(name, "")) for name in COLUMNS)
    return Line(label=gettext(group.label), cells=tuple(zip(heads, counts, strict=True)))


def _times(group: Group) -> Iterator[Line]:
    """Survival at fixed times, for those who may see it."""
    heads = (
        gettext("Months since day {day}").format(day=LANDMARK_DAYS),
        gettext("At risk"),
        gettext("Deaths so far"),
        gettext("Survival, 95% CI"),
    )
    for estimate in group.estimates:
        told = UNKNOWN
        if estimate.survival is not None and estimate.lower is not None and estimate.upper is not None:
            told = gettext("{share}% ({lower} to {upper}%)").format(
                share=f"{100 * estimate.survival:.0f}",
                lower=f"{100 * estimate.lower:.0f}",
                upper=f"{100 * estimate.upper:.0f}",
            )
        cells = (f"{estimate.months}", _count(estimate.at_risk), _count(estimate.died), told)
        yield Line(label=gettext(group.label), cells=tuple(zip(heads, cells, strict=True)))


def _risk_tables(survival: Survival) -> list[RiskTable]:
    """At risk, censored and died by month under each curve."""
    return [
        RiskTable(
            label=gettext(curve.label),
            months=tuple(column.months for column in columns),
            lines=tuple(_risk_lines(columns)),
        )
        for curve, columns in zip(survival.curves, survival.risk_table, strict=True)
    ]


def _risk_lines(columns: tuple[RiskColumn, ...]) -> Iterator[Line]:
    for label, name in (
        (gettext("At risk"), "at_risk"),
        (gettext("Censored"), "censored"),
        (gettext("Events"), "died"),
    ):
        counts = (_count(getattr(one, name), one.hidden) for one in columns)
        yield Line(
            label=label, cells=tuple((f"{one.months}", n) for one, n in zip(columns, counts, strict=True))
        )


def _count(n: int | None, mark: str = "") -> str:
    return (mark or UNKNOWN) if n is None else number_format(n)
