"""Coming in and going out, as a person at a browser does it."""

import re

from registry.models import Session
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS
from tests.browser.pictures import see


@WIDTHS
def test_the_sign_in_page_is_accessible(stranger, width):
    page = stranger(width)
    page.goto("/")

    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    check_axe(page)
    see(page, "sign-in")


def test_a_coordinator_comes_in_and_goes_out(page_of, alice):
    page = page_of(alice)
    expect(page.get_by_role("link", name="Cases").first).to_be_visible()

    page.get_by_role("button", name="Alice").click()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_text("Logged out")).to_be_visible()
    page.goto("/admin/cases/case/")
    expect(page.locator("[name=password]")).to_be_visible()


def test_a_wrong_password_is_told_and_the_name_stays(stranger, alice):
    page = stranger()
    page.goto("/admin/login/")
    page.locator("[name=username]").fill("alice")
    page.locator("[name=password]").fill("wrong")
    page.locator("[name=password]").press("Enter")

    expect(page.get_by_text("This user name and password do not belong together.")).to_be_visible()
    expect(page.locator("[name=username]")).to_have_value("alice")
    check_axe(page)


def test_a_lost_session_leads_back_to_where_one_was(page_of, alice):
    page = page_of(alice)
    page.goto("/admin/cases/case/")
    Session.objects.all().delete()

    page.reload()
    page.locator("[name=username]").fill("alice")
    page.locator("[name=password]").fill("correct-horse-battery")
    page.locator("[name=password]").press("Enter")

    expect(page).to_have_url(re.compile("/admin/cases/case/$"))


@WIDTHS
def test_without_scripts_one_finds_ones_way_and_out(page_of, alice, width):
    page = page_of(alice, width=width, java_script_enabled=False)
    expect(page.locator("#nav-sidebar a").filter(has_text="Data queries")).to_be_visible()
    see(page, "home-without-scripts")

    page.locator("#nav-sidebar a").filter(has_text="Data queries").click()
    expect(page.locator("h1")).to_contain_text("Data queries")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("h1")).to_contain_text("logged out")


def test_the_first_key_leads_past_the_menu(page_of, alice):
    page = page_of(alice)
    page.goto("/admin/cases/dataquery/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
