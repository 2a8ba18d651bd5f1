"""The numbers beside curves, as rows of text: who was left out, who was at risk on which day, who lived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from reports import wording
from reports.landmark import LANDMARK_DAYS, Comparison, Group
from reports.survival_content import (
    CurveTable,
    Estimate,
    Outcome,
    OutcomeColumn,
    OutcomeCurve,
    OutcomeEstimate,
    RiskColumn,
    Survival,
)

UNKNOWN = "–"
COLUMNS = ("cases", "no_follow_up", "died_before", "last_seen_before", "compared", "deaths")
Cells = tuple[
    tuple[str, str], ...
]  # each with the heading of its column, which narrow screens show beside it
RiskColumns = tuple[RiskColumn | OutcomeColumn, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table: its heading, and its cells."""

    label: str
    cells: Cells


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The rows of one group."""

    label: str
    lines: tuple[Line, ...]


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
        "risk_tables": risk_tables(survival) if survival is not None else [],
    }


def _heads(lines: Sequence[Line]) -> list[str]:
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


def risk_tables(drawn: Survival | Outcome, name: Callable[[str], str] = gettext) -> list[RiskTable]:
    """At risk, censored and failed by month under each curve; `name` says the label of a group."""
    columns: tuple[RiskColumns, ...] = drawn.risk_table
    return [
        RiskTable(
            label=name(curve.label),
            months=tuple(column.months for column in own),
            lines=tuple(_risk_lines(own, competes=_competes(drawn))),
        )
        for curve, own in zip(_curves(drawn), columns, strict=True)
    ]


def _risk_lines(columns: RiskColumns, *, competes: bool) -> Iterator[Line]:
    rows = [(gettext("At risk"), "at_risk"), (gettext("Censored"), "censored")]
    rows.append((gettext("Events"), "died" if isinstance(columns[0], RiskColumn) else "events"))
    if competes:
        rows.append((gettext("Competing"), "competing"))
    for label, field in rows:
        counts = (_count(getattr(one, field), getattr(one, "hidden", "")) for one in columns)
        yield Line(
            label=label, cells=tuple((f"{one.months}", n) for one, n in zip(columns, counts, strict=True))
        )


# --- the page of survival: to be said with a voice (reports/speech.py) -----------------------------------------------


def estimates(found: Survival | Outcome, label: str) -> Lines:
    """One group at fixed times."""
    return Lines(label=label, lines=tuple(_at(one, found) for one in found.estimates))


def _at(one: Estimate | OutcomeEstimate, found: Survival | Outcome) -> Line:
    events = one.died if isinstance(one, Estimate) else one.events
    cells = [(gettext("At risk"), _count(one.at_risk)), (gettext("Events so far"), _count(events))]
    if isinstance(one, OutcomeEstimate) and _competes(found):
        cells.append((gettext("Competing so far"), _count(one.competing)))
    height = one.survival if isinstance(one, Estimate) else one.estimate
    cells += _estimated(found, height, one.lower, one.upper)
    return Line(label=f"{one.months}", cells=tuple(cells))


def group_line(found: Survival | Outcome, label: str) -> Line:
    """One group: how many, how long they were followed, and where half of them had the event."""
    cells = [(gettext("Patients"), _count(found.n)), (gettext("Events"), _count(found.events))]
    if isinstance(found, Outcome) and _competes(found):
        cells.append((gettext("Competing"), _count(found.competing)))
    if found.median is not None:
        cells.append((gettext("Median"), wording.quantile(found.median, level=found.level)))
    if found.follow_up is not None:
        cells.append((gettext("Median follow-up"), wording.quantile(found.follow_up, level=found.level)))
    return Line(label=label, cells=tuple(cells))


def life_tables(drawn: Survival | Outcome, name: Callable[[str], str]) -> list[Lines]:
    """Each curve day by day, the days on which something happened to its height or could have."""
    return [Lines(label=name(curve.label), lines=tuple(_days(curve, drawn))) for curve in _curves(drawn)]


def _curves(drawn: Survival | Outcome) -> tuple[CurveTable | OutcomeCurve, ...]:
    return drawn.curves


def _days(curve: CurveTable | OutcomeCurve, drawn: Survival | Outcome) -> Iterator[Line]:
    """The days with an event or a competing one: between them a curve is level."""
    own = curve.died if isinstance(curve, CurveTable) else curve.had_event
    other = (0,) * len(own) if isinstance(curve, CurveTable) else curve.had_competing
    heights = curve.survival if isinstance(curve, CurveTable) else curve.estimate
    for i, day in enumerate(curve.time_days):
        if own[i] or other[i]:
            cells = [(gettext("At risk"), _count(curve.at_risk[i])), (gettext("Events"), _count(own[i]))]
            if _competes(drawn):
                cells.append((gettext("Competing"), _count(other[i])))
            cells += _estimated(drawn, heights[i], curve.lower[i], curve.upper[i])
            yield Line(label=wording.number(day), cells=tuple(cells))


def _estimated(
    found: Survival | Outcome, height: float | None, lower: float | None, upper: float | None
) -> list[tuple[str, str]]:
    head = gettext("Incidence") if _competes(found) else gettext("Survival")
    limits = gettext("{level} CI, %").format(level=f"{found.level:.0%}")
    told = wording.NOT_ESTIMABLE if height is None else wording.percent(height)
    return [(head, told), (limits, wording.interval(lower, upper))]


def _competes(found: Survival | Outcome) -> bool:
    return isinstance(found, Outcome) and found.kind == "incidence"


def _count(n: int | None, mark: str = "") -> str:
    return (mark or UNKNOWN) if n is None else number_format(n)
