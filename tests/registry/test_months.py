"""Months by the calendar: what PostgreSQL adds, and the last day from which they have passed."""

from datetime import date, timedelta

import pytest
from django.db import connection

from registry.dates import months_earlier, months_later

LEAP_CYCLE = [date(2023, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1)]


@pytest.mark.django_db
@pytest.mark.parametrize("months", [1, 12, 15, 25])
def test_months_are_added_as_postgresql_adds_them(months):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (day + make_interval(months => %s))::date FROM unnest(%s::date[]) AS day",
            [months, LEAP_CYCLE],
        )
        told = [row[0] for row in cursor.fetchall()]

    assert [months_later(day, months) for day in LEAP_CYCLE] == told


@pytest.mark.parametrize("months", [1, 3, 12, 15])
def test_months_have_passed_from_that_day_and_not_from_the_next(months):
    for day in LEAP_CYCLE:
        since = months_earlier(day, months)
        assert months_later(since, months) <= day < months_later(since + timedelta(days=1), months)


@pytest.mark.parametrize(
    ("day", "months", "since"),
    [
        (date(2025, 3, 1), 12, date(2024, 3, 1)),
        (date(2025, 2, 28), 12, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 2, 28), 12, date(2023, 2, 28)),
        (date(2025, 5, 31), 15, date(2024, 2, 29)),
        (date(2025, 4, 30), 15, date(2024, 1, 31)),
        (date(2026, 1, 15), 15, date(2024, 10, 15)),
    ],
)
def test_months_back_in_the_calendar(day, months, since):
    assert months_earlier(day, months) == since
