"""A survival or incidence curve with its pointwise limits: read it at a time, or at a probability.

Knows how limits are made and how a step function is read, not how it was estimated. Pure numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from reports.lifetable import Counts, LifeTable, LifeTableError, Reals

ConfType = Literal["log-log", "log", "plain"]
CONF_TYPES: tuple[ConfType, ...] = ("log-log", "log", "plain")

# A probability this close to the one asked for counts as equal to it: R's quantile.survfit, sqrt(epsilon).
SAME = 2.0**-26


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A curve read at M times, each (G, M); NaN where not estimable."""

    times: Reals
    n_risk: Counts
    estimate: Reals
    std_err: Reals
    lower: Reals
    upper: Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure per group with its limits, each (G,); NaN where not reached or not estimable."""

    value: Reals
    lower: Reals
    upper: Reals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A right-continuous step function for every group of ``table``; arrays (N,), one value a cell.

    at_zero is the value before the first time: 1 for survival, 0 for a cumulative incidence. std_err is
    that of the estimate itself. Limits are pointwise; NaN where survival has fallen to 0.
    """

    table: LifeTable
    n_risk: Counts
    estimate: Reals
    std_err: Reals
    lower: Reals
    upper: Reals
    at_zero: float
    conf_type: ConfType
    level: float

    def at(self, times: ArrayLike) -> Points:
        """Read the curve at times in days: what happens on day t counts at t.

        Not estimable after the last exit of a group, unless by then everyone at risk had failed.
        """
        moments = np.asarray(times, np.float64)
        shape = (len(self.table.groups), moments.size)
        names = ("estimate", "std_err", "lower", "upper")
        read = {name: np.empty(shape) for name in names}
        beyond = ~(moments <= self.table.last()[:, np.newaxis]) & ~ran_out(self.table)[:, np.newaxis]
        for g, span in enumerate(self.table.spans()):
            place = np.searchsorted(self.table.time[span], moments, side="right")
            for name in names:
                start = 0.0 if name == "std_err" else self.at_zero
                read[name][g] = np.concatenate([[start], getattr(self, name)[span]])[place]
        for values in read.values():
            values[beyond] = np.nan
        return Points(times=moments, n_risk=self.table.at_risk_at(moments), **read)

    def quantile(self, p: float = 0.5) -> Estimate:
        """Find the day by which a share p has failed; 0.5 is the median.

        Limits invert the pointwise limits (Brookmeyer and Crowley 1982). Where the curve lies flat exactly
        at p, the middle of the flat stretch, which ends at the last exit if nothing follows (R's quantile).
        """
        if not 0 < p < 1:
            raise LifeTableError("must lie between 0 and 1", field="p")
        falls = self.at_zero == 1
        curves = (self.estimate, self.lower, self.upper) if falls else (self.estimate, self.upper, self.lower)
        last, found = self.table.last(), np.empty((3, len(self.table.groups)))
        for g, span in enumerate(self.table.spans()):
            for row, values in zip(found, curves, strict=True):
                share = 1 - values[span] if falls else values[span]
                row[g] = _crossing(self.table.time[span], share, p, last[g])
        return Estimate(value=found[0], lower=found[1], upper=found[2])


def _crossing(time: Reals, share: Reals, p: float, last: float) -> float:
    """First time the failed share reaches p. NaN shares are passed over.

    The limits of very small samples need not be monotone; then the row nearest beyond p, as in R.
    """
    if not (share >= p).any():  # exactly, as in R: rounding may leave a last share just below p
        return np.nan
    reached = np.where(share >= p - SAME, share, np.inf)
    first = int(reached.argmin())
    if reached[first] > p + SAME:
        return float(time[first])
    if abs(share[-1] - p) < SAME:
        return float(time[first] + last) / 2
    passed = np.where(share >= p + SAME, share, np.inf)
    following = int(passed.argmin())
    return float(time[first] + time[following]) / 2 if np.isfinite(passed[following]) else np.nan


def ran_out(table: LifeTable) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(G,) whether everyone at risk failed at some time: survival is 0 from then on, and known to be."""
    emptied = (table.failed > 0) & (table.failed == table.at_risk)
    return np.array([emptied[span].any() for span in table.spans()], bool)


def limits(estimate: Reals, relative: Reals, conf_type: ConfType, level: float) -> tuple[Reals, Reals]:
    """Pointwise limits of a probability from its relative standard error (se / estimate).

    As R's survfit (3.8): at standard error 0 both limits are the estimate; at survival 0, where the
    relative error is infinite, they are NaN. "plain" is p -+ z se, "log" p exp(-+ z se/p), and "log-log"
    p ^ exp(+- z se / (p log p)), which alone stays inside 0 and 1 by itself (Kalbfleisch and Prentice 1980).
    """
    if conf_type not in CONF_TYPES:
        raise LifeTableError(f"must be one of {', '.join(CONF_TYPES)}", field="conf_type")
    if not 0 < level < 1:
        raise LifeTableError("must lie between 0 and 1", field="level")
    reach = NormalDist().inv_cdf((1 + level) / 2) * relative
    with np.errstate(all="ignore"):
        if conf_type == "plain":
            return np.maximum(estimate - reach * estimate, 0), np.minimum(estimate + reach * estimate, 1)
        if conf_type == "log":
            lower, upper = estimate * np.exp(-reach), np.minimum(estimate * np.exp(reach), 1)
        else:
            log = np.log(estimate)
            power = np.exp(-reach / log)
            lower, upper = np.exp(log * power), np.exp(log / power)
        exact, gone = relative == 0, estimate == 0
        lower, upper = np.where(gone, np.nan, lower), np.where(gone, np.nan, upper)
        return np.where(exact, estimate, lower), np.where(exact, estimate, upper)
