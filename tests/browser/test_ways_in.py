"""An invitation, a forgotten password and the review of accounts, as people meet them in a browser."""

import re

from django.core import mail

from registry.models import AccountMail, Membership, User
from registry.tasks import send_account_mail
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import PASSWORD, WIDE, WIDTHS
from tests.browser.pictures import see
from tests.clients import issue

NEW = "violet harbor lamp tonight"


def sent_link():
    for waiting in AccountMail.objects.filter(state="waiting"):
        send_account_mail(waiting.pk)
    return re.search(r"/admin/link/\S+/", mail.outbox[-1].body)[0]


@WIDTHS
def test_somebody_is_invited_and_comes_in(page_of, stranger, ada, north, width):
    page = page_of(ada, width)
    page.goto("/admin/registry/user/add/")
    check_axe(page)
    see(page, "invite")
    page.locator("[name=username]").fill("newton")
    page.locator("[name=email]").fill("newton@example.org")
    page.locator("[name='memberships-0-role']").select_option("coordinator")
    page.locator("[name='memberships-0-center']").select_option(str(north.pk))
    page.locator("[name=_continue]").click()
    expect(page.get_by_text("An invitation is on its way")).to_be_visible()
    link = sent_link()
    page.reload()
    expect(page.get_by_text("its link works until")).to_be_visible()
    check_axe(page)
    see(page, "invited")
    page.get_by_role("link", name="Send an invitation").click()
    expect(page.get_by_role("button", name="Send an invitation")).to_be_visible()
    check_axe(page)
    see(page, "send-link")

    other = stranger(width)
    other.goto(link)
    expect(other).to_have_url(re.compile("/admin/new-password/$"))
    check_axe(other)
    see(other, "new-password")
    for password in ("Sunshine1234!", NEW):
        for name in ("new_password1", "new_password2"):
            other.locator(f"[name={name}]").fill(password)
        other.locator("[name=new_password2]").press("Enter")
        if password != NEW:
            expect(other.get_by_text("This password is easy to guess")).to_be_visible()
            check_axe(other)
    expect(other.get_by_text("Your password is set.")).to_be_visible()
    other.locator("[name=username]").fill("newton")
    other.locator("[name=password]").fill(NEW)
    other.locator("[name=password]").press("Enter")
    expect(other).to_have_url(re.compile("/admin/$"))
    other.goto(link)
    expect(other.get_by_role("heading", name="This link no longer works")).to_be_visible()
    check_axe(other)
    see(other, "dead-link")


@WIDTHS
def test_a_forgotten_password_is_asked_for_from_the_sign_in_page(stranger, alice, width):
    alice.set_password(PASSWORD)
    alice.save()
    page = stranger(width)
    page.goto("/admin/login/")
    page.get_by_role("link", name="Forgotten your password").click()
    check_axe(page)
    see(page, "forgotten")
    page.locator("[name=who]").fill("alice@example.org")
    page.locator("[name=who]").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("If there is an account")
    check_axe(page)
    see(page, "forgotten-asked")

    page.goto(sent_link())
    expect(page.locator("[name=new_password1]")).to_be_visible()
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


@WIDTHS
def test_accounts_are_reviewed(page_of, ada, alice, bob, lena, north, width):
    Membership.objects.create(user=alice, center=north, role="investigator")
    issue(north, alice, name="Nightly import from the hospital's records")
    page = page_of(ada, width)
    expect(page.get_by_text("Accounts and keys to review")).to_be_visible()
    page.goto("/admin/accounts/")
    check_axe(page)
    see(page, "review")
    if width == WIDE:
        table = page.locator(".registry-scroll")
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0  # no column is cut off
    page.get_by_role("button", name="I have reviewed this list").click()
    expect(page.get_by_text("Noted: you have reviewed")).to_be_visible()
    page.goto("/admin/account/")
    check_axe(page)
    see(page, "account")
