"""What outsiders could work out by putting the curves of one report beside each other: nothing of few patients."""

from dataclasses import replace

import pytest

from reports import content as contents
from reports.disclosure import suppress
from reports.survival_content import Estimate, Stratum, Subgroups
from tests.reports import registry_sample
from tests.reports.cohort import MONTH

SEEDS = range(40)
STEP = 6 * MONTH  # days


def shown(seed):
    patients = registry_sample.lives(seed, 60 + 5 * seed)
    return patients, suppress(registry_sample.content(patients), threshold=5)


def within_a_half_year(patients):
    """The same patients, each leaving on another day of the same half-year, the dead among them."""
    moved = []
    for place, one in enumerate(patients):
        start = int(max(0, -(-one.last // STEP) - 1) * STEP) + 2
        moved.append(replace(one, last=start + place % 150, local=None, distant=None, occluded=None))
    return moved


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_shown_depends_on_days(seed):
    """Who dies or leaves on which day of a half-year changes nothing; nor does one patient who changes no class."""
    patients = [replace(one, local=None, distant=None, occluded=None) for one in shown(seed)[0]]

    first, second = (
        suppress(registry_sample.content(found), threshold=5)
        for found in (patients, within_a_half_year(patients))
    )

    assert first.survival == second.survival
    assert first.outcomes[0] == second.outcomes[0]
    assert first.prognosis == second.prognosis
    assert first.survival.curves


@pytest.mark.parametrize("seed", SEEDS)
def test_curves_are_those_of_the_counts_that_stand_below_them(seed):
    """Kaplan-Meier by hand from the rounded deaths and those last seen, half of whom leave before the deaths."""
    patients, report = shown(seed)

    def seen(counts):
        return shown_count(counts) if not 0 < counts < 5 else 2

    left, alive, last = shown_count(len(patients)), 1.0, (0, 0)
    told = {e.months: e.survival for e in report.survival.estimates}
    for half in range(1, 21):
        gone = [p for p in patients if p.last <= half * STEP]
        now = seen(sum(p.died for p in gone)), seen(sum(not p.died for p in gone))
        died = min(now[0] - last[0], left)
        seen_last = min(now[1] - last[1], left - died)
        at_risk = left - seen_last // 2
        alive *= 1 - died / at_risk if at_risk else 1
        left -= died + seen_last
        last = last[0] + died, last[1] + seen_last
        if half * 6 in told:
            assert told[half * 6] == pytest.approx(alive, abs=0.00051)
    assert told


def shown_count(n):
    return 5 * round(n / 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_count_of_a_curve_is_rounded(seed):
    _, report = shown(seed)

    rows = [c for columns in report.survival.risk_table for c in columns] + list(report.survival.estimates)
    rows += [c for one in report.outcomes for columns in one.risk_table for c in columns]
    rows += [e for one in report.outcomes for e in one.estimates]
    counts = [
        getattr(row, name, None)
        for row in rows
        for name in ("at_risk", "died", "censored", "events", "competing")
    ]
    assert [n for n in counts if n is not None and n % 5] == []
    assert all((row.at_risk or 0) >= 10 for row in rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_survivors_are_told_of_at_the_ends_of_half_years(seed):
    """Day 90 is none: what happened by then would be known apart from the half-year."""
    _, report = shown(seed)

    for row in report.prognosis.onward:
        assert ((row.since_days / STEP).is_integer(), row.months % 6) == (True, 0)
        assert (row.alive % 5, row.at_risk % 5) == (0, 0)
    assert all((mean.days / MONTH).is_integer() for mean in report.prognosis.means)
    assert report.prognosis.onward


def test_survival_from_diagnosis_is_withheld_beside_that_from_resection():
    """The same deaths some days later: who died between the two times would be few."""
    _, report = shown(5)

    found = report.from_diagnosis
    assert (found.n, found.events, found.curves, found.estimates, found.median) == (None, None, (), (), None)
    assert "nearly survival after resection" in found.note


# --- subgroups -------------------------------------------------------------------------------------------------------


def stratum(label, n, events, died, survival=0.613):
    at = Estimate(months=36, at_risk=n - died, died=died, survival=survival, lower=0.412, upper=0.787)
    return Stratum(label=label, n=n, events=events, at=at)


def coarse(*strata):
    patients = registry_sample.lives(3, 120)
    groups = (Subgroups(heading="Margin", strata=strata, test=None),)
    return suppress(registry_sample.content(patients, subgroups=groups), threshold=5).subgroups[0].strata


def test_a_stratum_of_few_has_no_numbers():
    found = coarse(stratum("R0", 62, 30, 20), stratum("R2", 3, 0, 0), stratum("R1", 41, 20, 15))

    assert [(one.n, one.events, one.hidden) for one in found] == [
        (60, 30, ""),
        (None, None, "<5"),
        (40, 20, ""),
    ]
    assert found[1].at is None


def test_few_deaths_in_one_stratum_are_told_of_none():
    """8 deaths of all in two strata: with both withheld for being small, they would be 4 and 4."""
    found = coarse(stratum("R0", 62, 4, 4), stratum("R1", 41, 20, 15))

    assert [(one.n, one.events, one.at, one.hidden) for one in found] == [
        (60, None, None, "[c]"),
        (40, None, None, "[c]"),
    ]


def test_strata_that_would_give_a_small_one_back_have_no_numbers():
    """8, 1, 1, 1 and 1 are 12: no other numbers that look like these make 10 when rounded."""
    strata = [stratum("A", 8, 0, 0), *(stratum(label, 1, 0, 0) for label in "BCDE")]

    assert {(one.n, one.hidden) for one in coarse(*strata)} == {(None, "[c]")}


def test_strata_are_rounded_so_that_patients_cannot_be_worked_out_of_percentages():
    shown = coarse(stratum("R0", 62, 31, 21), stratum("R1", 41, 22, 13))

    assert [(one.n, one.events, one.at.at_risk) for one in shown] == [(60, 30, 40), (40, 20, 30)]
    steps = [(one.at.survival, one.at.lower, one.at.upper) for one in shown]
    assert steps == [(0.58, 0.33, 0.83), (0.62, 0.38, 0.88)], "5 of 60 and 5 of 40, the limits outwards"


def test_a_stratum_of_fewer_than_ten_has_no_estimate():
    assert coarse(stratum("R0", 62, 31, 21), stratum("R1", 9, 0, 0))[1].at.survival is None


def test_subgroups_go_with_a_survival_that_is_withheld():
    patients = [replace(one, died=False) for one in registry_sample.lives(3, 60)]
    patients[:2] = [replace(one, died=True) for one in patients[:2]]
    groups = (
        Subgroups(heading="Margin", strata=(stratum("R0", 30, 2, 2), stratum("R1", 30, 0, 0)), test=None),
    )

    report = suppress(registry_sample.content(patients, subgroups=groups), threshold=5)

    assert (report.survival.estimates, report.subgroups, report.prognosis) == ((), (), None)


def test_nothing_of_the_new_chapters_is_left_where_all_is_withheld():
    patients = registry_sample.lives(1, 60)
    report = suppress(
        replace(registry_sample.content(patients, withdrawn=2), centers=2),
        threshold=5,
    )

    plain = contents.to_plain(report)
    assert {name: plain[name] for name in ("withdrawn", "from_diagnosis", "outcomes", "prognosis", "subgroups")} == {
        "withdrawn": None, "from_diagnosis": None, "outcomes": [], "prognosis": None, "subgroups": [],
    }  # fmt: skip
