"""Values that came in with files go when they are needed no more; verdicts and sentences stay."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from cases import importing, intake, tasks
from cases.models import ImportBatch
from registry import access
from registry.celery import app
from tests.cases.examples import draft, resected
from tests.cases.files import flattened, table
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


def read(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


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


@pytest.mark.parametrize("when", [29.9, 30.1])
def test_sentences_may_repeat_values_and_go_with_them(north, alice, when):
    """A query and a refusal of the rulebook both tell the values that they are about."""
    doubtful = resected("A-1", operation={"blood_loss_ml": 19_000})
    impossible = {"operations.1.operated_on": "2015-03-02", "patient.born_on": "2016"}
    header = dict.fromkeys(name for row in read(flattened([doubtful])) for name in row)
    lines = [*read(flattened([doubtful])), dict.fromkeys(header, "") | {"case_number": "A-2"} | impossible]
    content = table(list(header), *([line[name] for name in header] for line in lines))
    done = committed(checked(content, north, alice), alice)
    told = [problem for row in rows(done) for problem in row.problems]
    assert {problem["severity"] for problem in told} == {"error", "query"}

    aged(done, finished_at=ago(when))

    left = [problem for row in rows(done) for problem in row.problems]
    if when < 30:
        assert left == told
        assert "19000" in str(left)
    else:
        kept = ("row", "column", "code", "severity", "sheet")
        assert left == [{name: problem[name] for name in kept} for problem in told]


def test_a_file_whose_work_failed_is_emptied_after_a_week(north, alice, known):
    batch = checked(CONTENT, north, alice)
    assert any(row.values for row in rows(batch))

    failed = aged(batch, state="failed", finished_at=ago(6))
    assert bytes(failed.content) == CONTENT, "somebody may let it be tried again"

    failed = aged(batch, state="failed", finished_at=ago(8))

    assert not bytes(failed.content)
    assert "samples" not in str(failed.preview)
    assert not any(row.values for row in rows(batch))
    with access.scope([north.pk]):
        assert importing.rejected_rows(failed)


def test_it_is_done_every_night():
    assert "cases.tasks.tidy_imports" in {entry["task"] for entry in app.conf.beat_schedule.values()}
