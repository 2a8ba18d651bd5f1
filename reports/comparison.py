"""Test whether groups survive alike: the log-rank test, by strata if need be.

Tests accept one LifeTable, or one per stratum with the same groups: sums run over strata. Pure numpy,
no scipy: the upper tail of chi-square with whole degrees of freedom has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.lifetable import Counts, LifeTable, LifeTableError, Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """A test of equal groups; observed and expected are events by group."""

    statistic: float
    df: int
    p_value: float
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()


def logrank(strata: LifeTable | Sequence[LifeTable], *, rho: float = 0.0) -> ChiSquare:
    """Compare the survival of all groups (Mantel 1966; rho=1 weighs early deaths, Peto and Peto 1972).

    With Y and d at risk and failed at an event time, w = S(t-)^rho of everyone, and g a group:
    expected_g = sum w d Y_g / Y, and the variance sum w^2 d (Y-d)/(Y-1) [Y_g/Y (g=h) - Y_g Y_h / Y^2].
    Late entries are allowed. Groups that were never at risk at an event take no part.
    """
    tables = _strata(strata)
    size = len(tables[0].groups)
    observed, expected, variance = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for table in tables:
        at_risk, failed = _rectangle(table, table.failed)
        total, deaths = at_risk.sum(axis=0), failed.sum(axis=0)
        weight = np.concatenate([[1.0], np.cumprod((total - deaths) / total)[:-1]]) ** rho if rho else 1.0
        spread = weight**2 * deaths * (total - deaths) / (total * np.maximum(total - 1, 1))
        observed += (weight * failed).sum(axis=1)
        expected += at_risk @ (weight * deaths / total)
        variance += np.diag(at_risk @ spread) - (at_risk * (spread / total)) @ at_risk.T
    part = np.flatnonzero(expected > 0)
    statistic, df = _quadratic((observed - expected)[part][1:], variance[np.ix_(part, part)][1:, 1:])
    return ChiSquare(
        statistic=statistic,
        df=df,
        p_value=chi_square_tail(statistic, df),
        observed=tuple(observed.tolist()),
        expected=tuple(expected.tolist()),
    )


def chi_square_tail(x: float, df: int) -> float:
    """P(chi-square with df degrees of freedom > x): Abramowitz and Stegun 26.4.4 and 26.4.5."""
    if df <= 0:
        return 1.0
    half = x / 2
    if df % 2 == 0:
        term, start, tail = 1.0, 1.0, 1.0
    else:
        term, start, tail = 2 * math.sqrt(half / math.pi), 1.5, 0.0
        tail = term if df > 1 else 0.0
    for i in range((df - 2) // 2 if df % 2 == 0 else (df - 3) // 2):
        term *= half / (start + i)
        tail += term
    return math.exp(-half) * tail + (math.erfc(math.sqrt(half)) if df % 2 else 0.0)


def _strata(strata: LifeTable | Sequence[LifeTable]) -> list[LifeTable]:
    tables = [strata] if isinstance(strata, LifeTable) else list(strata)
    if not tables or any(table.groups != tables[0].groups for table in tables):
        raise LifeTableError("every stratum needs the same groups in the same order", field="strata")
    return tables


def _rectangle(table: LifeTable, failed: Counts) -> tuple[Reals, Reals]:
    """At risk and failed, (G, M) in floats, at the M times when anyone fails."""
    days, place = np.unique(table.time, return_inverse=True)
    cells = np.repeat(np.arange(len(table.groups)), np.diff(table.offsets)), place
    shape = (len(table.groups), days.size)
    leaving, failing = np.zeros(shape), np.zeros(shape)
    leaving[cells] = table.failed + table.censored - table.entered
    failing[cells] = failed
    at_risk = table.started[:, np.newaxis] - np.cumsum(leaving, axis=1) + leaving
    events = failing.any(axis=0)
    return at_risk[:, events], failing[:, events]


def _quadratic(scores: Reals, variance: Reals) -> tuple[float, int]:
    """u' V^-1 u and its degrees of freedom: the rank of V, should strata leave it singular."""
    if not scores.size:
        return 0.0, 0
    rank = int(np.linalg.matrix_rank(variance, hermitian=True))
    if rank == scores.size:
        return float(scores @ np.linalg.solve(variance, scores)), rank
    return float(scores @ np.linalg.pinv(variance, hermitian=True) @ scores), rank
