"""Intervals of proportions against R's binom.test, and the published small counts."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.proportions import clopper_pearson
from tests.reports.r_reference import FOLDER

with (FOLDER / "survival-3.8-6" / "proportion_ci.csv").open(newline="") as file:
    REFERENCE = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: f"{row['x']:g} of {row['n']:g}")
def test_intervals_are_those_of_r(row):
    n, of = int(row["x"]), int(row["n"])

    assert clopper_pearson(n, of) == pytest.approx((row["cp_lower"], row["cp_upper"]), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("n", "of", "lower", "upper"),
    [(7, 8, 47.3, 99.7), (6, 8, 34.9, 96.8), (5, 8, 24.5, 91.5), (0, 8, 0, 36.9), (2, 8, 3.2, 65.1)],
)
def test_exact_interval_of_the_founding_cohort(n, of, lower, upper):
    # 8 patients of Rusin 2021; R 4.2.2: binom.test(7, 8)$conf.int and so on.
    assert tuple(round(100 * limit, 1) for limit in clopper_pearson(n, of)) == (lower, upper)


def test_a_million_trials():
    # R 4.2.2: binom.test(1, 1e6)$conf.int
    assert clopper_pearson(1, 10**6) == pytest.approx(
        (2.5317807663794211e-08, 5.5716306551722366e-06), rel=1e-12
    )


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.8, 0.95, 0.999]))
def test_limits_hold_the_share_and_mirror_its_complement(n, rest, level):
    of = n + rest
    lower, upper = clopper_pearson(n, of, level=level)
    assert 0 <= lower <= (n / of if of else 0.5) <= upper <= 1
    assert clopper_pearson(rest, of, level=level) == pytest.approx(
        (1 - upper, 1 - lower), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("n", "of", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 95)])
def test_impossible_counts_are_refused(n, of, level):
    with pytest.raises(ValueError, match="must lie between"):
        clopper_pearson(n, of, level=level)
