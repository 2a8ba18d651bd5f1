"""One center beside what was expected of it: proportions, funnel limits, observed over expected, and charts over time.

Pure and without scipy, as reports/proportions.py. Centers are compared with a target or a model, never ranked. Checked
against R: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, count
from statistics import NormalDist

from reports.comparison import chi_square_tail

_TINY = 1e-18  # a term this small beside its sum changes nothing any more


def wilson(n: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give the score interval of n events in ``of`` trials; (0, 1) when there was no trial.

    Wilson 1927, JASA 22:209, without continuity correction. Raises ValueError for impossible counts or levels.
    """
    if not 0 <= n <= of:
        raise ValueError(f"n must lie between 0 and of, got {n} of {of}.")
    z = NormalDist().inv_cdf(1 - _tail(level))
    if of == 0:
        return 0.0, 1.0
    share, shrink = n / of, z * z / of
    middle = share + shrink / 2
    reach = z * math.sqrt(share * (1 - share) / of + shrink / (4 * of))
    lower = 0.0 if n == 0 else (middle - reach) / (1 + shrink)
    upper = 1.0 if n == of else (middle + reach) / (1 + shrink)
    return lower, upper


def funnel_limits(target: float, of: int, *, level: float = 0.95, phi: float = 1.0) -> tuple[float, float]:
    """Give the limits between which the share of a center with ``of`` patients lies by chance, were it the target.

    Exact binomial limits, interpolated between whole numbers (Spiegelhalter 2005, Stat Med 24:1185, appendix A.1.1)
    and kept within 0 and 1; the usual levels are 0.95 and 0.998. The target is taken as known. With
    ``phi`` above 1 (``overdispersion``) they lie sqrt(phi) times as far from it. Raises ValueError unless the target
    lies between 0 and 1, there is a patient, and phi is at least 1.
    """
    if not 0 < target < 1 or of < 1 or not phi >= 1:
        raise ValueError(
            f"target must lie between 0 and 1, of and phi be at least 1, got {target}, {of} and {phi}."
        )
    tail = _tail(level)
    at_most = _binomial(of, target)
    exact = (_interpolated(at_most, q) / of for q in (tail, 1 - tail))
    lower, upper = (min(1.0, max(0.0, target + math.sqrt(phi) * (limit - target))) for limit in exact)
    return lower, upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdispersion:
    """How much more shares of centers vary than chance lets them: phi, and what limits are to be widened by."""

    centers: int
    phi: float
    p_value: float
    widen_by: float  # phi where it is significant, else 1


def overdispersion(
    counts: Sequence[tuple[int, int]], target: float, *, winsorized: float = 0.1, alpha: float = 0.05
) -> Overdispersion:
    """Estimate phi, the mean of the squared z-scores of centers with (events, patients) around the target.

    Spiegelhalter 2005, Stat Med 24:1185 and Qual Saf Health Care 14:347: the lowest and the highest tenth of the scores
    are pulled in to the quantiles there, so that the outliers one looks for do not hide themselves. Limits are widened
    only where centers * phi passes the chi-square quantile: at most the share alpha of alike registries. Raises
    ValueError for fewer than two centers, impossible counts, or a target outside 0 to 1.
    """
    if not 0 < target < 1 or not 0 <= winsorized < 0.5:
        raise ValueError(
            f"target must lie between 0 and 1, winsorized from 0 to 0.5, got {target} and {winsorized}."
        )
    if len(counts) < 2 or any(not 0 <= n <= of or of < 1 for n, of in counts):
        raise ValueError("counts must be of two centers or more, with 0 to all of 1 or more patients.")
    scores = sorted((n / of - target) / math.sqrt(target * (1 - target) / of) for n, of in counts)
    low, high = _quantile(scores, winsorized), _quantile(scores, 1 - winsorized)
    phi = math.fsum(min(high, max(low, score)) ** 2 for score in scores) / len(scores)
    p_value = chi_square_tail(phi * len(scores), len(scores))
    is_more = phi > 1 and p_value < alpha
    return Overdispersion(centers=len(scores), phi=phi, p_value=p_value, widen_by=phi if is_more else 1.0)


