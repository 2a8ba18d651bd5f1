"""Survival from day 90 beside each other: who is left out, R's numbers, and what outsiders get of it."""

from datetime import date

import pytest

from cases.pathway import PHASES
from registry import access
from reports import landmark
from reports.cohorts import Cut
from reports.landmark import CONCORDANT, DEVIATING, PARTS
from tests.reports import r_reference
from tests.reports.centers import add_verdicts, other_centers
from tests.reports.cohort import add_case, assess
from tests.reports.test_sandbox import TODAY

CUT = Cut(as_of=TODAY)


def group(comparison, label):
    return next(one for one in comparison.groups if one.label == label)


def follow(center, verdict, days, *, first=0):
    """Add cases of this verdict: a death for each positive day, a censoring for each negative one."""
    with access.everywhere():
        for place, day in enumerate(days, first):
            case = add_case(
                center,
                f"{verdict[0]}{place}",
                days=None if day is None else abs(day),
                died=bool(day and day > 0),
            )
            assess(case, S_06=verdict)


@pytest.mark.django_db
def test_only_the_living_and_followed_past_day_90_are_compared(north):
    follow(north, "concordant", [30, 90, -90, -91, 91, 400, None])

    found = group(landmark.compare(CUT, "S-06", is_outsider=False), CONCORDANT)

    assert (found.cases, found.no_follow_up, found.died_before, found.last_seen_before) == (7, 1, 2, 1)
    assert (found.compared, found.deaths) == (3, 2)


@pytest.mark.django_db
def test_time_begins_at_the_landmark(north):
    for verdict in ("concordant", "deviation"):
        follow(north, verdict, [91, *[-2000] * 9])

    first, *_ = landmark.compare(CUT, "S-06", is_outsider=False).survival.curves

    assert (first.time_days[0], first.survival[0]) == (1, 0.9)


@pytest.mark.django_db
def test_curves_are_those_of_r(north):
    """R 4.2.2, survival 3.5-3.

    survfit(Surv(time - 90, status == 2) ~ sex, subset(lung, time > 90), conf.type = "log-log")
    The file lacks one of R's 228 rows, a man who died before day 90. Men stand for concordant, women for deviating
    cases: summary(fit, times = 30.4375 * c(12, 24), extend = TRUE).
    """
    rows = r_reference.load("lung", "sex").rows
    with access.everywhere():
        for place, (time, status, sex) in enumerate(
            zip(rows["time"], rows["status"], rows["sex"], strict=True)
        ):
            case = add_case(north, place, days=int(time), died=bool(status))
            assess(case, S_06="concordant" if sex == 1 else "deviation")

    found = landmark.compare(CUT, "S-06", is_outsider=False)

    men, women = group(found, CONCORDANT), group(found, DEVIATING)
    assert (men.cases, men.died_before, men.compared, men.deaths) == (137, 20, 117, 91)
    assert (women.cases, women.died_before, women.compared, women.deaths) == (90, 6, 84, 47)
    a_year = [
        (one.estimates[0].at_risk, one.estimates[0].survival, one.estimates[0].lower, one.estimates[0].upper)
        for one in (men, women)
    ]
    assert a_year[0] == pytest.approx((24, 0.3021942870988, 0.212631397241526, 0.396537872686382), rel=1e-12)
    assert a_year[1] == pytest.approx((22, 0.46137831491567, 0.329856472207029, 0.583039066830905), rel=1e-12)
    assert [one.months for one in men.estimates] == [12]  # 4 and 2 are left at 24 months: too few


@pytest.mark.django_db
def test_no_curve_unless_each_group_has_enough(north):
    follow(north, "concordant", [-2000] * 50)
    follow(north, "deviation", [-2000] * 4)
    assert landmark.compare(CUT, "S-06", is_outsider=False).survival is None

    follow(north, "deviation", [-2000], first=10)
    assert landmark.compare(CUT, "S-06", is_outsider=False).survival is not None


@pytest.mark.django_db
def test_curves_end_where_one_group_has_too_few_left(north):
    follow(north, "concordant", [-3000] * 20)
    follow(north, "deviation", [-500] * 6)

    survival = landmark.compare(CUT, "S-06", is_outsider=False).survival

    assert survival.show_until_days <= 500 - 90
    assert all(column.at_risk >= 5 for columns in survival.risk_table for column in columns)


# --- outsiders -------------------------------------------------------------------------------------------------------


def registry_of(*centers):
    for center in centers:
        follow(center, "concordant", [50, *range(200, 1000, 100), *[-3000] * 12])
        follow(center, "deviation", [60, *range(210, 1010, 100), *[-3000] * 12])


