"""Limits of the risk-adjusted CUSUM by simulation, against a Markov chain in R (make_models.R): another method."""

import csv
import math

import numpy as np
import pytest

from reports import cusum_limits
from reports.center_statistics import risk_adjusted_cusum
from tests.reports.r_reference import FOLDER

MIX = [0.01, 0.015, 0.02, 0.02, 0.03, 0.04, 0.055, 0.08, 0.12, 0.25]


def of_r():
    found = []
    with (FOLDER / "models" / "cusum.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            given = {"predicted": [float(p) for p in row["p"].split()], "odds_ratio": float(row["R"])}
            found.append(pytest.param(
                given, int(row["patients"]), float(row["h"]), float(row["alarm"]), float(row["run_length"]),
                id=f"{row['name']}-{row['R']}-{row['h']}",
            ))  # fmt: skip
    return found


@pytest.mark.parametrize(("given", "patients", "h", "alarm", "run_length"), of_r())
def test_false_alarms_and_run_lengths_are_those_of_the_markov_chain(given, patients, h, alarm, run_length):
    """Within four standard errors of the simulation, and 0.003 for the steps of the chain."""
    peaks = cusum_limits.peaks(**given, patients=patients)
    mean, std_err = cusum_limits.run_length(**given, limit=h, repeats=1_000)

    error = math.sqrt(alarm * (1 - alarm) / peaks.size)
    assert (peaks >= h).mean() == pytest.approx(alarm, abs=4 * error + 0.003)
    assert mean == pytest.approx(run_length, abs=4 * std_err + 0.003 * run_length)


def test_the_limit_keeps_the_share_of_alarms():
    found = cusum_limits.limit(MIX, odds_ratio=2, patients=200, alarms=0.05)

    other = cusum_limits.peaks(MIX, odds_ratio=2, patients=200, seed=4711)
    own = cusum_limits.peaks(MIX, odds_ratio=2, patients=200)
    assert (own >= found.limit).mean() <= 0.05
    assert (own >= found.limit - 0.05).mean() > 0.05, "no lower limit would do"
    assert (other >= found.limit).mean() == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 20_000) * 1.5)


def test_the_same_seed_gives_the_same_limit_and_it_is_printed():
    asked = {"odds_ratio": 2.0, "patients": 50, "repeats": 500}

    found = cusum_limits.limit(MIX, **asked, seed=7)

    assert found == cusum_limits.limit(MIX, **asked, seed=7)
    assert found != cusum_limits.limit(MIX, **asked, seed=8)
    assert str(found).endswith("within 50 patients in 5.0% of 500 simulated runs as predicted (seed 7)")


def test_a_simulated_chart_is_the_chart():
    """The steps are those of risk_adjusted_cusum, which R has checked: certain outcomes leave one path."""
    certain = [0.0, 1.0]
    peaks = cusum_limits.peaks(certain, odds_ratio=2, patients=9, repeats=5)
    assert (peaks == 0).all()
    assert max(risk_adjusted_cusum(certain, [0, 1], odds_ratio=2)) == 0

    one = cusum_limits.peaks([0.3], odds_ratio=2, patients=1, repeats=4_000)
    event = risk_adjusted_cusum([0.3], [1], odds_ratio=2)[0]
    assert set(np.round(one, 12)) == {0.0, round(event, 12)}
    assert (one > 0).mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.3 * 0.7 / 4_000))


def test_a_limit_that_is_never_reached_is_refused(monkeypatch):
    monkeypatch.setattr(cusum_limits, "_MOST_STEPS", 50)

    with pytest.raises(ValueError, match="limit must be lower"):
        cusum_limits.run_length([0.0], odds_ratio=2, limit=1, repeats=2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cusum_limits.limit([], odds_ratio=2, patients=10),
        lambda: cusum_limits.limit([1.2], odds_ratio=2, patients=10),
        lambda: cusum_limits.limit([0.1], odds_ratio=1, patients=10),
        lambda: cusum_limits.limit([0.1], odds_ratio=2, patients=0),
        lambda: cusum_limits.limit([0.1], odds_ratio=2, patients=10, alarms=0),
    ],
)
def test_the_impossible_is_refused(call):
    with pytest.raises(ValueError, match="must"):
        call()
