"""Cox regression of counted patients, by statsmodels (docs/decisions/0011-cox-regression.md). Pure.

The library is imported when the first model is fitted, not before: it brings scipy and pandas along.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reports.counting import Counts, Reals

MOST_PATIENTS = 20_000  # a fit takes seconds for each 10,000
_LARGEST_ERROR = 10.0  # of a log hazard ratio: limits over a factor of e^39 say that there is no estimate


class NotEstimableError(ValueError):
    """There is no finite, single best set of hazard ratios, or the patients are too many to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Log hazard ratios of P covariates, each (P,), with normal limits and two-sided p-values of Wald's test."""

    log_ratio: Reals
    std_err: Reals
    lower: Reals
    upper: Reals
    p_value: Reals
    patients: int
    events: int
    log_likelihood: float


def fit(
    days: ArrayLike,
    failed: ArrayLike,
    censored: ArrayLike,
    covariates: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> Fit:
    """Maximize the partial likelihood (Cox 1972, JRSS B 34:187), ties as Efron 1977, JASA 72:557.

    M rows of counts: the day, how many failed and were censored on it, their covariates (M, P), and their stratum, each
    of which has a baseline hazard of its own. Newton's method, until no log ratio moves by more than 1e-12. Raises
    NotEstimableError where the likelihood has no finite maximum (nobody failed on one side of a covariate), where
    covariates say the same, or beyond MOST_PATIENTS.
    """
    deaths, others = np.asarray(failed, np.int64), np.asarray(censored, np.int64)
    if int(deaths.sum() + others.sum()) > MOST_PATIENTS:
        raise NotEstimableError(f"More than {MOST_PATIENTS} patients.")
    if not deaths.any():
        raise NotEstimableError("Nobody failed.")
    times = np.concatenate([deaths, others])
    model = _model(
        np.asarray(days, np.float64),
        np.asarray(covariates, np.float64),
        np.zeros(deaths.size, np.int64) if strata is None else np.unique(strata, return_inverse=True)[1],
        times,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of convergence, which is looked at below
            found = model.fit(method="newton", tol=1e-12, maxiter=100, disp=False)
            log_ratio, std_err = np.asarray(found.params), np.asarray(found.bse)
            slope = np.abs(model.score(log_ratio)).max()
    except np.linalg.LinAlgError:
        raise NotEstimableError("The covariates do not vary, or say the same.") from None
    if not (std_err < _LARGEST_ERROR).all() or not slope <= 1e-6 * max(1, int(deaths.sum())):
        raise NotEstimableError("The likelihood has no finite maximum.")
    wide = NormalDist().inv_cdf((1 + level) / 2) * std_err
    return Fit(
        log_ratio=log_ratio,
        std_err=std_err,
        lower=log_ratio - wide,
        upper=log_ratio + wide,
        p_value=np.array([math.erfc(abs(z) / math.sqrt(2)) for z in (log_ratio / std_err).tolist()]),
        patients=int(times.sum()),
        events=int(deaths.sum()),
        log_likelihood=float(model.loglike(log_ratio)),
    )


def _model(days: Reals, covariates: Reals, strata: Counts, times: Counts) -> Any:
    """One row for each patient of the counts, those who failed first."""
    from statsmodels.duration.hazard_regression import PHReg

    def each(values: Any) -> Any:
        return np.repeat(np.concatenate([values, values]), times, axis=0)

    failed = np.arange(times.size) < days.size
    return PHReg(
        each(days), each(covariates), status=np.repeat(failed, times).astype(int), strata=each(strata),
        ties="efron",
    )  # fmt: skip
