"""Life table to the survival part of a report: curve, risk table, fixed times, median, follow-up. Pure.

Display rules live here: nothing is estimated where fewer than five patients are left, the curve ends where fewer
than five, or a tenth of all, remain at risk, and groups are tested only where there is enough to test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports import figures, remarks, survival
from reports.curve import ConfType, Curve
from reports.endpoints import Endpoint
from reports.lifetable import LifeTable
from reports.remarks import mark
from reports.survival import DAYS_PER_MONTH
from reports.survival_content import (
    CurveTable,
    Estimate,
    GroupTest,
    Outcome,
    OutcomeColumn,
    OutcomeCurve,
    OutcomeEstimate,
    Quantile,
    RiskColumn,
    Survival,
)

MONTHS = (12, 24, 36, 60, 120)
LEAST_AT_RISK = 5
INTERVAL: ConfType = "log-log"
LEVEL = 0.95
MOST_VERTICES = 1000
# No p-value below: neither of a small group nor of few events says anything.
LEAST_TESTED, LEAST_EVENTS = 10, 10
ORIGIN = mark("resection")
CENSORING = mark("at the last day known alive, never at the data cut if nothing was heard until then")


def overall_survival(
    table: LifeTable,
    *,
    label: Callable[[object], str] = str,
    note: str = "",
    origin: str = ORIGIN,
    each: bool = False,
) -> Survival | None:
    """Estimate overall survival from its origin; None when nobody is followed.

    Curves end where too few of all patients remain at risk, or with `each` where too few of any group do.
    """
    size = int(table.size.sum())
    if not size:
        return None
    whole = table.pool()
    until = shown_until_in_each(table) if each else shown_until(whole)
    curve = survival.kaplan_meier(table, conf_type=INTERVAL, level=LEVEL)
    pooled = survival.kaplan_meier(whole, conf_type=INTERVAL, level=LEVEL)
    drawn = until is not None
    return Survival(
        endpoint=mark("Overall survival"),
        origin=origin,
        event=mark("death from any cause"),
        censoring=CENSORING,
        interval=INTERVAL,
        level=LEVEL,
        n=size,
        events=int(whole.failed.sum()),
        show_until_days=until or 0.0,
        curves=_curves(curve, label) if drawn else (),
        risk_table=_risk_columns(table, until) if until is not None else (),
        estimates=at_fixed_times(pooled),
        median=_quantile(pooled),
        follow_up=_quantile(survival.kaplan_meier(whole.reverse(), conf_type=INTERVAL, level=LEVEL)),
        note=note if drawn else _few(note),
    )


def outcome(table: LifeTable, endpoint: Endpoint, *, label: Callable[[object], str] = str) -> Outcome | None:
    """Estimate an endpoint, survival or with competing causes cumulative incidence; None when nobody is followed."""
    size = int(table.size.sum())
    if not size:
        return None
    whole = table.pool()
    until = shown_until(whole)
    estimate = survival.cumulative_incidence if endpoint.competing else survival.kaplan_meier
    curve = estimate(table, conf_type=INTERVAL, level=LEVEL)
    pooled = estimate(whole, conf_type=INTERVAL, level=LEVEL)
    return Outcome(
        kind="incidence" if endpoint.competing else "survival",
        endpoint=endpoint.title,
        origin=endpoint.origin,
        event=endpoint.event,
        competitor=endpoint.competitor,
        interval=INTERVAL,
        level=LEVEL,
        n=size,
        events=int(whole.events[0].sum()),
        competing=int(whole.events[1:].sum()),
        show_until_days=until or 0.0,
        curves=_outcome_curves(curve, label) if until is not None else (),
        risk_table=_outcome_columns(table, until) if until is not None else (),
        estimates=tuple(_outcome_at(found, whole) for found in at_fixed_times(pooled)),
        median=None if endpoint.competing else _quantile(pooled),
        follow_up=_quantile(survival.kaplan_meier(whole.reverse(), conf_type=INTERVAL, level=LEVEL)),
        note="" if until is not None else _few(""),
        name=endpoint.name,
        whom=endpoint.whom,
    )


def compare_groups(table: LifeTable, *, label: Callable[[object], str] = str) -> GroupTest | None:
    """Test the groups whose value is known: log-rank, or Gray's test where causes compete.

    None with fewer than two groups or ten events, or where a group has fewer than ten patients.
    """
    known = table.select([group for group in table.groups if group != ""])
    events = int(known.events[0].sum())
    if len(known.groups) < 2 or events < LEAST_EVENTS or int(known.size.min()) < LEAST_TESTED:
        return None
    competes = len(known.events) > 1
    found = survival.gray_test(known) if competes else survival.logrank(known)
    return GroupTest(
        test="Gray" if competes else "log-rank",
        groups=tuple(label(group) for group in known.groups),
        events=events,
        statistic=found.statistic,
        df=found.df,
        p_value=found.p_value,
    )


def _few(note: str) -> str:
    pattern = remarks.FEW_FOLLOWED if note else remarks.FEW_FOLLOWED_BARE
    return pattern.format(least=LEAST_AT_RISK, note=note)


def least_at_risk(size: int) -> int:
    """How many must remain at risk where a curve of this many patients is drawn: five, and a tenth."""
    return max(LEAST_AT_RISK, math.ceil(size / 10))


def shown_until(table: LifeTable) -> float | None:
    """Find the last tick in days at which enough patients remain at risk; None when there never are enough."""
    floor = least_at_risk(int(table.size.sum()))
    enough = table.time[table.at_risk >= floor]
    if int(table.size.sum()) < LEAST_AT_RISK or not enough.size:
        return None
    last = float(enough[-1])
    # End on a tick of the axis, so that the last column of the risk table stands under the end of the curve; a
    # published "36 months" is a day more or less than 36 months of the axis, hence the half month.
    months = figures.tick_months(last + DAYS_PER_MONTH / 2)[-1]
    return max(last, 1.0) if months == 0 else months * DAYS_PER_MONTH


def shown_until_in_each(table: LifeTable) -> float | None:
    """Find the last tick at which enough of every group remain at risk; None when one group never has enough."""
    ends = [shown_until(table.select([group])) for group in table.groups]
    return None if None in ends else min(end for end in ends if end is not None)


def _curves(curve: Curve, label: Callable[[object], str]) -> tuple[CurveTable, ...]:
    table = curve.table
    found = []
    for g, (name, span) in enumerate(zip(table.groups, table.spans(), strict=True)):
        starts, kept = _thinned(table.time[span])
        found.append(
            CurveTable(
                label=label(name),
                n=int(table.size[g]),
                events=int(table.failed[span].sum()),
                time_days=tuple(table.time[span][kept].astype(float).tolist()),
                at_risk=tuple(curve.n_risk[span][starts].tolist()),
                died=tuple(_sums(table.failed[span], starts)),
                censored=tuple(_sums(table.censored[span], starts)),
                survival=tuple(curve.estimate[span][kept].tolist()),
                lower=tuple(map(known, curve.lower[span][kept])),
                upper=tuple(map(known, curve.upper[span][kept])),
            )
        )
    return tuple(found)


def _outcome_curves(curve: Curve, label: Callable[[object], str]) -> tuple[OutcomeCurve, ...]:
    table, found = curve.table, []
    for name, span in zip(table.groups, table.spans(), strict=True):
        starts, kept = _thinned(table.time[span])
        own = table.events[0][span]
        other = table.failed[span] - own
        found.append(
            OutcomeCurve(
                label=label(name),
                n=int((table.failed + table.censored)[span].sum()),
                events=int(own.sum()),
                competing=int(other.sum()),
                time_days=tuple(table.time[span][kept].astype(float).tolist()),
                at_risk=tuple(curve.n_risk[span][starts].tolist()),
                had_event=tuple(_sums(own, starts)),
                had_competing=tuple(_sums(other, starts)),
                censored=tuple(_sums(table.censored[span], starts)),
                estimate=tuple(curve.estimate[span][kept].tolist()),
                lower=tuple(map(known, curve.lower[span][kept])),
                upper=tuple(map(known, curve.upper[span][kept])),
            )
        )
    return tuple(found)


def _thinned(time: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join neighboring cells of a long curve: a figure has no more columns than this, whatever the cohort's size.

    Give the first and the last cell of each stretch; the curve keeps its value at the last, so it stays a true value.
    """
    if time.size <= MOST_VERTICES:
        every = np.arange(time.size)
        return every, every
    column = (time * (MOST_VERTICES / (time[-1] + 1))).astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], column[1:] != column[:-1]]))
    return starts, np.concatenate([starts[1:], [time.size]]) - 1


