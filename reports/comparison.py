"""Tests between groups: log-rank for survival, Gray's test for cumulative incidence; both by strata.

Both accept one LifeTable, or one per stratum with the same groups: sums run over strata. Pure numpy,
no scipy: the upper tail of chi-square with whole degrees of freedom has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports import counting
from reports.lifetable import LifeTable, LifeTableError, Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """A test of equal groups; observed and expected are events by group, empty for Gray's test."""

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
        at_risk, events = _rectangle(table)
        failed = events.sum(axis=0)
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


def gray_test(strata: LifeTable | Sequence[LifeTable], cause: int = 1, *, rho: float = 0.0) -> ChiSquare:
    """Compare the cumulative incidence of one cause between groups (Gray 1988, Ann Stat 16:1141).

    A log-rank test for the subdistribution hazard: whoever failed of another cause stays in the risk set,
    R_g = Y_g (1 - F_g(t-)) / S_g(t-). Needs every patient seen from the start: no late entries.
    """
    tables = _strata(strata)
    size = len(tables[0].groups)
    scores, variance, present = np.zeros(size), np.zeros((size, size)), np.zeros(size, bool)
    for table in tables:
        if table.entered.any():
            raise LifeTableError("Gray's test is not defined with late entries", field="entry")
        if not 1 <= cause <= len(table.events):
            raise LifeTableError(f"must be one of the causes 1 to {len(table.events)}", field="cause")
        at_risk, events = _rectangle(table)
        own = events[cause - 1]
        added, spread = _gray_stratum(at_risk, own, events.sum(axis=0) - own, rho)
        scores, variance, present = scores + added, variance + spread, present | at_risk.any(axis=1)
    part = np.flatnonzero(present)
    statistic, df = _quadratic(scores[part][1:], variance[np.ix_(part, part)][1:, 1:])
    return ChiSquare(statistic=statistic, df=df, p_value=chi_square_tail(statistic, df))


def _gray_stratum(at_risk: Reals, own: Reals, other: Reals, rho: float) -> tuple[Reals, Reals]:
    """Scores and their variance in one stratum, from (G, M) counts.

    Group r, were it alone, would move score g by a_gr for a failure of the cause and by b_gr for another,
    the martingale weights of Gray's theorem 1; ties shrink the variance as draws without replacement do.
    """
    size, deaths = len(at_risk), own.sum(axis=0)
    survival = np.cumprod(
        1 - np.divide(own + other, at_risk, out=np.zeros_like(own), where=at_risk > 0), axis=1
    )
    before = _just_before(survival, 1.0)
    exposed = np.divide(at_risk, before, out=np.zeros_like(own), where=before > 0)  # Y / S(t-)
    pooled = exposed.sum(axis=0)
    rise = deaths / np.maximum(pooled, 1)
    free = np.maximum(1 - np.cumsum(rise), 0)  # of the cause, were all groups alike
    free_before = _just_before(free, 1.0)
    incidence = np.cumsum(own * np.divide(before, at_risk, out=np.zeros_like(own), where=at_risk > 0), axis=1)
    risk_set = exposed * (1 - _just_before(incidence, 0.0))
    weight = free_before**rho
    scores = (weight * (own - risk_set * (deaths / risk_set.sum(axis=0)))).sum(axis=1)
    hazard = np.divide(rise, free_before, out=np.zeros_like(rise), where=free_before > 0)
    return scores, _gray_variance(exposed / pooled, weight, hazard, [
        (
            exposed[r],
            np.divide(free, survival[r], out=np.zeros_like(free), where=survival[r] > 0),
            rise * _tie_factor(deaths, pooled * before[r]),
            other[r] * _tie_factor(other[r], at_risk[r]),
        )
        for r in range(size)
    ])  # fmt: skip


def _gray_variance(parts: Reals, weight: Reals, hazard: Reals, groups: list[tuple[Reals, ...]]) -> Reals:
    """The sum over groups r and times of a a' own / H_r + b b' other / H_r^2, with H_r = Y_r / S_r-.

    With u = w H_r (e_r - parts), L the sum of u hazard over later times, and phi = (1 - F0) / S_r: a = u + (1 - phi) L
    and b = -phi L. Multiplied out, so that each group takes one product of matrices.
    """
    size = len(parts)
    variance, of_parts = np.zeros((size, size)), np.zeros(parts.shape[1])
    later, half = (
        np.empty_like(parts),
        np.empty_like(parts),
    )  # written over: new ones would take half of the time
    for r, (exposed, phi, own, other) in enumerate(groups):
        share = np.divide(1, exposed, out=np.zeros_like(phi), where=exposed > 0)
        alpha, beta, moved = share * own, share**2 * other, weight * exposed
        squared, mixed = alpha * moved**2, alpha * (1 - phi) * moved
        of_parts += squared
        variance[r, r] += squared.sum()
        crossed = parts @ squared
        variance[r] -= crossed
        variance[:, r] -= crossed
        change = moved * hazard
        np.cumsum(np.multiply(parts, change, out=half), axis=1, out=later)
        later -= later[:, -1:].copy()
        later[r] += change.sum() - np.cumsum(change)
        np.multiply(later, (alpha * (1 - phi) ** 2 + beta * phi**2) / 2, out=half)
        half -= parts * mixed
        product = half @ later.T
        product[r] += later @ mixed
        variance += product + product.T
    return variance + (parts * of_parts) @ parts.T


def _tie_factor(failed: Reals, at_risk: Reals) -> Reals:
    """1 - (m - 1) / (Y - 1) for m failures at once, 1 for a single one."""
    return 1 - np.divide(
        failed - 1, at_risk - 1, out=np.zeros_like(failed), where=(failed > 1) & (at_risk > 1)
    )


def _just_before(values: Reals, first: float) -> Reals:
    shifted = np.full_like(values, first)
    shifted[..., 1:] = values[..., :-1]
    return shifted


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


def _rectangle(table: LifeTable) -> tuple[Reals, Reals]:
    """At risk (G, M) and failures by cause (K, G, M), in floats, at the M times when anyone fails."""
    axis, place = counting.axis_of(table.time)
    cells = np.repeat(np.arange(len(table.groups)), np.diff(table.offsets)) * axis.size + place
    shape = (len(table.groups), axis.size)
    leaving, events = np.zeros(shape), np.zeros((len(table.events), *shape))
    leaving.reshape(-1)[cells] = table.failed + table.censored - table.entered
    events.reshape(len(events), -1)[:, cells] = table.events
    at_risk = table.started[:, np.newaxis] - np.cumsum(leaving, axis=1) + leaving
    kept = np.flatnonzero(events.any(axis=(0, 1)))
    return at_risk[:, kept], events[:, :, kept]


def _quadratic(scores: Reals, variance: Reals) -> tuple[float, int]:
    """u' V^-1 u and its degrees of freedom: the rank of V, should strata leave it singular."""
    if not scores.size:
        return 0.0, 0
    rank = int(np.linalg.matrix_rank(variance, hermitian=True))
    if rank == scores.size:
        return float(scores @ np.linalg.solve(variance, scores)), rank
    return float(scores @ np.linalg.pinv(variance, hermitian=True) @ scores), rank
