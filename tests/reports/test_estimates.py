"""Life table to report: printed figures of the founding abstract, the published cases, and what is not shown."""

import pytest

from reports import estimates
from reports.endpoints import ENDPOINTS
from reports.lifetable import LifeTable
from reports.survival import DAYS_PER_MONTH, kaplan_meier
from tests.reports import r_reference
from tests.reports.handmade import founding_survival, published_survival

# Log-log intervals of 7/8, 6/8, 5/8 without censoring: R survival 3.8-6, survfit(conf.type = "log-log").
FOUNDING = [(12, 7, 1, 0.875, 0.387, 0.981), (24, 6, 2, 0.75, 0.315, 0.931), (36, 5, 3, 0.625, 0.229, 0.861)]


def test_founding_cohort_has_the_printed_survival():
    found = [
        (e.months, e.at_risk, e.died, e.survival, e.lower, e.upper) for e in founding_survival().estimates
    ]

    assert [row[:4] for row in found] == [row[:4] for row in FOUNDING]
    assert [row[4:] for row in found] == [pytest.approx(row[4:], abs=5e-4) for row in FOUNDING]


def test_published_cases_have_their_survival():
    """Hand count: 17/18, then 11/12, then 7/8 at risk."""
    found = {e.months: e.survival for e in published_survival().estimates}

    assert found == {
        12: pytest.approx(17 / 18), 24: pytest.approx(17 / 18 * 11 / 12), 36: pytest.approx(17 / 18 * 11 / 12 * 7 / 8)
    }  # fmt: skip


def test_median_is_not_reached_and_follow_up_is_reversed():
    survival = founding_survival()

    assert survival.median.days is None
    assert survival.follow_up.days == round(60 * DAYS_PER_MONTH)


def test_columns_under_the_curve_add_up_to_everybody():
    for survival in (founding_survival(), published_survival()):
        for column in survival.risk_table[0]:
            assert column.at_risk + column.censored + column.died == survival.n


def test_the_curve_ends_on_a_tick_with_five_at_risk():
    for survival in (founding_survival(), published_survival()):
        assert survival.show_until_days == pytest.approx(36 * DAYS_PER_MONTH)
        assert survival.risk_table[0][-1].months == 36
        assert survival.risk_table[0][-1].at_risk >= 5


def test_four_patients_get_no_curve_but_a_reason():
    survival = estimates.overall_survival(LifeTable.from_arrays([30, 400, 500, 900], [1, 0, 0, 0]))

    assert survival.curves == ()
    assert survival.estimates == ()
    assert survival.note


def test_nobody_followed_gives_no_survival():
    assert estimates.overall_survival(LifeTable.from_arrays([], [])) is None


def test_a_tenth_of_a_large_cohort_must_remain():
    days = list(range(100, 2100, 10))  # 200 patients leave one by one
    survival = estimates.overall_survival(LifeTable.from_arrays(days, [0] * 200))

    assert survival.risk_table[0][-1].at_risk >= 20
    assert all(e.at_risk >= 5 for e in survival.estimates)


def test_groups_are_drawn_apart_and_estimated_together():
    table = LifeTable.from_arrays([100, 200, 300, 400, 500, 600], [1, 0, 1, 0, 1, 0], group=list("aabbab"))
    survival = estimates.overall_survival(table, label=str.upper)

    assert [curve.label for curve in survival.curves] == ["A", "B"]
    assert sum(curve.n for curve in survival.curves) == survival.n == 6


def test_a_long_curve_is_joined_without_losing_anybody():
    days = list(range(5000))
    whole = LifeTable.from_arrays(days, [i % 2 for i in days])

    curve = estimates.overall_survival(whole).curves[0]

    assert len(curve.time_days) <= estimates.MOST_VERTICES
    assert (sum(curve.died), sum(curve.censored)) == (2500, 2500)
    exact = dict(zip(whole.time, kaplan_meier(whole).estimate, strict=True))
    assert all(exact[day] == s for day, s in zip(curve.time_days, curve.survival, strict=True))
    assert curve.time_days[-1] == 4999


# --- endpoints with competing causes -----------------------------------------------------------------------------


def test_an_outcome_is_the_incidence_of_r():
    """bmt_cr of package KMsurv: R survfit's incidence and cmprsk's test, tests/data/r/survival-3.8-6."""
    r = r_reference.load("bmt_cr", "all")
    found = estimates.outcome(r.table("cause"), ENDPOINTS["local_recurrence"])

    theirs = r.cif["cause"] == 1
    for e in found.estimates:
        last = (r.cif["time"][theirs] <= e.months * DAYS_PER_MONTH).nonzero()[0][-1]
        of_r = [r.cif[name][theirs][last] for name in ("cif", "lower_loglog", "upper_loglog")]
        assert (e.estimate, e.lower, e.upper) == pytest.approx(tuple(of_r), rel=1e-12)
    assert len(found.estimates) >= 3
    assert found.median is None
    for column in found.risk_table[0]:
        assert column.at_risk + column.censored + column.events + column.competing == found.n


def test_groups_are_tested_as_in_r():
    grouping = next(
        name for dataset, name in r_reference.every("gray") if dataset == "bmt_cr" and name != "all"
    )
    r = r_reference.load("bmt_cr", grouping)

    found = estimates.compare_groups(r.table("cause"))

    assert found.test == "Gray"
    assert found.statistic == pytest.approx(r.results["gray"]["chisq"][0], rel=1e-12)
    assert estimates.compare_groups(r.table()).test == "log-rank"


@pytest.mark.parametrize(
    ("sizes", "deaths", "is_tested"),
    [((10, 10), 10, True), ((10, 10), 9, False), ((10, 9), 15, False), ((20,), 20, False)],
)
def test_few_patients_or_events_are_not_tested(sizes, deaths, is_tested):
    group = [name for name, size in zip("ab", sizes, strict=False) for _ in range(size)]
    died = [i < deaths for i in range(len(group))]

    table = LifeTable.from_arrays(range(1, len(group) + 1), died, group=group)

    assert (estimates.compare_groups(table) is not None) is is_tested


def test_who_has_no_value_is_drawn_and_not_tested():
    table = LifeTable.from_arrays(range(1, 31), [1] * 30, group=["a"] * 10 + ["b"] * 10 + [""] * 10)

    assert estimates.compare_groups(table).groups == ("a", "b")