@pytest.mark.django_db
def test_outsiders_see_nothing_of_two_centers(north, south):
    registry_of(north, south)

    assert landmark.compare(CUT, "S-06", is_outsider=False).survival is not None
    outside = landmark.compare(CUT, "S-06", is_outsider=True)
    assert (outside.groups, outside.survival, outside.is_shown) == ((), None, False)


@pytest.mark.django_db
def test_outsiders_get_no_step_of_few_deaths_and_no_small_number(north, south):
    registry_of(north, south, *other_centers("WEST"))

    outside = landmark.compare(CUT, "S-06", is_outsider=True)

    found = group(outside, CONCORDANT)
    assert (found.cases, found.died_before, found.compared, found.deaths) == (65, None, 60, 25)
    assert dict(found.marks) == {"died_before": "<5"}
    assert not found.estimates
    months = [day / (365.25 / 12) for curve in outside.survival.curves for day in curve.time_days[:-1]]
    assert {month % 6 for month in months} == {3}
    assert {curve.time_days[-1] for curve in outside.survival.curves} == {outside.survival.show_until_days}
    assert all((c.n, c.events) == (None, None) for c in outside.survival.curves)


@pytest.mark.django_db
def test_the_centers_behind_a_rule_are_those_of_its_judged_cases(north, south):
    registry_of(north, south)
    for center in other_centers("WEST", "EAST"):  # in the main curve, and not judged by this rule
        add_verdicts(center, ["not_applicable"] * 12, days=400)

    assert not landmark.compare(CUT, "S-06", is_outsider=True).is_shown


@pytest.mark.django_db
def test_ones_own_cases_neither_count_nor_stand_beside_others(north, south):
    west, east = other_centers("WEST", "EAST")
    registry_of(north, south, west)

    assert not landmark.compare(CUT, "S-06", is_outsider=True, own=(north.pk,)).is_shown

    registry_of(east)
    without, found = (
        landmark.compare(CUT, "S-06", is_outsider=True, own=own) for own in ((north.pk,), (north.pk, 0))
    )
    assert found == without
    assert (group(found, CONCORDANT).compared, group(found, CONCORDANT).deaths) == (60, 25)
    assert landmark.compare(CUT, "S-06", is_outsider=False, own=(north.pk,)).groups[0].cases == 84


@pytest.mark.parametrize(
    ("parts", "deaths", "shown", "marks"),
    [
        ((0, 0, 20, 40), 20, (60, 0, 0, 20, 40, 20), {}),
        ((0, 3, 20, 40), 20, (65, 0, None, 20, 40, 20), {"died_before": "<5"}),
        ((0, 0, 2, 40), 20, (40, 0, 0, None, 40, 20), {"last_seen_before": "<5"}),
        ((2, 3, 0, 40), 20, (45, None, None, 0, 40, 20), {"no_follow_up": "<5", "died_before": "<5"}),
        ((10, 0, 10, 40), 3, (60, 10, 0, 10, 40, None), {"deaths": "<5"}),
        ((10, 0, 10, 40), 38, (60, 10, 0, 10, 40, 40), {}),
        (
            (1, 1, 4, 4),
            0,
            (None, None, None, None, None, None),
            dict.fromkeys(("cases", *PARTS, "deaths"), "[c]"),
        ),
    ],
)
def test_of_a_group_no_number_gives_a_small_one_back(parts, deaths, shown, marks):
    names = ("no_follow_up", "died_before", "last_seen_before", "compared")
    exact = landmark.Group(label="", cases=sum(parts), deaths=deaths, **dict(zip(names, parts, strict=True)))

    found = landmark._rounded(exact, 5)

    assert (found.cases, *(getattr(found, name) for name in names), found.deaths) == shown
    assert dict(found.marks) == marks


@pytest.mark.django_db
def test_outsiders_get_no_curve_of_few_deaths(north, south):
    for center in (north, south, *other_centers("WEST")):
        follow(center, "concordant", [500, *[-3000] * 12])
        follow(center, "deviation", [500, *[-3000] * 12])

    assert landmark.compare(CUT, "S-06", is_outsider=True).survival is None


def test_rules_judged_later_have_no_curve():
    follow_up = next(rules for name, _, rules in PHASES if name == "follow_up")

    assert set(follow_up) < landmark.JUDGED_LATER
    assert {rule for _, _, rules in PHASES for rule in rules} > landmark.JUDGED_LATER


@pytest.mark.django_db
def test_cases_without_an_eligible_resection_are_not_compared(north):
    add_verdicts(north, ["concordant"] * 3, days=400, in_main_curve=False)
    with access.everywhere():
        add_case(north, "without verdict", days=400, operated_on=date(2020, 1, 1))

    assert group(landmark.compare(CUT, "S-06", is_outsider=False), CONCORDANT).cases == 0
