"""Reading all cases again: shared by processes, cut off anywhere, gone on with at once, under one algorithm."""

import json
import os
import signal
from datetime import date
from io import StringIO
from multiprocessing import get_context

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from cases import intake, observations, review, versions
from cases.intake import Submission
from cases.management.commands import assess as command
from cases.models import Assessment, AssessmentRun, DataQuery, Deviation, SurvivalObservation
from registry import access
from tests.cases.examples import OF_TODAY, resected

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 1, 1)
OF_A_FINDING = ("case_id", "rule_id", "pointer", "severity", "sentence", "values", "state")
NARROW = {"S-13": {"largest_mm": 19}}


@pytest.fixture
def cohort(north, south, alice, bob, monkeypatch):
    """Nine cases in one center and two in the other, of which nothing was said yet; chunks of two, runs of four."""
    monkeypatch.setattr(review, "CHUNK", 2)
    monkeypatch.setattr(review, "PART", 4)
    monkeypatch.setattr("registry.bell.app.send_task", lambda *_, **__: None)
    operation = {"operated_on": OF_TODAY, "blood_loss_ml": 20000, "approach": ["median_laparotomy"]}
    for center, by, count in ((north, alice, 9), (south, bob, 2)):
        documents = [resected(f"{center.code}-{n}", operation=operation) for n in range(count)]
        cases = [Submission(document=document) for document in documents]
        intake.save_cases(cases, center=center, by=by, source="api")
    forget()


def forget():
    """Leave nothing of what was said of the cases, and one observation that is wrong."""
    with access.everywhere():
        for model in (Assessment, Deviation, DataQuery, AssessmentRun):
            model.objects.all().delete()
        SurvivalObservation.objects.update(imputed_dates=99)


def known():
    """What is said of the cases, and how much all runs have read and changed."""
    with access.everywhere():
        told = [
            Assessment.objects.order_by("case_id", "id").values_list(
                "case_id", "digest", "findings", "case_version", "algorithm_version", "is_current"
            ),
            Deviation.objects.order_by(*OF_A_FINDING[:3]).values_list(*OF_A_FINDING),
            DataQuery.objects.order_by(*OF_A_FINDING[:3]).values_list(*OF_A_FINDING),
            SurvivalObservation.objects.order_by("pk").values_list(*observations.COLUMNS),
            AssessmentRun.objects.order_by("center_id", "after_case_id").values_list(
                "center_id", "after_case_id", "up_to_case_id", "state", "cases_read", "cases_changed"
            ),
        ]
        return [list(rows) for rows in told]


def assess(**options):
    out = StringIO()
    call_command("assess", all=True, json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def in_a_process(work):
    """Do this in a process of its own, and return how it ended."""
    connections.close_all()
    process = get_context("fork").Process(target=work)
    process.start()
    process.join()
    return process.exitcode


# --- killed ------------------------------------------------------------------------------------------------------


def before(module, name, nth):
    """A process that reads one run after the other dies as this function is called for the nth time."""

    def die(monkeypatch):
        calls, work = [], getattr(module, name)

        def counted(*args, **kwargs):
            calls.append(name)
            if len(calls) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*args, **kwargs)

        monkeypatch.setattr(module, name, counted)

    return die


KILLED = {
    "before anything was read": before(review, "_read_on", 1),
    "as the cases are held": before(review.documents, "load", 1),
    "between observations and findings": before(review, "record", 2),
    "between assessments and findings": before(review, "_settle", 5),
    "before the note of how far it is": before(review.jobs, "lease", 4),
    "between two chunks": before(review, "_read_on", 2),
    "as a run is finished": before(review.jobs, "finish", 1),
    "between two runs": before(review.jobs, "take_over", 2),
    "in the last run": before(review, "reassess", 6),
}


def test_a_reading_that_was_killed_anywhere_and_started_again_ends_as_if_it_had_not_been(cohort, monkeypatch):
    assert assess(processes=1) == {"read": 11, "changed": 11}
    undisturbed = known()

    for point, dies in KILLED.items():
        forget()
        with access.everywhere():
            review.start_runs(intake.today_everywhere())
        with monkeypatch.context() as patch:
            dies(patch)
            assert in_a_process(review.work_off) == -signal.SIGKILL, point
        assert known() != undisturbed, point
        assess(processes=1)
        assert known() == undisturbed, point


