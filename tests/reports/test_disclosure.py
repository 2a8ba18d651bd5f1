"""What outsiders see: no small number, none to be had by subtraction, and a reason when there is nothing."""

from dataclasses import replace

import pytest

from reports import content as contents
from reports import documents, estimates, printing
from reports.content import FlowStep, Group, Headline, Line, MissingCount, Share, Spread
from reports.disclosure import suppress
from reports.lifetable import LifeTable
from reports.small_numbers import COMPLEMENT, bounds, is_exposed, mark_of, shown
from tests.reports import registry_sample
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


def test_counts_are_rounded_to_five_and_small_ones_are_not_shown():
    """The rule of Hospital Episode Statistics, with the threshold of the registry in the place of 8."""
    sex = group("Sex", ("Women", 52), ("Men", 3), ("Other", 7), of=62)
    found = large(patients=(sex,)).patients[0]

    assert [(line.value.n, line.value.of, line.value.hidden) for line in found.lines] == [
        (50, 60, ""),
        (None, 60, "<5"),
        (5, 60, ""),
    ]
    assert (found.recorded, found.applicable) == (60, 60)


def test_zero_is_shown():
    found = large(patients=(group("Sex", ("Women", 60), ("Men", 0), of=60),)).patients[0]

    assert [line.value.n for line in found.lines] == [60, 0]


@pytest.mark.parametrize("threshold", [3, 5, 7, 8, 10, 11])
def test_what_is_shown_says_no_more_than_its_bounds(threshold):
    """From 1 on, every value that is seen stands for three counts or more, or for all small ones."""
    behind = {}
    for n in range(200):
        behind.setdefault((shown(n, threshold), mark_of(n, threshold)), []).append(n)

    for (seen, hidden), counts in behind.items():
        least, most = bounds(seen, hidden, threshold)
        assert counts == [n for n in range(200) if least <= n <= most]
        assert len(counts) >= min(3, threshold - 1) or counts == [0] or counts[-1] == 199


def test_percentages_and_intervals_are_those_of_the_rounded_counts():
    """50 of 60, exactly 52 of 61; R: binom.test(50, 60)$conf.int gives 0.7148 to 0.9171."""
    found = large(complications=group("Grade", ("No", 52), ("II", 9), of=61, exact=True)).complications

    value = found.lines[0].value
    assert (value.n, value.of, value.lower, value.upper) == (50, 60, 0.715, 0.917)


def wholes(lines, total):
    """All ways to spread a total over lines."""
    if lines == 1:
        return [(total,)]
    return [(n, *rest) for n in range(total + 1) for rest in wholes(lines - 1, total - n)]


@pytest.mark.parametrize(("lines", "most"), [(2, 30), (3, 24), (4, 18), (5, 12), (6, 9)])
def test_no_small_count_can_be_computed(lines, most):
    """Attack every whole up to a total: do all counts that look the same agree in a small one?"""
    seen = {}
    for total in range(most + 5):  # behind a rounded sum there may be more than the most that is asked about
        for counts in wholes(lines, total):
            view = tuple((shown(n, 5), mark_of(n, 5)) for n in (*counts, total))
            if is_exposed(counts, total, 5):  # of more than two lines the sum may be known from elsewhere
                view = ("nothing", view[-1] if lines > 2 else None)
            seen.setdefault(view, []).append(counts)
    for view, answers in seen.items():
        if max(map(sum, answers)) > most:
            continue
        for place in range(lines):
            found = {answer[place] for answer in answers}
            assert len(found) > 1 or not 0 < found.pop() < 5, (view, answers)
    assert any(view[0] == "nothing" for view in seen)


def test_where_rounding_would_give_a_small_count_back_all_are_withheld():
    """8 to 12 patients with 8 to 12, and four small ones: only 8, 1, 1, 1 and 1 make no more than 12."""
    lines = ("Sarcoma", 8), ("A", 1), ("B", 1), ("C", 1), ("D", 1)
    found = large(patients=(group("Kind", *lines, of=12),)).patients[0]

    assert {(line.value.n, line.value.of, line.value.hidden) for line in found.lines} == {
        (None, None, COMPLEMENT)
    }
    assert found.recorded is None


