"""The patient's pseudonym: eight random characters and a check character, derived from nothing.

ISO/IEC 7064, MOD 37,36: one character of 0-9 and A-Z follows, by which every single wrong character is found, and, as
pseudonyms are drawn here, every swap of neighbours. The random part leaves out I, L, O and U (Crockford's base 32).
"""

import secrets
from functools import reduce
from itertools import pairwise

RANDOM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLACE = {character: place for place, character in enumerate(CHECK_ALPHABET)}
LENGTH = 8
START = 36


def draw() -> str:
    """Draw a new pseudonym (nearly 40 random bits; uniqueness is the database's promise).

    The check finds every wrong character, but of a few texts not the swap of two neighbours: those are drawn again.
    """
    while True:
        bits = secrets.randbits(5 * LENGTH)
        body = "".join(RANDOM_ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))
        drawn = body + check_character(body)
        if _tells_swaps(drawn):
            return drawn


def _tells_swaps(text: str) -> bool:
    """Whether no swap of two neighbours leads to where the two as they stand lead."""
    product = START
    for one, other in pairwise(text):
        after = _step(product, one)
        if one != other and _step(after, other) == _step(_step(product, other), one):
            return False
        product = after
    return True


def _step(product: int, character: str) -> int:
    """Take in one more character. Different products stay different, so the check of a text is where its steps lead."""
    return ((product + PLACE[character]) % 36 or 36) * 2 % 37


def check_character(body: str) -> str:
    """The ISO/IEC 7064 MOD 37,36 check character of a text of 0-9 and A-Z."""
    return CHECK_ALPHABET[(37 - reduce(_step, body, START)) % 36]


def is_valid(pseudonym: str) -> bool:
    """Whether the last character fits the others."""
    return (
        len(pseudonym) == LENGTH + 1
        and all(c in CHECK_ALPHABET for c in pseudonym)
        and check_character(pseudonym[:-1]) == pseudonym[-1]
    )
