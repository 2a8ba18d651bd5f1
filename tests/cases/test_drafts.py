"""Unsaved entries: of one person alone, bounded, removed when old."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from cases import drafts, intake, tasks
from cases.intake import Submission
from cases.models import Case, EntryDraft
from registry import access
from registry.models import User
from tests.cases.examples import draft

pytestmark = pytest.mark.django_db
TYPED = {"patient-sex": ["female"], "tumor-segments": ["infrarenal", "interrenal"], "note": [""]}


def keep(by, center, *, token=None, case=None, **fields):
    return drafts.keep(token or uuid.uuid4(), center=center, case=case, fields=fields or TYPED, by=by)


def kept_before(time, *args, **fields):
    entry = keep(*args, **fields)
    EntryDraft.objects.filter(pk=entry.pk).update(updated_at=timezone.now() - time)
    return entry


@pytest.fixture
def case(everywhere, north, alice):
    receipt = intake.save_case(Submission(document=draft("A-1")), center=north, by=alice, source="admin")
    return Case.objects.get(pk=receipt.case_id)


def test_what_was_typed_comes_back_without_its_blanks(everywhere, north, alice):
    entry = keep(alice, north)

    found = drafts.find(by=alice, token=entry.token)

    assert found.fields == {"patient-sex": ["female"], "tumor-segments": ["infrarenal", "interrenal"]}


def test_who_has_left_a_center_finds_nothing_that_was_begun_there(everywhere, north, south, alice):
    keep(alice, north)
    assert drafts.begun(alice).exists()

    alice.memberships.update(center=south)

    assert not drafts.begun(User.objects.get(pk=alice.pk)).exists()


def test_a_page_keeps_one_entry_however_often_it_keeps(everywhere, north, alice):
    token = uuid.uuid4()

    for number in range(3):
        keep(alice, north, token=token, note=[str(number)])

    assert EntryDraft.objects.get().fields == {"note": ["2"]}


def test_what_was_typed_earlier_and_comes_later_does_not_win(everywhere, north, alice):
    token = uuid.uuid4()

    keep(alice, north, token=token, note=["newer"], turn=["8"])
    keep(alice, north, token=token, note=["older"], turn=["7"])

    assert EntryDraft.objects.get().fields["note"] == ["newer"]


def test_a_stored_case_offers_its_newest_entry_and_a_new_one_only_its_own(case, north, alice):
    keep(alice, north, note=["of a new case"])
    kept_before(timedelta(hours=1), alice, north, case=case, note=["older"])
    newest = keep(alice, north, case=case, note=["newest"])

    assert drafts.find(by=alice, case=case) == newest
    assert drafts.find(by=alice, case=case, token=uuid.uuid4()) == newest
    assert drafts.find(by=alice) is None
    assert [entry.fields["note"] for entry in drafts.begun(alice)] == [["of a new case"]]


def test_nobody_else_finds_keeps_or_discards_it(everywhere, north, alice, ines):
    entry = keep(alice, north)

    assert drafts.find(by=ines, token=entry.token) is None
    assert not drafts.begun(ines)
    with pytest.raises(PermissionDenied):
        keep(ines, north, token=entry.token)
    drafts.discard(entry.token, by=ines)
    assert drafts.find(by=alice, token=entry.token) == entry


def test_only_who_may_record_there_keeps(everywhere, south, north, alice, rita):
    for person, center in ((alice, south), (rita, north)):
        with pytest.raises(PermissionDenied):
            keep(person, center)

    assert not EntryDraft.objects.exists()


def test_another_center_cannot_take_over_a_token(north, south, alice, bob):
    token = uuid.uuid4()
    with access.scope([north.pk]):
        keep(alice, north, token=token)

    with access.scope([south.pk]), pytest.raises(PermissionDenied):
        keep(bob, south, token=token)


def test_more_than_a_case_can_hold_is_refused(everywhere, north, alice):
    with pytest.raises(ValidationError, match="more than a case can hold"):
        keep(alice, north, note=["x" * drafts.MOST_BYTES])


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_signs_that_no_database_holds_do_not_lose_the_rest(everywhere, north, alice, text):
    entry = keep(alice, north, note=[text], citation=["kept"])

    assert EntryDraft.objects.get(pk=entry.pk).fields["citation"] == ["kept"]


def test_a_person_has_a_bounded_number_and_the_oldest_go_first(everywhere, north, alice, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_OF_ONE_PERSON", 3)

    for number in range(5):
        kept_before(timedelta(minutes=5 - number), alice, north, note=[str(number)])

    assert [entry.fields["note"] for entry in drafts.begun(alice)] == [["4"], ["3"], ["2"]]


def test_what_is_discarded_is_gone(everywhere, north, alice):
    entry = keep(alice, north)

    drafts.discard(entry.token, by=alice)
    drafts.discard(entry.token, by=alice)

    assert drafts.find(by=alice, token=entry.token) is None


def test_entries_of_a_month_ago_are_removed_at_night(north, south, alice, bob):
    with access.everywhere():
        kept_before(timedelta(days=29), alice, north, note=["younger"])
        kept_before(timedelta(days=31), alice, north)
        kept_before(timedelta(days=31), bob, south)

    tasks.remove_old_entries()

    with access.everywhere():
        assert [entry.fields for entry in EntryDraft.objects.all()] == [{"note": ["younger"]}]
