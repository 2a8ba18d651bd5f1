"""Sign-in by an identity provider, a real one: who was invited comes in, and nobody by a token that is not for us."""

import logging
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry import second_factor, signin_log
from registry.accounts import oidc
from registry.audit import history_of
from registry.models import AccountMail, SignIn, User
from registry.tasks import send_account_mail
from tests.clients import browser
from tests.pages import filled, text
from tests.provider import CLIENT, SECRET, Provider

BEGIN, BACK, LOGIN, HOME = "/admin/oidc/begin/", "/admin/oidc/callback/", "/admin/login/", "/admin/"


@pytest.fixture
def provider(settings):
    made = Provider()
    oidc._known.clear()
    settings.OIDC_ISSUER, settings.OIDC_NAME = made.issuer, "University Hospital"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "registry.accounts.oidc.Backend"]
    yield made
    made.close()


def come(provider, client=None, path=BEGIN):
    """Go to the provider and back, as a browser does; gives the browser and where it was led."""
    client = client or Client()
    led = client.get(path)
    return client, client.get(provider.authorize(led["Location"]))


def is_in(client):
    return client.get(HOME).status_code == 200


# --- who comes in -----------------------------------------------------------------------------------------------------


def test_who_was_invited_comes_in_by_the_verified_address(provider, alice):
    client, answer = come(provider)

    assert answer["Location"] == HOME
    assert is_in(client)
    alice.refresh_from_db()
    assert (alice.oidc_issuer, alice.oidc_subject) == (provider.issuer, "p-1")
    assert history_of(alice).last().pgh_context["reason"] == "identity provider linked"
    note = SignIn.objects.latest("pk")
    assert (note.user, note.way, note.outcome) == (alice, "provider", "signed_in")


def test_later_the_providers_own_name_counts_and_not_the_address(provider, alice, bob):
    come(provider)
    provider.claims |= {"email": "bob@example.org"}
    client, _ = come(provider)

    assert client.get("/admin/account/").context["person"] == alice


def test_an_address_is_matched_once(provider, alice):
    """Whoever gets the address later, at the provider, does not get the account."""
    come(provider)
    provider.claims |= {"sub": "p-2"}
    client, answer = come(provider)

    assert answer["Location"] == LOGIN
    assert not is_in(client)


def test_nobody_is_made(provider, alice):
    provider.claims |= {"email": "stranger@example.org"}
    count = User.objects.count()
    client, answer = come(provider)

    assert (answer["Location"], is_in(client), User.objects.count()) == (LOGIN, False, count)
    assert "You need an invitation" in text(client.get(LOGIN))


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_counts_for_nothing(provider, alice, verified):
    provider.claims |= {"email_verified": verified}

    assert not is_in(come(provider)[0])
    assert User.objects.get(pk=alice.pk).oidc_subject == ""


def test_a_closed_account_stays_closed(provider, alice):
    come(provider)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client, answer = come(provider)

    assert answer["Location"] == LOGIN
    assert not is_in(client)


def test_an_account_without_a_role_stays_outside(provider, nobody):
    provider.claims |= {"email": nobody.email}
    client, _ = come(provider)

    assert "no role in any center" in text(client.get(LOGIN))
    assert SignIn.objects.latest("pk").outcome == "no_role"


def test_two_accounts_of_one_address_are_nobody(provider, alice, bob):
    User.objects.filter(pk=bob.pk).update(email="ALICE@example.org")

    assert not is_in(come(provider)[0])


def test_an_address_that_the_token_does_not_hold_is_asked_for(provider, alice):
    provider.claims = {"sub": "p-1"}
    provider.userinfo = {"sub": "p-1", "email": alice.email, "email_verified": True}
    assert is_in(come(provider)[0])


def test_an_answer_about_somebody_else_counts_for_nothing(provider, alice):
    provider.claims = {"sub": "p-1"}
    provider.userinfo = {"sub": "p-2", "email": alice.email, "email_verified": True}
    assert not is_in(come(provider)[0])


