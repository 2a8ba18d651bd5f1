"""A report of the whole registry leaves once somebody, or the setting, lets it go; its mails are written with that."""

import email
import threading
from datetime import date
from email import policy
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import InternalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry import access, history
from registry.access import Role
from registry.models import Center, Membership, User
from reports import content as contents
from reports import delivery, differencing, issuing, mails, releasing, schedule
from reports.admin.reports import ReportAdmin
from reports.models import Delivery, Release, Report, Subscription
from reports.querysets import NEEDS_RELEASE
from tests.clients import browser
from tests.pages import text
from tests.rows import a_report
from tests.smtp import Server

pytestmark = pytest.mark.django_db
SLOT = "quarterly 2026-Q3"
TODAY = date(2026, 11, 22)
NOBODY = "No patient of this report is followed after an index resection up to the data cut"
FEW = "Figures of other centers are shown from 3 centers and 10 patients on"
WHY_EMPTY = {"alice@example.org": NOBODY, "ada@example.org": NOBODY, "bob@example.org": FEW}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_HOST = ""
    settings.MAIL_FOLDER = tmp_path / "mail"
    return settings.MAIL_FOLDER


@pytest.fixture
def subscribed(alice, ada):
    """One reader of each version."""
    with access.everywhere():
        return [Subscription.objects.create(user=user, center=None) for user in (alice, ada)]


@pytest.fixture
def waiting(subscribed):
    """Both versions of a quarter, composed and not released."""
    return {audience: a_report(slot=SLOT, audience=audience) for audience in ("inside", "outside")}


def releases():
    return {(row.report_id, row.decision, row.by and row.by.username) for row in Release.objects.all()}


