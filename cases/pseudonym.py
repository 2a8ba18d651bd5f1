"""The patient's pseudonym: eight random characters and a check character, derived from nothing.

ISO/IEC 7064, MOD 37,36: one character of 0-9 and A-Z follows; every single wrong character and every swap of
neighbours is found. The random part leaves out I, L, O and U (Crockford's base 32), which are misread.
"""

import secrets

RANDOM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 8


def draw() -> str:
    """Draw a new pseudonym (40 random bits; uniqueness is the database's promise)."""
    bits = secrets.randbits(5 * LENGTH)
    body = "".join(RANDOM_ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))
    return body + check_character(body)


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