def numbers(plain, path=""):
    """List every whole number of a content with its place."""
    if isinstance(plain, dict):
        return [found for key, item in plain.items() for found in numbers(item, f"{path}.{key}")]
    if isinstance(plain, list):
        return [found for item in plain for found in numbers(item, path)]
    return [(path, plain)] if isinstance(plain, int) and not isinstance(plain, bool) else []


def test_every_whole_number_of_a_report_is_rounded():
    """Of 40 registered 38 are followed, 37 have a known sex, 3 a graft of known width, 39 were read by the rules."""
    days = [30 * (i + 1) for i in range(38)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [i % 3 == 0 for i in range(38)]))
    width = Group(
        heading="Graft diameter, mm", statistic="median (range)", recorded=3, applicable=3,
        lines=(Line(label="", value=Spread(center="median", value=20, brackets="range", low=18, high=22, n=3)),),
    )  # fmt: skip
    sex = replace(group("Sex", ("Women", 30), ("Men", 7), of=37), applicable=40)
    found = large(
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

    counts = [
        (path, n)
        for path, n in numbers(contents.to_plain(found))
        if not path.endswith((".months", ".centers", ".decimals", ".operated_from", ".operated_to"))
    ]
    assert [(path, n) for path, n in counts if n % 5] == []
    assert len(counts) > 50
    assert "38" not in found.subtitle
    assert "38" not in str(printing.printed(found).sections)


def floats(plain, path=""):
    if isinstance(plain, dict):
        return [found for key, item in plain.items() for found in floats(item, f"{path}.{key}")]
    if isinstance(plain, list):
        return [found for item in plain for found in floats(item, path)]
    return [(path, plain)] if isinstance(plain, float) else []


def test_no_number_has_more_digits_than_are_printed():
    """Of the 17 digits of a percentage, patients and deaths can be worked out."""
    patients = registry_sample.lives(5, 130)
    found = floats(contents.to_plain(suppress(registry_sample.content(patients), threshold=5)))

    days = [
        (path, n) for path, n in found if "days" in path or path.endswith((".median.lower", ".median.upper"))
    ]
    days += [(path, n) for path, n in found if ".follow_up." in path or ".means." in path]
    others = [pair for pair in found if pair not in days]
    assert [pair for pair in days if not (pair[1] / MONTH).is_integer()] == []
    assert [pair for pair in others if round(pair[1], 3) != pair[1]] == []
    assert len(days) > 20
    assert len(others) > 50


@pytest.mark.parametrize("n", [7, 8, 500])
def test_no_mean_or_median_is_told(n):
    """9 x 793 - 8 x 305 = 4697: two means of blood loss gave that of the patient who came between them."""
    width = Group(
        heading="Graft diameter, mm", statistic="median (range)", recorded=n, applicable=20,
        lines=(Line(label="", value=Spread(center="median", value=20.4, brackets="range", low=18, high=22, n=n)),),
    )  # fmt: skip

    found = large(operations=(width,)).operations[0]

    assert (found.lines[0].value.value, found.lines[0].value.low, found.lines[0].value.hidden) == (
        None,
        None,
        "[c]",
    )


def test_the_order_of_lines_says_nothing_of_their_counts():
    def told(first, second):
        lines = (
            Line(label="Tube graft", value=Share(n=first, of=13)),
            Line(label="Patch", value=Share(n=second, of=13)),
        )
        lines = tuple(sorted(lines, key=lambda line: -line.value.n))
        shown = Group(heading="Procedure", statistic="n (%)", recorded=13, applicable=60, lines=lines)
        return large(operations=(shown,)).operations[0]

    assert [line.label for line in told(7, 6).lines] == [line.label for line in told(6, 7).lines]


def test_the_first_and_last_year_are_those_of_two_patients_and_are_widened():
    found = large(operated_from=1991, operated_to=2021)

    assert (found.operated_from, found.operated_to) == (1990, 2025)
    assert large(operated_from=1990, operated_to=2026).operated_to == 2026, "not after the cut"


def test_every_document_of_a_suppressed_report_can_be_made():
    days = [30 * (i + 1) for i in range(38)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [i % 3 == 0 for i in range(38)]))
    flow = (FlowStep(label="Registered", n=40), FlowStep(label="Followed", n=38))
    shown = large(flow=flow, survival=whole, rules_read=39, imputed_dates=2)

    assert documents.pdf(shown).startswith(b"%PDF")
    assert "40 patients were followed from resection." in documents.text(shown)
    assert "<svg" in documents.html(shown) or "svg+xml" in documents.html(shown)


