"""Survival of small groups whose answers are known: the founding cohort, the edges, what is refused."""

import numpy as np
import pytest

from reports import survival
from reports.survival import DAYS_PER_MONTH, LifeTable, LifeTableError


def table_of(time, event, **more):
    return LifeTable.from_arrays(np.array(time), np.array(event), **more)


def same(actual, expected):
    np.testing.assert_array_equal(np.asarray(actual, float), np.asarray(expected, float))


# --- the founding cohort: 8 patients, 3 deaths, published survival 87.5, 75 and 62.5% (Rusin 2021) ---------------


@pytest.fixture
def founding_cohort():
    months = np.array([10, 18, 34, 40, 48, 60, 72, 96])
    return table_of(np.round(months * DAYS_PER_MONTH).astype(int), [1, 1, 1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("conf_type", "lower", "upper"),
    [("log-log", [38.7, 31.5, 22.9], [98.1, 93.1, 86.1]), ("plain", [64.6, 45.0, 29.0], [100, 100, 96.0])],
)
def test_founding_cohort_survival(founding_cohort, conf_type, lower, upper):
    points = survival.kaplan_meier(founding_cohort, conf_type=conf_type).at(
        DAYS_PER_MONTH * np.array([12, 24, 36])
    )

    same(points.estimate[0], [0.875, 0.75, 0.625])
    same(np.round(points.lower[0] * 100, 1), lower)
    same(np.round(points.upper[0] * 100, 1), upper)


def test_founding_cohort_median_is_not_reached(founding_cohort):
    assert np.isnan(survival.kaplan_meier(founding_cohort).quantile(0.5).value[0])


# --- edges ------------------------------------------------------------------------------------------------------


def test_death_on_the_table_counts():
    curve = survival.kaplan_meier(table_of([0, 0, 5], [1, 0, 0]))

    assert curve.at([0]).estimate[0, 0] == pytest.approx(2 / 3)


def test_alive_today_operated_today_is_at_risk_on_day_0_only():
    table = table_of([0, 5], [0, 0])

    same(table.at_risk_at([0, 1]), [[2, 1]])


def test_death_comes_before_censoring_on_the_same_day():
    curve = survival.kaplan_meier(table_of([5, 5], [1, 0]))

    assert curve.estimate[0] == 0.5


def test_last_day_seen_is_still_at_risk_and_counts_before_it_add_up():
    table = table_of([10, 10, 20], [1, 0, 0])

    counts = table.risk_table([0, 10, 11, 20, 21])

    same(counts.at_risk, [[3, 3, 1, 1, 0]])
    same(counts.censored, [[0, 0, 1, 1, 2]])
    same(counts.events, [[0, 0, 1, 1, 1]])
    same(counts.at_risk + counts.censored + counts.events, [[3, 3, 3, 3, 3]])


def test_nobody_died():
    table = table_of([3, 5, 5, 9], [0, 0, 0, 0], group=["a", "a", "b", "b"])

    curve = survival.kaplan_meier(table)
    test = survival.logrank(table)

    same(curve.estimate, [1, 1, 1, 1])
    same(curve.std_err, [0, 0, 0, 0])
    same(curve.lower, [1, 1, 1, 1])
    same(curve.quantile().value, [np.nan, np.nan])
    assert (test.statistic, test.df, test.p_value) == (0, 0, 1)


def test_everybody_died():
    curve = survival.kaplan_meier(table_of([3, 5, 9], [1, 1, 1]))

    points = curve.at([9, 1000])

    same(points.estimate, [[0, 0]])
    same(points.lower, [[np.nan, np.nan]])
    same(points.n_risk, [[1, 0]])
    assert survival.restricted_mean(curve.table, 1000).value[0] == pytest.approx((3 + 5 + 9) / 3)


@pytest.mark.parametrize("event", [0, 1])
def test_one_patient(event):
    curve = survival.kaplan_meier(table_of([7], [event]))

    same(curve.estimate, [1 - event])
    same(curve.quantile().value, [7 if event else np.nan])


def test_median_on_a_flat_half_is_the_middle_of_the_stretch():
    curve = survival.kaplan_meier(table_of([1, 2, 3, 4], [1, 1, 0, 1]))

    same(curve.quantile(0.5).value, [3])


def test_beyond_follow_up_is_not_estimable():
    table = table_of([2, 4], [1, 0])

    points = survival.kaplan_meier(table).at([4, 4.5])

    same(points.estimate, [[0.5, np.nan]])
    same(points.n_risk, [[1, 0]])
    assert np.isnan(survival.restricted_mean(table, 5).value[0])
    assert np.isnan(survival.conditional_survival(table, 1, 5).value[0])


def test_empty_group_has_a_row_and_takes_no_part_in_tests():
    two = table_of([1, 2, 3, 4], [1, 1, 0, 1], group=[0, 1, 0, 1], groups=["a", "b"])
    three = table_of([1, 2, 3, 4], [1, 1, 0, 1], group=[0, 1, 0, 1], groups=["a", "b", "none"])

    curve = survival.kaplan_meier(three)

    same(three.size, [2, 2, 0])
    same(curve.at([1]).estimate[2], [np.nan])
    same(curve.quantile().value[2], np.nan)
    assert survival.logrank(three).p_value == survival.logrank(two).p_value
    assert survival.logrank(three).df == 1


def test_no_patients_at_all():
    table = table_of(np.zeros(0, int), np.zeros(0, int))

    curve = survival.kaplan_meier(table)

    same(curve.at([0]).estimate, [[np.nan]])
    same(curve.quantile().value, [np.nan])
    assert survival.logrank(table).p_value == 1


def test_times_need_not_be_whole():
    curve = survival.kaplan_meier(table_of([0.5, 0.5, 1.25], [1, 0, 1]))

    same(curve.table.time, [0.5, 1.25])
    same(curve.estimate, [2 / 3, 0])


def test_late_entry_is_not_at_risk_on_the_day_of_entry():
    table = table_of([5, 9, 12], [1, 0, 1], entry=[np.nan, 5, 0])

    same(table.at_risk_at([0, 1, 5, 6, 9, 10]), [[1, 2, 2, 2, 2, 1]])
    same(table.started, [1])


def test_only_patients_past_the_landmark_count_after_it():
    time, event = np.array([10, 90, 91, 200, 400]), np.array([1, 1, 0, 1, 0])

    after = survival.kaplan_meier(table_of(time, event).landmark(90)).at([365]).estimate

    same(after, survival.conditional_survival(table_of(time, event), 90, 365).value[:, np.newaxis])


def test_stratifying_by_the_groups_themselves_leaves_nothing_to_compare():
    # R's survdiff stops here on a singular matrix.
    groups = ["a", "b"]
    strata = [table_of([1, 2, 3], [1, 1, 0], group=[g, g, g], groups=groups) for g in (0, 1)]

    test = survival.logrank(strata)

    assert (test.statistic, test.df, test.p_value) == (0, 0, 1)


# --- counts -----------------------------------------------------------------------------------------------------


def test_counts_from_a_database_give_the_table_of_the_patients():
    table = table_of([1, 1, 2, 2, 2], [1, 0, 2, 1, 0], group=[0, 0, 0, 1, 1], groups=["a", "b"])

    rows = LifeTable.from_counts(
        [1, 0, 0, 1], [2, 2, 1, 2], [[1, 0, 1, 0], [0, 1, 0, 0]], [0, 0, 1, 1], groups=["a", "b"]
    )

    for name in ("time", "events", "censored", "entered", "offsets"):
        same(getattr(rows, name), getattr(table, name))


def test_groups_can_be_pooled_renamed_and_chosen():
    table = table_of([1, 2, 3, 4], [1, 1, 0, 1], group=["Kyiv", "Lviv", "Rome", "Rome"])

    by_country = table.relabel(lambda center: "IT" if center == "Rome" else "UA")

    assert by_country.groups == ("UA", "IT")
    same(by_country.size, [2, 2])
    same(table.pool().time, [1, 2, 3, 4])
    assert table.select(["Rome", "Kyiv"]).groups == ("Rome", "Kyiv")
    same(table.select(["Rome", "Kyiv"]).time, [3, 4, 1])


def test_events_of_one_cause_leave_the_others_censored():
    table = table_of([1, 2, 3], [1, 2, 0]).cause_specific(2)

    same(table.events, [[0, 1, 0]])
    same(table.censored, [1, 0, 1])


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "event", "more", "row", "field"),
    [
        ([1, -1], [0, 1], {}, 1, "time"),
        ([1.0, 2.0, np.nan], [0, 1, 1], {}, 2, "time"),
        ([np.inf], [0], {}, 0, "time"),
        ([1, 2], [0, 2], {"causes": 1}, 1, "event"),
        ([1, 2], [-1, 0], {}, 0, "event"),
        ([1, 2], [0.5, 0], {}, 0, "event"),
        ([5, 5], [1, 1], {"entry": [0, 5]}, 1, "entry"),
        ([5, 5], [1, 1], {"entry": [6, np.nan]}, 0, "entry"),
        ([5], [1], {"entry": [-2]}, 0, "entry"),
        ([5], [1], {"group": [3], "groups": ["a"]}, 0, "group"),
        ([[5]], [[1]], {}, None, "time"),
        ([5, 6], [1], {}, None, "event"),
        (["5"], [1], {}, None, "time"),
    ],
)
def test_impossible_rows_are_refused_by_name(time, event, more, row, field):
    with pytest.raises(LifeTableError) as refusal:
        table_of(time, event, **more)

    assert (refusal.value.row, refusal.value.field) == (row, field)
    assert field in str(refusal.value)
    if row is not None:
        assert f"row {row}" in str(refusal.value)


