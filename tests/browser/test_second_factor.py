"""Setting a second factor up and signing in with it, at a browser, by keyboard, in both languages."""

import re

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import PASSWORD, WIDTHS
from tests.browser.pictures import see


def code_of(user, steps=0):
    """What the app of this person shows, or will show so many half minutes later."""
    return f"{TOTP(TOTPDevice.objects.get(user=user).bin_key, drift=steps).token():06}"


@WIDTHS
@pytest.mark.parametrize("language", ["en", "uk"])
def test_one_is_led_to_set_it_up_and_signs_in_with_it(stranger, alice, settings, width, language):
    settings.SECOND_FACTOR = "required"
    alice.language = language
    alice.set_password(PASSWORD)
    alice.save()
    page = stranger(width, locale=language)

    _password(page)
    expect(page).to_have_url(re.compile("/admin/account/second-factor/$"))
    expect(page.get_by_role("img")).to_be_visible()
    check_axe(page)
    see(page, f"second-factor-{language}")
    page.locator("[name=code]").fill(code_of(alice))
    page.keyboard.press("Enter")

    codes = page.locator(".registry-codes code")
    expect(codes).to_have_count(10)
    check_axe(page)
    see(page, f"recovery-codes-{language}")
    recovery = codes.first.inner_text()
    page.goto("/admin/account/second-factor/")
    expect(page.locator("[name=remove]")).to_be_visible()
    check_axe(page)
    see(page, f"second-factor-there-{language}")

    page.context.clear_cookies()
    _password(page)
    expect(page).to_have_url(re.compile("/admin/second-step/$"))
    page.locator("[name=code]").fill("aaaa-aaaa-aaaa")
    page.keyboard.press("Enter")
    expect(page.locator(".errorlist, .errors").first).to_be_visible()
    check_axe(page)
    see(page, f"second-step-{language}")
    page.locator("[name=code]").fill(code_of(alice, steps=1))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/$"))

    assert len(recovery) == 14


def _password(page):
    page.goto("/admin/login/")
    page.locator("[name=username]").fill("alice")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