def test_a_new_address_is_matched_anew(provider, alice, ada):
    come(provider)
    client, page = browser(ada), f"/admin/registry/user/{alice.pk}/change/"
    client.post(page, {**filled(client.get(page), "user_form"), "email": "new@example.org"})

    assert not is_in(come(provider)[0])
    provider.claims |= {"email": "new@example.org", "sub": "p-9"}
    assert is_in(come(provider)[0])


# --- tokens that are not ours -----------------------------------------------------------------------------------------

WRONG = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "other-program"},
    "no audience": {"aud": None},
    "one of several audiences, without azp": {"aud": [CLIENT, "other-program"]},
    "given to another program": {"aud": [CLIENT, "other-program"], "azp": "other-program"},
    "another issuer": {"iss": "https://elsewhere.example.org"},
    "no issuer": {"iss": None},
    "over": {"exp": 1_700_000_000},
    "without an end": {"exp": None},
    "of nobody": {"sub": ""},
    "of a number": {"sub": 7},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_a_token_that_is_not_for_us_opens_nothing(provider, alice, claims):
    provider.claims |= claims
    client, answer = come(provider)

    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert not is_in(client)
    assert User.objects.get(pk=alice.pk).oidc_subject == ""


def test_a_token_for_us_among_others_opens(provider, alice):
    provider.claims |= {"aud": [CLIENT, "other-program"], "azp": CLIENT}

    assert is_in(come(provider)[0])


@pytest.mark.parametrize("how", ["another key", "not signed", "another kid"])
def test_a_token_that_the_provider_did_not_sign_opens_nothing(provider, alice, how):
    if how == "another key":
        provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if how == "not signed":
        provider.signing_key = None
    if how == "another kid":
        provider.headers = {"kid": "key-2"}

    assert not is_in(come(provider)[0])


def test_an_answer_comes_back_to_the_browser_that_asked_and_once(provider, alice):
    client = Client()
    led = client.get(BEGIN)
    back = provider.authorize(led["Location"])

    assert not is_in(_after(Client(), back))  # somebody else's browser
    assert is_in(_after(client, back))
    client.logout()
    assert not is_in(_after(client, back))
    assert provider.exchanged == 1
    assert {"state", "nonce", "code_challenge"} <= set(provider.asked[0])
    assert provider.asked[0]["code_challenge_method"] == "S256"


def _after(client, address):
    client.get(address)
    return client


def stop(client):
    """Go to the provider and press Cancel there."""
    state = client.get(BEGIN)["Location"].partition("state=")[2].partition("&")[0]
    return client.get(f"{BACK}?error=access_denied&state={state}")


def test_a_refusal_of_the_provider_is_told(provider, alice):
    client = Client()

    assert stop(client)["Location"] == LOGIN
    assert "did not sign you in" in text(client.get(LOGIN))
    assert not SignIn.objects.exists()


def test_whoever_is_signed_in_stays_so_whatever_comes_back(provider, alice):
    """Any page can lead a browser there; and who only wanted to sign in again may think better of it."""
    client = browser(alice)
    for ending in ("", "?error=x", "?code=x&state=y", "?error=x&state=y"):
        client.get(f"{BACK}{ending}")
    assert stop(client)["Location"] == "/admin/again/"

    assert is_in(client)


def test_what_nobody_asked_for_closes_no_address(provider, alice):
    for n in range(signin_log.FAILURES_OF_ADDRESS + 1):
        Client().get(f"{BACK}{('', '?error=x', '?code=x&state=y')[n % 3]}")

    assert signin_log.failures_of("127.0.0.1") == 0
    assert is_in(come(provider)[0])


