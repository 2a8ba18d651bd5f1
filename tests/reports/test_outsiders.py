"""What outsiders could work out by putting the curves of one report beside each other: nothing of few patients."""

from dataclasses import replace
from itertools import pairwise

import pytest

from reports import content as contents
from reports.coarse_survival import WITHIN
from reports.content import Estimate, Stratum, Subgroups
from reports.disclosure import suppress
from tests.reports import registry_sample
from tests.reports.cohort import MONTH

SEEDS = range(40)


def shown(seed):
    patients = registry_sample.lives(seed, 60 + 5 * seed)
    return patients, suppress(registry_sample.content(patients), threshold=5)


def known_months(curve, estimates, until):
    """Where a reader knows the curve: at its steps, and at the estimates; the end of the axis only closes the line."""
    steps = {round(day / MONTH) for day in curve.time_days if day < until} if curve else set()
    return {0} | steps | {e.months for e in estimates if not e.hidden}


def figures(report):
    """By endpoint, the months at which readers know it."""
    found = {
        "overall_survival": (report.survival, report.survival.curves[:1]),
        **{one.name: (one, one.curves) for one in report.outcomes},
    }
    return {
        name: known_months(curves[0] if curves else None, one.estimates, one.show_until_days)
        for name, (one, curves) in found.items()
        if curves
    }


