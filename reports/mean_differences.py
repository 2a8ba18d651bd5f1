"""Mean time lived in two groups, and how far they differ: said where there is enough to compare. Pure.

Beside the log-rank test it says how much, in months, and asks for no proportional hazards. The horizon is one of those
of the report, so nobody chooses the one that differs most.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from reports import survival
from reports.estimates import LEAST_AT_RISK, LEAST_EVENTS, LEAST_TESTED, LEVEL
from reports.lifetable import LifeTable
from reports.prognosis import MEAN_MONTHS
from reports.survival import DAYS_PER_MONTH


@dataclass(frozen=True, kw_only=True)
class MeanDifference:
    """Mean time lived until a month in two groups, in days, and that of the second less that of the first."""

    months: int
    groups: tuple[str, ...]
    events: int
    mean_days: tuple[float, ...]
    difference_days: float
    level: float
    lower_days: float
    upper_days: float
    p_value: float


def compare(table: LifeTable, *, label: Callable[[object], str] = str) -> MeanDifference | None:
    """Compare the two groups whose value is known, up to the longest horizon at which both still have five at risk.

    None unless there are two, with ten patients each and ten events in all by the horizon, or where causes compete.
    """
    known = table.select([group for group in table.groups if group != ""])
    if len(known.groups) != 2 or len(known.events) > 1 or int(known.size.min()) < LEAST_TESTED:
        return None
    horizons = [months for months in MEAN_MONTHS if _at_risk(known, months) >= LEAST_AT_RISK]
    if not horizons:
        return None
    months = max(horizons)
    tau = months * DAYS_PER_MONTH
    events = int(known.failed[known.time <= tau].sum())
    if events < LEAST_EVENTS:
        return None
    found = survival.compare_restricted_means(known, tau, level=LEVEL)
    if math.isnan(found.p_value):
        return None
    return MeanDifference(
        months=months,
        groups=tuple(label(group) for group in known.groups),
        events=events,
        mean_days=tuple(survival.restricted_mean(known, tau).value.tolist()),
        difference_days=found.value,
        level=LEVEL,
        lower_days=found.lower,
        upper_days=found.upper,
        p_value=found.p_value,
    )


def _at_risk(table: LifeTable, months: int) -> int:
    """The number at risk in the smaller group: then follow-up of neither ends before."""
    return int(table.at_risk_at([months * DAYS_PER_MONTH]).min())
