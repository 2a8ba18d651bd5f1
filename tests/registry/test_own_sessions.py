"""A person's own sessions: seen and ended; and what is changed only soon after a sign-in."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry import second_factor, sessions
from registry.accounts.session_store import SessionStore
from registry.models import ApiKey, Session, SignIn, User
from tests.clients import browser, issue
from tests.pages import filled, text

PAGE, AGAIN, HOME, LOGIN = (f"/admin/{page}" for page in ("account/sessions/", "again/", "", "login/"))
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"


@pytest.fixture
def known(alice):
    alice.set_password(PASSWORD)
    alice.save()
    return alice


@pytest.fixture
def later():
    with time_machine.travel(timezone.now(), tick=True) as clock:
        yield lambda minutes: clock.shift(timedelta(minutes=minutes))


def come_in(user, agent=FIREFOX, address="192.0.2.1"):
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    assert client.post(LOGIN, {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def marks(client, user):
    return {one.program: one.mark for one in sessions.open_sessions(user, client.session.session_key)}


# --- seen and ended ---------------------------------------------------------------------------------------------------


def test_each_open_session_is_listed_with_where_it_began(known):
    here = come_in(known)
    come_in(known, EDGE, "2001:db8::2")
    page = text(here.get(PAGE))

    assert "Firefox, Linux (this one)" in page
    assert "192.0.2.1" in page
    assert "Edge, Windows" in page
    assert "2001:db8::2" in page
    assert sum(word in page for word in ("Password", "Signed in")) == 2


def test_the_page_shows_no_key_that_opens_a_session(known):
    here, other = come_in(known), come_in(known, EDGE)
    content = here.get(PAGE).content.decode()

    for client in (here, other):
        assert client.session.session_key not in content


def test_one_session_is_ended_and_the_others_go_on(known):
    here, other, third = come_in(known), come_in(known, EDGE), come_in(known, "Safari")

    here.post(PAGE, {"end": marks(here, known)["Edge, Windows"]})

    assert other.get(HOME).status_code == 302
    assert [client.get(HOME).status_code for client in (here, third)] == [200, 200]


def test_all_others_are_ended_at_once(known, bob):
    here, others, stranger = come_in(known), [come_in(known, EDGE) for _ in range(3)], browser(bob)

    assert "3 sessions have ended." in text(here.post(PAGE, {"end": "others"}, follow=True))

    assert {client.get(HOME).status_code for client in others} == {302}
    assert [client.get(HOME).status_code for client in (here, stranger)] == [200, 200]


@pytest.mark.parametrize("mark", ["", "x", "others "])
def test_a_mark_that_names_no_session_ends_none(known, mark):
    here, other = come_in(known), come_in(known, EDGE)

    here.post(PAGE, {"end": mark})

    assert other.get(HOME).status_code == 200


def test_nobody_ends_the_session_of_somebody_else(known, bob):
    other = browser(bob)
    mark = sessions.open_sessions(bob, None)[0].mark

    come_in(known).post(PAGE, {"end": mark})

    assert other.get(HOME).status_code == 200


def test_a_session_that_opens_nothing_any_more_is_not_listed(known, later):
    here = come_in(known)
    come_in(known, EDGE)
    known.set_password("new horse battery")
    known.save()
    here = Client(headers={"user-agent": FIREFOX})
    here.force_login(known)

    assert "Edge" not in text(here.get(PAGE))
    later(31)
    assert sessions.open_sessions(known, None) == []


def test_rows_of_ended_sessions_are_removed(known, later):
    come_in(known)
    SessionStore.clear_expired()
    assert Session.objects.filter(user=known).count() == 1
    later(31)
    SessionStore.clear_expired()

    assert not Session.objects.exists()


def test_signing_out_leaves_no_row(known):
    here = come_in(known)
    here.post("/admin/logout/")

    assert not Session.objects.filter(user=known).exists()


def test_failed_attempts_are_shown_to_their_person(known):
    Client(REMOTE_ADDR="203.0.113.5").post(LOGIN, {"username": "alice", "password": "guess"})
    page = text(come_in(known).get(PAGE))

    assert "203.0.113.5" in page
    assert "Wrong" in page


def test_many_sessions_take_no_more_queries(known):
    here = come_in(known)
    here.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        here.get(PAGE)
    for _ in range(10):
        come_in(known, EDGE)
    with CaptureQueriesContext(connection) as many:
        here.get(PAGE)

    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("agent", "said"), [(FIREFOX, "Firefox, Linux"), (EDGE, "Edge, Windows"), ("curl/8", ""), ("", "")]
)
def test_a_program_is_named_as_far_as_it_says(agent, said):
    assert sessions.program_in_words(agent) == said


# --- signing in again -------------------------------------------------------------------------------------------------


def changing(ada, alice):
    """Pages that change what somebody signs in with, and what opens to whom."""
    person = f"/admin/registry/user/{alice.pk}"
    role = f"/admin/registry/membership/{alice.memberships.get().pk}"
    own = ["/admin/account/second-factor/", "/admin/password_change/"]
    return [
        *own,
        "/admin/registry/user/add/",
        *(f"{person}/{page}/" for page in ("change", "link", "second-factor")),
        "/admin/registry/membership/add/",
        *(f"{role}/{page}/" for page in ("change", "delete")),
        "/admin/registry/apikey/add/",
    ]


def test_what_one_signs_in_with_is_changed_only_soon_after_a_sign_in(ada, alice, later):
    client = browser(ada)
    pages = changing(ada, alice)
    assert {client.get(page).status_code for page in pages} == {200}

    later(16)
    for page in pages:
        assert client.get(page)["Location"].startswith(f"{AGAIN}?next="), page
    later(15)
    client = browser_of(client)
    for page in pages:
        assert client.post(page, {"email": "x@example.org"})["Location"].startswith(AGAIN), page


def browser_of(client):
    """The same session, kept from ending by clicks."""
    session = client.session
    session.save()
    return client


def test_a_key_is_replaced_only_soon_after_a_sign_in(north, alice, lena, later):
    key, _ = issue(north, alice)
    client = browser(lena)
    later(29)
    client.get(HOME)
    later(2)
    answer = client.post("/admin/registry/apikey/", {"action": "rotate", "_selected_action": [key.pk]})

    assert answer["Location"].startswith(AGAIN)
    assert ApiKey.objects.count() == 1


def test_a_role_is_neither_given_nor_taken_by_a_session_of_hours_ago(ada, alice, later):
    client = browser(ada)
    for _ in range(5):
        later(25)
        client.get(HOME)
    client.post("/admin/registry/membership/add/", {"user": alice.pk, "role": "registry_admin", "center": ""})
    client.post(f"/admin/registry/membership/{alice.memberships.get().pk}/delete/", {"post": "yes"})

    assert [role.role for role in alice.memberships.all()] == ["coordinator"]


def test_keys_are_withdrawn_without_asking(north, alice, lena, later):
    """What closes a door does not wait."""
    key, _ = issue(north, alice)
    client = browser(lena)
    later(29)
    client.get(HOME)
    later(2)
    client.post("/admin/registry/apikey/", {"action": "revoke", "_selected_action": [key.pk]})

    assert ApiKey.objects.get().revoked_at is not None


def test_a_form_that_was_opened_in_time_is_taken(ada, alice, later):
    client, page = browser(ada), f"/admin/registry/user/{alice.pk}/change/"
    given = filled(client.get(page), "user_form")
    later(20)

    assert client.post(page, {**given, "email": "late@example.org"})["Location"] != AGAIN
    assert User.objects.get(pk=alice.pk).email == "late@example.org"


def test_the_own_password_leads_back_to_what_was_to_be_changed(known, later):
    client = come_in(known)
    later(16)
    leads_to = client.get("/admin/account/second-factor/")["Location"]
    before = client.session.session_key

    answer = client.post(leads_to, {"password": PASSWORD})

    assert answer["Location"] == "/admin/account/second-factor/"
    assert client.get(answer["Location"]).status_code == 200
    assert client.session.session_key != before
    assert SignIn.objects.latest("pk").outcome == "again"


def test_a_wrong_password_leads_nowhere_and_counts(known, later):
    client = come_in(known)
    later(16)
    pages = [client.post(AGAIN, {"password": "guess"}) for _ in range(6)]

    assert {page.status_code for page in pages} == {200}
    assert "Too many attempts" in text(pages[-1])
    assert client.post(AGAIN, {"password": PASSWORD}).status_code == 200  # it waits, too
    assert client.get("/admin/account/second-factor/")["Location"].startswith(AGAIN)


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:x", "x"]
)
def test_it_leads_to_no_other_place(known, wanted):
    assert (
        come_in(known).post(f"{AGAIN}?next={wanted}", {"password": PASSWORD})["Location"] == "/admin/account/"
    )


def test_the_password_of_somebody_else_does_not_count(known, bob):
    bob.set_password("violet harbor lamp")
    bob.save()

    assert come_in(known).post(AGAIN, {"password": "violet harbor lamp"}).status_code == 200


def test_who_has_no_password_shows_a_code(alice, later):
    second_factor.begin(alice)
    alice.totpdevice_set.update(confirmed=True)
    User.objects.filter(pk=alice.pk).update(second_factor_set_at=timezone.now())
    codes = second_factor._draw_codes(alice)
    client = browser(User.objects.get(pk=alice.pk))
    later(16)

    assert client.post(AGAIN, {"code": "000000"}).status_code == 200
    time.sleep(0)
    later(1)
    assert client.post(AGAIN, {"code": codes[0]}).status_code == 302


def test_whoever_only_looks_is_not_asked(north, lena, alice, later):
    client = browser(lena)
    key, _ = issue(north, alice)
    later(16)

    assert client.get(f"/admin/registry/user/{alice.pk}/change/").status_code == 200
    assert client.get(f"/admin/registry/membership/{alice.memberships.get().pk}/change/").status_code == 200
    assert client.get(f"/admin/registry/apikey/{key.pk}/change/").status_code == 200


def test_a_passkey_that_gave_nothing_is_no_wrong_password(known, later):
    """As it happens when the button is pressed before the page's script is there."""
    client = come_in(known)
    page = client.post(AGAIN, {"credential": ""})

    assert "Nothing was sent" in text(page)
    assert "This field is required" not in text(page)
    assert not SignIn.objects.filter(outcome="wrong").exists()
