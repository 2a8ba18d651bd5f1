"""The exact interval of a proportion (Clopper and Pearson 1934).

Pure and without scipy, so that web and worker processes do not pay for its import.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

_HUGE = 1e290  # a sum this large already says that the other tail is empty
_NOTHING = 1e-15  # a step this small beside p is rounding
_TINY = 1e-18  # a term this small beside its sum changes nothing any more


@lru_cache(maxsize=4096)  # a page asks for a hundred, and the next look for the same ones
def clopper_pearson(n: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give the exact interval of n events in ``of`` trials; (0, 1) when there was no trial.

    Biometrika 26:404. Never too short: the price is a width beyond the nominal level.
    """
    alpha = (1 - _checked(n, of, level)) / 2
    if of == 0:
        return 0.0, 1.0
    if n == 0:
        return 0.0, -math.expm1(math.log(alpha) / of)
    if n == of:
        return alpha ** (1 / of), 1.0
    return _lower_limit(alpha, n, of), _upper_limit(alpha, n, of)


def _checked(n: int, of: int, level: float) -> float:
    if not 0 <= n <= of:
        raise ValueError(f"n must lie between 0 and of, got {n} of {of}.")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}.")
    return level


def _lower_limit(alpha: float, n: int, of: int) -> float:
    """Find p with P(X >= n) = alpha; the logarithm of that tail has the slope n / (p above) in p."""

    def step(p: float) -> float:
        below, above = _tails(n, of, p)
        return math.log(above / (below + above - 1) / alpha) * p * above / n

    return _root(step, 0.0, n / of, start=n / of - _normal(alpha, n, of))


def _upper_limit(alpha: float, n: int, of: int) -> float:
    """Find p with P(X <= n) = alpha; not by symmetry, which would lose digits where p is small."""

    def step(p: float) -> float:
        below, above = _tails(n, of, p)
        return -math.log(below / (below + above - 1) / alpha) * (1 - p) * below / (of - n)

    return _root(step, n / of, 1.0, start=n / of + _normal(alpha, n, of))


def _normal(alpha: float, n: int, of: int) -> float:
    """Half the width of the normal approximation: where to begin."""
    return -NormalDist().inv_cdf(alpha) * math.sqrt(n * (of - n) / of**3)


def _root(step: Callable[[float], float], low: float, high: float, *, start: float) -> float:
    """Go by Newton's steps from the limit of the normal approximation; halve where one would leave the bracket."""
    p = start if low < start < high else (low + high) / 2
    while low < p < high:
        down = step(p)
        low, high = (low, p) if down > 0 else (p, high)
        if abs(down) <= _NOTHING * p:
            return p - down
        p = p - down if low < p - down < high else (low + high) / 2
    return p


def _tails(n: int, of: int, p: float) -> tuple[float, float]:
    """P(X <= n) and P(X >= n) of a binomial, both divided by P(X = n): no factorial is ever needed."""
    odds = p / (1 - p)
    return _terms_down(n, of, odds), _terms_down(of - n, of, 1 / odds)


def _terms_down(n: int, of: int, odds: float) -> float:
    """Sum of P(X = k) / P(X = n) for k from n down to 0; each term follows from its neighbor."""
    total = term = 1.0
    for k in range(n, 0, -1):
        term *= k / ((of - k + 1) * odds)
        total += term
        if term < _TINY * total or total > _HUGE:
            break
    return total
