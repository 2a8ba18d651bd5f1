"""The sign-in log: who tried to come in; no word of what was typed; nobody changes it. And the pause of an address."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.addresses import address_of
from registry.models import SignIn
from reports.tasks import let_go
from tests.clients import browser
from tests.pages import text

RIGHT = "correct horse battery"
LIST = "/admin/registry/signin/"


@pytest.fixture
def known(alice):
    alice.set_password(RIGHT)
    alice.save()
    return alice


def sign_in(client, username, password, **more):
    return client.post("/admin/login/", {"username": username, "password": password}, **more)


def noted():
    return list(SignIn.objects.order_by("pk").values_list("user__username", "address", "way", "outcome"))


def test_each_attempt_is_noted_with_its_address(known, nobody, client):
    nobody.set_password(RIGHT)
    nobody.save()
    sign_in(client, "alice", "guess", REMOTE_ADDR="192.0.2.1")
    sign_in(client, "alice", RIGHT, REMOTE_ADDR="2001:db8::1")
    sign_in(client, "nora", RIGHT)

    assert noted() == [
        ("alice", "192.0.2.1", "password", "wrong"),
        ("alice", "2001:db8::1", "password", "signed_in"),
        ("nora", "127.0.0.1", "password", "no_role"),
    ]


def test_a_name_that_nobody_has_leaves_no_word_anywhere(known, client, ada, caplog):
    caplog.set_level(logging.DEBUG)
    for typed in ("oops-my-password", " Oops-my-password"):
        sign_in(client, typed, "and-another-one")
    rows = SignIn.objects.values_list("name_digest", flat=True)

    assert len(rows) == 2
    assert len(set(rows)) == 1
    page = text(browser(ada).get(LIST))
    assert f"a name that nobody has ({rows[0][:8]})" in page
    for secret in ("oops", "Oops", "another"):
        assert secret not in page + caplog.text + "".join(rows)


def test_what_is_not_looked_at_is_not_noted(known, client):
    for n in range(30):
        sign_in(client, "alice", f"guess {n}")

    assert [outcome for *_, outcome in noted()] == ["wrong"] * 4 + ["name_paused"]


# --- by address -------------------------------------------------------------------------------------------------------


def test_an_address_that_guesses_under_many_names_waits(known, client):
    pages = [sign_in(client, f"name{n}", "guess") for n in range(40)]

    assert [b"Too many attempts" in page.content for page in pages] == [False] * 30 + [True] * 10
    assert noted()[-1][-1] == "address_paused"
    assert len(noted()) == 30
    assert sign_in(client, "alice", RIGHT).status_code == 200
    assert sign_in(client, "alice", RIGHT, REMOTE_ADDR="192.0.2.9").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert sign_in(client, "alice", RIGHT).status_code == 302


def test_success_does_not_give_an_address_its_guesses_back(known, client):
    for n in range(29):
        sign_in(client, f"name{n}", "guess")
    sign_in(client, "alice", RIGHT)
    client.logout()
    sign_in(client, "one more", "guess")

    assert b"Too many attempts" in sign_in(client, "alice", RIGHT).content


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.5", "127.0.0.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        (1, "<script>", None),
    ],
)
def test_only_what_the_proxies_say_counts(rf, settings, proxies, forwarded, address):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}

    assert address_of(rf.get("/", headers={"x-forwarded-for": forwarded})) == address


def test_known_and_unknown_names_cost_the_same(known, bob, client, monkeypatch):
    """One hash and the same queries, whether the account is there, switched off, without a password, or not at all."""
    bob.is_active = False
    bob.set_password(RIGHT)
    bob.save()
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given))
    costs = set()
    for name in ("warm", "alice", "bob", "mallory"):
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            sign_in(client, name, "guess")
        costs.add((len(hashed), len(queries)) if name != "warm" else None)

    assert len(costs - {None}) == 1
    assert (costs - {None}).pop()[0] == 1


# --- kept as it is ----------------------------------------------------------------------------------------------------


@pytest.fixture
def row(known):
    return SignIn.objects.create(user=known, name_digest="0" * 64, way="password", outcome="wrong")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_signin SET outcome = 'signed_in'",
        "DELETE FROM registry_signin",
        "TRUNCATE registry_signin",
        "ALTER TABLE registry_signin DISABLE TRIGGER ALL",
    ],
)
def test_the_application_changes_nothing_of_it(row, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert SignIn.objects.get().outcome == "wrong"


def test_after_24_months_the_nightly_job_removes_it(known, row, settings):
    old = SignIn.objects.create(
        at=timezone.now() - timedelta(days=settings.KEEP_DAYS["accesses"], minutes=1),
        name_digest="1" * 64,
        way="password",
        outcome="wrong",
    )
    let_go()

    assert list(SignIn.objects.values_list("pk", flat=True)) == [row.pk]
    assert old.pk != row.pk


# --- to read ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "lena", "ines", "dana", "rita", "otto"])
def test_nobody_but_the_registrys_administrators_reads_it(request, row, name):
    assert browser(request.getfixturevalue(name)).get(LIST).status_code == 403


def test_the_page_asks_a_fixed_number_of_queries(known, row, ada):
    client = browser(ada)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        assert "alice" in text(client.get(LIST))
    for n in range(20):
        SignIn.objects.create(user=known, name_digest=f"{n:064}", way="app", outcome="signed_in")
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)

    assert len(many) == len(few)
