"""Passkeys in a browser with a virtual authenticator: made, used at the door, refused, removed; by keyboard alone."""

import re

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from registry.accounts import passkeys
from registry.models import SignIn, User
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import NARROW, PASSWORD, WIDTHS, sign_in
from tests.browser.pictures import see

FACTOR = "/admin/account/second-factor/"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _passkeys_of_the_live_server(settings, live_server):
    settings.PASSKEYS, settings.OTP_WEBAUTHN_RP_ID = True, "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [live_server.url]


@pytest.fixture
def device():
    """Give the browser of a page a device that keeps passkeys."""

    def plug_in(page, **more):
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, **more}})
        return session, made["authenticatorId"]

    return plug_in


def add_passkey(page, name="Ward computer"):
    page.goto(FACTOR)
    page.locator("[name=name]").fill(name)
    page.locator("[name=name]").press("Enter")


@WIDTHS
def test_a_passkey_is_made_and_opens_the_second_step(page_of, alice, device, width):
    page = page_of(alice, width)
    device(page)
    page.goto(FACTOR)
    check_axe(page)
    see(page, "passkey-first")
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    page.goto(FACTOR)
    expect(page.get_by_text("Ward computer")).to_be_visible()
    check_axe(page)
    see(page, "passkeys")

    page.context.clear_cookies()
    _password(page)
    expect(page).to_have_url(re.compile("/admin/second-step/$"))
    check_axe(page)
    see(page, "second-step-passkey")
    page.get_by_role("button", name="Use a passkey").press("Enter")
    expect(page).to_have_url(re.compile("/admin/$"))

    assert SignIn.objects.latest("pk").way == "passkey"
    assert passkeys.of(alice)[0].last_used_at is not None


def test_without_the_device_the_password_opens_nothing(page_of, stranger, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)

    other = stranger()
    device(other)  # a device that does not have this passkey
    _password(other)
    other.get_by_role("button", name="Use a passkey").click()
    expect(other.get_by_role("alert")).to_contain_text("Nothing was sent")
    other.goto("/admin/")
    expect(other.locator("[name=password]")).to_be_visible()


def test_the_same_device_makes_no_second_one(page_of, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    add_passkey(page, "Again")

    expect(page.get_by_role("alert")).to_contain_text("This device has a passkey")
    assert len(passkeys.of(alice)) == 1


def test_the_last_one_removed_is_no_second_factor(page_of, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    page.goto(FACTOR)
    page.get_by_role("button", name="Remove the passkey Ward computer").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()

    assert User.objects.get(pk=alice.pk).second_factor_set_at is None
    assert passkeys.of(alice) == []


def test_an_answer_opens_once_and_for_its_person_alone(page_of, stranger, alice, bob, device, settings):
    """What a browser sent is sent again: by whoever saw it, and for somebody else."""
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    page.context.clear_cookies()
    _password(page)
    sent = []
    page.on("request", lambda request: sent.append(request.post_data) if request.method == "POST" else None)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    answer = _credential(sent[-1])

    page.context.clear_cookies()
    _password(page)
    page.evaluate(
        "answer => { const form = document.querySelector('form[data-passkey]');"
        " form.elements.credential.value = answer; form.requestSubmit(); }",
        answer,
    )
    expect(page.get_by_text("This passkey does not open.")).to_be_visible()
    page.goto("/admin/")
    expect(page.locator("[name=password]")).to_be_visible()

    assert SignIn.objects.latest("pk").outcome == "wrong"


def test_another_origin_opens_nothing(page_of, alice, device, settings):
    page = page_of(alice)
    device(page)
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://registry.example.org"]
    add_passkey(page)

    expect(page.get_by_text("The passkey could not be kept.")).to_be_visible()
    assert passkeys.of(alice) == []


def test_before_its_script_is_there_the_button_sends_nothing(page_of, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    page.context.clear_cookies()
    page.route("**/passkeys*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    _password(page)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Use a passkey").evaluate("button => button.click()")
    page.locator("[name=code]").fill("000000")  # the page is still the one that it was
    expect(page.locator("[name=code]")).to_have_value("000000")

    assert sent == []


def test_signing_in_again_takes_more_than_a_touch(page_of, alice, device):
    """A key that was left in a computer of the ward is no person: it is asked to show one, and has to."""
    page = page_of(alice)
    device(page, hasUserVerification=False, isUserVerified=False)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    again = "/admin/again/?next=/admin/account/"
    page.goto(again)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")

    page.locator("form[data-passkey]").evaluate(
        "form => { form.dataset.asked = form.dataset.asked.replace('\"required\"', '\"discouraged\"'); }"
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This passkey does not open.")).to_be_visible()
    assert SignIn.objects.latest("pk").outcome == "wrong"


def test_a_touch_that_was_asked_for_after_the_password_is_not_enough_later(page_of, alice, device):
    page = page_of(alice)
    device(page, hasUserVerification=False, isUserVerified=False)
    add_passkey(page)
    code = page.locator(".registry-codes code").first.inner_text()
    page.context.clear_cookies()
    _password(page)
    answer = page.locator("form[data-passkey]").evaluate(
        "async form => { const asked = JSON.parse(form.dataset.asked);"
        " const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);"
        " return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON()); }"
    )
    page.locator("[name=code]").fill(code)
    page.locator("[name=code]").press("Enter")
    expect(page).to_have_url(re.compile("/admin/$"))

    answered = page.evaluate(
        "async credential => { const csrfmiddlewaretoken = document.cookie.match(/csrf=([^;]+)/)[1];"
        " const body = new URLSearchParams({ credential, csrfmiddlewaretoken });"
        " return (await fetch('/admin/again/', { method: 'POST', body })).text(); }",
        answer,
    )

    assert "This passkey does not open." in answered


def test_signing_in_again_by_a_passkey(page_of, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)

    page.goto("/admin/again/?next=/admin/account/")
    check_axe(page)
    see(page, "again")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/account/$"))


def test_sessions_are_seen_and_ended(page_of, alice):
    page, other = page_of(alice), page_of(alice, NARROW)
    page.goto("/admin/account/sessions/")
    check_axe(page)
    see(page, "sessions")
    page.get_by_role("button", name="End all others").click()
    expect(page.get_by_text("1 session has ended.")).to_be_visible()

    other.goto("/admin/account/sessions/")
    expect(other.locator("[name=password]")).to_be_visible()
    sign_in(other, alice)
    other.goto("/admin/account/sessions/")
    check_axe(other)
    see(other, "sessions")


def _password(page):
    page.goto("/admin/login/")
    page.locator("[name=username]").fill("alice")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page).to_have_url(re.compile("/admin/second-step/$"))


def _credential(body):
    """The field of a form as it was sent, of either kind of form."""
    from urllib.parse import parse_qs

    return parse_qs(body)["credential"][0]


def test_with_all_recovery_codes_used_a_second_way_draws_new_ones(page_of, alice, device):
    page = page_of(alice)
    device(page)
    add_passkey(page)
    expect(page.locator(".registry-codes code")).to_have_count(10)
    StaticToken.objects.all().delete()

    page.goto(FACTOR)
    expect(page.get_by_text("0 recovery codes are left. Add another passkey or an app")).to_be_visible()
    key = TOTPDevice.objects.get(user=alice)
    page.locator("#app_code").fill(f"{TOTP(key.bin_key).token():06}")
    page.get_by_role("button", name="Set up").click()

    expect(page.locator(".registry-codes code")).to_have_count(10)