def test_one_of_two_processes_is_killed_and_the_other_ends_the_work(cohort, monkeypatch):
    assess(processes=1)
    undisturbed = known()
    forget()
    died = get_context("fork").Event()

    def first_one_dies(ids, *, as_of):
        if not died.is_set():
            died.set()
            os.kill(os.getpid(), signal.SIGKILL)
        return read(ids, as_of=as_of)

    read = review.reassess
    monkeypatch.setattr(review, "reassess", first_one_dies)

    assess(processes=2)

    assert died.is_set()
    assert known() == undisturbed


def test_processes_without_the_one_that_started_them_stop(cohort):
    review.start_runs(intake.today_everywhere())

    review.work_off(until=lambda: True)

    with access.everywhere():
        assert set(AssessmentRun.objects.values_list("state", flat=True)) == {"waiting"}


def test_what_cannot_be_read_is_told_and_tried_again(cohort, monkeypatch, capfd):
    with monkeypatch.context() as patch:
        patch.setattr(review, "record", None)
        with pytest.raises(CommandError, match=r"4 of 4 runs were not finished\. Start again"):
            assess(processes=2)

    for _ in range(3):
        assert assess(processes=2)["read"] == 11


# --- asked for -----------------------------------------------------------------------------------------------------


def test_a_large_center_is_shared_and_every_case_is_read_once(cohort, north, south):
    runs = review.start_runs({north.pk: DAY, south.pk: DAY})

    assert [run.center_id for run in runs] == [north.pk, north.pk, north.pk, south.pk]
    assert [review.carry_out(run.pk, run.center_id).cases_read for run in runs] == [4, 4, 1, 2]


def test_a_reading_that_is_under_way_is_gone_on_with(cohort, north, south):
    first, *others = review.start_runs({north.pk: DAY, south.pk: DAY})
    *_, of_south = others
    for run in (first, of_south):
        review.carry_out(run.pk, run.center_id)

    again = review.start_runs({north.pk: DAY, south.pk: DAY})

    assert again == others[:-1]


def test_a_reading_for_another_day_takes_the_place_of_one_that_is_under_way(cohort, north):
    runs = review.start_runs({north.pk: DAY})

    later = review.start_runs({north.pk: date(2026, 1, 2)})

    assert len(later) == 3
    with access.everywhere():
        assert {AssessmentRun.objects.get(pk=run.pk).state for run in runs} == {"replaced"}
    assert review.carry_out(runs[0].pk, north.pk).cases_read == 0


# --- under one algorithm -------------------------------------------------------------------------------------------


def put_in_force(dana, rita, version="2027.1", thresholds=NARROW):
    row = versions.draft(version=version, valid_from=DAY, note="Wide ones.", thresholds=thresholds, by=dana)
    versions.carry_out_preview(versions.start_preview(row, by=dana).pk)
    versions.activate(row, by=rita)


def versions_read():
    with access.everywhere():
        return set(Assessment.objects.current().values_list("algorithm_version", flat=True))


def test_cases_that_were_read_before_another_version_came_into_force_are_read_again(
    cohort, north, dana, rita
):
    run, *_ = runs = review.start_runs({north.pk: DAY})
    review._read_on(run.pk, north.pk)
    put_in_force(dana, rita)

    anew = review.start_runs({north.pk: DAY})
    states = [review.carry_out(run.pk, north.pk).state for run in (*runs, *anew)]

    assert states == ["replaced"] * 3 + ["done"] * 3
    assert versions_read() == {"2027.1"}


def test_a_version_that_comes_into_force_while_all_cases_are_read_is_read_too(
    cohort, dana, rita, monkeypatch
):
    """Nobody rings: the command sees it when it has read all."""
    read, left = review.work_off, [lambda: put_in_force(dana, rita)]

    def first(**given):
        read(**given)
        if left:
            left.pop()()

    monkeypatch.setattr(command, "_work_off", lambda asked, processes: first())

    assert assess() == {"read": 11, "changed": 11}
    assert versions_read() == {"2027.1"}
