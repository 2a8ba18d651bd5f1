"""By what equal patients are found: keyed digests of their identity, written alike however it was typed.

Normalization 1, in this order: Unicode NFKC; case folded; accents taken off (NFKD without combining marks, and the
letters of `UNACCENTED`, whose stroke is no accent to Unicode); of the rest only letters and digits, so blanks, hyphens,
apostrophes and dots do not count, nor U+02B0 to U+02FF, which Unicode counts among the letters: U+02BC is the
apostrophe of Ukrainian, U+02B9 the soft sign of transliterations. Nothing is transliterated: names in Cyrillic and in
Latin letters differ, and then the national number finds what the name does not.

Two marks: country and national number; family name, given name and day of birth. Each is an HMAC-SHA-256 under the
key for searching. A plain hash would be no secret: national numbers can all be tried. A mark says by which
normalization and which key it was made (`version`); marks of two versions are never compared, and `rotating.py` makes
them anew.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from registry.vault import keyring
from registry.vault.identities import Identity

NORMALIZATION = "1"
UNACCENTED = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ґ": "г",
    }
)
NAME, NUMBER = "name", "number"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One digest by which a patient is found."""

    kind: str
    digest: bytes


def version() -> str:
    """By which normalization and key marks are made now."""
    return f"{NORMALIZATION}.{keyring.search_id()}"


def marks_of(identity: Identity) -> list[Mark]:
    """What this patient is found by."""
    found = []
    if identity.has_number:
        found.append(_mark(NUMBER, identity.country, identity.national_number))
    if identity.has_name:
        found.append(_mark(NAME, identity.family_name, identity.given_name, identity.born_on))
    return found


def normalized(text: str) -> str:
    """A text as all ways of typing it have in common."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(UNACCENTED)
    letters = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in letters if letter.isalnum() and not "\u02b0" <= letter <= "\u02ff")


def _mark(kind: str, *parts: str) -> Mark:
    told = "\x1f".join((kind, NORMALIZATION, *map(normalized, parts)))
    return Mark(kind=kind, digest=keyring.search_digest(told))
