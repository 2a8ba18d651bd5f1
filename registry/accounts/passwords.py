"""Passwords that are easy to guess are refused: common ones, patterns, and words of the context.

How many guesses a password takes is estimated by zxcvbn: 30,000 common passwords, 30,000 words, names, keyboards,
dates, repetitions and what people put between them. All of it works offline; nothing is asked of anybody. So a password
that was stolen elsewhere but looks like none of this is taken: only a look-up in lists of breaches would know it.
"""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from zxcvbn import zxcvbn

LEAST_GUESSES = 10**10
READ_CHARACTERS = 72  # zxcvbn reads no further; what is longer and weak until there is refused
LEAST_LEFT = 8  # letters that have to be left when the words of the context are taken away
SHORTEST_WORD = 3

# What the registry is about: no password may consist of it.
_ENGLISH = (
    "registry ivcregistry ivc inferior vena cava leiomyosarcoma sarcoma soft tissue tumor tumour cancer oncology"
    " surgery surgeon surgical vascular hospital clinic university institute department patient doctor password"
)
_UKRAINIAN = "пароль реєстр лікарня клініка саркома пухлина університет"
WORDS = tuple(f"{_ENGLISH} {_UKRAINIAN}".split())


class GuessableValidator:
    """Refuse a password that few guesses find."""

    def validate(self, password: str, user: Any = None) -> None:
        """Say what is wrong, without a word of the password."""
        words = context(user)
        if consists_of(password, words):
            raise ValidationError(
                gettext(
                    "This password consists of words that anybody would try here: names of yours or of a center's, what"
                    " the registry is about, or “password”. Choose words that have nothing to do with it."
                ),
                code="password_of_context",
            )
        if zxcvbn(password[:READ_CHARACTERS], user_inputs=words)["guesses"] < LEAST_GUESSES:
            raise ValidationError(
                gettext(
                    "This password is easy to guess: it is a common one, or a pattern with something added. Choose four"
                    " or more words that have nothing to do with each other, or let a password manager make one."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return gettext(
            "Your password may not be a common one, a pattern, or names of yours, of a center or of the registry."
        )


def context(user: Any) -> list[str]:
    """The words that no password may consist of: of the registry, of its centers, and of the person."""
    from registry.models import Center

    texts = list(WORDS)
    for code, name in Center.objects.values_list("code", "name"):
        texts += [code, name]
    for field in ("username", "first_name", "last_name", "email"):
        texts.append(getattr(user, field, ""))
    found = {
        word for text in texts for word in re.split(r"[\W\d_]+", text.lower()) if len(word) >= SHORTEST_WORD
    }
    return sorted(found, key=lambda word: (-len(word), word))


def consists_of(password: str, words: list[str]) -> bool:
    """Whether few letters stay when words of the context, digits and separators are taken away."""
    left = before = password.lower()
    for word in words:  # the longest first
        left = left.replace(word, "")
    return left != before and len(re.sub(r"[\W\d_]", "", left)) < LEAST_LEFT
