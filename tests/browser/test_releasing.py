"""From a report that waits to the mail that somebody ends: by keyboard, at both widths."""

import re

import pytest

from registry import access
from reports import subscribing
from reports.models import Delivery, Release, Subscription
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS
from tests.browser.pictures import see
from tests.browser.test_answering import to
from tests.rows import a_mail, a_report

SLOT = "quarterly 2026-Q3"


def fits(page):
    """Whether nothing reaches beyond the window."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture
def subscriptions(north, south, alice, ada):
    with access.everywhere():
        mine = [
            Subscription.objects.create(user=alice, center=north, language="uk"),
            Subscription.objects.create(user=alice, center=None, cadence="on_release", format="link"),
        ]
        return [*mine, Subscription.objects.create(user=ada, center=None)]


@WIDTHS
def test_a_report_is_released_by_keyboard(page_of, dana, subscriptions, width):
    reports = [a_report(slot=SLOT, audience=audience) for audience in ("inside", "outside")]
    page = page_of(dana, width=width)
    see(page, "home-with-releases")
    link = page.get_by_role("link", name=str(reports[1]))
    to(page, link)
    page.keyboard.press("Enter")

    expect(page.get_by_text("This version goes to 1 subscriber.")).to_be_visible()
    check_axe(page)
    see(page, "release")
    assert fits(page)
    to(page, page.get_by_role("button", name="Withhold"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say why the report is withheld.")).to_be_visible()

    to(page, page.get_by_label("Reason"))
    page.keyboard.type("Read by two of us.")
    to(page, page.get_by_role("button", name="Release", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("It goes to 1 subscriber, and every reader")).to_be_visible()
    check_axe(page)
    see(page, "release-confirm")
    assert not Release.objects.exists()
    to(page, page.get_by_role("button", name="Release it"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("its mails leave within a minute")).to_be_visible()
    see(page, "released")
    with access.everywhere():
        assert [row.recipient.username for row in Delivery.objects.all()] == ["alice"]
    page.goto(f"/admin/reports/report/{reports[1].pk}/release/")
    expect(page.get_by_text("Read by two of us.")).to_be_visible()
    check_axe(page)


@WIDTHS
def test_a_person_pauses_a_subscription_and_ends_another(page_of, alice, subscriptions, width):
    page = page_of(alice, width=width)
    page.goto("/admin/account/")
    page.get_by_role("main").get_by_role("link", name="My subscriptions").click()

    check_axe(page)
    see(page, "my-subscriptions")
    assert fits(page)
    page.get_by_role("button", name="Unsubscribe").last.click()
    expect(page.get_by_text("You get no more of these reports.")).to_be_visible()
    check_axe(page)
    see(page, "my-subscriptions-ended")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("You get these reports again.")).to_be_visible()


@WIDTHS
def test_the_form_of_a_subscription(page_of, ada, subscriptions, width):
    page = page_of(ada, width=width)
    page.goto(f"/admin/reports/subscription/{subscriptions[0].pk}/change/")

    expect(page.get_by_label("Paused until")).to_be_visible()
    check_axe(page)
    see(page, "subscription")
    assert fits(page)


@WIDTHS
@pytest.mark.parametrize("language", ["en", "uk"])
def test_a_stranger_to_the_pages_ends_a_mail_by_its_link(stranger, subscriptions, width, language):
    page = stranger(width, locale=language)
    page.goto(re.sub(r"https?://[^/]+", "", subscribing.link(subscription=subscriptions[0])))

    check_axe(page)
    see(page, f"unsubscribe-{language}")
    to(page, page.get_by_role("button"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button")).to_have_count(0)
    check_axe(page)
    see(page, f"unsubscribed-{language}")
    with access.everywhere():
        assert not Subscription.objects.get(pk=subscriptions[0].pk).is_active


@WIDTHS
def test_mails_are_sent_again_from_their_list(page_of, north, lena, alice, ines, width):
    report = a_report(north)
    for user, state, told in (
        (alice, "bounced", {"bounce": "5.1.1 550 5.1.1 <alice@example.org>: Recipient address rejected"}),
        (ines, "refused", {"smtp_reply": "550 no such user"}),
        (lena, "handed", {"smtp_reply": "250 queued as 42"}),
    ):
        with access.everywhere():
            row = a_mail(report, user)
            Delivery.objects.filter(pk=row.pk).update(state=state, next_try_at=None, **told)
    page = page_of(lena, width=width)
    page.goto("/admin/reports/delivery/")

    check_axe(page)
    see(page, "deliveries")
    assert fits(page)
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("resend_chosen")
    page.get_by_role("button", name=re.compile("Run|Go")).first.click()
    expect(page.get_by_label("Reason")).to_be_visible()
    check_axe(page)
    see(page, "resend")
    assert fits(page)
    page.get_by_label("Reason").fill("Asked for on the phone.")
    page.get_by_role("button", name="Send again").click()

    expect(page.get_by_text("goes again, to alice@example.org")).to_be_visible()
    expect(page.get_by_text("stays as it was: It is on its way")).to_be_visible()
    see(page, "resent")
