"""A restored copy learns what patients wanted since: the last word of each, once, and none stands in another's way."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from cases import erasing, erasure_log, importing, intake, reapplying, withdrawing
from cases.intake import Submission
from cases.models import Case, EntryDraft, ImportBatch, ImportRow, SurvivalObservation, Tombstone
from registry.dates import PartialDate
from registry.models import AnsweredRequest, Center
from tests.cases.examples import resected
from tests.clients import machine

SIGNED = {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports"]}
DAY = PartialDate.parse("2020-03-04")


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    return settings.ERASURE_LOG


@pytest.fixture
def case(north, alice, everywhere):
    return saved(north, alice, "A-1")


def saved(center, by, number):
    document = resected(number, consent=SIGNED)
    receipt = intake.save_case(Submission(document=document), center=center, by=by, source="admin")
    assert not receipt.errors, receipt.errors
    return Case.objects.select_related("center", "patient").get(pk=receipt.case_id)


@contextmanager
def after_the_backup():
    """What is done in this block stands in the log alone: the database is as the backup brings it back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def withdraw(case, by, effect="stop_use"):
    withdrawing.withdraw(case, effect=effect, withdrawn_on=DAY, reason="letter of 4 March", by=by)


def take_back(case, by):
    withdrawing.take_back(case, reason="other patient meant", by=by)


def erase(case, by):
    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=by)


def reapply(log):
    found = reapplying.reapply(erasure_log.read(log))
    assert found.errors == []
    return found.done


def is_counted(case):
    return SurvivalObservation.objects.filter(pk=case.pk).exists()


def version(case):
    return Case.objects.get(pk=case.pk).version


# --- what was taken back ---------------------------------------------------------------------------------------------


def test_what_was_taken_back_is_not_carried_out(case, lena, log):
    with after_the_backup():
        withdraw(case, lena)
        take_back(case, lena)

    assert [json.loads(line)["effect"] for line in log.read_text().splitlines()] == ["stop_use", "take_back"]
    assert reapply(log) == {"take_back": 0}
    assert is_counted(case)


def test_a_withdrawal_that_was_taken_back_since_the_backup_is_taken_back(case, lena, log):
    withdraw(case, lena)
    with after_the_backup():
        take_back(case, lena)

    assert reapply(log) == {"take_back": 1}
    assert is_counted(case)
    assert case.consent_rows.get().basis == "written"
    assert reapply(log) == {"take_back": 0}


def test_what_was_taken_back_before_the_log_knew_of_it_stays_so(case, lena, log):
    """Older lines tell of the withdrawal alone; the copy holds both, the second after the moment of the line."""
    withdraw(case, lena)
    (line,) = erasure_log.read(log)
    take_back(case, lena)

    assert reapplying.reapply([replace(line, at="2020-03-05T00:00:00+00:00")]).done == {"stop_use": 0}
    assert is_counted(case)


def test_a_withdrawal_after_one_that_was_taken_back_is_carried_out(case, lena, log):
    withdraw(case, lena)
    take_back(case, lena)
    with after_the_backup():
        withdraw(case, lena)

    assert reapply(log) == {"stop_use": 1}
    assert not is_counted(case)


# --- once, and one by one --------------------------------------------------------------------------------------------


def test_what_the_copy_holds_is_not_written_again(case, lena, log):
    withdraw(case, lena)
    before = version(case)

    assert reapply(log) == {"stop_use": 0}
    assert version(case) == before


