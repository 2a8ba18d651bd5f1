"""All reports for outsiders together give no small number back: no count, and not what was added between two."""

from dataclasses import replace

import pytest

from reports.coarse_survival import STEP_DAYS
from reports.content import FlowStep, RuleCount
from reports.differencing import differences, withheld
from reports.disclosure import suppress
from reports.small_numbers import bounds, mark_of, shown
from tests.nightly import at_night
from tests.reports import growing_registry
from tests.reports.attacker import Known
from tests.reports.handmade import founding_content, group

REPORTS = 8
SEEDS = [*range(10), *at_night(*range(10, 40))]


def rounded(n, hidden, truth):
    """What a report for outsiders says of a count."""
    return bounds(n, hidden, 5)


def exact(n, hidden, truth):
    """Without rounding: small numbers alone are withheld."""
    return (1, 4) if 0 < truth < 5 else (truth, truth)


def releases(seed):
    """Make the reports one after the other, each with the earlier ones in mind, as compose does."""
    everybody = growing_registry.members(seed, reports=REPORTS)
    pairs = []
    for report in range(REPORTS):
        content = growing_registry.content(everybody, report)
        before = [told for _, told in pairs]
        pairs.append((content, withheld(suppress(content, threshold=5), before, threshold=5)))
    return everybody, pairs


def read(pairs, seen):
    """Put down every count of every report, and how they hang together."""
    known = Known()
    for report, (content, told) in enumerate(pairs):

        def put(name, n, hidden, truth, report=report):
            known.see((report, name), seen(n, hidden, truth), truth)
            return (report, name)

        for step, one in zip(content.flow, told.flow, strict=True):
            put(step.label, one.n, one.hidden, step.n)
        known.at_most((report, "Resected"), (report, "Registered"))
        for table, one in zip(tables(content), tables(told), strict=True):
            whole = "Registered" if table.heading == "Sex" else (table.heading, "recorded")
            put(whole, one.recorded, "", table.recorded)
            lines = [
                put((table.heading, line.label), value.n, value.hidden, line.value.n)
                for line, value in zip(table.lines, (line.value for line in one.lines), strict=True)
            ]
            known.add_up((report, whole), lines)
            if whole != "Registered":
                known.at_most((report, whole), (report, "Resected"))
        rule, one = content.rules[0], told.rules[0]
        verdicts = ("concordant", "deviation", "justified", "not_assessable", "not_applicable")
        known.add_up(
            (report, "Registered"),
            [put(name, getattr(one, name), one.hidden, getattr(rule, name)) for name in verdicts],
        )
        (missing,), (missing_told,) = content.missing, told.missing
        put(("Growth pattern", "recorded"), missing_told.recorded, missing_told.hidden, missing.recorded)
        put("Resected", missing_told.applicable, "", missing.applicable)
    grow(known)
    return known


def tables(content):
    return (*content.patients, *content.operations, content.complications)


def grow(known, names=None):
    """A count of the next report is that of this one and more."""
    for report, name in [key for key in known.truth if isinstance(key[0], int)]:
        if (report + 1, name) in known.truth and (names is None or name[0] in names):
            known.at_most((report, name), (report + 1, name))


def deaths(everybody, report):
    """Deaths of the disease and others until the end of each half-year, as all curves are worked out of them."""
    lives = [growing_registry.seen_by(m, report) for m in everybody if m.since <= report and m.is_resected]
    dead = [life for life in lives if life.died]
    return [
        tuple(
            sum(life.last <= half * STEP_DAYS and life.of_disease is cause for life in dead)
            for cause in (True, False)
        )
        for half in range(1, 21)
    ]


def look(n, seen):
    return seen(shown(n, 5), mark_of(n, 5), n)


def few_between(everybody, seen):
    """Name pairs of half-years and reports with few deaths between them that readers can count.

    Deaths never become fewer with time since the resection, nor from report to report. So each number lies between the
    most of the least before it and the least of the most after it, and any two can be at opposite ends at once.
    """
    counts = [[sum(both) for both in deaths(everybody, report)] for report in range(REPORTS)]
    ends = [[look(n, seen) for n in row] for row in counts]
    places = [(report, half) for report in range(REPORTS) for half in range(20)]
    low = {(r, h): max(ends[i][j][0] for i in range(r + 1) for j in range(h + 1)) for r, h in places}
    high = {(r, h): min(ends[i][j][1] for i in range(r, REPORTS) for j in range(h, 20)) for r, h in places}
    found = [place for place in places if low[place] == high[place] and 0 < low[place] < 5]
    for first in places:
        for then in places:
            if first[0] <= then[0] and first[1] <= then[1] and first != then:
                least, most = max(0, low[then] - high[first]), high[then] - low[first]
                found += [(first, then)] if least == most and 0 < least < 5 else []
    return found