def truth(patients):
    """By endpoint, the events and the competing ones until a month, from the patients themselves."""
    deaths = [p.last for p in patients if p.died]
    days = {"overall_survival": (deaths, [])}
    for name in registry_sample.OUTCOMES:
        counted = registry_sample.table(name, patients)
        kinds = [
            [day for day, n in zip(counted.time, plane, strict=True) for _ in range(n)]
            for plane in counted.events
        ]
        days[name] = (kinds[0], kinds[1] if len(kinds) > 1 else [])
    # before the first day nothing has happened, and deaths of day 0 come after
    return lambda name, month: tuple(
        sum(day <= month * MONTH for day in kind) * bool(month) for kind in days[name]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_between_two_times_that_are_shown_each_kind_of_event_happened_never_or_often(seed):
    patients, report = shown(seed)
    so_far = truth(patients)

    for name, months in figures(report).items():
        for first, second in pairwise(sorted(months)):
            gains = [b - a for a, b in zip(so_far(name, first), so_far(name, second), strict=True)]
            assert all(n == 0 or n >= 5 for n in gains), (name, first, second, gains)


@pytest.mark.parametrize("seed", SEEDS)
def test_subtracting_one_curve_from_another_gives_no_few_patients(seed):
    """Deaths less deaths of the disease are the others; events of disease-free survival less deaths or recurrences."""
    patients, report = shown(seed)
    so_far, known = truth(patients), figures(report)

    for inner, outers in WITHIN.items():
        for outer in outers:
            common = sorted(known.get(inner, set()) & known.get(outer, set()))
            between = [so_far(outer, month)[0] - so_far(inner, month)[0] for month in common]
            for first, second in pairwise(between):
                assert second == first or abs(second - first) >= 5, (inner, outer, common, between)


def test_every_pair_of_nested_endpoints_is_attacked():
    """Whose events are all among another's, by docs/statistics.md; else the attack above proves nothing."""
    assert set(WITHIN) == {
        "disease_specific_survival", "disease_free_survival", "local_recurrence", "distant_metastasis",
    }  # fmt: skip
    shared = [
        months & known[outer]
        for seed in SEEDS
        for known in [figures(shown(seed)[1])]
        for inner, outers in WITHIN.items()
        for outer in outers
        if (months := known.get(inner)) and outer in known
    ]
    assert sum(len(months) > 1 for months in shared) > 50


@pytest.mark.parametrize("seed", SEEDS)
def test_survivors_are_told_only_of_what_the_estimates_show(seed):
    patients, report = shown(seed)
    if report.prognosis is None:
        return
    exact = {e.months for e in report.survival.estimates if not e.hidden}
    steps = {0, *(round(day / MONTH) for day in report.survival.curves[0].time_days)}
    so_far = truth(patients)

    for row in report.prognosis.onward:
        assert row.months in exact
        assert (row.alive % 5, row.at_risk % 5) == (0, 0)
        if row.since_days == 90:
            before, after = max(m for m in steps if m * MONTH <= 90), min(m for m in steps if m * MONTH > 90)
            early = sum(p.died and (before * MONTH < p.last or not before) and p.last <= 90 for p in patients)
            late = so_far("overall_survival", after)[0] - so_far("overall_survival", before)[0] - early
            assert early == 0 or early >= 5
            assert late == 0 or late >= 5
    assert all(mean.months in exact for mean in report.prognosis.means)
    assert all((mean.days / MONTH).is_integer() for mean in report.prognosis.means)


@pytest.mark.parametrize(("early", "is_told"), [(0, True), (2, False), (4, False), (5, True)])
def test_past_day_90_is_told_only_where_its_deaths_are_none_or_enough(early, is_told):
    """Deaths on day 0 are early deaths, too: S(12) over survival past day 90 gives their share."""
    one = registry_sample.lives(1, 1)[0]
    days = [0] * early + [200 + i for i in range(20)] + [2000] * 40
    patients = [
        replace(
            one, last=day, died=place < early + 20, of_disease=True, local=None, distant=None, occluded=None
        )
        for place, day in enumerate(days)
    ]

    report = suppress(registry_sample.content(patients), threshold=5)

    assert any(row.since_days == 90 for row in report.prognosis.onward) is is_told
    assert any(row.since_days > 90 for row in report.prognosis.onward)


def test_an_endpoint_with_few_competing_events_is_withheld_beside_survival():
    """60 deaths, 57 of the disease: 1 - S(t) less the incidence would say when the 3 others died."""
    patients = [
        registry_sample.Life(
            last=30 * (i + 1),
            died=i < 60,
            of_disease=i not in (3, 20, 40),
            local=None,
            distant=None,
            occluded=None,
            waited=0,
        )
        for i in range(90)
    ]

    report = suppress(registry_sample.content(patients), threshold=5)

    of_disease = report.outcomes[0]
    assert report.survival.curves
    assert (of_disease.curves, of_disease.estimates, of_disease.n, of_disease.events) == ((), (), None, None)
    assert "Withheld" in of_disease.note


def test_survival_from_diagnosis_is_withheld_beside_that_from_resection():
    """The same deaths some days later: who died between the two times would be few."""
    _, report = shown(5)

    found = report.from_diagnosis
    assert (found.n, found.events, found.curves, found.estimates, found.median) == (None, None, (), (), None)
    assert "nearly survival after resection" in found.note


def test_sizes_of_endpoints_are_not_told():
    """83 in one and 86 in the other would be 3 who were not made free of tumor."""
    _, report = shown(5)

    for one in report.outcomes:
        assert (one.n, one.events, one.competing) == (None, None, None)
        counts = [
            n
            for columns in one.risk_table
            for c in columns
            for n in (c.at_risk, c.censored, c.events, c.competing)
        ]
        assert all(n % 5 == 0 for n in counts if n is not None)


# --- subgroups -------------------------------------------------------------------------------------------------------


def stratum(label, n, events, died, survival=0.613):
    at = Estimate(months=36, at_risk=n - died, died=died, survival=survival, lower=0.412, upper=0.787)
    return Stratum(label=label, n=n, events=events, at=at)


def coarse(*strata):
    patients = registry_sample.lives(3, 120)
    groups = (Subgroups(heading="Margin", strata=strata, test=None),)
    return suppress(registry_sample.content(patients, subgroups=groups), threshold=5).subgroups[0].strata


@pytest.mark.parametrize(
    "few",
    [stratum("R2", 3, 0, 0), stratum("R2", 20, 3, 0), stratum("R2", 20, 18, 15), stratum("R2", 20, 12, 2)],
    ids=["patients", "deaths", "survivors", "deaths by 36 months"],
)
def test_a_stratum_of_few_takes_another_with_it(few):
    """Alone it would be what all have and the others have not."""
    shown = coarse(stratum("R0", 60, 30, 20), few, stratum("R1", 40, 20, 15))

    assert [(one.n, one.hidden) for one in shown] == [(60, ""), (None, "[c]"), (None, "[c]")]
    assert [one.at for one in shown[1:]] == [None, None]


def test_strata_are_rounded_so_that_patients_cannot_be_worked_out_of_percentages():
    shown = coarse(stratum("R0", 62, 31, 21), stratum("R1", 41, 22, 13))

    assert [(one.n, one.events, one.at.at_risk) for one in shown] == [(60, 30, 40), (40, 20, 30)]
    assert {(one.at.survival, one.at.lower, one.at.upper) for one in shown} == {(0.61, 0.41, 0.79)}


def test_a_stratum_of_fewer_than_ten_has_no_estimate():
    assert coarse(stratum("R0", 62, 31, 21), stratum("R1", 9, 0, 0))[1].at.survival is None


def test_strata_are_not_told_at_a_time_at_which_the_whole_curve_is_withheld():
    """One death between 30 and 36 months: its day would follow from the strata at 36 months."""
    days = [100] * 10 + [700] * 10 + [1000] + [2000] * 40
    patients = [
        replace(
            registry_sample.lives(1, 1)[0], last=day, died=place < 21, local=None, distant=None, occluded=None
        )
        for place, day in enumerate(days)
    ]
    groups = (
        Subgroups(heading="Margin", strata=(stratum("R0", 31, 11, 11), stratum("R1", 30, 10, 10)), test=None),
    )

    report = suppress(registry_sample.content(patients, subgroups=groups), threshold=5)

    assert {e.months: bool(e.hidden) for e in report.survival.estimates}[36]
    assert [(one.n, one.events, one.at) for one in report.subgroups[0].strata] == [
        (30, 10, None),
        (30, 10, None),
    ]


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
