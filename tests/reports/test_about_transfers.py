# ruff: noqa: F811 (fixtures)
"""Mails about follow-up that moves: to the other center's people, once a step, with no word of the patient."""

import email
from datetime import date

import pytest

from cases import erasing, transferring, withdrawing
from registry import access
from registry.access import Role
from registry.dates import PartialDate
from reports import delivery, weekly
from reports.models import Delivery
from tests.cases.test_transferring import (  # noqa: F401
    NOTE,
    accepted,
    case,
    log,
    noon,
    offered,
    request_step,
    saved,
    sofia,
)

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 16)  # after the week with 15 March, when these tests happen


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_HOST = ""
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.PUBLIC_URL = "https://registry.example.org"


def mails():
    """Each mail: who gets it, and its text."""
    with access.everywhere():
        rows = Delivery.objects.filter(kind="transfer").select_related("recipient", "body").order_by("pk")
        return [(row.recipient.username, email.message_from_bytes(row.message)) for row in rows]


def words(message):
    return message.get_payload()[0].get_payload(decode=True).decode()


def test_an_offer_is_told_to_coordinators_and_leads_of_the_other_center(case, sofia, alice, person, south):
    person("isla", Role.INVESTIGATOR, south)
    person("gone", Role.COORDINATOR, south, is_active=False)

    offer = transferring.offer(case, center_code="SOUTH", note=NOTE, by=alice)

    told = mails()
    assert [who for who, _ in told] == ["bob", "sofia"]
    text = words(told[0][1])
    assert "Center NORTH Northern University Hospital offers you to follow one of its patients." in text
    assert f"https://registry.example.org/admin/transfers/{offer.pk}/" in text


def test_no_mail_says_anything_of_the_patient(case, accepted, bob):
    transferring.give_back(accepted, reason="moved to Genoa", by=bob)

    told = " ".join(str(message) + words(message) for _, message in mails())
    assert not [
        word for word in (case.case_number, accepted.registry_id, NOTE, "Genoa", "2015") if word in told
    ]


@pytest.mark.parametrize(
    ("step", "to", "sentence"),
    [
        ("accept", {"alice", "lena"}, "follows a patient of yours from now on"),
        ("decline", {"alice", "lena"}, "declined to follow a patient of yours"),
        ("withdraw", {"bob"}, "withdrew its offer of follow-up"),
        ("give_back", {"alice", "lena"}, "ended a transfer of follow-up"),
        ("take_back", {"bob"}, "ended a transfer of follow-up"),
    ],
)
def test_each_step_is_told_to_the_other_side_once(offered, alice, lena, bob, request, step, to, sentence):
    if step in ("give_back", "take_back"):
        transferring.accept(offered, by=bob)
    before = len(mails())

    for _ in range(2):
        request_step(step, offered, request)

    told = mails()[before:]
    assert {who for who, _ in told} == to
    assert all(sentence in words(message) for _, message in told)
    assert len(told) == len(to)


@pytest.mark.parametrize(
    ("step", "to", "sentence"),
    [
        ("accept", "alice", "Center SOUTH Southern General Hospital follows a patient of yours from now on."),
        ("decline", "alice", "Center SOUTH Southern General Hospital declined"),
        ("withdraw", "bob", "Center NORTH Northern University Hospital withdrew its offer"),
    ],
)
def test_who_works_in_both_centers_speaks_for_the_one_whose_step_it_is(
    offered, alice, bob, person, north, south, step, to, sentence
):
    both = person("bea", Role.COORDINATOR, north)
    both.memberships.create(role=Role.COORDINATOR, center=south)
    before = len(mails())
    said = {} if step == "accept" else {"reason": "as agreed"}

    getattr(transferring, step)(offered, by=both, **said)

    told = {who: words(message) for who, message in mails()[before:]}
    assert sentence in " ".join(told[to].split())


def test_a_mail_is_in_the_language_of_its_reader(case, alice, bob):
    bob.language = "uk"
    bob.save()

    transferring.offer(case, center_code="SOUTH", note="", by=alice)

    ((_, message),) = mails()
    assert "Center" not in words(message)


def test_they_are_sent_and_not_to_who_left_meanwhile(case, alice, bob, sofia, folder):
    transferring.offer(case, center_code="SOUTH", note="", by=alice)
    with access.everywhere():
        sofia.memberships.all().delete()

    assert delivery.send_due() == {"handed": 1, "refused": 1}


def test_the_other_center_learns_that_consent_ended_and_that_a_case_was_erased(
    case, offered, bob, lena, alice
):
    with access.everywhere():
        withdrawing.withdraw(
            case, effect="stop_use", withdrawn_on=PartialDate.parse("2020"), reason="letter", by=lena
        )
    assert "withdrew its offer" in words(mails()[-1][1])
    other = saved(case.center, alice, "A-2")
    transferring.accept(transferring.offer(other, center_code="SOUTH", note="", by=alice), by=bob)
    with access.everywhere():
        erasing.erase(other, withdrawn_on=PartialDate.parse("2020"), reason="letter", by=lena)

    assert mails()[-1][0] == "bob"
    assert "ended a transfer" in words(mails()[-1][1])


# --- the weekly mail -------------------------------------------------------------------------------------------------


def weekly_of(day):
    """The lines of the weekly mails of one week, by who gets them; written anew at each call."""
    weekly.write(day)
    with access.everywhere():
        rows = list(
            Delivery.objects.filter(kind="work", week__startswith="2").select_related("recipient", "body")
        )
        found = {row.recipient.username: words(email.message_from_bytes(row.message)) for row in rows}
        for row in rows:
            Delivery.objects.filter(pk=row.pk).update(week=f"1{row.pk % 1000:03}-W01")
    last = {who: text.splitlines() for who, text in found.items()}
    return {who: [line[2:] for line in text if line.startswith("- ")] for who, text in last.items()}


def test_offers_stand_in_the_weekly_mail_until_they_are_answered(offered, alice, bob):
    assert weekly_of(MONDAY)["bob"] == ["1 offer of follow-up to answer"]

    transferring.decline(offered, reason="no such patient", by=bob)

    assert "bob" not in weekly_of(MONDAY)


def test_a_patient_without_news_is_told_where_the_duty_lies(north, south, alice, bob):
    case = saved(north, alice)  # last heard of in 2016
    stale = weekly_of(MONDAY)
    assert any("1 new data query" in line for line in stale["alice"])
    assert "bob" not in stale

    transferring.accept(transferring.offer(case, center_code="SOUTH", note="", by=alice), by=bob)

    moved = weekly_of(MONDAY)
    assert moved["bob"] == ["1 patient followed for another center without recent news"]
    assert not any("data quer" in line for line in moved.get("alice", ()))
