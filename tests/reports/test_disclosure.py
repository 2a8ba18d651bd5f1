"""What outsiders see: no small number, none to be had by subtraction, and a reason when there is nothing."""

import itertools
from dataclasses import replace

import pytest

from reports import estimates
from reports.content import FlowStep, Share
from reports.disclosure import COMPLEMENT, suppress, withheld
from reports.lifetable import LifeTable
from tests.reports.handmade import founding_content, group

LARGE = {
    "centers": 4,
    "flow": (FlowStep(label="Registered", n=60), FlowStep(label="Followed", n=60)),
    "source": "clinical",
}


def large(**changes):
    return suppress(replace(founding_content(), **{**LARGE, **changes}), threshold=5)


@pytest.mark.parametrize("changes", [{"centers": 2}, {"flow": (FlowStep(label="Registered", n=9),)}])
def test_too_few_centers_or_patients_show_nothing_and_say_why(changes):
    report = large(**changes)

    assert report.patients == report.operations == report.rules == report.headlines == ()
    assert report.survival is None
    assert report.notes[0].title == "No figures"


def test_a_small_count_takes_the_next_one_with_it():
    shown = large(patients=(group("Sex", ("Women", 50), ("Men", 3), ("Other", 7), of=60),)).patients[0]

    assert [line.value.hidden for line in shown.lines] == ["", "<5", COMPLEMENT]
    assert [line.value.n for line in shown.lines] == [50, None, None]


def test_zero_is_shown():
    shown = large(patients=(group("Sex", ("Women", 60), ("Men", 0), of=60),)).patients[0]

    assert [line.value.n for line in shown.lines] == [60, 0]


def test_a_complement_of_a_small_count_is_withheld():
    shown = large(early_events=group("Early", ("Embolism", 58), of=60, exclusive=False)).early_events

    assert shown.lines[0].value == Share(n=None, of=60, hidden=COMPLEMENT)


def test_no_withheld_count_can_be_computed():
    """Attack every whole of four counts: try all ways to fill the gaps that the marks and the sum allow."""
    for counts in itertools.product((0, 1, 2, 4, 5, 9), repeat=4):
        hidden = withheld(list(counts), 5)
        assert all(not 0 < n < 5 for i, n in enumerate(counts) if i not in hidden), counts
        gap = sum(counts[i] for i in hidden)
        least = 0 if len(hidden) == len(counts) and set(hidden.values()) == {COMPLEMENT} else 5
        ranges = [range(1, 5) if mark != COMPLEMENT else range(least, gap + 1) for mark in hidden.values()]
        answers = [answer for answer in itertools.product(*ranges) if sum(answer) == gap]
        for place, (i, _) in enumerate(hidden.items()):
            if 0 < counts[i] < 5:
                assert len({answer[place] for answer in answers}) > 1, (counts, hidden)


def test_ranges_are_single_patients_and_go():
    operations = large().operations

    lines = [line.value for item in operations for line in item.lines if not isinstance(line.value, Share)]
    assert all(value.low is None and value.high is None for value in lines)
    assert not any("range" in item.statistic for item in operations)


def test_rules_hide_small_verdicts():
    rule = large().rules[0]

    assert (rule.deviation, rule.not_assessable) == (None, None)
    assert (rule.concordant, rule.hidden) == (None, COMPLEMENT), "6 of 8 would give back 1 and 1"


def test_few_deaths_withhold_survival():
    survival = large().survival

    assert (survival.curves, survival.estimates, survival.events) == ((), (), None)
    assert "withheld" in survival.note


def test_steps_of_a_curve_hold_at_least_five_deaths():
    days, died = [30 * (i + 1) for i in range(60)], [i % 3 == 0 for i in range(60)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, died))

    shown = large(survival=whole).survival

    exact = dict(zip(whole.curves[0].time_days, whole.curves[0].survival, strict=True))
    assert shown.curves[0].survival
    assert not set(shown.curves[0].time_days) & set(exact)
    deaths, last = [], 0.0
    for day in shown.curves[0].time_days:
        deaths.append(sum(1 for d, e in zip(days, died, strict=True) if e and last < d <= day))
        last = day
    assert all(n >= 5 for n in deaths)
    assert not any(shown.curves[0].censored)
    assert all(column.at_risk % 5 == 0 for column in shown.risk_table[0])


def test_the_subtitle_counts_nobody():
    assert large(subtitle="60 registered, 58 followed").subtitle == founding_content().scope


def test_headlines_show_no_more_than_the_tables():
    assert [item.label for item in large().headlines] == ["died within 90 days"]
