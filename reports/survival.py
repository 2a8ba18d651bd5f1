"""Survival estimates, and the front door to them: import this module, call ``survival.kaplan_meier``.

Every function takes a LifeTable of counts and gives arrays by group (G,) or by cell (N,), in days.
NaN means not estimable or not reached. Checked against R's survival, cmprsk and etm: docs/statistics.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reports.comparison import ChiSquare, gray_test, logrank
from reports.competing import cumulative_incidence
from reports.curve import CONF_TYPES, ConfType, Curve, Estimate, Points, limits, ran_out
from reports.lifetable import Counts, LifeTable, LifeTableError, Reals, RiskTable

__all__ = [
    "CONF_TYPES",
    "DAYS_PER_MONTH",
    "DAYS_PER_YEAR",
    "ChiSquare",
    "ConfType",
    "Curve",
    "Estimate",
    "LifeTable",
    "LifeTableError",
    "MeanDifference",
    "Points",
    "RestrictedMean",
    "RiskTable",
    "compare_restricted_means",
    "conditional_survival",
    "cumulative_incidence",
    "follow_up",
    "gray_test",
    "kaplan_meier",
    "logrank",
    "restricted_mean",
]

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean:
    """Mean survival up to a horizon in days, each (G,)."""

    value: Reals
    std_err: Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """Days that the second of two groups lives longer up to a horizon; a p-value of NaN where nobody failed."""

    value: float
    std_err: float
    lower: float
    upper: float
    p_value: float


def kaplan_meier(table: LifeTable, *, conf_type: ConfType = "log-log", level: float = 0.95) -> Curve:
    """Estimate survival S(t), the product over t_j <= t of (Y_j - d_j) / Y_j, all causes together.

    Kaplan and Meier 1958. Variance S^2 times the sum of d / (Y (Y - d)): Greenwood 1926.
    """
    at_risk, survival, greenwood = _product_limit(table)
    relative = np.sqrt(greenwood)
    with np.errstate(invalid="ignore"):
        std_err = survival * relative  # NaN once survival is 0
    lower, upper = limits(survival, relative, conf_type, level)
    return Curve(
        table=table,
        n_risk=at_risk,
        estimate=survival,
        std_err=std_err,
        lower=lower,
        upper=upper,
        at_zero=1.0,
        conf_type=conf_type,
        level=level,
    )


def follow_up(table: LifeTable, *, conf_type: ConfType = "log-log", level: float = 0.95) -> Estimate:
    """Median follow-up with limits by reverse Kaplan-Meier (Schemper and Smith 1996)."""
    return kaplan_meier(table.reverse(), conf_type=conf_type, level=level).quantile(0.5)


def restricted_mean(table: LifeTable, tau: float) -> RestrictedMean:
    """Area under S from 0 to tau days: the mean time lived by day tau (Irwin 1949, Karrison 1987).

    Variance: the sum over deaths by tau of (area from t_j to tau)^2 d / (Y (Y - d)). Not estimable for a
    group whose follow-up ends before tau, unless everyone at risk had failed.
    """
    at_risk, survival, _ = _product_limit(table)
    steps = _greenwood_steps(table.failed, at_risk)
    value, variance = np.zeros(len(table.groups)), np.zeros(len(table.groups))
    for g, span in enumerate(table.spans()):
        upto = slice(span.start, span.start + int(np.searchsorted(table.time[span], tau, side="right")))
        edges = np.concatenate([[0.0], table.time[upto], [tau]])
        areas = np.concatenate([[1.0], survival[upto]]) * np.diff(edges)
        ahead = np.cumsum(areas[::-1])[::-1][1:]
        value[g] = areas.sum()
        variance[g] = (ahead**2 * np.where(np.isfinite(steps[upto]), steps[upto], 0)).sum()
    unknown = ~(tau <= table.last()) & ~ran_out(table)
    std_err = np.where(unknown, np.nan, np.sqrt(variance))
    return RestrictedMean(value=np.where(unknown, np.nan, value), std_err=std_err)


def compare_restricted_means(table: LifeTable, tau: float, *, level: float = 0.95) -> MeanDifference:
    """Subtract the restricted mean of the first of two groups from that of the second, up to tau days.

    The variances add; limits and two-sided p-value are normal (Royston and Parmar 2013, doi 10.1186/1471-2288-13-152).
    Hazards need not be proportional. Raises LifeTableError unless there are two groups, or where tau lies beyond the
    last follow-up of one of them: there no mean is known.
    """
    if len(table.groups) != 2:
        raise LifeTableError("two groups are needed to compare their means", field="groups")
    means = restricted_mean(table, tau)
    if np.isnan(means.value).any():
        raise LifeTableError("must not lie beyond the last follow-up of either group", field="tau")
    value = float(means.value[1] - means.value[0])
    std_err = float(np.sqrt((means.std_err**2).sum()))
    wide = NormalDist().inv_cdf((1 + level) / 2) * std_err
    p_value = math.erfc(abs(value) / std_err / math.sqrt(2)) if std_err else math.nan
    return MeanDifference(
        value=value, std_err=std_err, lower=value - wide, upper=value + wide, p_value=p_value
    )


def conditional_survival(
    table: LifeTable, since: float, until: float, *, conf_type: ConfType = "log-log", level: float = 0.95
) -> Estimate:
    """Probability to live past day ``until`` for those alive and observed after day ``since``: S(t) / S(s).

    The product and Greenwood's sum run over (since, until] only, so limits are those of a fresh start.
    """
    if not 0 <= since < until:
        raise LifeTableError("must be at least 0 and before until", field="since")
    at_risk = table.at_risk
    factors, steps = _factors(table.failed, at_risk), _greenwood_steps(table.failed, at_risk)
    value, variance = np.ones(len(table.groups)), np.zeros(len(table.groups))
    for g, span in enumerate(table.spans()):
        first, stop = np.searchsorted(table.time[span], [since, until], side="right") + span.start
        value[g], variance[g] = factors[first:stop].prod(), steps[first:stop].sum()
    lower, upper = limits(value, np.sqrt(variance), conf_type, level)
    last = table.last()
    unknown = ~(last > since) | (~(until <= last) & (value > 0))
    value, lower, upper = (np.where(unknown, np.nan, figures) for figures in (value, lower, upper))
    return Estimate(value=value, lower=lower, upper=upper)


def _product_limit(table: LifeTable) -> tuple[Counts, Reals, Reals]:
    """At risk, S and Greenwood's sum at every cell."""
    at_risk, failed = table.at_risk, table.failed
    survival = table.running(np.multiply, _factors(failed, at_risk))
    return at_risk, survival, table.running(np.add, _greenwood_steps(failed, at_risk))


def _factors(failed: Counts, at_risk: Counts) -> Reals:
    return np.divide(at_risk - failed, at_risk, out=np.ones(failed.size), where=at_risk > 0)


def _greenwood_steps(failed: Counts, at_risk: Counts) -> Reals:
    """d / (Y (Y - d)); infinite where everyone at risk fails. In floats: Y (Y - d) may pass 2^63."""
    with np.errstate(divide="ignore"):
        return np.divide(
            failed, at_risk * (at_risk - failed).astype(float), out=np.zeros(failed.size), where=failed > 0
        )