def mailed():
    with access.everywhere():
        return {(row.report_id, row.recipient.username) for row in Delivery.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_what_is_composed_for_outsiders_is_held_against_the_earlier_reports(monkeypatch, north, dana):
    """But for those that were withheld: nobody read them."""
    earlier = a_report(slot="quarterly 2026-Q1", audience="outside")
    releasing.withhold(a_report(slot="quarterly 2026-Q2", audience="outside"), by=dana, reason="wrong file")
    asked = []
    monkeypatch.setattr(
        differencing, "withheld", lambda content, found, threshold: asked.append(found) or content
    )

    issuing.issue(issuing.request(as_of=date(2026, 11, 23), audience="outside").pk)

    assert [[contents.digest(one) for one in found] for found in asked] == [[earlier.content_digest]]


@pytest.mark.parametrize(("decide", "made"), [(releasing.release, []), (releasing.withhold, None)])
def test_a_report_that_was_released_makes_its_mails_once_and_a_withheld_one_none(
    subscribed, dana, decide, made
):
    report = a_report(slot=SLOT)
    decide(report, by=dana, reason="looked at it")

    assert releasing.mails_of(report, schedule.wanting(report)) == made


def test_the_page_alone_shows_nobody_what_is_not_for_them(waiting, alice, dana, seen_by_all, monkeypatch):
    """With the permission lowered and row security open, only the scoped rows are left."""
    releasing.release(waiting["outside"], by=dana, reason="looked at it")
    monkeypatch.setattr(ReportAdmin, "may_release", lambda *_: True)
    client = browser(alice)
    address = {name: reverse("admin:reports_report_release", args=[one.pk]) for name, one in waiting.items()}

    assert client.get(address["inside"]).status_code == 404
    shown = client.get(address["outside"])
    assert list(shown.context["versions"]) == [waiting["outside"]]


@pytest.mark.django_db(transaction=True)
def test_a_report_for_outsiders_that_was_asked_for_by_hand_is_checked_too(monkeypatch, north, alice):
    monkeypatch.setattr(releasing, "CHECKS", (lambda report: "It gives something away.",))

    issuing.issue(issuing.request(as_of=date(2026, 11, 23), audience="outside").pk, recipients=[alice])

    assert mailed() == set()


# --- which reports --------------------------------------------------------------------------------------------------


def test_what_needs_a_release_is_said_alike_of_one_report_and_as_a_condition(north):
    for center in (None, north):
        for slot in ("", SLOT):
            for source in ("clinical", "literature"):
                a_report(center, slot=slot, source=source)

    with access.everywhere():
        needing = {report.pk for report in Report.objects.all() if report.needs_release}
        assert needing == set(Report.objects.filter(NEEDS_RELEASE).values_list("pk", flat=True))
        assert [Report.objects.get(pk=pk).slot for pk in needing] == [SLOT]


@pytest.mark.django_db(transaction=True)
def test_a_scheduled_report_of_the_registry_waits_and_one_of_a_center_does_not(north, alice, ada):
    with access.everywhere():
        for user, center in ((alice, north), (ada, None)):
            Subscription.objects.create(user=user, center=center)

    composed = {report.center_id: report for report in map(issuing.issue, schedule.plan(TODAY))}

    assert mailed() == {(composed[north.pk].pk, "alice")}
    assert issuing.issue(composed[None].pk).is_composed, "asked again it still waits"
    assert (mailed(), releases()) == ({(composed[north.pk].pk, "alice")}, set())


@pytest.mark.django_db(transaction=True)
def test_where_it_is_set_so_a_report_leaves_at_once_and_that_is_noted(settings, subscribed):
    settings.REPORT_RELEASE = "automatic"

    reports = {issuing.issue(pk) for pk in schedule.plan(TODAY)}

    assert releases() == {(report.pk, "released", None) for report in reports}
    assert {who for _, who in mailed()} == {"alice", "ada"}


@pytest.mark.django_db(transaction=True)
def test_what_is_against_a_release_makes_an_automatic_one_wait_for_a_person(
    settings, monkeypatch, subscribed
):
    settings.REPORT_RELEASE = "automatic"
    monkeypatch.setattr(
        releasing, "CHECKS", (lambda report: "One patient could be told." if report.pk else "",)
    )

    for pk in schedule.plan(TODAY):
        issuing.issue(pk)

    assert (mailed(), releases()) == (set(), set())
    with access.everywhere():
        assert Report.objects.waiting_for_release().count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_empty_report_is_sent_and_says_why(settings, north, alice, ada, bob):
    """Of no case at all, to a center and to outsiders: the mail comes all the same, and tells it."""
    with access.everywhere():
        for user, center in ((alice, north), (ada, None), (bob, None)):
            Subscription.objects.create(user=user, center=center)
    settings.REPORT_RELEASE = "automatic"
    for pk in schedule.plan(TODAY):
        issuing.issue(pk)

    assert delivery.send_due() == {"handed": 3}
    for path in settings.MAIL_FOLDER.glob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        body = message.get_body(("plain",)).get_content()
        assert WHY_EMPTY[message["To"]] in " ".join(body.split())


# --- deciding -------------------------------------------------------------------------------------------------------


def test_mails_are_written_with_the_release_and_reach_the_readers_of_that_version(settings, waiting, dana):
    server = Server()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    assert delivery.send_due() == {}

    releasing.release(waiting["outside"], by=dana, reason="read by two")

    assert delivery.send_due() == {"handed": 1}
    assert [email.message_from_bytes(message)["To"] for message in server.taken] == ["alice@example.org"]
    assert mailed() == {(waiting["outside"].pk, "alice")}
    server.close()


def test_a_release_and_its_mails_are_kept_together_or_not_at_all(monkeypatch, waiting, dana):
    def fails(*_):
        raise MemoryError

    monkeypatch.setattr(mails, "keep", fails)
    with pytest.raises(MemoryError):
        releasing.release(waiting["outside"], by=dana)

    assert (mailed(), releases()) == (set(), set())


def test_deciding_twice_is_as_good_as_once_and_otherwise_refused(waiting, dana, ada):
    report = waiting["inside"]
    for by in (dana, ada):
        releasing.release(report, by=by)
    with pytest.raises(ValidationError, match="decided otherwise"):
        releasing.withhold(report, by=ada, reason="too late")

    assert releases() == {(report.pk, "released", "dana")}
    assert mailed() == {(report.pk, "ada")}


@pytest.mark.django_db(transaction=True)
def test_two_who_release_at_once_write_one_release_and_one_mail():
    Center.objects.create(code="NORTH", name="North", country="PL")
    people = [User.objects.create(username=name, email=f"{name}@example.org") for name in ("ada", "dana")]
    for user in people:
        Membership.objects.create(user=user, role=Role.DATA_MANAGER)
        with access.everywhere():
            Subscription.objects.create(user=user, center=None)
    report, start = a_report(slot=SLOT), threading.Barrier(2)

    def release(by):
        start.wait()
        try:
            releasing.release(report, by=by)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=release, args=[by]) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(releases()) == 1
    assert mailed() == {(report.pk, "ada"), (report.pk, "dana")}


