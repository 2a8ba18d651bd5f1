"""Cumulative incidence of one cause while others compete (Aalen and Johansen 1978). Pure numpy.

Never one minus Kaplan-Meier with the competing deaths censored: that would estimate what happens in a
world where nobody dies of anything else.
"""

from __future__ import annotations

import numpy as np

from reports.curve import ConfType, Curve, limits
from reports.lifetable import Counts, LifeTable, LifeTableError, Reals


def cumulative_incidence(
    table: LifeTable, cause: int = 1, *, conf_type: ConfType = "log-log", level: float = 0.95
) -> Curve:
    """Estimate F_k(t), the sum over t_j <= t of S(t_j-) d_kj / Y_j; S and all the F_k add up to 1.

    The variance is the delta-method (multinomial, Greenwood-like) one: on right-censored data that of R's
    survfit, with late entries that of R's etm. cmprsk prints another, Gray's.
    """
    if not 1 <= cause <= len(table.events):
        raise LifeTableError(f"must be one of the causes 1 to {len(table.events)}", field="cause")
    at_risk, own, failed = table.at_risk, table.events[cause - 1], table.failed
    present = np.maximum(at_risk, 1).astype(float)
    survival = table.running(np.multiply, np.where(at_risk > 0, (at_risk - failed) / present, 1.0))
    before = table.just_before(survival, 1.0)
    rise = before * own / present
    incidence = table.running(np.add, rise)
    std_err = np.sqrt(_variance(table, present, survival, rise, before, own))
    relative = np.divide(std_err, incidence, out=np.zeros(std_err.size), where=std_err > 0)
    lower, upper = limits(incidence, relative, conf_type, level)
    lower, upper = (np.where(incidence == 0, 0.0, limit) for limit in (lower, upper))
    return Curve(
        table=table,
        n_risk=at_risk,
        estimate=incidence,
        std_err=std_err,
        lower=lower,
        upper=upper,
        at_zero=0.0,
        conf_type=conf_type,
        level=level,
    )


def _variance(
    table: LifeTable, present: Reals, survival: Reals, rise: Reals, before: Reals, own: Counts
) -> Reals:
    """Var F by its recursion over time, with G Greenwood's sum and q = cov(F, S) / S.

    q grows by rise (G- - 1/Y), Var F by rise (2 q- + rise G- + (S- - rise) / Y). The textbook sum of
    (F(t) - F_j)^2 terms is equal but cancels where F is near 1.
    """
    failed = table.failed
    last = failed == present
    steps = np.divide(
        failed, present * (present - failed), out=np.zeros(rise.size), where=(failed > 0) & ~last
    )
    greenwood = table.running(np.add, steps)
    greenwood_before = table.just_before(greenwood, 0.0)
    covariance = table.running(np.add, rise * (greenwood_before - 1 / present))
    covariance_before = table.just_before(covariance, 0.0)
    growth = rise * (2 * covariance_before + rise * greenwood_before + (before - rise) / present)
    variance = np.maximum(table.running(np.add, growth), 0)
    others = table.total(failed - own)
    alone = np.repeat(others == 0, np.diff(table.offsets))
    return np.where(alone, survival**2 * greenwood, variance)
