"""The limit at which a risk-adjusted CUSUM signals, found by simulating patients like those of the center. Pure.

A limit of the literature holds for the patients of its paper. Here patients are drawn from the center's own predicted
probabilities, with the outcome that these predict, again and again; the generator and its seed are fixed and stand in
the answer, so that the same center has the same limit every time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.counting import Reals

SEED, REPEATS = 20000, 20_000
_MOST_STEPS = 1_000_000  # a run that has not signaled by then is refused, not cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where to signal: of centers that do as predicted, at most the share ``alarms`` reach it in so many patients."""

    limit: float
    odds_ratio: float
    patients: int
    alarms: float
    repeats: int
    seed: int

    def __str__(self) -> str:
        return (
            f"limit {self.limit:.2f} for an odds ratio of {self.odds_ratio:g}: reached within {self.patients} patients "
            f"in {self.alarms:.1%} of {self.repeats} simulated runs as predicted (seed {self.seed})"
        )


def limit(
    predicted: Sequence[float],
    *,
    odds_ratio: float,
    patients: int,
    alarms: float = 0.05,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> Limit:
    """Find the lowest limit that a center as predicted reaches in ``patients`` patients with probability ``alarms``.

    Steiner, Cook, Farewell, Treasure 2000, Biostatistics 1:441, choose by the average run length (``run_length``); the
    probability of a false alarm within the patients of some years says the same to a small center, whose run lengths
    are longer than it will ever operate (Tian and others 2015, doi 10.1002/sim.6384). Raises ValueError for
    probabilities outside 0 to 1, for an odds ratio that is not above 0 or is 1, and for shares outside 0 to 1.
    """
    if not 0 < alarms < 1:
        raise ValueError(f"alarms must lie between 0 and 1, got {alarms}.")
    found = np.sort(peaks(predicted, odds_ratio=odds_ratio, patients=patients, repeats=repeats, seed=seed))
    # The first height above which at most so many runs went: it is signaled where the chart is higher.
    height = float(found[repeats - 1 - math.floor(alarms * repeats)])
    return Limit(
        limit=math.nextafter(height, math.inf),
        odds_ratio=odds_ratio,
        patients=patients,
        alarms=alarms,
        repeats=repeats,
        seed=seed,
    )


def peaks(
    predicted: Sequence[float], *, odds_ratio: float, patients: int, repeats: int = REPEATS, seed: int = SEED
) -> Reals:
    """(repeats,) the highest point of each simulated chart of so many patients."""
    mix, died, lived = _weights(predicted, odds_ratio)
    if patients < 1 or repeats < 1:
        raise ValueError("patients and repeats must be at least 1.")
    random = np.random.default_rng(seed)
    height, peak = np.zeros(repeats), np.zeros(repeats)
    for _ in range(patients):
        drawn = random.integers(0, mix.size, repeats)
        step = np.where(random.random(repeats) < mix[drawn], died[drawn], lived[drawn])
        height = np.maximum(0, height + step)
        peak = np.maximum(peak, height)
    return peak


def run_length(
    predicted: Sequence[float], *, odds_ratio: float, limit: float, repeats: int = 2_000, seed: int = SEED
) -> tuple[float, float]:
    """Estimate how many patients, on average, a center as predicted operates until its chart reaches the limit.

    Gives the mean and its standard error. Raises ValueError where runs take more than a million patients.
    """
    mix, died, lived = _weights(predicted, odds_ratio)
    random = np.random.default_rng(seed)
    height, lengths = np.zeros(repeats), []
    for length in range(1, _MOST_STEPS + 1):
        drawn = random.integers(0, mix.size, height.size)
        step = np.where(random.random(height.size) < mix[drawn], died[drawn], lived[drawn])
        height = np.maximum(0, height + step)
        is_running = height < limit
        lengths += [length] * int(height.size - is_running.sum())
        height = height[is_running]
        if not height.size:
            return float(np.mean(lengths)), float(np.std(lengths, ddof=1) / math.sqrt(repeats))
    raise ValueError("limit must be lower: a run did not reach it in a million patients.")


def _weights(predicted: Sequence[float], odds_ratio: float) -> tuple[Reals, Reals, Reals]:
    """The probabilities, and the steps of the chart after an event and without one, of each patient."""
    mix = np.asarray(predicted, np.float64)
    if not mix.size or not ((mix >= 0) & (mix <= 1)).all():
        raise ValueError("predicted must lie between 0 and 1, and there must be a patient.")
    if not 0 < odds_ratio < math.inf or odds_ratio == 1:
        raise ValueError(f"odds_ratio must be above 0 and not 1, got {odds_ratio}.")
    lived = -np.log(1 - mix + odds_ratio * mix)
    return mix, math.log(odds_ratio) + lived, lived