def test_times_are_whole_months():
    days, died = [31 * (i + 1) for i in range(60)], [i % 2 == 0 for i in range(60)]
    whole = estimates.overall_survival(LifeTable.from_arrays(days, died))

    shown = large(survival=whole).survival

    times = [shown.median.days, shown.median.lower, shown.follow_up.days, shown.show_until_days]
    assert None not in times
    assert all((days / MONTH).is_integer() for days in (*times, *shown.curves[0].time_days))


def test_ranges_are_single_patients_and_go():
    operations = large().operations

    lines = [line.value for item in operations for line in item.lines if not isinstance(line.value, Share)]
    assert all(value.low is None and value.high is None for value in lines)
    assert not any("range" in item.statistic for item in operations)


def test_rules_hide_small_verdicts():
    rule = replace(founding_content().rules[0], concordant=41, deviation=3, justified=0, not_assessable=16)
    found = large(rules=(rule,), rules_read=60).rules[0]

    assert (found.concordant, found.deviation, found.justified, found.not_assessable) == (40, None, 0, 15)
    assert found.hidden == "<5"


def test_few_deaths_withhold_survival():
    survival = large().survival

    assert (survival.curves, survival.estimates, survival.events) == ((), (), None)
    assert "withheld" in survival.note


def test_the_curve_is_that_of_rounded_counts_of_half_years():
    """52 patients, 7 deaths on day 100 and 4 on day 600: 5 of 50 leave 0.9, and 10 of 50 leave 0.8."""
    days = [100] * 7 + [600] * 4 + [1200] * 41
    whole = estimates.overall_survival(LifeTable.from_arrays(days, [1] * 11 + [0] * 41))

    found = large(survival=whole).survival

    curve = found.curves[0]
    assert [(round(day / MONTH), share) for day, share in zip(curve.time_days, curve.survival, strict=True)] == [
        (3, 0.9), (21, 0.8), (36, 0.8),
    ]  # fmt: skip
    assert [(e.months, e.at_risk, e.died, e.survival) for e in found.estimates] == [
        (12, 45, 5, 0.9), (24, 40, 10, 0.8), (36, 40, 10, 0.8),
    ]  # fmt: skip


def test_a_curve_of_rounded_counts_lies_near_the_exact_one():
    """Of 400 patients, 5 are 1.25%: nowhere does the curve differ by more than two such steps."""
    patients = registry_sample.lives(7, 400)
    exact = registry_sample.content(patients)
    found = suppress(exact, threshold=5).survival

    told = {e.months: e.survival for e in exact.survival.estimates}
    assert len(found.estimates) >= 4
    assert all(abs(e.survival - told[e.months]) < 0.025 for e in found.estimates)
    assert abs(found.median.days - exact.survival.median.days) < 4 * MONTH


def test_the_subtitle_counts_nobody():
    assert large(subtitle="60 registered, 58 followed").subtitle == founding_content().scope


def test_headlines_show_no_more_than_the_tables():
    assert [item.label for item in large().headlines] == ["died within 90 days"]
