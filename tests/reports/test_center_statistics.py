"""Centers beside what was expected of them, against base R 4.2.2: tests/data/r, the commands in make_oracles.R."""

import csv
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reports.center_statistics import (
    funnel_limits,
    observed_over_expected,
    overdispersion,
    risk_adjusted_cusum,
    vlad,
    wilson,
)
from tests.reports.r_reference import FOLDER

WITHIN = {"rel": 1e-9, "abs": 1e-12}


def of_r(name):
    return [{key: float(value) for key, value in row.items()} for row in rows_of("survival-3.8-6", name)]


def rows_of(folder, name):
    with (FOLDER / folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", of_r("proportion_ci"), ids=lambda row: f"{row['x']:g} of {row['n']:g}")
def test_wilson_is_prop_test(row):
    found = wilson(int(row["x"]), int(row["n"]))

    assert found == pytest.approx((row["wilson_lower"], row["wilson_upper"]), **WITHIN)


@pytest.mark.parametrize(("level", "lower", "upper"), [(0.95, "lo95", "hi95"), (0.998, "lo998", "hi998")])
@pytest.mark.parametrize("row", of_r("funnel_binomial"), ids=lambda row: f"{row['p0']:g} of {row['n']:g}")
def test_funnel_limits_are_interpolated_binomial_quantiles(row, level, lower, upper):
    """From qbinom and pbinom; R's are not yet kept within 0 and 1."""
    found = funnel_limits(row["p0"], int(row["n"]), level=level)

    assert found == pytest.approx((max(0, row[lower]), min(1, max(0, row[upper]))), **WITHIN)


@pytest.mark.parametrize("row", rows_of("models", "overdispersion"), ids=lambda row: row["name"])
def test_overdispersion_is_the_mean_of_winsorized_squares(row):
    """From R's quantile and pchisq (make_models.R); of 40 centers alike and 40 unlike, only the latter are widened."""
    counts = list(zip(*(map(int, row[name].split()) for name in ("events", "patients")), strict=True))

    found = overdispersion(counts, float(row["target"]), winsorized=float(row["winsorized"]))

    assert (found.phi, found.p_value) == pytest.approx((float(row["phi"]), float(row["p_value"])), rel=1e-10)
    assert found.widen_by == (found.phi if row["name"] != "alike" else 1.0)


def test_an_outlier_does_not_hide_itself():
    """One of eleven centers with a share of one half: its score of 40 counts as that of the next, which is 0."""
    alike = [(10, 100)] * 10

    assert overdispersion([*alike, (50, 100)], 0.1).phi == 0
    assert overdispersion([*alike, (50, 100)], 0.1, winsorized=0).phi == pytest.approx((0.4 / 0.03) ** 2 / 11)


@given(st.floats(0.01, 0.99), st.integers(1, 500), st.floats(1, 30))
def test_widened_limits_lie_further_out(target, of, phi):
    lower, upper = funnel_limits(target, of)
    assume(lower <= target <= upper)  # of few patients an interpolated limit may lie beyond it

    wider = funnel_limits(target, of, phi=phi)

    assert 0 <= wider[0] <= max(lower, 0) + 1e-12
    assert min(upper, 1) - 1e-12 <= wider[1] <= 1
    if wider[0] > 0 and lower > 0:
        assert (target - wider[0]) ** 2 == pytest.approx(phi * (target - lower) ** 2)


@pytest.mark.parametrize(
    "row", of_r("oe_poisson"), ids=lambda row: f"{row['observed']:g} / {row['expected']:g}"
)
def test_observed_over_expected_is_poisson_test(row):
    found = observed_over_expected(int(row["observed"]), row["expected"])

    expected = (row["oe"], row["exact_lower"], row["exact_upper"])
    assert (found.value, found.lower, found.upper) == pytest.approx(expected, **WITHIN)


def test_charts_are_those_of_r():
    rows = of_r("cusum_vlad")
    predicted, happened = [row["p"] for row in rows], [int(row["y"]) for row in rows]

    assert vlad(predicted, happened) == pytest.approx([row["vlad"] for row in rows], **WITHIN)
    for odds_ratio, name in ((2, "cusum_up_R2"), (0.5, "cusum_down_R05")):
        chart = risk_adjusted_cusum(predicted, happened, odds_ratio=odds_ratio)
        assert chart == pytest.approx([row[name] for row in rows], **WITHIN)


def test_one_patient_and_nobody():
    assert wilson(0, 0) == (0.0, 1.0)
    assert vlad([], []) == risk_adjusted_cusum([], [], odds_ratio=2) == ()
    # One patient, target one half: R, (qbinom(q, 1, 0.5) - (pbinom(...) - q) / 0.5) / 1, kept within 0 and 1.
    assert funnel_limits(0.5, 1) == pytest.approx((0.0, 0.95))


@given(st.integers(0, 300), st.floats(0.1, 400), st.sampled_from([0.8, 0.95, 0.998]))
def test_limits_hold_the_ratio_and_scale_with_the_expected(observed, expected, level):
    found = observed_over_expected(observed, expected, level=level)

    assert 0 <= found.lower <= found.value < found.upper
    once = observed_over_expected(observed, 1.0, level=level)
    assert (once.lower / expected, once.upper / expected) == pytest.approx((found.lower, found.upper))


@given(st.floats(0.001, 0.999), st.integers(1, 3000))
def test_wider_limits_hold_narrower_ones_and_all_lie_in_0_to_1(target, of):
    outer, inner = funnel_limits(target, of, level=0.998), funnel_limits(target, of, level=0.95)

    assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1] <= 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(3, 2),
        lambda: wilson(1, 2, level=95),
        lambda: funnel_limits(0.0, 10),
        lambda: funnel_limits(0.1, 0),
        lambda: funnel_limits(0.1, 10, phi=0.9),
        lambda: overdispersion([(1, 10)], 0.1),
        lambda: overdispersion([(1, 10), (11, 10)], 0.1),
        lambda: overdispersion([(1, 10), (0, 0)], 0.1),
        lambda: overdispersion([(1, 10), (2, 10)], 0.0),
        lambda: overdispersion([(1, 10), (2, 10)], 0.1, winsorized=0.5),
        lambda: observed_over_expected(-1, 2.0),
        lambda: observed_over_expected(1, 0.0),
        lambda: observed_over_expected(1, math.nan),
        lambda: vlad([0.1], []),
        lambda: vlad([1.1], [0]),
        lambda: vlad([0.1], [2]),
        lambda: risk_adjusted_cusum([0.1], [0], odds_ratio=1.0),
        lambda: risk_adjusted_cusum([0.1], [0], odds_ratio=0.0),
    ],
)
def test_the_impossible_is_refused(call):
    with pytest.raises(ValueError, match="must"):
        call()
