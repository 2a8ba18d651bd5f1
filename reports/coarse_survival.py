"""Survival for readers who may not see the cases behind it: no exact times, no steps of few deaths. Pure."""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import overload

from reports import remarks
from reports.content import CurveTable, Estimate, Quantile, RiskColumn, Survival
from reports.small_numbers import COMPLEMENT, Sizes, is_small, to_five
from reports.wording import DAYS_PER_MONTH

LEAST_PATIENTS = 10


def coarse(survival: Survival, sizes: Sizes) -> Survival:
    """Keep the curve at the ticks of its axis, and there only the steps that hold enough deaths."""
    threshold, events = sizes.threshold, survival.events
    n = sizes.shown(survival.n)
    if (survival.n or 0) < LEAST_PATIENTS or is_small(events, threshold):
        return replace(
            survival,
            n=n,
            events=None,
            show_until_days=0.0,
            curves=(),
            risk_table=(),
            estimates=(),
            median=None,
            follow_up=None,
            note=remarks.FEW_DEATHS.format(patients=LEAST_PATIENTS, deaths=threshold),
        )
    curves = tuple(
        _at_ticks(curve, columns, threshold)
        for curve, columns in zip(survival.curves, survival.risk_table, strict=True)
    )
    return replace(
        survival,
        n=n,
        events=None,
        show_until_days=_whole_months(survival.show_until_days),
        curves=curves,
        risk_table=tuple(tuple(_rounded(c, threshold) for c in columns) for columns in survival.risk_table),
        estimates=_estimates(survival.estimates, curves),
        median=_in_months(survival.median),
        follow_up=_in_months(survival.follow_up),
        note=remarks.COARSE,
    )


def _in_months(time: Quantile | None) -> Quantile | None:
    """Round to whole months: a median is the day of one patient's death or last visit."""
    if time is None:
        return None
    return Quantile(
        days=_whole_months(time.days), lower=_whole_months(time.lower), upper=_whole_months(time.upper)
    )


@overload
def _whole_months(days: float) -> float: ...
@overload
def _whole_months(days: None) -> None: ...
def _whole_months(days: float | None) -> float | None:
    return None if days is None else round(days / DAYS_PER_MONTH) * DAYS_PER_MONTH


def _at_ticks(curve: CurveTable, columns: tuple[RiskColumn, ...], threshold: int) -> CurveTable:
    kept: list[tuple[float, int]] = []
    since = 0
    place = 0
    for column in columns[1:]:
        day = column.months * DAYS_PER_MONTH
        while place < len(curve.time_days) and curve.time_days[place] <= day:
            since += curve.died[place]
            place += 1
        if since >= threshold:
            kept.append((day, place - 1))
            since = 0
    picked = [index for _, index in kept]
    return replace(
        curve,
        n=None,
        events=None,
        time_days=tuple(day for day, _ in kept),
        at_risk=tuple(0 for _ in kept),
        died=tuple(0 for _ in kept),
        censored=tuple(0 for _ in kept),
        survival=tuple(curve.survival[i] for i in picked),
        lower=tuple(curve.lower[i] for i in picked),
        upper=tuple(curve.upper[i] for i in picked),
    )


def _rounded(column: RiskColumn, threshold: int) -> RiskColumn:
    small = is_small(column.censored, threshold) or is_small(column.died, threshold)
    return replace(
        column,
        at_risk=to_five(column.at_risk),
        censored=None if small else to_five(column.censored),
        died=None if small else to_five(column.died),
        hidden=f"<{threshold}" if small else "",
    )


def _estimates(estimates: tuple[Estimate, ...], curves: tuple[CurveTable, ...]) -> tuple[Estimate, ...]:
    """Keep the times at which the coarse curve is as low as the exact one: others would show the steps between."""
    return tuple(
        replace(e, at_risk=to_five(e.at_risk), died=to_five(e.died))
        if e.survival is not None and any(isclose(e.survival, _read(curve, e.months)) for curve in curves)
        else Estimate(
            months=e.months,
            at_risk=None,
            died=None,
            survival=None,
            lower=None,
            upper=None,
            hidden=COMPLEMENT,
        )
        for e in estimates
    )


def _read(curve: CurveTable, months: int) -> float:
    steps = zip(curve.time_days, curve.survival, strict=True)
    return next((s for day, s in reversed([*steps]) if day <= months * DAYS_PER_MONTH), 1.0)
