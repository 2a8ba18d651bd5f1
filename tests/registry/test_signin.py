"""Passwords are guessed slowly: five attempts under one name, then a quarter of an hour of silence."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from registry.models import SignInAttempts

RIGHT = "correct horse battery"


@pytest.fixture
def known(alice):
    alice.set_password(RIGHT)
    alice.save()
    return alice


@pytest.fixture
def looked_at(monkeypatch):
    """Count the passwords that are really compared."""
    seen = []
    compare = ModelBackend.authenticate

    def count(self, request, username, password, **more):
        seen.append(password)
        return compare(self, request, username, password, **more)

    monkeypatch.setattr(ModelBackend, "authenticate", count)
    return seen


def sign_in(client, username, password):
    return client.post("/admin/login/", {"username": username, "password": password})


def test_the_right_password_opens(known, client):
    assert sign_in(client, "alice", RIGHT).status_code == 302


def test_of_many_guesses_five_are_looked_at(known, client, looked_at):
    pages = [sign_in(client, "alice", f"guess {n}") for n in range(30)]

    assert len(looked_at) == 5
    assert b"Too many attempts" in pages[-1].content


def test_the_right_password_waits_too(known, client):
    for n in range(5):
        sign_in(client, "alice", f"guess {n}")

    assert sign_in(client, "alice", RIGHT).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert sign_in(client, "alice", RIGHT).status_code == 302


def test_spelling_the_name_otherwise_is_no_way_around(known, client, looked_at):
    for n in range(12):
        sign_in(client, ("alice", "ALICE", " alice ")[n % 3], "guess")

    assert len(looked_at) == 5


def test_an_unknown_name_is_answered_alike(known, client):
    known_pages = [sign_in(client, "alice", "guess").content.count(b"Too many attempts") for _ in range(7)]
    unknown_pages = [
        sign_in(client, "mallory", "guess").content.count(b"Too many attempts") for _ in range(7)
    ]

    assert known_pages == unknown_pages


def test_success_forgets_the_failures(known, client):
    for _ in range(3):
        for _ in range(3):
            sign_in(client, "alice", "guess")
        assert sign_in(client, "alice", RIGHT).status_code == 302
        client.logout()


def test_other_people_are_not_held_up(known, client, bob):
    for _ in range(6):
        sign_in(client, "bob", "guess")

    assert sign_in(client, "alice", RIGHT).status_code == 302


def test_what_was_typed_as_a_name_is_not_kept(client, db):
    sign_in(client, "oops my password", "x")

    assert "oops" not in SignInAttempts.objects.get().key


def test_old_failures_are_forgotten(client, db):
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        sign_in(client, "first", "x")
    sign_in(client, "second", "x")

    assert SignInAttempts.objects.count() == 1
