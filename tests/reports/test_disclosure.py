"""What outsiders see: no small number, none to be had by subtraction, and a reason when there is nothing."""

from dataclasses import replace

import pytest

from reports import content as contents
from reports import documents, estimates, printing
from reports.content import FlowStep, Group, Headline, Line, MissingCount, Share, Spread
from reports.disclosure import suppress
from reports.lifetable import LifeTable
from reports.small_numbers import COMPLEMENT, withheld
from tests.reports.cohort import MONTH
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


def wholes(lines, total):
    """All ways to spread a total over lines."""
    if lines == 1:
        return [(total,)]
    return [(n, *rest) for n in range(total + 1) for rest in wholes(lines - 1, total - n)]


@pytest.mark.parametrize(("lines", "most"), [(2, 30), (3, 24), (4, 20), (6, 9)])
def test_no_withheld_count_can_be_computed(lines, most):
    """Attack every whole up to a total: keep the ways to fill the gaps for which the rule gives the same marks."""
    for total in range(most + 1):
        seen = {}
        for counts in wholes(lines, total):
            hidden = withheld(list(counts), 5)
            assert all(not 0 < n < 5 for i, n in enumerate(counts) if i not in hidden), counts
            view = tuple(hidden.get(i, n) for i, n in enumerate(counts))
            if lines > 2 or set(view) != {
                COMPLEMENT
            }:  # of two lines that are hidden both, the sum is not told
                seen.setdefault(view, []).append(counts)
        for view, answers in seen.items():
            for place in range(lines):
                found = {answer[place] for answer in answers}
                assert len(found) > 1 or not 0 < found.pop() < 5, (view, answers)


def test_the_next_line_is_withheld_whatever_its_size():
    """By size, 4, 8 and 8 would show <5, [c] and 8 of 20: only 4 and 8 make 12 with no more than 8 in the second."""
    assert withheld([4, 8, 8], 5) == withheld([4, 11, 8], 5) == {0: "<5", 1: COMPLEMENT}


def numbers(plain, path=""):
    """List every whole number of a content with its place."""
    if isinstance(plain, dict):
        return [found for key, item in plain.items() for found in numbers(item, f"{path}.{key}")]
    if isinstance(plain, list):
        return [found for item in plain for found in numbers(item, path)]
    return [(path, plain)] if isinstance(plain, int) and not isinstance(plain, bool) else []


def test_no_whole_number_of_a_report_is_small_or_a_little_less_than_another():
    """Of 40 registered 38 are followed, 37 have a known sex, 3 a graft of known width, 39 were read by the rules."""
    days = [30 * (i + 1) for i in range(38)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [i % 3 == 0 for i in range(38)]))
    width = Group(
        heading="Graft diameter, mm", statistic="median (range)", recorded=3, applicable=3,
        lines=(Line(label="", value=Spread(center="median", value=20, brackets="range", low=18, high=22, n=3)),),
    )  # fmt: skip
    sex = replace(group("Sex", ("Women", 30), ("Men", 7), of=37), applicable=40)
    shown = large(
        flow=(FlowStep(label="Registered", n=40), FlowStep(label="Followed", n=38)),
        survival=whole,
        patients=(sex,),
        operations=(width, group("Material", ("PTFE", 3), of=3)),
        early_events=group("Early events", ("Embolism", 0), ("Death", 5), of=38, exclusive=False),
        complications=group("Highest grade", ("No complication", 30), ("Grade II", 8), of=38, exact=True),
        headlines=(Headline(label="died within 90 days", value=Share(n=5, of=38)),),
        rules=(replace(founding_content().rules[0], concordant=30, deviation=9, not_assessable=0),),
        rules_read=39,
        missing=(MissingCount(form="Tumor", variable="Width", recorded=38, applicable=40),),
        imputed_dates=2,
    )

    found = [
        (path, n)
        for path, n in numbers(contents.to_plain(shown))
        if not path.endswith((".months", ".centers", ".decimals", ".operated_from", ".operated_to"))
    ]
    assert [(path, n) for path, n in found if 0 < n < 5 or n in (36, 37, 38, 39)] == []
    assert ("38" in shown.subtitle, shown.flow[1].hidden) == (False, "about 40")
    assert "38" not in str(printing.printed(shown).sections)


def test_deaths_by_two_days_do_not_give_those_between():
    """6 by day 30 and 8 by day 90 are 2 between; 0 in the theatre and 8 are none too few."""
    deaths = ("Death during the operation", 0), ("Death within 30 days", 6), ("Death within 90 days", 8)
    shown = large(early_events=group("Early", *deaths, of=60, exclusive=False)).early_events

    assert [(line.value.n, line.value.hidden) for line in shown.lines] == [
        (0, ""),
        (None, COMPLEMENT),
        (8, ""),
    ]


def test_every_document_of_a_suppressed_report_can_be_made():
    days = [30 * (i + 1) for i in range(38)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [i % 3 == 0 for i in range(38)]))
    flow = (FlowStep(label="Registered", n=40), FlowStep(label="Followed", n=38))
    shown = large(flow=flow, survival=whole, rules_read=39, imputed_dates=2)

    assert documents.pdf(shown).startswith(b"%PDF")
    assert "Patients were followed from resection." in documents.text(shown)
    assert "<svg" in documents.html(shown) or "svg+xml" in documents.html(shown)


def test_times_are_whole_months():
    days, died = [31 * (i + 1) for i in range(60)], [i % 2 == 0 for i in range(60)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, died))

    shown = large(survival=whole).survival

    times = [shown.median.days, shown.median.lower, shown.follow_up.days, shown.show_until_days]
    assert None not in times
    assert all((days / MONTH).is_integer() for days in (*times, *shown.curves[0].time_days))


def test_estimates_with_few_deaths_between_them_are_withheld():
    """6 deaths in the first year and 1 in the second: the second figure would say when that one died."""
    days = [100] * 6 + [500] + [2000] * 53
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [1] * 7 + [0] * 53))

    shown = large(survival=whole).survival

    assert [e.survival is None for e in shown.estimates][:2] == [False, True]


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


def test_an_estimate_shows_no_step_that_the_curve_hides():
    """6 deaths on day 100 and 5 on day 500 make steps at 6 and 18 months; one more on day 600 makes none."""
    days = [100] * 6 + [500] * 5 + [600] + [1200] * 48
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [1] * 12 + [0] * 48))

    shown = large(survival=whole).survival

    assert [round(day / MONTH) for day in shown.curves[0].time_days] == [6, 18]
    assert [e.survival for e in shown.estimates] == [0.9, None, None]


def test_the_subtitle_counts_nobody():
    assert large(subtitle="60 registered, 58 followed").subtitle == founding_content().scope


def test_headlines_show_no_more_than_the_tables():
    assert [item.label for item in large().headlines] == ["died within 90 days"]