@pytest.mark.parametrize("how", ["broken", "slow"])
def test_a_provider_that_is_away_when_one_comes_back_closes_no_address(provider, alice, monkeypatch, how):
    client = Client()
    led = client.get(BEGIN)
    provider.is_broken, provider.takes_s = how == "broken", 1 if how == "slow" else 0
    monkeypatch.setattr(oidc, "TIMEOUT_S", 0.3)
    answer = client.get(provider.authorize(led["Location"]))

    assert answer["Location"] == LOGIN
    assert "cannot be reached" in text(client.get(LOGIN))
    assert not SignIn.objects.exists()


def test_an_answer_that_leads_to_nobody_counts(provider, alice):
    provider.claims |= {"aud": "other-program"}
    come(provider)

    assert signin_log.failures_of("127.0.0.1") == 1


@pytest.mark.django_db(transaction=True)
def test_a_slow_provider_holds_no_transaction(provider, alice):
    """What a process of the web may leave idle in a transaction is ended; here after a third of a second."""
    client = Client()
    led = client.get(BEGIN)
    provider.takes_s = 0.6
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 300")
    client.get(provider.authorize(led["Location"]))
    with connection.cursor() as cursor:
        cursor.execute("RESET idle_in_transaction_session_timeout")

    assert is_in(client)