def _quantile(ordered: Sequence[float], q: float) -> float:
    """Interpolate between neighbors, as R's quantile does (type 7 of Hyndman and Fan 1996)."""
    place = (len(ordered) - 1) * q
    below = min(int(place), len(ordered) - 2)
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Observed events over those expected, with limits."""

    value: float
    lower: float
    upper: float


def observed_over_expected(observed: int, expected: float, *, level: float = 0.95) -> Ratio:
    """Divide the observed events by those that a model expects, with the exact Poisson limits of Garwood.

    Garwood 1936, Biometrika 28:437. ``expected`` is the sum of predicted probabilities, taken as known. Raises
    ValueError unless it is above 0 and observed is not negative.
    """
    if observed < 0 or not 0 < expected < math.inf:
        raise ValueError(
            f"observed must not be negative and expected be above 0, got {observed} and {expected}."
        )
    lower, upper = _poisson_limits(observed, _tail(level))
    return Ratio(value=observed / expected, lower=lower / expected, upper=upper / expected)


def vlad(predicted: Sequence[float], happened: Sequence[bool | int]) -> tuple[float, ...]:
    """Add up predicted minus observed, patient by patient: the lives gained so far (Lovegrove 1997, Lancet 350:1128).

    ``predicted`` are the probabilities of the event and ``happened`` whether it did, (N,) in the order of operations;
    so is the answer. To look at, not to signal from: for that ``risk_adjusted_cusum``.
    """
    _checked(predicted, happened)
    return tuple(accumulate(p - y for p, y in zip(predicted, happened, strict=True)))


def risk_adjusted_cusum(
    predicted: Sequence[float], happened: Sequence[bool | int], *, odds_ratio: float
) -> tuple[float, ...]:
    """Chart the evidence that the odds of the event are ``odds_ratio`` times those predicted, (N,) from 0 up.

    Steiner, Cook, Farewell, Treasure 2000, Biostatistics 1:441: log-likelihood ratios, never below 0. The limit that
    signals is found by simulating the center's own patients (reports/cusum_limits.py). Above 1 it looks for harm,
    below 1 for improvement. Raises ValueError for probabilities outside 0 to 1, unequal lengths, or an odds ratio that
    is not above 0 or is 1.
    """
    _checked(predicted, happened)
    if not 0 < odds_ratio < math.inf or odds_ratio == 1:
        raise ValueError(f"odds_ratio must be above 0 and not 1, got {odds_ratio}.")
    height, chart = 0.0, []
    for p, y in zip(predicted, happened, strict=True):
        weight = math.log((odds_ratio if y else 1) / (1 - p + odds_ratio * p))
        height = max(0.0, height + weight)
        chart.append(height)
    return tuple(chart)


def _tail(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}.")
    return (1 - level) / 2


def _checked(predicted: Sequence[float], happened: Sequence[bool | int]) -> None:
    if len(predicted) != len(happened):
        raise ValueError("predicted and happened must have one value for each patient.")
    if not all(0 <= p <= 1 for p in predicted) or not all(y in (0, 1) for y in happened):
        raise ValueError("predicted must lie between 0 and 1, and happened be 0 or 1.")


# --- binomial --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)  # limits at several levels are asked for each size
def _binomial(of: int, p: float) -> tuple[tuple[int, float, float], ...]:
    """Each count with a probability that matters, its probability, and that of at most so many.

    Built from the mode outwards by the ratio of neighbors and divided by the sum: no factorial is ever needed.
    """
    mode, odds = min(of, int((of + 1) * p)), p / (1 - p)
    terms = {mode: 1.0}
    for k in range(mode, 0, -1):
        terms[k - 1] = terms[k] * k / ((of - k + 1) * odds)
        if terms[k - 1] < _TINY:
            break
    for k in range(mode, of):
        terms[k + 1] = terms[k] * (of - k) * odds / (k + 1)
        if terms[k + 1] < _TINY:
            break
    counts, total = sorted(terms), math.fsum(terms.values())
    running = accumulate(terms[k] for k in counts)
    return tuple((k, terms[k] / total, upto / total) for k, upto in zip(counts, running, strict=True))


def _interpolated(at_most: tuple[tuple[int, float, float], ...], q: float) -> float:
    """The quantile q, moved below its whole number by how far the probability of that passes q."""
    k, own, upto = next((row for row in at_most if row[2] >= q), at_most[-1])
    return k - (upto - q) / own


# --- Poisson ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _poisson_limits(n: int, tail: float) -> tuple[float, float]:
    """The means at which n or more, and n or fewer, have the probability ``tail``."""
    upper = -math.log(tail) if n == 0 else _halved(lambda mean: _at_most(n, mean) < tail, n)
    return (0.0 if n == 0 else _halved(lambda mean: _at_most(n - 1, mean) < 1 - tail, 0.0)), upper


def _halved(is_beyond: Callable[[float], bool], low: float) -> float:
    """Find where a condition begins to hold, to the last bit."""
    high = next(low + 2.0**power for power in count() if is_beyond(low + 2.0**power))
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return high


def _at_most(n: int, mean: float) -> float:
    """P(X <= n) of a Poisson distribution, from its terms divided by P(X = n)."""
    below = term = 1.0
    for k in range(n, 0, -1):
        term *= k / mean
        below += term
        if term < _TINY * below:
            break
    return below * math.exp(n * math.log(mean) - mean - math.lgamma(n + 1))
