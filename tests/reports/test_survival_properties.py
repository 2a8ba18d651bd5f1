"""What must hold for any patients whatever: merging, order, bounds, scale, symmetry."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reports import survival
from reports.survival import CONF_TYPES, LifeTable

CAUSES = 2
GROUPS = ("a", "b", "c")
patient = st.tuples(st.integers(0, 30), st.integers(0, CAUSES), st.integers(0, len(GROUPS) - 1))
patients = st.lists(patient, min_size=1, max_size=40)
late_patients = st.lists(
    st.tuples(patient, st.integers(0, 12)).filter(lambda row: row[1] < row[0][0]), min_size=1, max_size=40
)


def table_of(rows, entries=None, scale=1):
    time, cause, group = (np.array(column) for column in zip(*rows, strict=True))
    return LifeTable.from_arrays(
        time * scale, cause, group=group, groups=GROUPS, entry=entries, causes=CAUSES
    )


def same_table(left, right):
    assert left.groups == right.groups
    for name in ("offsets", "time", "events", "censored", "entered"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


def estimable(values):
    return values[~np.isnan(values)]


@given(patients, patients)
def test_tables_add_to_the_table_of_all_patients(some, others):
    same_table(table_of(some) + table_of(others), table_of(some + others))


@given(late_patients, late_patients)
def test_tables_with_late_entries_add_too(some, others):
    some, others, everyone = (
        table_of([row for row, _ in rows], [entry for _, entry in rows])
        for rows in (some, others, some + others)
    )

    same_table(some + others, everyone)


@given(patients, patients, patients)
def test_adding_is_associative_and_commutative(a, b, c):
    a, b, c = table_of(a), table_of(b), table_of(c)

    same_table((a + b) + c, a + (b + c))
    same_table(a + b, b + a)


@given(late_patients, st.randoms())
def test_order_of_the_patients_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))

    first, second = (table_of([row for row, _ in r], [entry for _, entry in r]) for r in (rows, shuffled))

    same_table(first, second)


@given(patients)
def test_few_patients_and_many_are_counted_alike(rows):
    """A long axis takes the sorting path, a short one the counting path."""
    time, cause, group = (np.array(column) for column in zip(*rows, strict=True))
    sparse = LifeTable.from_arrays(time * 100_003, cause, group=group, groups=GROUPS, causes=CAUSES)
    dense = table_of(rows)

    np.testing.assert_array_equal(sparse.time, dense.time * 100_003)
    np.testing.assert_array_equal(sparse.events, dense.events)
    np.testing.assert_array_equal(sparse.censored, dense.censored)


@given(late_patients)
def test_nobody_leaves_who_was_not_at_risk(rows):
    table = table_of([row for row, _ in rows], [entry for _, entry in rows])

    assert (table.at_risk >= table.failed + table.censored).all()
    assert (table.at_risk_at(np.arange(40)) >= 0).all()


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@given(rows=patients)
def test_survival_never_rises_and_lies_within_its_limits(conf_type, rows):
    curve = survival.kaplan_meier(table_of(rows), conf_type=conf_type)

    assert ((curve.estimate >= 0) & (curve.estimate <= 1)).all()
    for span in curve.table.spans():
        assert (np.diff(curve.estimate[span]) <= 0).all()
    known = ~np.isnan(curve.lower)
    assert (curve.lower[known] <= curve.estimate[known]).all()
    assert (curve.upper[known] >= curve.estimate[known]).all()
    assert (estimable(curve.lower) >= 0).all()
    assert (estimable(curve.upper) <= 1).all()


@given(patients)
def test_survival_and_all_incidences_add_up_to_one(rows):
    table = table_of(rows)

    total = survival.kaplan_meier(table).estimate
    for cause in range(1, CAUSES + 1):
        incidence = survival.cumulative_incidence(table, cause)
        assert (np.diff(incidence.estimate)[np.diff(table.over_cells(range(len(GROUPS)))) == 0] >= 0).all()
        total = total + incidence.estimate

    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


@given(patients)
def test_incidence_of_the_only_cause_mirrors_survival(rows):
    table = LifeTable.from_arrays([t for t, _, _ in rows], [int(cause > 0) for _, cause, _ in rows])

    curve, incidence = survival.kaplan_meier(table), survival.cumulative_incidence(table)

    np.testing.assert_allclose(incidence.estimate, 1 - curve.estimate, rtol=0, atol=1e-12)
    known = ~np.isnan(curve.std_err)
    np.testing.assert_allclose(incidence.std_err[known], curve.std_err[known], rtol=1e-9, atol=1e-12)


@given(patients, st.integers(2, 50))
def test_scale_of_time_moves_times_and_nothing_else(rows, scale):
    plain, scaled = (survival.kaplan_meier(table_of(rows, scale=s)) for s in (1, scale))

    np.testing.assert_array_equal(plain.estimate, scaled.estimate)
    np.testing.assert_array_equal(plain.quantile().value * scale, scaled.quantile().value)
    for test in (survival.logrank, survival.gray_test):
        assert test(plain.table).statistic == test(scaled.table).statistic


@settings(max_examples=60)
@given(patients, st.permutations(GROUPS))
def test_order_of_the_groups_does_not_matter_to_tests(rows, order):
    table = table_of(rows)

    for test in (survival.logrank, survival.gray_test):
        first, second = test(table), test(table.select(order))
        assume(first.df == second.df)
        assert second.statistic == pytest.approx(first.statistic, rel=1e-8, abs=1e-8)
        assert 0 <= first.p_value <= 1


@given(patients)
def test_observed_and_expected_deaths_agree_in_total(rows):
    test = survival.logrank(table_of(rows))

    assert sum(test.observed) == pytest.approx(sum(test.expected))


@given(patients, st.integers(0, 29))
def test_conditional_survival_is_a_ratio_of_survivals(rows, since):
    table = table_of(rows)

    curve = survival.kaplan_meier(table).at([since, 30]).estimate
    later = survival.conditional_survival(table, since, 30).value

    known = ~np.isnan(later)
    np.testing.assert_allclose(later[known] * curve[known, 0], curve[known, 1], rtol=1e-12, atol=1e-300)