def test_a_provider_that_is_away_is_told(provider, alice, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    client = Client()

    assert client.get(BEGIN)["Location"] == LOGIN
    assert "cannot be reached" in text(client.get(LOGIN))


def test_a_provider_that_calls_itself_otherwise_is_not_asked(provider, alice, settings):
    settings.OIDC_ISSUER = provider.issuer.replace("127.0.0.1", "localhost")

    assert Client().get(BEGIN)["Location"] == LOGIN


def test_neither_code_nor_token_is_logged(provider, alice, caplog):
    caplog.set_level(logging.INFO)
    provider.claims |= {"aud": "other-program"}
    come(provider)

    assert not any(code in caplog.text for code in ("alice@example.org", "eyJ"))


# --- the second factor ------------------------------------------------------------------------------------------------


@pytest.fixture
def with_factor(alice):
    second_factor.begin(alice)
    alice.totpdevice_set.update(confirmed=True)
    User.objects.filter(pk=alice.pk).update(second_factor_set_at=timezone.now())
    return alice


def test_the_second_factor_is_asked_whatever_the_provider_says(provider, with_factor):
    provider.claims |= {"amr": ["pwd", "mfa"]}
    client, answer = come(provider)

    assert answer["Location"] == "/admin/second-step/"
    assert not is_in(client)


def test_a_new_way_in_is_remembered_and_told_once_the_second_step_is_taken(provider, with_factor):
    codes = second_factor._draw_codes(with_factor)
    client, _ = come(provider)
    with_factor.refresh_from_db()
    assert (with_factor.oidc_subject, AccountMail.objects.count()) == ("", 0)

    client.post("/admin/second-step/", {"code": codes[0]})

    with_factor.refresh_from_db()
    assert (with_factor.oidc_issuer, with_factor.oidc_subject) == (provider.issuer, "p-1")
    assert AccountMail.objects.get().kind == "provider_linked"


def test_an_address_that_changed_between_the_steps_links_nothing(provider, with_factor):
    codes = second_factor._draw_codes(with_factor)
    client, _ = come(provider)
    User.objects.filter(pk=with_factor.pk).update(email="new@example.org")
    client.post("/admin/second-step/", {"code": codes[0]})

    assert User.objects.get(pk=with_factor.pk).oidc_subject == ""


def test_the_mail_about_a_new_way_in_names_the_provider(provider, alice):
    come(provider)
    send_account_mail(AccountMail.objects.get().pk)
    come(provider)

    assert mail.outbox[0].to == ["alice@example.org"]
    assert "University Hospital" in mail.outbox[0].body
    assert AccountMail.objects.count() == 1


@pytest.mark.parametrize("said", [{"amr": ["pwd", "mfa"]}, {"acr": "mfa"}])
def test_a_setting_lets_the_providers_stand_for_it(provider, with_factor, settings, said):
    settings.OIDC_SECOND_FACTOR = ["mfa"]
    provider.claims |= said

    assert is_in(come(provider)[0])


@pytest.mark.parametrize("said", [{"amr": ["pwd"]}, {"amr": "mfa"}, {}, {"acr": ["mfa"]}])
def test_other_words_do_not_stand_for_it(provider, with_factor, settings, said):
    settings.OIDC_SECOND_FACTOR = ["mfa"]
    provider.claims |= said

    assert come(provider)[1]["Location"] == "/admin/second-step/"


@pytest.mark.parametrize(("words", "opens"), [(["mfa"], True), ([], False)])
def test_who_has_none_sets_one_up_unless_the_providers_counts(provider, alice, settings, words, opens):
    settings.SECOND_FACTOR, settings.OIDC_SECOND_FACTOR = "required", words
    provider.claims |= {"amr": ["mfa"]}
    client, _ = come(provider)

    assert (client.get(HOME).status_code == 200) == opens
    assert (client.get("/api/v1/cases/").status_code == 200) == opens


def test_who_must_set_one_up_signs_in_again_by_the_provider(provider, alice, settings):
    """There is no password to show, and no code yet."""
    settings.SECOND_FACTOR = "required"
    client, _ = come(provider)
    _hours_ago(client)
    page = "/admin/account/second-factor/"
    assert client.get(page)["Location"].startswith("/admin/again/")

    _, answer = come(provider, client, f"{BEGIN}?next={page}")

    assert answer["Location"] == page
    assert client.get(page).status_code == 200


def _hours_ago(client):
    session = client.session
    session["confirmed_at"] = int(time.time()) - 7200
    session.save()


# --- signing in again -------------------------------------------------------------------------------------------------


def test_signing_in_again_is_asked_of_the_provider_anew(provider, alice):
    client, _ = come(provider)
    session = client.session
    session["confirmed_at"] = int(time.time()) - 3600
    session.save()
    page = "/admin/account/second-factor/"
    leads_to = client.get(page)["Location"]
    assert "Sign in again by University Hospital" in text(client.get(leads_to))

    provider.claims |= {"auth_time": int(time.time()) - 3600}
    come(provider, client, f"{BEGIN}?next={page}")
    assert client.get(page).status_code == 302
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")

    del provider.claims["auth_time"]
    _, answer = come(provider, client, f"{BEGIN}?next={page}")
    assert answer["Location"] == page
    assert client.get(page).status_code == 200


def test_somebody_else_there_is_nobody_again(provider, alice, bob):
    client, _ = come(provider)
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    provider.claims = {"sub": "p-3", "email": bob.email, "email_verified": True}
    come(provider, client)

    assert client.get("/admin/account/second-factor/").status_code == 302
    assert client.get("/admin/account/").context["person"] == alice


def test_a_provider_by_which_one_never_came_is_no_way_to_sign_in_again(provider, alice):
    """It would be a new way in, by an address, without the second factor."""
    client = browser(alice)
    _hours_ago(client)
    _, answer = come(provider, client)

    assert answer["Location"] == "/admin/again/"
    assert User.objects.get(pk=alice.pk).oidc_subject == ""
    assert client.get("/admin/account/second-factor/").status_code == 302


# --- off --------------------------------------------------------------------------------------------------------------


def test_without_a_provider_there_is_no_button_and_no_way(client, db):
    assert [client.get(page).status_code for page in (BEGIN, BACK)] == [404, 404]
    assert "Sign in by" not in text(client.get(LOGIN))


def test_with_one_there_is_a_button(provider, client, db):
    page = client.get(f"{LOGIN}?next=/admin/cases/case/")

    assert "Sign in by University Hospital" in text(page)
    assert f'href="{BEGIN}?next=/admin/cases/case/"' in page.content.decode()


@pytest.mark.parametrize("wanted", ["https://elsewhere.example.org/", "//elsewhere.example.org"])
def test_it_leads_to_no_other_place(provider, alice, wanted):
    assert come(provider, path=f"{BEGIN}?next={wanted}")[1]["Location"] == HOME