@pytest.mark.parametrize(
    ("events", "censored", "entered"),
    [([-1], [1], [0]), ([0.5], [1], [0]), ([1], [-1], [0]), ([1], [0], [2]), ([1], [0], [-1])],
)
def test_impossible_counts_are_refused(events, censored, entered):
    with pytest.raises(LifeTableError):
        LifeTable.from_counts([0], [5], events, censored, entered, groups=["a"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: survival.kaplan_meier(table, conf_type="wald"),
        lambda table: survival.kaplan_meier(table, level=95),
        lambda table: survival.kaplan_meier(table).quantile(1.0),
        lambda table: survival.cumulative_incidence(table, 2),
        lambda table: survival.gray_test(table, 0),
        lambda table: survival.conditional_survival(table, 5, 5),
        lambda table: survival.logrank([]),
        lambda table: survival.logrank([table, table.pool("other")]),
        lambda table: table.select(["nowhere"]),
        lambda table: table + table_of([1], [2]),
        lambda table: survival.gray_test(table_of([5, 6], [1, 1], entry=[1, 2])),
        lambda table: table_of([5, 6], [1, 1], entry=[1, 2]).landmark(1),
    ],
)
def test_questions_without_an_answer_are_refused(ask):
    with pytest.raises(LifeTableError):
        ask(table_of([1, 2], [1, 0]))