def read_causes(everybody, seen):
    """Of the last report, all deaths of the first years and those of the disease: two curves, subtracted."""
    known = Known()
    for half, (of_it, other) in enumerate(deaths(everybody, REPORTS - 1)[:5]):
        for name, n in (("died", of_it + other), ("of it", of_it), ("else", other)):
            known.see((name, half), look(n, seen), n)
            if half:
                known.at_most((name, half - 1), (name, half))
        known.add_up(("died", half), [("of it", half), ("else", half)])
    return known


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_count_of_any_report_and_no_small_difference_can_be_worked_out(seed):
    _, pairs = releases(seed)

    known = read(pairs, rounded)

    assert sum(0 < n < 5 for n in known.truth.values()) > 100
    assert known.recovered() == []


def test_what_two_reports_would_give_away_is_withheld_in_the_second():
    """48 to 52 registered in both; 38 + 13 of the first are 51, so a growth of one line makes it 51, and then 52."""
    first = told(registered=51, sex=(38, 13), rule=(32, 19))
    second = told(registered=52, sex=(39, 13), rule=(33, 19))

    known = differences(second, [first], threshold=5)

    assert (("flow", "0"), 1, (0, 1)) in [(one.name, one.n, one.reports) for one in known]
    assert (("S-04", "concordant"), 1, (0, 1)) in [(one.name, one.n, one.reports) for one in known]
    kept = withheld(second, [first], threshold=5)
    assert differences(kept, [first], threshold=5) == ()
    assert kept.rules[0].hidden == "[c]"
    assert kept.flow == second.flow


def test_reports_of_earlier_versions_said_exact_counts():
    """62 and then 63 were one more, as version 1.1 said it; of the rounded 60 and 65 nobody can tell."""
    first, second = (told(registered=n, sex=(n - 24, 24), rule=(40, n - 40)) for n in (62, 63))
    old, new = (
        replace(
            one,
            methods=replace(one.methods, report_version="1.1"),
            flow=(FlowStep(label="Registered", n=n),), patients=(), rules=(), rules_read=None,
        )
        for one, n in ((first, 62), (second, 63))
    )  # fmt: skip

    assert differences(second, [first], threshold=5) == ()
    assert [(one.name, one.n) for one in differences(new, [old], threshold=5)] == [(("flow", "0"), 1)]


def test_reports_that_contradict_each_other_are_read_part_by_part():
    """Fewer registered than before: somebody left. What the rest gives away is seen all the same."""
    first = told(registered=71, sex=(38, 33), rule=(32, 39))
    second = told(registered=52, sex=(39, 13), rule=(33, 19))

    assert differences(second, [first], threshold=5) == ()


def told(*, registered, sex, rule):
    verdicts = RuleCount(
        rule="S-04", title="Chevron approach", source="-", severity="minor",
        concordant=rule[0], deviation=rule[1], justified=0, not_assessable=0, not_applicable=0,
    )  # fmt: skip
    content = founding_content(
        source="clinical", centers=4, flow=(FlowStep(label="Registered", n=registered),),
        patients=(group("Sex", ("Women", sex[0]), ("Men", sex[1]), of=registered),), operations=(),
        complications=None, early_events=None, rules=(verdicts,), rules_read=registered, missing=(),
    )  # fmt: skip
    return suppress(content, threshold=5)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_few_deaths_can_be_worked_out_of_the_curves(seed):
    everybody, _ = releases(seed)

    assert few_between(everybody, rounded) == []
    assert read_causes(everybody, rounded).recovered() == []


@pytest.mark.parametrize("seed", [0, *at_night(*range(1, 5))])
def test_the_attacker_succeeds_where_counts_are_exact(seed):
    everybody, pairs = releases(seed)

    assert len(read(pairs, exact).recovered()) > 10
    assert len(few_between(everybody, exact)) > 100
    assert read_causes(everybody, exact).recovered()
