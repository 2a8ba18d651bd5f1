"""Observations of an older release are put right by the next reading; those that are right are not touched."""

from datetime import date

import pytest
from django.db import connection

from cases import intake, review
from cases.intake import Submission
from cases.models import SurvivalObservation
from registry import access
from tests.cases.examples import draft, resected

pytestmark = pytest.mark.django_db


@pytest.fixture
def case_ids(north, alice):
    visits = [{"visit_on": "2016-03-02", "vital_status": "alive"}]
    documents = [resected("A-1", follow_ups=visits), draft("A-2"), resected("A-3", operated_on="2015-03")]
    sent = [Submission(document=document) for document in documents]
    return [receipt.case_id for receipt in intake.save_cases(sent, center=north, by=alice, source="api")]


def versions():
    """Which transaction wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, xmin::text, xmax::text FROM cases_survivalobservation")
        return {case_id: rest for case_id, *rest in cursor.fetchall()}


def test_the_reading_fills_what_an_older_release_did_not_know(north, case_ids):
    with access.scope([north.pk]):
        SurvivalObservation.objects.update(last_contact_on=None, is_followed=False, level="")

        review.reassess(case_ids, as_of=date(2026, 1, 1))

        seen = SurvivalObservation.objects.order_by("case_id")
        assert list(seen.values_list("last_contact_on", "is_followed", "level")) == [
            (date(2016, 3, 2), True, "middle"),
            (None, True, ""),
            (date(2015, 3, 31), True, "middle"),
        ]


LAST_CONTACTS = {
    "a year": (["2026"], ("2026-12-31", "year"), "2026"),
    "a month": (["2026-05", "2026-05-03"], ("2026-05-31", "month"), "2026-05"),
    "the more exact of two": (["2025", "2025-12-31", "2025-12"], ("2025-12-31", "day"), "2025-12-31"),
    "the later of two": (["2026-06-01", "2026-05"], ("2026-06-01", "day"), "2026-06-01"),
}


@pytest.mark.parametrize(("visits", "kept", "shown"), LAST_CONTACTS.values(), ids=LAST_CONTACTS)
def test_the_last_contact_is_shown_as_it_was_recorded(north, alice, visits, kept, shown):
    document = resected(follow_ups=[{"visit_on": on, "vital_status": "alive"} for on in visits])
    pk = intake.save_case(Submission(document=document), center=north, by=alice, source="api").case_id

    with access.scope([north.pk]):
        one = SurvivalObservation.objects.get(pk=pk)

    assert (one.last_contact_on.isoformat(), one.last_contact_precision) == kept
    assert str(one.last_contact) == shown


def test_without_a_dated_sign_of_life_there_is_no_last_contact(north, case_ids):
    with access.scope([north.pk]):
        one = SurvivalObservation.objects.get(pk=case_ids[1])

    assert (one.last_contact, one.last_contact_precision) == (None, "")


def test_the_reading_fills_how_exact_the_last_contact_is(north, case_ids):
    with access.scope([north.pk]):
        SurvivalObservation.objects.update(last_contact_precision="")
        assert str(SurvivalObservation.objects.get(pk=case_ids[2]).last_contact) == "2015-03"

        review.reassess(case_ids, as_of=date(2026, 1, 1))

        seen = SurvivalObservation.objects.order_by("case_id")
        assert list(seen.values_list("last_contact_precision", flat=True)) == ["day", "", "month"]


def test_a_row_that_is_right_is_not_written_again(north, case_ids):
    with access.scope([north.pk]):
        SurvivalObservation.objects.filter(pk=case_ids[0]).update(level="lower")
        before = versions()

        review.reassess(case_ids, as_of=date(2026, 1, 1))

        after = versions()
        assert [after[pk] == before[pk] for pk in case_ids] == [False, True, True]
        assert SurvivalObservation.objects.get(pk=case_ids[0]).level == "middle"