def test_a_wish_that_cannot_be_carried_out_stops_no_other(case, north, alice, lena, log, capsys):
    """Data were recorded in the copy after the day of the wish, so that somebody has to look at them first."""
    other, third = saved(north, alice, "B-1"), saved(north, alice, "C-1")
    with after_the_backup():
        withdraw(case, lena, "stop_collection")
        erase(other, lena)
        withdraw(third, lena)
    later = resected("A-1", consent=SIGNED, follow_ups=[{"visit_on": "2021-05-02", "vital_status": "alive"}])
    assert not intake.save_case(Submission(document=later), center=north, by=alice, source="admin").errors

    with pytest.raises(
        CommandError, match=f"Case {case.pk}, stop_collection: .*/follow_ups/0/visit_on"
    ) as told:
        call_command("erasures", "reapply", str(log))

    assert told.value.returncode == 2
    assert "1 erase, 1 stop_use carried out again" in capsys.readouterr().out
    assert not Case.objects.filter(pk=other.pk).exists()
    assert not is_counted(third)
    assert is_counted(case)


def test_erasures_come_first(case, north, alice, lena, log, monkeypatch):
    other = saved(north, alice, "B-1")
    with after_the_backup():
        withdraw(other, lena)
        erase(case, lena)
    done = []
    reapplied = reapplying._reapplied
    monkeypatch.setattr(reapplying, "_reapplied", lambda one: done.append(one.effect) or reapplied(one))

    reapply(log)

    assert done == ["erase", "stop_use"]


def test_what_is_refused_in_the_end_is_not_logged(case, lena, log, monkeypatch):
    def fails():
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(withdrawing, "end_use", fails)
        with pytest.raises(RuntimeError):
            withdraw(case, lena)

    assert not log.exists()


# --- where the case is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_old", [False, True], ids=["with the number of the center", "an older line"])
def test_a_center_with_a_new_code_keeps_its_wishes(case, north, lena, log, is_old):
    with after_the_backup():
        Center.objects.filter(pk=north.pk).update(code="NEWCODE")
        case.center.refresh_from_db()
        erase(case, lena)
    (line,) = erasure_log.read(log)
    assert (line.center, line.center_id) == ("NEWCODE", north.pk)

    found = reapplying.reapply([replace(line, center_id=None) if is_old else line])

    assert found.done == {"erase": 1}
    assert not Case.objects.filter(pk=case.pk).exists()


def test_a_case_of_a_center_that_the_copy_does_not_know_is_left_out(case, lena, log):
    with after_the_backup():
        erase(case, lena)
    (line,) = erasure_log.read(log)
    unknown = replace(line, case_id=10**9, center="LATER", center_id=10**6)

    assert reapplying.reapply([unknown]).done == {"erase": 0}
    assert not Tombstone.objects.exists()


def test_what_waits_for_a_patient_who_came_and_went_after_the_backup_goes(
    north, alice, lena, everywhere, log
):
    """The backup holds no case of theirs, but files, drafts and refusals that came before it."""
    machine(north, alice, "record").post(
        "/api/v1/cases/", {"case_number": "A-1", "sex": "canary"}, format="json", HTTP_IDEMPOTENCY_KEY="k"
    )
    batch = importing.upload(b"case_number,note\nA-1,canary\n", file_name="f.csv", center=north, by=alice)
    ended = ImportBatch.objects.create(center=north, content=b"", state="done", file_name="x", digest="x")
    for place, number in enumerate(("A-1", "B-1")):
        row = {"position": place + 1, "row": place + 2, "verdict": "rejected", "cells": [number]}
        ImportRow.objects.create(batch=ended, center=north, case_number=number, **row)
        EntryDraft.objects.create(center=north, by=alice, fields={"case_number": [number]})
    assert AnsweredRequest.objects.filter(status__gte=400).exists()
    with after_the_backup():
        erase(saved(north, alice, "A-1"), lena)

    assert reapply(log) == {"erase": 0}

    batch.refresh_from_db()
    assert (batch.state, bytes(batch.content), batch.preview) == ("canceled", b"", {})
    assert not AnsweredRequest.objects.filter(status__gte=400).exists()
    assert list(ImportRow.objects.values_list("case_number", flat=True)) == ["B-1"]
    assert [draft.fields for draft in EntryDraft.objects.all()] == [{"case_number": ["B-1"]}]