def _sums(counts: NDArray[np.int64], starts: NDArray[np.int64]) -> list[int]:
    return [int(n) for n in np.add.reduceat(counts, starts)] if starts.size else []


def _risk_columns(table: LifeTable, until: float) -> tuple[tuple[RiskColumn, ...], ...]:
    months = figures.tick_months(until)
    counts = table.risk_table([tick * DAYS_PER_MONTH for tick in months])
    return tuple(
        tuple(
            RiskColumn(
                months=tick,
                at_risk=int(counts.at_risk[g, i]),
                censored=int(counts.censored[g, i]),
                died=int(counts.events[g, i]),
            )
            for i, tick in enumerate(months)
        )
        for g in range(len(table.groups))
    )


def _outcome_columns(table: LifeTable, until: float) -> tuple[tuple[OutcomeColumn, ...], ...]:
    months = figures.tick_months(until)
    days = [tick * DAYS_PER_MONTH for tick in months]
    all_causes, own = table.risk_table(days), table.cause_specific(1).risk_table(days).events
    return tuple(
        tuple(
            OutcomeColumn(
                months=tick,
                at_risk=int(all_causes.at_risk[g, i]),
                censored=int(all_causes.censored[g, i]),
                events=int(own[g, i]),
                competing=int(all_causes.events[g, i] - own[g, i]),
            )
            for i, tick in enumerate(months)
        )
        for g in range(len(table.groups))
    )


