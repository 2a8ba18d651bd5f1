"""Who is in, counted in the database: the same counts as one would make by hand from the rows."""

from datetime import date, timedelta

import pytest

from reports import cohorts, estimates
from reports.cohorts import Cut
from reports.lifetable import LifeTable
from tests.reports import cohort
from tests.reports.cohort import add_case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
TODAY = Cut(as_of=date(2026, 11, 22))


def counts(table, group=0):
    span = table.spans()[group]
    return list(zip(table.time[span], table.failed[span], table.censored[span], strict=True))


def test_founding_rows_give_the_printed_survival(north):
    """87.5, 75 and 62.5% at 1, 2 and 3 years: Rusin 2021."""
    cohort.founding(north)

    table = cohorts.life_table(Cut(as_of=TODAY.as_of, source="reconstruction"))

    assert [e.survival for e in estimates.overall_survival(table).estimates] == [0.875, 0.75, 0.625]


def test_counts_are_those_of_the_rows(north, south):
    for i, (days, died) in enumerate([(100, True), (100, False), (250, True), (0, True), (100, True)]):
        add_case(north if i % 2 else south, i, days=days, died=died, sex=("female", "male")[i % 2])

    assert counts(cohorts.life_table(TODAY)) == [(0, 1, 0), (100, 2, 1), (250, 1, 0)]
    by_sex = cohorts.life_table(TODAY, stratum="sex")
    assert by_sex.groups == ("female", "male")
    assert counts(by_sex, 1) == [(0, 1, 0), (100, 0, 1)]


def test_one_query_whatever_the_number_of_patients(north, django_assert_num_queries):
    for i in range(30):
        add_case(north, i, days=10 * i, died=i % 2 == 0)

    with django_assert_num_queries(1):
        table = cohorts.life_table(TODAY)

    assert isinstance(table, LifeTable)
    assert table.size.sum() == 30


def test_a_death_after_the_cut_is_alive_at_the_cut(north):
    add_case(north, 1, operated_on=date(2020, 1, 1), days=400, died=True)

    at_the_time = cohorts.life_table(Cut(as_of=date(2020, 12, 31)))

    assert counts(at_the_time) == [(365, 0, 1)]
    assert counts(cohorts.life_table(Cut(as_of=date(2021, 2, 4)))) == [(400, 1, 0)], (
        "dead on the day of the cut"
    )


def test_nobody_is_followed_beyond_the_cut_or_there_before_the_operation(north):
    add_case(north, 1, operated_on=date(2020, 1, 1), days=800)

    assert counts(cohorts.life_table(Cut(as_of=date(2020, 1, 1)))) == [(0, 0, 1)]
    assert cohorts.frame(Cut(as_of=date(2019, 12, 31))).registered == 0


def test_a_case_without_dates_is_never_cut(north):
    add_case(north, 1, source="literature", operated_on=None, days=3000, died=True)

    table = cohorts.life_table(Cut(as_of=date(1990, 1, 1), source="literature"))

    assert counts(table) == [(3000, 1, 0)]


def test_kinds_of_data_never_meet(north):
    for number, source in enumerate(("admin", "api", "import", "literature", "reconstruction", "synthetic")):
        add_case(north, number, source=source, days=100)

    assert cohorts.frame(TODAY).registered == 3
    for source in ("literature", "reconstruction", "synthetic"):
        assert cohorts.frame(Cut(as_of=TODAY.as_of, source=source)).registered == 1


def test_outside_the_main_curve_and_without_follow_up(north):
    add_case(north, 1, days=100)
    add_case(north, 2, days=100, in_main_curve=False)
    add_case(north, 3, days=None)

    frame = cohorts.frame(TODAY)

    assert (frame.registered, frame.resected, frame.followed) == (3, 2, 1)
    assert (frame.first_year, frame.last_year, frame.centers) == (2015, 2015, 1)


def test_who_was_not_heard_of_for_fourteen_months(north):
    operated_on = date(2020, 1, 1)
    add_case(north, 1, operated_on=operated_on, days=700, died=True)
    for number, days in enumerate((900, 500, 1000 - cohorts.STALE_DAYS, 999 - cohorts.STALE_DAYS), start=2):
        add_case(north, number, operated_on=operated_on, days=days)
    add_case(north, 9, operated_on=None, days=100)

    frame = cohorts.frame(Cut(as_of=operated_on + timedelta(days=1000)))

    assert (frame.alive, frame.stale) == (5, 2), (
        "500 and 573 days; the dead and the undated are not asked after"
    )


def test_a_center_counts_its_own(north, south):
    add_case(north, 1, days=100)
    add_case(south, 1, days=200)

    assert counts(cohorts.life_table(Cut(as_of=TODAY.as_of, center_id=south.pk))) == [(200, 0, 1)]


def test_centers_add_up_to_the_registry(north, south):
    for i in range(12):
        add_case((north, south)[i % 2], i, days=50 * i, died=i % 3 == 0)

    parts = [cohorts.life_table(Cut(as_of=TODAY.as_of, center_id=center.pk)) for center in (north, south)]

    assert counts((parts[0] + parts[1]).pool()) == counts(cohorts.life_table(TODAY))


def test_an_unknown_stratum_is_refused_with_the_known_ones(north):
    with pytest.raises(ValueError, match="stratum must be one of sex"):
        cohorts.life_table(TODAY, stratum="case_id")


def test_nobody_gives_an_empty_table():
    assert cohorts.life_table(TODAY).size.sum() == 0
