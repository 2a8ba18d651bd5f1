"""Numbers are written the same way everywhere."""

from datetime import date

import pytest

from reports import wording
from reports.content import Rate, Share, Spread
from reports.survival_content import Estimate, Quantile


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 0, "0"),
        (7, 0, "7"),
        (12.5, 0, "13"),
        (0.05, 1, "0.1"),
        (1234567, 0, "1\u202f234\u202f567"),
        (-1.25, 1, "\u22121.3"),
    ],
)
def test_numbers(value, decimals, text):
    assert wording.number(value, decimals) == text


def test_a_share_has_its_percentage():
    value = Share(n=7, of=8)

    assert (wording.main(value), wording.bracket(value), wording.of_total(value)) == (
        "7",
        "(87.5%)",
        "7 of 8",
    )


def test_a_share_of_nobody_has_no_percentage():
    assert wording.bracket(Share(n=0, of=0)) == ""


def test_a_withheld_share_shows_nothing_of_itself():
    value = Share(n=None, of=40, hidden="<5")

    assert (wording.main(value), wording.bracket(value), wording.limits(value)) == ("<5", "", "–")


def test_median_mean_and_bare_range():
    median = Spread(center="median", value=215, brackets="range", low=160, high=320, n=8)
    bare = Spread(center="none", value=None, brackets="range", low=18, high=22, n=8)

    assert (wording.main(median), wording.bracket(median)) == ("215", "(160–320)")
    assert (wording.main(bare), wording.bracket(bare)) == ("18–22", "")


def test_an_interval_without_width_is_a_dash():
    assert wording.interval(1.0, 1.0) == "–"
    assert wording.interval(None, 0.5) == "–"
    assert wording.limits(Rate(estimate=0.875, lower=0.38700001, upper=0.98139297)) == "38.7–98.1"


def test_a_median_that_was_not_reached():
    assert (
        wording.quantile(Quantile(days=None, lower=304.0, upper=None))
        == "not reached (lower 95% limit 10 months)"
    )
    assert wording.quantile(Quantile(days=None, lower=None, upper=None)) == "not reached"
    reached = Quantile(days=1826.0, lower=1218.0, upper=None)
    assert wording.quantile(reached) == "60 months (95% CI 40 to not reached)"


def test_survival_that_cannot_be_estimated_is_a_dash():
    nothing = Estimate(months=60, at_risk=0, died=3, survival=None, lower=None, upper=None)

    assert wording.survival(nothing) == "–"


def test_dates_are_words():
    assert wording.day(date(2026, 3, 4)) == "4 March 2026"


def test_lists_end_in_and():
    assert wording.listed(("a",)) == "a"
    assert wording.listed(("a", "b", "c")) == "a, b and c"
