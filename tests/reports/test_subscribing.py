"""Subscriptions: how a report comes, and every way to get no more of it."""

import email
from datetime import date, timedelta
from email import policy

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry import access, history
from registry.models import User
from reports import delivery, mails, releasing, schedule, subscribing
from reports.models import Delivery, Subscription
from tests.clients import browser
from tests.pages import text
from tests.rows import a_report
from tests.smtp import Server

pytestmark = pytest.mark.django_db
SLOT = "quarterly 2026-Q3"
TODAY = date(2026, 11, 22)
MINE = "/admin/subscriptions/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_HOST = ""
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.PUBLIC_URL = "https://registry.example.org"
    return settings.MAIL_FOLDER


def subscribe(user, center=None, **fields):
    with access.everywhere():
        return Subscription.objects.create(user=user, center=center, **fields)


def current(row):
    with access.everywhere():
        return type(row).objects.get(pk=row.pk)


def written(report):
    """Write the mails of a report; the messages by reader."""
    mails.keep(mails.made(report, schedule.wanting(report)))
    with access.everywhere():
        rows = Delivery.objects.filter(report=report).select_related("recipient")
        return {
            row.recipient.username: email.message_from_bytes(bytes(row.message), policy=policy.default)
            for row in rows
        }


def attachments(message):
    return [part.get_filename() for part in message.iter_attachments()]


# --- how it comes ---------------------------------------------------------------------------------------------------


def test_a_report_comes_whole_or_as_a_link_in_the_language_of_its_subscription(north, alice, lena, ines):
    User.objects.filter(pk=alice.pk).update(language="uk")
    subscribe(alice, north, language="en")
    subscribe(lena, north, language="uk", format="link")
    subscribe(ines, north, format="link")
    report = a_report(north, slot=SLOT)

    found = written(report)

    assert found["alice"]["Subject"].startswith("Survival report")
    assert attachments(found["alice"]) == ["survival-report-2026-11-22.pdf"]
    assert found["lena"]["Subject"].startswith("Звіт про виживаність")
    address = f"https://registry.example.org/admin/reports/report/{report.pk}/change/"
    for who in ("lena", "ines"):
        body = found[who].get_body(("plain",)).get_content()
        assert attachments(found[who]) == []
        assert address in body
        assert address in found[who].get_body(("html",)).get_content()
        assert "87.5" not in found[who].as_string(), "no figure leaves the registry"
    assert "Увійдіть" in found["lena"].get_body(("plain",)).get_content()


def test_whoever_wants_what_is_released_gets_each_of_them_whatever_its_period(dana, alice, ada):
    subscribe(alice, cadence="on_release", format="link")
    subscribe(ada, cadence="monthly")
    with access.everywhere():
        assert {(row.audience, row.slot) for row in map(_report, schedule.plan(TODAY))} == {
            ("inside", "monthly 2026-10"),
            ("outside", "monthly 2026-10"),
        }
    for slot in ("yearly 2025", "quarterly 2026-Q3"):
        releasing.release(a_report(slot=slot, audience="outside"), by=dana)

    with access.everywhere():
        assert [row.recipient for row in Delivery.objects.select_related("body")] == [alice, alice]


def _report(pk):
    from reports.models import Report

    return Report.objects.get(pk=pk)


def test_nothing_is_made_for_those_alone_who_want_what_is_released(alice):
    subscribe(alice, cadence="on_release")

    assert schedule.plan(TODAY) == []


def test_of_two_wishes_for_one_report_that_of_its_period_counts_and_one_mail_comes(dana, alice):
    subscribe(alice, cadence="on_release", format="link")
    subscribe(alice, cadence="quarterly", format="attached")

    releasing.release(a_report(slot=SLOT, audience="outside"), by=dana)

    with access.everywhere():
        (row,) = Delivery.objects.select_related("subscription")
        assert row.subscription.cadence == "quarterly"


def test_a_report_of_a_center_is_not_released_so_nobody_waits_for_that(north, alice):
    wrong = Subscription(user=alice, center=north, cadence="on_release")

    with pytest.raises(ValidationError, match="is not released"):
        wrong.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic(), access.everywhere():
        wrong.save()


def test_who_has_paused_gets_nothing_before_the_day(north, alice):
    row = subscribe(alice, north, paused_until=TODAY + timedelta(days=1))

    assert schedule.plan(TODAY) == []
    assert len(schedule.plan(TODAY + timedelta(days=1))) == 1
    assert row.is_active


# --- what has changed since it was written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"paused_until": date(2999, 1, 1)}], ids=["ended", "paused"]
)
def test_who_has_ended_or_paused_since_gets_nothing(north, alice, lena, change, settings):
    server = Server()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    row = subscribe(alice, north)
    subscribe(lena, north)
    written(a_report(north, slot=SLOT))
    with access.everywhere():
        Subscription.objects.filter(pk=row.pk).update(**change)

    assert delivery.send_due() == {"refused": 1, "handed": 1}

    assert [email.message_from_bytes(message)["To"] for message in server.taken] == ["lena@example.org"]
    with access.everywhere():
        said = Delivery.objects.select_related("body").get(recipient=alice).smtp_reply
    assert said == "not sent: this person has ended or paused the subscription"
    server.close()


