"""Passwords that few guesses find are refused: common ones that are long enough, patterns, words of the context."""

from hashlib import sha512

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from zxcvbn.matching import RANKED_DICTIONARIES

from registry.accounts import passwords
from registry.models import User

pytestmark = pytest.mark.django_db
SHORTEST, MOST_USED = 12, 3000


@pytest.fixture
def isaac(north):
    return User(username="inewton", first_name="Isaac", last_name="Newton", email="apple@trinity.example")


def refused(password, user=None):
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {one.code for one in error.error_list}
    return set()


def test_of_the_most_used_that_are_long_enough_none_is_taken():
    """Those of the 30,000 that have twelve characters, and the first thousands made long as people do."""
    ranked = RANKED_DICTIONARIES["passwords"]
    long_enough = [word for word in ranked if len(word) >= SHORTEST]
    first = sorted(ranked, key=ranked.get)[:MOST_USED]
    made_long = [(word + "1234567890")[: max(SHORTEST, len(word))] for word in first[::10]]
    made_long += [f"{word}2026!" for word in first[1::10] if len(word) >= SHORTEST - 5]
    made_long += [(word * SHORTEST)[: max(SHORTEST, 2 * len(word))] for word in first[2::10]]
    made_long += [f"{word.capitalize()}123456789!" for word in first[3::10]]

    assert len(long_enough) > 200
    assert len(made_long) > 1000
    taken = [word for word in (*long_enough, *made_long) if not refused(word)]
    assert taken == []


@pytest.mark.parametrize(
    "password",
    [
        "Sunshine1234!",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "Summer2026!!",
        "Welcome2026!!",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijkl123",
        "12345678901234567890",
    ],
)
def test_patterns_are_refused(password):
    assert "password_guessable" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "Leiomyosarcoma-IVC-2026",
        "VenaCavaRegistry!",
        "Northern University Hospital",
        "northern.hospital.2026",
        "Isaac.Newton.1642",
        "inewton@trinity",
        "apple.trinity.NORTH",
    ],
)
def test_words_of_the_context_make_no_password(isaac, password):
    assert "password_of_context" in refused(password, isaac)


def test_a_short_password_is_not_said_to_consist_of_names(isaac):
    assert refused("short", isaac) == {"password_too_short", "password_guessable"}


def test_a_word_of_the_context_among_others_does_no_harm(isaac):
    assert refused("violet lamps over the hospital pond", isaac) == set()


LONG = sha512(b"any").hexdigest() * 2


@pytest.mark.parametrize("password", ["violet harbor lamp", "correct-horse-battery", "V7#kq!x2Lm9$ad", LONG])
def test_what_is_hard_to_guess_is_taken(password):
    assert refused(password) == set()


def test_what_is_refused_is_not_repeated():
    with pytest.raises(ValidationError) as error:
        validate_password("Sunshine1234!")

    assert "Sunshine1234!" not in str(error.value)


def test_the_list_of_the_document_is_the_list_of_the_program():
    from django.conf import settings

    said = (settings.BASE_DIR / "docs" / "security.md").read_text()
    assert ", ".join(passwords.WORDS) in " ".join(said.split())
