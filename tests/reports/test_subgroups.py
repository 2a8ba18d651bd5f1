"""Survival by subgroup: strata add up to all, follow their vocabulary, and few patients or deaths are not tested."""

from datetime import date

import pytest

from cases.models import SurvivalObservation
from reports import compose, subgroups
from reports.cohorts import Cut
from tests.reports import cohort
from tests.reports.cohort import MONTH, add_case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
CUT = Cut(as_of=date(2026, 11, 22))


def add(center, stratum, value, deaths, alive, first=0):
    """Deaths at 10, 20, 30 ... months, the others followed for 40 months."""
    days = [(10 * (i + 1), True) for i in range(deaths)] + [(40, False)] * alive
    for place, (months, died) in enumerate(days, first):
        add_case(center, place, days=round(months * MONTH), died=died, **{stratum: value})


def found(heading):
    return {group.heading: group for group in subgroups.subgroups(CUT)}.get(heading)


def test_strata_are_counted_and_estimated_each_for_itself(north):
    """3 of 8 die by 36 months: 62.5% with log-log limits 22.9-86.1, the figures of the founding cohort (R, survfit)."""
    add(north, "growth_pattern", "mixed", 3, 5)
    add(north, "growth_pattern", "intravasal", 0, 5, first=20)
    add(north, "growth_pattern", "", 1, 6, first=40)

    strata = found("Growth pattern").strata

    assert [(s.label, s.n, s.events, s.is_known) for s in strata] == [
        ("Intravasal (intraluminal)", 5, 0, True), ("Mixed", 8, 3, True), ("Not recorded", 7, 1, False),
    ]  # fmt: skip
    mixed = strata[1].at
    assert (mixed.months, mixed.at_risk, mixed.died) == (36, 5, 3)
    assert [round(100 * share, 1) for share in (mixed.survival, mixed.lower, mixed.upper)] == [
        62.5,
        22.9,
        86.1,
    ]
    unknown = strata[2].at
    assert (unknown.at_risk, unknown.died, unknown.survival) == (6, 1, None), (
        "nobody asks how the unknown fare"
    )


def test_one_value_with_patients_is_no_subgroup(north):
    add(north, "margin", "R0", 2, 6)
    add(north, "margin", "", 2, 6, first=20)
    assert found("Margin") is None

    add(north, "margin", "R1", 1, 3, first=40)
    assert found("Margin") is None, "four patients say nothing"

    add(north, "margin", "R1", 0, 1, first=60)
    assert len(found("Margin").strata) == 3


def test_groups_under_ten_and_fewer_than_ten_deaths_are_not_tested(north):
    add(north, "margin", "R0", 3, 17)
    add(north, "margin", "R1", 7, 2, first=30)
    assert found("Margin").test is None, "9 in one group"

    add(north, "margin", "R1", 0, 1, first=50)
    assert found("Margin").test.events == 10

    SurvivalObservation.objects.filter(death_days=round(70 * MONTH)).update(death_days=None, followed_days=1)
    assert found("Margin").test is None, "9 deaths"


def test_what_cannot_be_assessed_is_shown_and_not_tested(north):
    add(north, "margin", "R0", 5, 10)
    add(north, "margin", "R1", 5, 10, first=30)
    add(north, "margin", "RX", 1, 1, first=60)

    group = found("Margin")

    assert [s.label for s in group.strata] == ["R0", "R1", "Cannot be assessed"]
    assert (group.test.groups, group.test.events) == (("R0", "R1"), 10)


def test_decades_are_told_as_years(north):
    add(north, "era", "1990s", 1, 4)
    add(north, "era", "2010s", 1, 4, first=20)

    assert [s.label for s in found("Decade of the resection").strata] == ["1990–1999", "2010–2019"]


def test_a_reconstruction_has_no_subgroups_and_no_recurrences(north):
    """Which values stand together in a row was chosen when the rows were made, and so were times of recurrence."""
    for case in cohort.founding(north):
        SurvivalObservation.objects.filter(case=case).update(
            growth_pattern="mixed" if case.pk % 2 else "intravasal", made_disease_free=True, recurrence_days=9
        )

    content = compose.compose(Cut(as_of=CUT.as_of, source="reconstruction"))

    assert content.subgroups == ()
    assert [one.name for one in content.outcomes] == ["disease_specific_survival"]
