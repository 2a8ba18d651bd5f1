"""Open queries by rule and late entries, as the chapter on data quality prints them; to outsiders no query."""

from datetime import UTC, date, datetime

import pytest

from cases.models import Case, DataQuery
from registry import access
from reports import completeness, compose, printing
from reports.cohorts import Cut
from reports.models import Audience
from tests.reports.centers import other_centers
from tests.reports.cohort import NOW, add_case

CUT = Cut(as_of=date(2026, 11, 22))


def ask(case, rule, pointer="", state="open"):
    return DataQuery.objects.create(
        case=case, center=case.center, rule_id=rule, pointer=pointer, rulebook_version="test", severity="minor",
        sentence="-", state=state, opened_at=NOW,
    )  # fmt: skip


def enter(center, number, day):
    case = add_case(center, number, operated_on=date(2026, 1, 1), days=100)
    Case.objects.filter(pk=case.pk).update(created_at=datetime(2026, 1, 1 + day, tzinfo=UTC))
    return case


@pytest.mark.django_db
def test_open_queries_are_counted_by_rule(north, everywhere):
    first, second, outside = (add_case(north, n, days=400) for n in range(3))
    Case.objects.filter(pk=outside.pk).update(source="synthetic")
    type(outside.observation).objects.filter(case=outside).update(source="synthetic")
    ask(first, "X-11", "/a")
    ask(first, "X-27", "/a")
    ask(first, "X-27", "/b")
    ask(second, "X-27", "/a")
    ask(second, "X-01", state="closed")
    ask(outside, "X-11")

    found = completeness.queries(CUT)

    assert [(one.rule, one.queries, one.cases) for one in found] == [("X-27", 3, 2), ("X-11", 1, 1)]
    assert all(one.title for one in found)
    content = compose.compose(CUT)
    quality = next(s for s in printing.printed(content).sections if s.title == "Data quality")
    assert [row.cells[0] for row in quality.tables[1].rows] == ["X-27", "X-11"]


@pytest.mark.django_db
def test_days_to_the_first_entry_are_those_of_the_resected(north, everywhere):
    for number, day in enumerate((2, 10, 21)):
        enter(north, number, day)
    add_case(north, "not resected", in_main_curve=False, operated_on=None)

    (line,) = completeness.entry(CUT).lines

    assert (line.value.value, line.value.low, line.value.high, line.value.n) == (10, 2, 21, 3)
    assert completeness.entry(Cut(as_of=CUT.as_of, source="literature")) is None
    text = str(printing.printed(compose.compose(CUT)).sections)
    assert "From resection to first entry, days: median (range) 10 (2–21)." in text


@pytest.mark.django_db
def test_outsiders_see_no_query_and_no_range(north):
    centers = (north, *other_centers("EAST", "WEST"))
    with access.everywhere():
        for center in centers:
            for number in range(5):
                ask(enter(center, number, 3 + number), "X-11")

    content = compose.compose(CUT, audience=Audience.OUTSIDE)

    assert content.queries == ()
    value = content.entry.lines[0].value
    assert (value.value, value.low, value.high, value.n) == (None, None, None, 0)