def test_a_withheld_report_is_mailed_to_nobody_and_the_reason_stands_in_its_history(waiting, dana):
    report = waiting["outside"]
    for reason in ("", "   "):
        with pytest.raises(ValidationError, match="Say why"):
            releasing.withhold(report, by=dana, reason=reason)

    withheld = releasing.withhold(report, by=dana, reason="NORTH was imported twice")

    assert mailed() == set()
    issuing.issue(report.pk)
    assert mailed() == set()
    (entry,) = history.entries([withheld])
    assert (entry.stamp.by, entry.stamp.reason) == ("Dana", "NORTH was imported twice")


def test_a_mail_that_is_there_is_not_sent_while_its_report_is_not_released(waiting, alice):
    mails.write(waiting["outside"], [alice])

    assert delivery.send_due() == {"refused": 1}
    with access.everywhere():
        assert Delivery.objects.get().smtp_reply == "not sent: the report is not released"


def test_a_content_that_is_not_what_was_composed_does_not_leave(subscribed, dana):
    with access.everywhere():
        touched = Report.objects.create(
            as_of=TODAY, slot=SLOT, content=a_report().content, content_digest="0" * 64
        )

    with pytest.raises(ValidationError, match="not what was composed"):
        releasing.release(touched, by=dana)

    assert releases() == set()
    assert releasing.withhold(touched, by=dana, reason="touched").decision == "withheld"


@pytest.mark.parametrize("who", ["alice", "lena", "rita", "otto"])
def test_others_decide_nothing(request, waiting, who):
    by = request.getfixturevalue(who)

    for report in waiting.values():
        with pytest.raises(PermissionDenied, match="may not release reports in the whole registry"):
            releasing.release(report, by=by)
    assert releases() == set()


def test_what_needs_no_release_cannot_be_decided_on(north, dana):
    for report in (a_report(north, slot=SLOT), a_report(), a_report(slot=SLOT, source="literature")):
        with pytest.raises(ValidationError, match="does not wait"):
            releasing.release(report, by=dana)