def _outcome_at(found: Estimate, whole: LifeTable) -> OutcomeEstimate:
    events = int(whole.events[0][whole.time <= found.months * DAYS_PER_MONTH].sum())
    return OutcomeEstimate(
        months=found.months,
        at_risk=found.at_risk or 0,
        events=events,
        competing=(found.died or 0) - events,
        estimate=found.survival,
        lower=found.lower,
        upper=found.upper,
    )


def at_fixed_times(
    curve: Curve, *, months: tuple[int, ...] = MONTHS, least: int = LEAST_AT_RISK
) -> tuple[Estimate, ...]:
    """Read the curve of one group at fixed times; times with too few at risk are left out."""
    days = np.array(months) * DAYS_PER_MONTH
    points, table = curve.at(days), curve.table
    return tuple(
        Estimate(
            months=month,
            at_risk=int(points.n_risk[0, i]),
            died=int(table.failed[table.time <= days[i]].sum()),
            survival=known(points.estimate[0, i]),
            lower=known(points.lower[0, i]),
            upper=known(points.upper[0, i]),
        )
        for i, month in enumerate(months)
        if points.n_risk[0, i] >= least
    )


def _quantile(curve: Curve) -> Quantile:
    found = curve.quantile(0.5)
    return Quantile(days=known(found.value[0]), lower=known(found.lower[0]), upper=known(found.upper[0]))


def known(value: float) -> float | None:
    """Give what can be estimated; None for NaN."""
    return None if math.isnan(value) else float(value)
