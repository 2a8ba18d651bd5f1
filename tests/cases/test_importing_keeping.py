"""Values that came in with files go when they are needed no more; verdicts and sentences stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases import importing, intake, tasks
from cases.models import ImportBatch
from registry import access
from registry.celery import app
from tests.cases.examples import draft
from tests.cases.files import table
from tests.cases.imports import checked, committed, now, rows, uploaded

pytestmark = pytest.mark.django_db
CONTENT = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "femal"), ("A-3", "male"))


@pytest.fixture
def known(north, alice):
    """A case that the file changes."""
    submission = intake.Submission(document=draft("A-3", patient={"sex": "female"}))
    return intake.save_case(submission, center=north, by=alice, source="admin")


def aged(batch, **fields):
    with access.scope([batch.center_id]):
        ImportBatch.objects.filter(pk=batch.pk).update(**fields)
    tasks.tidy_imports()
    return now(batch)


def ago(days):
    return timezone.now() - timedelta(days=days)


@pytest.mark.parametrize("made", [uploaded, checked])
def test_what_nobody_decided_on_for_a_week_is_canceled_and_forgotten(north, alice, made):
    batch = made(CONTENT, north, alice)

    assert aged(batch, created_at=ago(6.9)).state == batch.state
    gone = aged(batch, created_at=ago(7.1))

    assert (gone.state, bytes(gone.content), gone.preview) == ("canceled", b"", {})
    assert rows(batch) == []


def test_rejected_rows_can_be_fetched_for_thirty_days(north, alice, known):
    done = committed(checked(CONTENT, north, alice), alice)

    aged(done, finished_at=ago(29.9))
    with access.scope([north.pk]):
        assert importing.rejected_rows(now(done))

    later = aged(done, finished_at=ago(30.1))
    with access.scope([north.pk]):
        assert importing.rejected_rows(later) is None
    assert (bytes(later.content), later.preview) == (b"", {})
    assert later.verdicts["counts"] == {"new": 1, "changed": 1, "unchanged": 0, "rejected": 1}


def test_what_was_wrong_and_what_changed_stays_without_values(north, alice, known):
    done = committed(checked(CONTENT, north, alice), alice)

    aged(done, finished_at=ago(31))

    assert [(row.case_number, row.verdict, row.columns, row.values, row.cells) for row in rows(done)] == [
        ("A-2", "rejected", [], [], []),
        ("A-3", "changed", ["patient.sex"], [], []),
    ]
    assert [problem["code"] for row in rows(done) for problem in row.problems] == ["unknown_code"]


def test_a_file_whose_work_failed_is_forgotten_after_thirty_days(north, alice):
    batch = uploaded(CONTENT, north, alice)

    assert bytes(aged(batch, state="failed", finished_at=ago(29)).content)
    assert not bytes(aged(batch, state="failed", finished_at=ago(31)).content)


def test_it_is_done_every_night():
    assert "cases.tasks.tidy_imports" in {entry["task"] for entry in app.conf.beat_schedule.values()}
