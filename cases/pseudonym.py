"""The patient's pseudonym: eight random characters and a check character, derived from nothing.

ISO/IEC 7064, MOD 37,36: one character of 0-9 and A-Z follows, by which every single wrong character is found, and, as
pseudonyms are drawn here, every swap of neighbours. The random part leaves out I, L, O and U (Crockford's base 32).
"""

import secrets
from collections.abc import Iterator

RANDOM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 8


def draw() -> str:
    """Draw a new pseudonym (nearly 40 random bits; uniqueness is the database's promise).

    The check finds every wrong character, but of a few texts not the swap of two neighbours: those are drawn again.
    """
    while True:
        bits = secrets.randbits(5 * LENGTH)
        body = "".join(RANDOM_ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))
        drawn = body + check_character(body)
        if not any(is_valid(swapped) for swapped in _swaps(drawn)):
            return drawn


def _swaps(text: str) -> Iterator[str]:
    """The texts that differ by a swap of two neighbours."""
    for place in range(len(text) - 1):
        swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        if swapped != text:
            yield swapped


def check_character(body: str) -> str:
    """The ISO/IEC 7064 MOD 37,36 check character of a text of 0-9 and A-Z."""
    product = 36
    for character in body:
        product = (product + CHECK_ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return CHECK_ALPHABET[(37 - product) % 36]


def is_valid(pseudonym: str) -> bool:
    """Whether the last character fits the others."""
    return (
        len(pseudonym) == LENGTH + 1
        and all(c in CHECK_ALPHABET for c in pseudonym)
        and check_character(pseudonym[:-1]) == pseudonym[-1]
    )
