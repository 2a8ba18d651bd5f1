"""A second factor: set up by a code, asked for at the door, lost and found; where it is required, no page without."""

import json
import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import serializers
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from registry import second_factor
from registry.audit import history_of
from registry.models import SignIn, User
from tests.addresses import addresses
from tests.clients import browser, machine
from tests.pages import text
from tests.rows import one_of_each

PASSWORD = "correct horse battery"
PAGE, STEP = "/admin/account/second-factor/", "/admin/second-step/"
HOME, LOGIN = "/admin/", "/admin/login/"


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR = "required"


@pytest.fixture
def later():
    """Move the clock to the next code of an app, which opens once."""
    with time_machine.travel(timezone.now(), tick=True) as clock:
        yield lambda seconds=31: clock.shift(timedelta(seconds=seconds))


def code_of(user):
    """What the app of this person shows now, as RFC 6238 has it."""
    device = TOTPDevice.objects.get(user=user)
    return f"{TOTP(device.bin_key).token():06}"


def set_up(user):
    """Set a second factor up by the page; gives the browser and the recovery codes."""
    user.set_password(PASSWORD)
    user.save()
    client = browser(user)
    client.get(PAGE)
    answer = client.post(PAGE, {"code": code_of(user)})
    user.refresh_from_db()
    return client, answer.context["codes"]


def first_step(client, user):
    return client.post(LOGIN, {"username": user.username, "password": PASSWORD, "next": "/admin/account/"})


# --- the algorithm ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_codes_are_those_of_the_standard(seconds, code):
    """RFC 6238, appendix B, SHA-1, 8 digits."""
    app = TOTP(b"12345678901234567890", digits=8)
    app.time = seconds

    assert f"{app.token():08}" == code


# --- setting up -------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_key_as_picture_and_text(alice):
    page = browser(alice).get(PAGE)

    assert page.status_code == 200, page.headers
    key = second_factor.key_text(TOTPDevice.objects.get(user=alice))
    assert "<svg" in page.content.decode()
    assert key in text(page).replace(" ", "")


def test_a_right_code_sets_it_up_and_shows_ten_codes_once(alice):
    client, codes = set_up(alice)

    assert len(set(codes)) == second_factor.CODES
    assert "10 recovery codes are left." in text(client.get("/admin/account/"))
    assert second_factor.has(alice)
    assert not any(code in client.get(PAGE).content.decode() for code in codes)


def test_a_wrong_code_sets_nothing_up(alice):
    client = browser(alice)
    client.get(PAGE)
    wrong = "000000" if code_of(alice) != "000000" else "111111"

    assert "This code does not open" in text(client.post(PAGE, {"code": wrong}))
    assert not second_factor.has(User.objects.get(pk=alice.pk))