def test_a_decision_stays(waiting, dana):
    made = releasing.withhold(waiting["inside"], by=dana, reason="no")

    for change in (
        lambda: Release.objects.filter(pk=made.pk).update(decision="released"),
        lambda: Release.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises((InternalError, Exception), match="Cannot update or delete"), transaction.atomic():
            change()


# --- who reads it before ----------------------------------------------------------------------------------------------


def test_members_find_a_report_once_it_is_released_also_as_postgresql_shows_it(
    waiting, alice, ada, dana, south
):
    report = waiting["outside"]

    def found(user):
        with access.scope(access.centers_of(user)):
            shown = set(Report.objects.filter(pk=report.pk))
            assert shown == set(Report.objects.visible_to(user).filter(pk=report.pk))
            return bool(shown)

    assert (found(alice), found(ada)) == (False, True)
    page = reverse("admin:reports_report_document", args=[report.pk, "report.html"])
    assert browser(alice).get(page).status_code == 404

    releasing.release(report, by=dana)

    assert (found(alice), found(ada)) == (True, True)
    assert browser(alice).get(page).status_code == 200


def test_members_never_find_what_was_withheld(waiting, alice, dana):
    releasing.withhold(waiting["outside"], by=dana, reason="no")

    assert not Report.objects.visible_to(alice).exists()


# --- the pages --------------------------------------------------------------------------------------------------------


def page(report):
    return reverse("admin:reports_report_release", args=[report.pk])


def test_the_page_shows_both_versions_and_how_many_would_get_this_one(waiting, dana):
    answer = browser(dana).get(page(waiting["outside"]))

    for report in waiting.values():
        for name in ("report.html", "report.pdf"):
            document = reverse("admin:reports_report_document", args=[report.pk, name])
            assert document in answer.content.decode()
            assert browser(dana).get(document).status_code == 200
    assert "This version goes to 1 subscriber." in text(answer)


def test_a_person_releases_in_two_steps_and_again_changes_nothing(waiting, dana):
    client, report = browser(dana), waiting["outside"]

    asked = client.post(page(report), {"decision": "released", "reason": "looks right"})
    assert "It goes to 1 subscriber" in text(asked)
    assert releases() == set()

    sent = {"decision": "released", "reason": "looks right", "confirmed": "yes"}
    for _ in range(2):
        assert "is released" in text(client.post(page(report), sent, follow=True))

    assert releases() == {(report.pk, "released", "dana")}
    assert mailed() == {(report.pk, "alice")}
    shown = text(client.get(reverse("admin:reports_report_change", args=[report.pk])))
    assert "released by dana" in shown
    assert "looks right" in shown


def test_withholding_asks_for_a_reason(waiting, dana):
    client, report = browser(dana), waiting["outside"]

    said = text(client.post(page(report), {"decision": "withheld", "reason": " "}, follow=True))

    assert "Say why the report is withheld." in said
    sent = {"decision": "withheld", "reason": "twice", "confirmed": "yes"}
    assert "is withheld" in text(client.post(page(report), sent, follow=True))
    assert releases() == {(report.pk, "withheld", "dana")}


def test_what_is_against_a_release_is_said_and_its_button_is_not_there(monkeypatch, waiting, dana):
    client, report = browser(dana), waiting["outside"]
    monkeypatch.setattr(releasing, "CHECKS", (lambda _: "One patient could be told.",))

    answer = client.get(page(report))
    assert "One patient could be told." in text(answer)
    assert 'value="released"' not in answer.content.decode()

    sent = {"decision": "released", "confirmed": "yes"}
    assert "One patient could be told." in text(client.post(page(report), sent, follow=True))
    assert releases() == set()


@pytest.mark.parametrize(("who", "status"), [("alice", 403), ("rita", 403), ("otto", 403), ("ada", 200)])
def test_the_page_is_for_those_who_decide(request, waiting, who, status):
    assert browser(request.getfixturevalue(who)).get(page(waiting["inside"])).status_code == status


def test_a_report_that_needs_no_release_has_no_such_page(north, dana):
    for report in (a_report(north, slot=SLOT), a_report()):
        assert browser(dana).get(page(report)).status_code == 404


def test_what_waits_stands_on_the_home_page_and_in_the_list(waiting, dana, alice):
    shown = {card.title: card for card in browser(dana).get("/admin/").context["cards"]}
    card = shown["Reports that wait for release"]

    assert card.count.number == 2
    assert browser(dana).get(card.address).context["cl"].result_count == 2
    assert "Reports that wait for release" not in text(browser(alice).get("/admin/"))
    for decision, n in (("released", 0), ("withheld", 0)):
        listed = browser(dana).get(reverse("admin:reports_report_changelist") + f"?release={decision}")
        assert listed.context["cl"].result_count == n


def test_the_page_costs_the_same_for_one_reader_and_for_many(waiting, dana, person, north):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(page(waiting["outside"])).status_code == 200
        return len(seen)

    client = browser(dana)
    queries()
    few = queries()
    with access.everywhere():
        for n in range(7):
            Subscription.objects.create(user=person(f"p{n}", Role.COORDINATOR, north), center=None)

    assert queries() == few <= 30


def test_releasing_costs_the_same_for_one_reader_and_for_many(waiting, dana, person, north):
    def queries(report):
        with CaptureQueriesContext(connection) as seen:
            releasing.release(report, by=dana)
        return len(seen)

    few = queries(waiting["inside"])
    with access.everywhere():
        for n in range(7):
            Subscription.objects.create(user=person(f"p{n}", Role.COORDINATOR, north), center=None)

    earlier = 1  # all earlier reports for outsiders are read at once
    assert queries(waiting["outside"]) - earlier == few <= 46


@pytest.mark.django_db(transaction=True)
def test_the_command_says_what_waits(subscribed):
    said = StringIO()
    call_command("send_due", "--today", "2026-11-22", stdout=said)

    assert "Reports that wait for release: 2." in said.getvalue()
