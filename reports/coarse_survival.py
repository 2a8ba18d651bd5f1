"""Curves for readers who may not see the cases behind them: estimated anew from rounded counts. Pure.

What is known of a curve are its patients, and how many died or were last seen by the end of each half-year, each as
readers see a count. Curve, limits, median and means are functions of these alone; so is anything that two curves, or
the curves of two reports, give when they are held against each other.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, overload

from reports import estimates, remarks
from reports.endpoints import ENDPOINTS
from reports.lifetable import LifeTable
from reports.small_numbers import is_small, mark_of, shown, stand_in, to_five
from reports.survival_content import (
    CurveTable,
    Estimate,
    MeanTime,
    Outcome,
    OutcomeColumn,
    OutcomeCurve,
    OutcomeEstimate,
    Prognosis,
    Quantile,
    RiskColumn,
    Survival,
)
from reports.wording import DAYS_PER_MONTH

LEAST_PATIENTS = 10
STEP_MONTHS = 6
STEP_DAYS = STEP_MONTHS * DAYS_PER_MONTH
DECIMALS = 3  # of a probability: a tenth of a percent, as it is printed

Curve = TypeVar("Curve", CurveTable, OutcomeCurve)
Column = TypeVar("Column", RiskColumn, OutcomeColumn)
Told = TypeVar("Told", Estimate, OutcomeEstimate)
Drawn = TypeVar("Drawn", Survival, Outcome)


def overall(found: Survival, threshold: int) -> Survival:
    """Estimate survival, or that of each group, from rounded counts."""
    if not found.curves or (found.n or 0) < LEAST_PATIENTS or is_small(found.events, threshold):
        note = remarks.FEW_DEATHS.format(patients=LEAST_PATIENTS, deaths=threshold)
        return replace(withhold(found, note), n=shown(found.n, threshold))
    again = estimates.overall_survival(rounded(found.curves, threshold), each=len(found.curves) > 1)
    if again is None:
        raise ValueError("A curve of enough patients has none.")
    return _told(found, again, remarks.COARSE_CURVE.format(small=threshold // 2), threshold)


def outcome(found: Outcome, threshold: int) -> Outcome:
    """The same for an endpoint with one curve."""
    endpoint = ENDPOINTS[found.name]
    is_few = (found.n or 0) < LEAST_PATIENTS or is_small(found.events, threshold)
    again = None if is_few else estimates.outcome(rounded(found.curves, threshold), endpoint)
    if again is None or not again.curves:
        return withhold(found, remarks.FEW_EVENTS.format(patients=LEAST_PATIENTS, events=threshold))
    return replace(_told(found, again, found.note, threshold), competing=None)


def lived_on(found: Prognosis) -> Prognosis:
    """What a rounded curve says of survivors; not of day 90, which is no end of a half-year."""
    return replace(
        found,
        means=tuple(_mean(row) for row in found.means if row.at_risk >= LEAST_PATIENTS),
        onward=tuple(
            replace(
                row,
                alive=to_five(row.alive),
                at_risk=to_five(row.at_risk),
                survival=round(row.survival, DECIMALS),
                lower=_digits(row.lower),
                upper=_digits(row.upper),
            )
            for row in found.onward
            if row.at_risk >= LEAST_PATIENTS and (row.since_days / STEP_DAYS).is_integer()
        ),
        note=remarks.ROUNDED_TIMES,
    )


def withhold(found: Drawn, note: str) -> Drawn:
    """Keep nothing but what it would be, and why it is not shown."""
    kept: dict[str, Any] = dict.fromkeys(("n", "events", "median", "follow_up"))
    kept |= dict.fromkeys(("curves", "risk_table", "estimates"), ())
    if isinstance(found, Outcome):
        kept["competing"] = None
    return replace(found, **kept, show_until_days=0.0, note=note)


# --- the rounded table -----------------------------------------------------------------------------------------------


def rounded(curves: Sequence[CurveTable | OutcomeCurve], threshold: int) -> LifeTable:
    """Make the life table of the rounded counts: what happened in a half-year stands in its middle.

    Half of those last seen in it leave the day before, as in an actuarial life table.
    """
    rows = [(g, *row) for g, curve in enumerate(curves) for row in _half_years(curve, threshold)]
    group, days, *counts = zip(*rows, strict=True)
    return LifeTable.from_counts(
        group, days, counts[:-1], counts[-1], [0] * len(rows), groups=[curve.label for curve in curves]
    )


def _half_years(curve: CurveTable | OutcomeCurve, threshold: int) -> Iterable[tuple[float, ...]]:
    """Give days, events of each kind, and those last seen; together they are the rounded patients."""
    events = (curve.died,) if isinstance(curve, CurveTable) else (curve.had_event, curve.had_competing)
    left = shown(curve.n, threshold) or 0
    so_far = [0] * (len(events) + 1)
    none = (0,) * len(events)
    steps = math.ceil(max(curve.time_days[-1], 1) / STEP_DAYS)
    for step in range(1, steps + 1):
        place = bisect_right(curve.time_days, step * STEP_DAYS)
        gains = []
        for kind, counts in enumerate((*events, curve.censored)):
            gain = min(max(0, stand_in(sum(counts[:place]), threshold) - so_far[kind]), left)
            so_far[kind] += gain
            left -= gain
            gains.append(gain)
        middle, early = (step - 0.5) * STEP_DAYS, gains[-1] // 2
        yield (middle - 1, *none, early)
        yield (middle, *gains[:-1], gains[-1] - early)
    yield (steps * STEP_DAYS, *none, left)


# --- what is told of it ----------------------------------------------------------------------------------------------


def _told(found: Drawn, again: Drawn, note: str, threshold: int) -> Drawn:
    """Put the new estimates in the place of the exact ones, as far as ten patients of each group are at risk."""
    ticks = zip(*again.risk_table, strict=True)
    enough = [
        columns[0].months for columns in ticks if all((c.at_risk or 0) >= LEAST_PATIENTS for c in columns)
    ]
    until = max(enough, default=0) * DAYS_PER_MONTH
    if not until:
        return withhold(found, note)
    start = 0.0 if isinstance(found, Outcome) and found.kind == "incidence" else 1.0
    told: dict[str, Any] = {
        "curves": tuple(_steps(curve, until, start) for curve in again.curves),
        "risk_table": tuple(
            tuple(_counts(c, threshold) for c in columns if c.months in enough)
            for columns in again.risk_table
        ),
        "estimates": tuple(
            _estimate(e, threshold) for e in again.estimates if (e.at_risk or 0) >= LEAST_PATIENTS
        ),
    }
    return replace(
        found,
        **told,
        n=shown(found.n, threshold),
        events=None,
        show_until_days=until,
        median=_in_months(again.median),
        follow_up=_in_months(again.follow_up),
        note=note,
    )


def _steps(curve: Curve, until: float, start: float) -> Curve:
    """Keep the values at the steps, go on flat to the end, and count nobody."""
    is_survival = isinstance(curve, CurveTable)
    heights = "survival" if is_survival else "estimate"
    counted = ("at_risk", "died", "censored") if is_survival else _COUNTED
    events = curve.died if isinstance(curve, CurveTable) else _both(curve)
    kept = [i for i, day in enumerate(curve.time_days) if events[i] and day <= until]
    days = [curve.time_days[i] for i in kept]
    values = {name: [_digits(getattr(curve, name)[i]) for i in kept] for name in (heights, "lower", "upper")}
    if not days or days[-1] < until:
        days.append(until)
        for name, first in ((heights, start), ("lower", None), ("upper", None)):
            values[name].append(values[name][-1] if values[name] else first)
    changed: dict[str, Any] = {name: tuple(found) for name, found in values.items()}
    changed |= {name: (0,) * len(days) for name in counted}
    changed |= dict.fromkeys(("n", "events") if is_survival else ("n", "events", "competing"))
    return replace(curve, time_days=tuple(days), **changed)


_COUNTED = ("at_risk", "had_event", "had_competing", "censored")


def _both(curve: OutcomeCurve) -> list[int]:
    return [own + other for own, other in zip(curve.had_event, curve.had_competing, strict=True)]


def _counts(column: Column, threshold: int) -> Column:
    names = ("censored", "died") if isinstance(column, RiskColumn) else ("censored", "events", "competing")
    return replace(column, at_risk=to_five(column.at_risk), **_small_withheld(column, names, threshold))


def _estimate(found: Told, threshold: int) -> Told:
    is_survival = isinstance(found, Estimate)
    names, height = (("died",), "survival") if is_survival else (("events", "competing"), "estimate")
    values: dict[str, Any] = {name: _digits(getattr(found, name)) for name in (height, "lower", "upper")}
    counts = _small_withheld(found, names, threshold)
    return replace(found, at_risk=to_five(found.at_risk), **counts, **values)


def _small_withheld(found: Any, names: tuple[str, ...], threshold: int) -> dict[str, Any]:
    counts = {name: getattr(found, name) for name in names}
    seen = {name: shown(n, threshold) for name, n in counts.items()}
    return {**seen, "hidden": next((mark for n in counts.values() if (mark := mark_of(n, threshold))), "")}


@overload
def _digits(share: float) -> float: ...
@overload
def _digits(share: None) -> None: ...
def _digits(share: float | None) -> float | None:
    return None if share is None else round(share, DECIMALS)


def _in_months(time: Quantile | None) -> Quantile | None:
    if time is None:
        return None
    return Quantile(
        days=_whole_months(time.days), lower=_whole_months(time.lower), upper=_whole_months(time.upper)
    )


def _mean(row: MeanTime) -> MeanTime:
    return replace(
        row,
        at_risk=to_five(row.at_risk),
        days=_whole_months(row.days),
        lower=_whole_months(row.lower),
        upper=_whole_months(row.upper),
    )


@overload
def _whole_months(days: float) -> float: ...
@overload
def _whole_months(days: None) -> None: ...
def _whole_months(days: float | None) -> float | None:
    return None if days is None else round(days / DAYS_PER_MONTH) * DAYS_PER_MONTH
