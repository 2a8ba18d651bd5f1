"""Survival of those who lived on and mean time lived, as R says of the founding cohort and of `lung`."""

import pytest

from reports.lifetable import LifeTable
from reports.prognosis import prognosis
from tests.reports import r_reference
from tests.reports.cohort import MONTH, MONTHS


def founding():
    return prognosis(
        LifeTable.from_arrays([round(months * MONTH) for months in MONTHS], [1, 1, 1, 0, 0, 0, 0, 0])
    )


def onward(found, since, months):
    (row,) = [row for row in found.onward if (row.since_days, row.months) == (since, months)]
    return row


def test_mean_time_lived_is_that_of_r():
    """R 4.2.2, survival 3.5-3: summary(survfit(Surv(t, d) ~ 1), rmean = 36 * 30.4375)$table; 1.96 se on either side."""
    (mean,) = founding().means

    assert (mean.months, mean.at_risk) == (36, 5)
    assert mean.days == pytest.approx(920.71875, rel=1e-9)
    assert mean.lower == pytest.approx(920.71875 - 1.959963985 * 103.4937483, rel=1e-8)
    assert mean.upper == 36 * MONTH, "920.7 and 202.8 are more than can be lived"


@pytest.mark.parametrize(
    ("since", "months", "alive", "survival", "lower", "upper"),
    [
        (90.0, 12, 8, 0.875, 0.38700001, 0.98139297),
        (90.0, 36, 8, 0.625, 0.22933332, 0.86069828),
        (12 * MONTH, 24, 7, 0.85714286, 0.33405388, 0.97856106),
        (12 * MONTH, 36, 7, 0.71428571, 0.25815367, 0.91979746),
        (24 * MONTH, 36, 6, 0.83333333, 0.27312285, 0.97471243),
    ],
)
def test_the_founding_cohort_after_each_day_is_that_of_r(since, months, alive, survival, lower, upper):
    """R 4.2.2: summary(survfit(Surv(t, d) ~ 1, start.time = since + 1e-9, conf.type = "log-log"), times = until)."""
    row = onward(founding(), since, months)

    assert row.alive == alive
    assert (row.survival, row.lower, row.upper) == pytest.approx((survival, lower, upper), abs=1e-7)


@pytest.mark.parametrize(
    ("since", "months", "at_risk", "survival", "lower", "upper"),
    [
        (90.0, 12, 65, 0.4642143800, 0.38624140243, 0.5384452416),
        (90.0, 24, 13, 0.1312339623, 0.07665084448, 0.2007638749),
        (12 * MONTH, 24, 13, 0.2827012000, 0.1652027810, 0.4121241833),
    ],
)
def test_lung_after_each_day_is_that_of_r(since, months, at_risk, survival, lower, upper):
    """The same call on `lung` of package survival, without the patient whose ECOG status is missing."""
    row = onward(prognosis(r_reference.load("lung", "sex").table().pool()), since, months)

    assert row.at_risk == at_risk
    assert (row.survival, row.lower, row.upper) == pytest.approx((survival, lower, upper), rel=1e-8)


def test_nothing_is_estimated_of_fewer_than_five_at_risk():
    """At 60 months three of the founding cohort are at risk, at 36 months five."""
    found = founding()

    assert {row.months for row in found.onward} == {12, 24, 36}
    assert [mean.months for mean in found.means] == [36]
    assert prognosis(LifeTable.from_arrays([2000] * 4, [0] * 4)) is None
