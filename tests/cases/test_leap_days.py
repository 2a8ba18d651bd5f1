"""Whoever is born on 29 February: their age on every day, as PostgreSQL counts it (`age`), independently of ours."""

from calendar import isleap
from datetime import date, timedelta

import pytest
from django.db import connection

from cases.derived import completed_years
from tests.nightly import NIGHTLY

LAST = date(2100, 12, 31)
BORN = [date(year, 2, 29) for year in range(1900, 2101) if isleap(year)]
MONTHS = range(1, 13) if NIGHTLY else (2, 3)


@pytest.mark.django_db
@pytest.mark.parametrize("born", BORN, ids=str)
def test_years_are_completed_when_postgresql_says_so(born):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day::date, extract(year FROM age(day, %s::date))::int"
            " FROM generate_series(%s::date, %s::date, '1 day') AS day WHERE extract(month FROM day) = ANY (%s)",
            [born, born, LAST, list(MONTHS)],
        )
        told = dict(cursor.fetchall())

    assert {day: completed_years(born, day) for day in told} == told
    days = (born + timedelta(days=n) for n in range((LAST - born).days + 1))
    assert list(told) == [day for day in days if day.month in MONTHS], "no day is left out"
