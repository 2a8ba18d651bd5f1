"""Restricted means compared: R's values, the refusal past the last follow-up, and when the registry says anything."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import mean_differences, survival
from reports.lifetable import LifeTable, LifeTableError
from reports.survival import DAYS_PER_MONTH
from tests.reports.r_reference import FOLDER, assert_same, columns


def of_r():
    """R 4.2.2, survival 3.5-3: summary(survfit(...), rmean = tau); the variances add (make_models.R)."""
    with (FOLDER / "models" / "mean_difference.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", of_r(), ids=lambda row: "-".join((row["dataset"], row["by"], row["tau"][:4])))
def test_the_difference_is_that_of_r(row):
    patients = columns(row["dataset"])
    table = LifeTable.from_arrays(patients["time"], patients["status"], group=patients[row["by"]])

    found = survival.compare_restricted_means(table, float(row["tau"]), level=float(row["level"]))

    for name in ("value", "std_err", "lower", "upper"):
        assert_same(getattr(found, name), float(row[name]), absolute=1e-11)
    assert_same(found.p_value, float(row["p_value"]), relative=1e-11)


def test_it_is_refused_past_the_last_follow_up_of_the_smaller():
    table = LifeTable.from_arrays([10, 30, 12, 20], [1, 0, 1, 0], group=list("aabb"))

    assert survival.compare_restricted_means(table, 20).value == pytest.approx(1.0)  # 16 and 15 days of 20
    with pytest.raises(LifeTableError, match="last follow-up"):
        survival.compare_restricted_means(table, 21)


def test_whoever_all_died_has_a_mean_for_ever():
    """Areas of 5 and of 10 + 20 / 2 days by hand; variance 0 + (10)^2 / 2 / 1 / ... = (20 / 2)^2 / (2 * 1)."""
    table = LifeTable.from_arrays([5, 10, 30], [1, 1, 0], group=list("abb"))

    found = survival.compare_restricted_means(table, 30)

    assert found.value == pytest.approx(20 - 5)
    assert found.std_err == pytest.approx(math.sqrt(10**2 / 2))


def test_two_groups_are_needed():
    with pytest.raises(LifeTableError, match="two groups"):
        survival.compare_restricted_means(LifeTable.from_arrays([1, 2, 3], [1, 1, 1], group=list("abc")), 1)


PATIENTS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 1), st.sampled_from("ab")), min_size=2, max_size=40
)


@given(PATIENTS, st.integers(1, 300))
def test_the_order_of_the_groups_turns_the_sign_alone(patients, tau):
    days, event, group = zip(*patients, strict=True)
    table = LifeTable.from_arrays(days, event, group=group)
    if len(table.groups) < 2 or (table.last() < tau).any():
        return

    one = survival.compare_restricted_means(table, tau)
    other = survival.compare_restricted_means(table.select("ba"), tau)

    assert (one.value, one.std_err, one.lower) == (-other.value, other.std_err, -other.upper)
    assert math.isnan(one.p_value) == (one.std_err == 0)
    assert abs(one.value) <= tau


# --- what the registry says ------------------------------------------------------------------------------------------


def two(deaths, alive=12, months=61):
    """Groups a and b of equal size; the deaths of b at 10, 11 ... months, none of a."""
    days = [round((10 + i) * DAYS_PER_MONTH) for i in range(deaths)]
    days += [round(months * DAYS_PER_MONTH)] * (alive + deaths + alive)
    event = [1] * deaths + [0] * (alive + deaths + alive)
    return LifeTable.from_arrays(days, event, group=["b"] * (deaths + alive) + ["a"] * (deaths + alive))


def test_the_longest_horizon_of_the_report_is_taken():
    found = mean_differences.compare(two(deaths=10))

    assert (found.months, found.groups, found.events) == (60, ("a", "b"), 10)
    assert found.mean_days[0] == pytest.approx(60 * DAYS_PER_MONTH)
    assert found.difference_days == pytest.approx(found.mean_days[1] - found.mean_days[0])
    assert found.upper_days < 0
    assert mean_differences.compare(two(deaths=10, months=40)).months == 36


@pytest.mark.parametrize(
    "table",
    [
        two(deaths=9),
        two(deaths=10, months=30),
        two(deaths=10).select("a"),
        LifeTable.from_arrays([9] * 24, [1, 2] * 12, group=list("ab") * 12, causes=2),
        two(deaths=10) + LifeTable.from_arrays(np.full(9, 2000), np.ones(9, int), group=list("c" * 9)),
    ],
    ids=["nine events", "short follow-up", "one group", "competing causes", "three groups"],
)
def test_nothing_is_said_of_too_little(table):
    assert mean_differences.compare(table) is None


def test_those_without_a_value_are_left_out():
    table = two(deaths=10) + LifeTable.from_arrays([5] * 30, [1] * 30, group=[""] * 30)

    assert mean_differences.compare(table) == mean_differences.compare(two(deaths=10))
