"""The weekly mail: what came up or came back in that week, to whom it waits for, once, with no word of a patient."""

import email
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, document, intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation
from registry import access
from registry.access import Role
from registry.models import Center
from reports import delivery, subscribing, weekly
from reports.models import Delivery
from tests.cases.examples import OF_TODAY, resected

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 16)  # the week that has ended is 2026-W11, from the 9th to the 15th
EMBOLISM = {"type": "pe", "onset_on": "2023-03-10", "clavien_dindo": "IVa"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_HOST = ""
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.DEFAULT_FROM_EMAIL = "Registry <registry@example.org>"
    settings.PUBLIC_URL = "https://registry.example.org"
    return settings.MAIL_FOLDER


@pytest.fixture
def save(north, alice):
    """Save a case on a day of March 2026: it asks (20 liters of blood) and deviates (S-04 minor, S-14 sentinel)."""

    def save(number="A-1", on=10, **operation):
        doc = resected(
            number,
            operated_on=OF_TODAY,
            operation={"approach": ["median_laparotomy"], "blood_loss_ml": 20000, **operation},
            complications=[EMBOLISM],
        )
        with time_machine.travel(datetime(2026, 3, on, 12, tzinfo=UTC), tick=False):
            intake.save_case(Submission(document=doc), center=north, by=alice, source="api")
        return doc

    return save


def mails():
    """The texts of the mails that were written, by who gets them."""
    with access.everywhere():
        rows = list(Delivery.objects.select_related("recipient", "body").order_by("pk"))
    return {row.recipient.username: email.message_from_bytes(bytes(row.message)) for row in rows}


def words(message):
    (text, html) = message.get_payload()
    assert html.get_content_type() == "text/html"
    return text.get_payload(decode=True).decode()


def lines(message):
    return [line.removeprefix("- ") for line in words(message).splitlines() if line.startswith("- ")]


def counted(model, **narrowed):
    with access.everywhere():
        return model.objects.filter(**narrowed).count()


def several(n, one, many):
    return f"{n} {one if n == 1 else many}"


def test_a_coordinator_is_told_of_all_that_came_up(save, alice):
    save()

    assert weekly.write(MONDAY) == 1

    assert lines(mails()["alice"]) == [
        several(counted(Deviation, state="open"), "new deviation", "new deviations"),
        several(counted(DataQuery, state="open"), "new data query", "new data queries"),
    ]


def test_the_command_writes_and_sends_them_once(save, folder, capsys):
    save()

    with time_machine.travel(datetime(2026, 3, 16, 12, tzinfo=UTC), tick=False):
        for _ in range(2):
            call_command("send_due")

    assert capsys.readouterr().out.splitlines() == [
        "Reports composed: 0. Weekly mails written: 1. Mail: 1 handed.",
        "Reports composed: 0. Weekly mails written: 0. Mail: nothing to send.",
    ]
    assert len(list(folder.glob("*.eml"))) == 1


def test_a_lead_is_told_of_deviations_that_weigh(save, lena, alice):
    save()
    weekly.write(MONDAY)

    n = counted(Deviation, state="open", severity__in=["major", "sentinel"])
    assert 0 < n < counted(Deviation, state="open")
    assert lines(mails()["lena"]) == [several(n, "new deviation", "new deviations") + " (major or sentinel)"]


def test_who_decides_is_told_of_answers(save, alice, rita, dana):
    save()
    with access.everywhere():
        explained = Deviation.objects.get(rule_id="S-04")
        confirmed = DataQuery.objects.get(pointer__contains="blood_loss")
    with time_machine.travel(datetime(2026, 3, 12, tzinfo=UTC), tick=False):
        answering.explain(explained, answer="emergency", text="", by=alice)
        answering.confirm(confirmed, text="Two cell savers.", by=alice)

    weekly.write(MONDAY)

    found = mails()
    assert lines(found["rita"]) == ["1 explanation", "1 confirmed value"]
    assert lines(found["dana"]) == ["1 confirmed value"]


def test_what_came_back_is_told_as_such(save, alice):
    save(on=2)
    with access.everywhere():
        query = DataQuery.objects.get(pointer__contains="blood_loss")
    answering.confirm(query, text="Two cell savers.", by=alice)
    save(on=11, blood_loss_ml=25000)

    weekly.write(MONDAY)

    assert lines(mails()["alice"]) == ["1 data query that came back"]


def test_what_was_sent_back_is_told_too(save, alice, rita):
    save(on=2)
    with access.everywhere():
        deviation = Deviation.objects.get(rule_id="S-04")
    with time_machine.travel(datetime(2026, 3, 11, tzinfo=UTC), tick=False):
        answering.explain(deviation, answer="emergency", text="", by=alice)
        answering.decide(deviation, decision="data_wrong", text="See the note.", by=rita)

    weekly.write(MONDAY)

    assert lines(mails()["alice"]) == ["1 deviation that came back"]


@pytest.mark.parametrize("on", [8, 16])
def test_what_is_of_another_week_is_not_told(save, on):
    save(on=on)

    assert weekly.write(MONDAY) == 0
    assert mails() == {}


def test_what_was_answered_or_corrected_meanwhile_is_not_told(save, north, alice):
    save()
    with time_machine.travel(datetime(2026, 3, 15, tzinfo=UTC), tick=False):
        intake.save_case(
            Submission(document=resected("A-1", operated_on=OF_TODAY)), center=north, by=alice, source="api"
        )

    weekly.write(MONDAY)

    left = counted(DataQuery, state="open")
    assert 0 < left < counted(DataQuery)
    assert lines(mails()["alice"])[-1] == several(left, "new data query", "new data queries")


def test_a_second_planning_of_the_week_adds_nothing_and_the_next_week_is_another(save, alice):
    save()

    assert [weekly.write(MONDAY + timedelta(days=n)) for n in (0, 1, 6)] == [1, 0, 0]
    assert weekly.write(MONDAY + timedelta(days=7)) == 0
    assert mails()["alice"]["Message-ID"] == f"<work-2026-W11-{alice.pk}@example.org>"


@pytest.mark.parametrize(
    "change",
    [{"weekly_mail": False}, {"is_active": False}, {"email": ""}],
    ids=lambda change: next(iter(change)),
)
def test_who_does_not_want_it_or_is_gone_gets_none(save, alice, change):
    save()
    type(alice).objects.filter(pk=alice.pk).update(**change)

    assert weekly.write(MONDAY) == 0


def test_who_stops_it_before_it_is_sent_gets_none(save, alice, folder):
    save()
    weekly.write(MONDAY)
    type(alice).objects.filter(pk=alice.pk).update(weekly_mail=False)

    assert delivery.send_due() == {"refused": 1}
    assert not folder.exists()


def test_it_is_sent_as_every_mail_is(save, alice, folder):
    save()
    weekly.write(MONDAY)

    assert delivery.send_due() == {"handed": 1}
    (file,) = folder.glob("*.eml")
    message = email.message_from_bytes(file.read_bytes())
    assert message["List-Unsubscribe"] == f"<{subscribing.link(user=alice)}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["To"] == "alice@example.org"


def test_more_people_cost_no_more_queries(save, alice, person, north):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            weekly.write(MONDAY)
        Delivery.objects.all().delete()
        return len(seen)

    save()
    with access.everywhere():
        person("r0", Role.REVIEWER), person("c0", Role.COORDINATOR, north)
        few = queries()
        for n in range(1, 6):
            person(f"r{n}", Role.REVIEWER), person(f"c{n}", Role.COORDINATOR, north)

        assert queries() == few


def test_other_centers_are_not_told(save, bob):
    save()
    weekly.write(MONDAY)

    assert "bob" not in mails()


def test_a_sandbox_is_not_told(person):
    center = Center.objects.create(code="TRIAL", name="Trials", country="PL", is_sandbox=True)
    by = person("tess", Role.COORDINATOR, center)
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC), tick=False):
        asking = resected("A-1", operation={"blood_loss_ml": 20000})
        intake.save_case(Submission(document=asking), center=center, by=by, source="api")

    assert counted(DataQuery, state="open") > 0
    assert weekly.write(MONDAY) == 0


def test_it_speaks_the_language_of_its_reader(save, alice):
    save()
    type(alice).objects.filter(pk=alice.pk).update(language="uk")

    weekly.write(MONDAY)

    assert "відхилен" in words(mails()["alice"])


def test_no_word_of_a_patient_is_in_it_and_every_link_leads_to_a_list(save, alice, client):
    doc = save("SECRET-7")
    weekly.write(MONDAY)
    message = mails()["alice"]
    said = message.as_string() + words(message)

    assert "SECRET" not in said
    assert not [value for value in document.dump(doc).values() if isinstance(value, str) and value in said]
    client.force_login(alice)
    links = [line.strip() for line in words(message).splitlines() if line.strip().startswith("https://")]
    assert len(links) == 2
    for link in links:
        assert client.get(link.removeprefix("https://registry.example.org")).status_code == 200
