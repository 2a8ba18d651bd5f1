"""What differs from the report before: counted from the two contents, and to outsiders nothing of few patients."""

from dataclasses import replace
from datetime import date

import pytest

from cases.models import Consent
from registry import access
from reports import changes, compose, context_chapters
from reports import content as contents
from reports.chapters import Numbers
from reports.cohorts import Cut
from reports.content import FlowStep
from reports.models import Audience, Report
from tests.reports import cohort
from tests.reports.handmade import founding_content

EARLIER, LATER = date(2026, 5, 31), date(2026, 11, 22)


def flow(*sizes):
    names = ("Registered cases", "Index resection, primary tumor", "Followed for survival")
    return tuple(FlowStep(label=name, n=n) for name, n in zip(names, sizes, strict=True))


def content(*sizes, as_of=LATER, **other):
    return founding_content(as_of=as_of, flow=flow(*sizes), **other)


def rows(found):
    section = context_chapters.changes(found, Numbers().next)
    return section.lead, [row.cells for table in section.tables for row in table.rows]


def test_without_a_report_before_it_says_so():
    lead, table = rows(changes.since(None, content(8, 8, 8)))

    assert "There is no report" in lead
    assert table == []


def test_counts_and_survival_then_and_now():
    """One more died, at 11 months of nine patients: 7 of 9 are 77.8%, where 7 of 8 were 87.5%."""
    before = content(8, 8, 8, as_of=EARLIER, withdrawn=0)
    now = content(10, 9, 9, withdrawn=1)
    survival = replace(
        now.survival,
        events=4,
        estimates=(replace(now.survival.estimates[0], survival=7 / 9), *now.survival.estimates[1:]),
    )

    lead, table = rows(changes.since(before, replace(now, survival=survival)))

    assert lead == "Compared with the report on the data cut of 31 May 2026."
    assert table[:5] == [
        ("Registered cases", "8", "10", "+2"),
        ("Index resection, primary tumor", "8", "9", "+1"),
        ("Followed for survival", "8", "9", "+1"),
        ("Deaths after resection", "3", "4", "+1"),
        ("Consent withdrawn", "0", "1", "+1"),
    ]
    assert table[6] == ("at 12 months", "87.5%", "77.8%", "−9.7")
    assert table[7] == ("at 24 months", "75.0%", "75.0%", "0.0")


def test_a_report_of_the_first_version_knows_of_no_withdrawals():
    found = changes.since(content(8, 8, 8, as_of=EARLIER), content(8, 8, 8, withdrawn=2))

    lead, table = rows(found)
    assert table[4] == ("Consent withdrawn", "–", "2", "–")
    assert "Nothing" not in lead


def test_what_has_not_changed_is_said_in_words():
    before = content(8, 8, 8, as_of=EARLIER, withdrawn=0)

    assert "Nothing shown here has changed." in rows(changes.since(before, content(8, 8, 8, withdrawn=0)))[0]


def test_outsiders_get_differences_of_rounded_counts():
    """62 to 63 are 60 and 65 to them; a report of version 1.1 had said 62. Of the followed one does not say."""
    before = content(62, 50, 50, as_of=EARLIER, withdrawn=0)
    now = content(63, 56, None, withdrawn=3)

    found = changes.since(before, now, threshold=5)

    _, table = rows(found)
    assert table == [
        ("Registered cases", "60", "65", "+5"),
        ("Index resection, primary tumor", "50", "55", "+5"),
        ("Followed for survival", "50", "–", "[c]"),
    ]
    assert found.survival == ()
    assert "may be rounding alone" in found.note


# --- out of the database ---------------------------------------------------------------------------------------------


def store(cut, audience=Audience.INSIDE):
    found = compose.compose(cut, audience=audience)
    with access.everywhere():
        return Report.objects.create(
            as_of=cut.as_of, source=cut.source, center_id=cut.center_id, audience=audience,
            content=contents.to_plain(found), content_digest=contents.digest(found),
        )  # fmt: skip


@pytest.mark.django_db
def test_the_last_report_of_the_same_scope_source_and_readers_is_compared_with(north, south, everywhere):
    for number in range(6):
        cohort.add_case(north, number, days=400)
    for as_of in (date(2026, 1, 31), EARLIER):
        store(Cut(as_of=as_of))
    store(Cut(as_of=date(2026, 6, 30)), audience=Audience.OUTSIDE)
    store(Cut(as_of=date(2026, 7, 31), center_id=north.pk))
    store(Cut(as_of=date(2026, 8, 31), source="synthetic"))
    store(Cut(as_of=LATER))
    cohort.add_case(north, 7, days=100, died=True)

    found = compose.compose(Cut(as_of=LATER)).changes

    assert found.since == EARLIER
    assert [(row.before, row.now) for row in found.counts] == [(6, 7), (6, 7), (6, 7), (0, 1), (0, 0)]
    assert compose.compose(Cut(as_of=LATER, center_id=north.pk)).changes.since == date(2026, 7, 31)
    assert compose.compose(Cut(as_of=LATER, center_id=south.pk)).changes.since is None
    outside = compose.compose(Cut(as_of=LATER), audience=Audience.OUTSIDE).changes
    assert (outside.since, outside.survival) == (date(2026, 6, 30), ())


@pytest.mark.django_db
def test_consent_withdrawn_by_the_cut_is_counted(north, everywhere):
    for number, withdrawn_on in enumerate(("2026-03-01", "2026-12", None)):
        case = cohort.add_case(north, number, days=400)
        basis = "withdrawn" if withdrawn_on else "written"
        Consent.objects.create(
            case=case, center=north, basis=basis, withdrawn_on=withdrawn_on, scopes=["registry"]
        )

    assert compose.compose(Cut(as_of=LATER)).withdrawn == 1
    assert compose.compose(Cut(as_of=date(2026, 12, 31))).withdrawn == 2