def test_sending_asks_the_same_few_questions_of_each_mail(north, alice, lena, ines):
    def queries(*people):
        for user in people:
            subscribe(user, north)
        written(a_report(north, slot=f"{SLOT}{len(people)}"))
        with CaptureQueriesContext(connection) as seen:
            delivery.send_due()
        return len(seen)

    one, two = queries(alice), queries(lena, ines)  # alice subscribes still: three mails
    assert (two - one) / 2 <= 34  # of them 20 open and close the five transactions of a mail


# --- the link in a mail -----------------------------------------------------------------------------------------------


@pytest.fixture
def mail(north, alice):
    """A subscription, and the mail that it brought."""
    row = subscribe(alice, north)
    return row, written(a_report(north, slot=SLOT))["alice"]


def link(message):
    return message["List-Unsubscribe"].strip("<>").removeprefix("https://registry.example.org")


def test_one_click_of_a_mail_program_ends_it_without_signing_in(mail):
    """As RFC 8058 3.2 has it: POST of List-Unsubscribe=One-Click to the one https address, without cookies."""
    row, message = mail
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith("<https://registry.example.org/unsubscribe/")
    client = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = client.post(link(message), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200

    assert not current(row).is_active
    with access.everywhere():
        told = {(entry.stamp.door, entry.stamp.reason) for entry in history.entries([row])}
    assert told == {("no known door", ""), ("link in a mail", "by the link in a mail")}


def test_looking_at_the_page_changes_nothing(mail):
    """Programs that look at every address of a mail, for viruses or previews, must not end anything."""
    row, message = mail

    answer = Client().get(link(message))

    assert "No more of these mails?" in text(answer)
    assert current(row).is_active
    assert "alice" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "set-cookie" not in {name.lower() for name in answer.headers}


def test_the_button_of_the_page_ends_it(mail):
    row, message = mail

    assert "You get no more" in text(Client().post(link(message)))
    assert not current(row).is_active
    assert "You get no more" in text(Client().get(link(message)))


def test_the_weekly_mail_ends_the_same_way(alice):
    address = subscribing.link(user=alice).removeprefix("https://registry.example.org")

    assert "Weekly mail" in text(Client().get(address))
    Client().post(address, {"List-Unsubscribe": "One-Click"})

    assert not current(alice).weekly_mail


@pytest.mark.parametrize("spoil", ["first", "last", "number", "salt", "missing"])
def test_a_token_that_we_did_not_make_answers_as_one_of_nothing(mail, spoil):
    row, message = mail
    told, _, signature = link(message).removeprefix("/unsubscribe/").rstrip("/").partition(".")
    wrong = {
        "first": f"w{told[1:]}.{signature}",
        "last": f"{told}.{signature[:-2]}AA",
        "number": f"s{row.pk + 1}.{signature}",
        "salt": subscribing.signing.Signer(sep=".").sign(told),
        "missing": subscribing._signer().sign(f"s{10**9}"),
    }[spoil]

    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/unsubscribe/{wrong}/")
        assert answer.status_code == 404
        assert answer.content == Client().get("/unsubscribe/x/").content
    assert current(row).is_active


# --- one's own subscriptions -----------------------------------------------------------------------------------------


def test_a_person_finds_all_of_their_own_also_of_the_registry(north, south, alice, lena):
    subscribe(alice, north)
    subscribe(alice, None, cadence="on_release")
    subscribe(lena, north, cadence="yearly")

    shown = text(browser(alice).get(MINE))

    assert "NORTH Northern University Hospital, each quarter" in shown
    assert "Whole registry, whenever one is released" in shown
    assert "each year" not in shown


def test_a_person_pauses_resumes_and_ends(south, alice):
    row, client = subscribe(alice, None), browser(alice)
    until = timezone.now().date() + timedelta(days=30)

    def sent(**fields):
        return text(client.post(MINE, {"subscription": row.pk, **fields}, follow=True))

    assert f"Paused until {until}" in sent(do="pause", until=until)
    assert current(row).paused_until == until
    assert "You get these reports again" in sent(do="resume")
    assert current(row).paused_until is None
    assert "You get no more" in sent(do="end")
    assert "ended" in text(client.get(MINE))
    assert not current(row).is_active
    sent(do="resume")
    assert current(row).is_active
    with access.everywhere():
        told = [entry.stamp.by for entry in history.entries([row])]
    assert sorted(told) == ["Alice"] * 4 + ["the registry itself"]


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "2999-01-01"])
def test_a_pause_ends_within_a_year(alice, until):
    row = subscribe(alice, None)

    said = browser(alice).post(MINE, {"subscription": row.pk, "do": "pause", "until": until}, follow=True)

    assert "Choose a day after today" in text(said)
    assert current(row).paused_until is None


@pytest.mark.parametrize("do", ["pause", "resume", "end", "else"])
def test_nobody_changes_those_of_others(alice, lena, north, do):
    row = subscribe(lena, north)
    until = timezone.now().date() + timedelta(days=30)

    said = browser(alice).post(MINE, {"subscription": row.pk, "do": do, "until": until}, follow=True)

    assert "There is no such subscription of yours." in text(said) or do == "else"
    now = current(row)
    assert (now.is_active, now.paused_until) == (True, None)


def test_the_page_costs_the_same_for_one_and_for_many(north, south, alice):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(MINE).status_code == 200
        return len(seen)

    subscribe(alice, north)
    client = browser(alice)
    queries()
    few = queries()
    for cadence in ("monthly", "yearly"):
        for center in (north, None):
            subscribe(alice, center, cadence=cadence)

    assert queries() == few <= 24


def test_the_account_leads_there(alice):
    assert MINE in browser(alice).get(reverse("account")).content.decode()