def test_neither_key_nor_codes_are_kept_where_others_read(alice, caplog):
    caplog.set_level(logging.DEBUG)
    _, codes = set_up(alice)
    key = TOTPDevice.objects.get(user=alice).key
    events = json.dumps(list(history_of(alice).values()), default=str)
    kept = serializers.serialize("json", StaticToken.objects.all())

    assert "second factor set up" in events
    for secret in (key, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in events
        assert secret not in caplog.text
        assert secret not in kept or secret == key


# --- at the door ------------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(alice, client):
    set_up(alice)

    assert first_step(client, alice)["Location"] == STEP
    assert client.get(HOME)["Location"].startswith(LOGIN)
    assert client.get("/api/v1/cases/").status_code == 401


def test_the_code_leads_to_where_one_was_going(alice, client, later):
    set_up(alice)
    first_step(client, alice)
    before = client.session.session_key
    later()

    assert client.post(STEP, {"code": code_of(alice)})["Location"] == "/admin/account/"
    assert client.get(HOME).status_code == 200
    assert client.session.session_key != before


def test_a_code_of_the_app_opens_once(alice, client, later):
    set_up(alice)
    later()
    code = code_of(alice)
    first_step(client, alice)
    client.post(STEP, {"code": code})
    client.logout()
    first_step(client, alice)

    assert client.post(STEP, {"code": code}).status_code == 200
    assert client.get(HOME).status_code == 302


def test_a_recovery_code_opens_once_however_it_is_written(alice, client, later):
    _, codes = set_up(alice)
    first_step(client, alice)
    assert client.post(STEP, {"code": codes[3].upper().replace("-", " ")}).status_code == 302
    client.logout()

    first_step(client, alice)
    assert client.post(STEP, {"code": codes[3]}).status_code == 200
    later(2)  # after one wrong code the next is looked at a second later
    assert client.post(STEP, {"code": codes[4]}).status_code == 302
    assert second_factor.codes_left(alice) == second_factor.CODES - 2


def test_under_a_new_secret_key_nobody_is_signed_out_and_old_codes_open(alice, client, settings):
    own, codes = set_up(alice)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 8, [settings.SECRET_KEY]

    assert own.get(HOME).status_code == 200
    first_step(client, alice)
    assert client.post(STEP, {"code": codes[0]}).status_code == 302
    assert second_factor.codes_left(alice) == second_factor.CODES - 1


def test_the_code_of_somebody_else_opens_nothing(alice, bob, client, later):
    set_up(alice)
    _, codes = set_up(bob)
    later()
    first_step(client, alice)

    assert client.post(STEP, {"code": code_of(bob)}).status_code == 200
    assert client.post(STEP, {"code": codes[0]}).status_code == 200
    assert client.get(HOME).status_code == 302


def test_the_first_step_is_forgotten_after_five_minutes(alice, client, later):
    _, codes = set_up(alice)
    first_step(client, alice)
    later(301)

    assert client.post(STEP, {"code": codes[0]})["Location"] == LOGIN
    assert client.get(HOME).status_code == 302


def test_a_passkey_that_gave_nothing_is_no_wrong_code(alice, client):
    """As it happens when the button is pressed before the page's script is there."""
    set_up(alice)
    first_step(client, alice)
    page = client.post(STEP, {"credential": ""})

    assert "Nothing was sent" in text(page)
    assert "This field is required" not in text(page)
    assert not SignIn.objects.filter(outcome="wrong").exists()


def test_nobody_begins_with_the_second_step(client, db):
    assert client.get(STEP)["Location"] == LOGIN
    assert client.post(STEP, {"code": "123456"})["Location"] == LOGIN


@pytest.mark.parametrize("change", ["password", "switched off"])
def test_an_account_that_changed_between_the_steps_begins_anew(alice, client, change):
    _, codes = set_up(alice)
    first_step(client, alice)
    if change == "password":
        alice.set_password("another long password")
    alice.is_active = change != "switched off"
    alice.save()

    assert client.post(STEP, {"code": codes[0]})["Location"] == LOGIN


def test_of_a_thousand_guesses_few_are_looked_at(alice, client, later, monkeypatch):
    """At ten a second: 1, 2, 4 ... seconds pass between those that are looked at."""
    set_up(alice)
    looked_at = []
    compare = TOTP.verify
    monkeypatch.setattr(TOTP, "verify", lambda *given, **more: looked_at.append(1) or compare(*given, **more))
    first_step(client, alice)
    right = code_of(alice)
    for n in range(1000):
        later(0.1)
        second_factor.verify(alice, f"{n:06}" if f"{n:06}" != right else "999999")

    assert 3 <= len(looked_at) <= 10


# --- changing it ------------------------------------------------------------------------------------------------------


def test_other_sessions_end_when_it_is_set_up_and_when_it_goes(alice):
    other = browser(alice)
    own, codes = set_up(alice)
    assert own.get(HOME).status_code == 200
    assert other.get(HOME).status_code == 302

    another = browser(alice)
    assert own.post(PAGE, {"code": codes[0], "remove": ""}).status_code == 302
    assert own.get(HOME).status_code == 200
    assert another.get(HOME).status_code == 302
    assert not second_factor.has(User.objects.get(pk=alice.pk))


def test_it_goes_only_by_a_code_of_it(alice):
    client, _ = set_up(alice)

    assert client.post(PAGE, {"code": "aaaa-aaaa-aaaa", "remove": ""}).status_code == 200
    assert second_factor.has(User.objects.get(pk=alice.pk))


def test_new_recovery_codes_take_the_place_of_the_old(alice, later):
    client, old = set_up(alice)
    new = client.post(PAGE, {"code": old[0]}).context["codes"]

    assert not set(old) & set(new)
    assert second_factor.verify(alice, new[0]) == second_factor.RECOVERY
    assert not second_factor.verify(alice, old[1])


def test_an_administrator_resets_it_for_a_reason_that_is_kept(alice, ada):
    client, _ = set_up(alice)
    page = f"/admin/registry/user/{alice.pk}/second-factor/"
    assert "Reset the second factor" in text(browser(ada).get(f"/admin/registry/user/{alice.pk}/change/"))

    assert browser(ada).post(page, {"reason": ""}).status_code == 200
    assert second_factor.has(User.objects.get(pk=alice.pk))
    browser(ada).post(page, {"reason": "lost phone, called back on the ward"})

    event = history_of(alice).last()
    assert event.pgh_context["reason"] == "lost phone, called back on the ward"
    assert event.pgh_context["user"] == ada.pk
    assert client.get(HOME).status_code == 302
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()


@pytest.mark.parametrize("name", ["alice", "lena", "dana", "rita", "otto"])
def test_nobody_else_resets_it(request, name, bob):
    set_up(bob)
    user, page = request.getfixturevalue(name), f"/admin/registry/user/{bob.pk}/second-factor/"
    client = browser(user)

    assert [client.get(page).status_code, client.post(page, {"reason": "x"}).status_code] == [403, 403]
    with pytest.raises(PermissionDenied):
        second_factor.reset(bob, by=user, reason="x")
    assert second_factor.has(User.objects.get(pk=bob.pk))


# --- where it is required ---------------------------------------------------------------------------------------------


def test_without_it_no_page_opens_where_it_is_required(required, north, alice, lena, ada, caplog):
    """Every address of the administration, those that nobody has written yet, too."""
    caplog.set_level(logging.ERROR, "django.request")
    rows = one_of_each(north, by=alice, lead=lena)
    open_to = {PAGE, LOGIN, "/admin/again/", "/admin/logout/", "/admin/jsi18n/"}
    tried = 0
    for client in (browser(lena), browser(ada)):
        for address in addresses():
            for url in address.written(rows[address.model].pk if address.is_of_a_row else None):
                if url in open_to:
                    continue
                for answer in (client.get(url), client.post(url, {"code": "123456"})):
                    leads_to = answer.get("Location", "")
                    assert answer.status_code == 302, url
                    assert leads_to == PAGE, url
                    tried += 1

    assert tried > 300


@pytest.mark.parametrize("address", ["/api/v1/cases/", "/api/v1/survival/", "/api/v1/reports/"])
def test_a_session_without_it_opens_no_api(required, alice, address):
    assert browser(alice).get(address).status_code == 401


def test_a_session_with_it_opens_pages_and_api(required, alice):
    client, _ = set_up(alice)

    assert client.get(HOME).status_code == 200
    assert client.get("/api/v1/cases/").status_code == 200


def test_keys_of_machines_are_not_asked(required, north, alice):
    assert machine(north, alice).get("/api/v1/cases/").status_code == 200


def test_where_it_is_offered_everything_opens_without(alice):
    assert browser(alice).get(HOME).status_code == 200


# --- how long a session lasts -----------------------------------------------------------------------------------------


def test_a_session_ends_after_twelve_hours_whatever_is_done(alice, later):
    client = browser(alice)
    for _ in range(12 * 3 - 1):
        later(20 * 60)
        assert client.get("/admin/account/").status_code == 200

    later(20 * 60 + 1)
    assert client.get("/admin/account/").status_code == 302
    assert client.get("/api/v1/cases/").status_code == 401


def test_a_session_ends_after_half_an_hour_without_a_click(alice, later):
    client = browser(alice)
    later(29 * 60)
    assert client.get(HOME).status_code == 200
    later(31 * 60)
    assert client.get(HOME).status_code == 302


def test_a_session_that_does_not_say_when_it_began_is_over(alice):
    client = browser(alice)
    session = client.session
    del session["signed_in_at"]
    session.save()

    assert client.get(HOME).status_code == 302


def test_a_new_password_ends_the_other_sessions(alice):
    alice.set_password(PASSWORD)
    alice.save()
    own, other = browser(alice), browser(alice)
    sent = {
        "old_password": PASSWORD,
        "new_password1": "new horse battery",
        "new_password2": "new horse battery",
    }
    assert own.post("/admin/password_change/", sent).status_code == 302

    assert own.get(HOME).status_code == 200
    assert other.get(HOME).status_code == 302
