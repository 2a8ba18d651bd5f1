"""Who a patient is, as far as linkage needs it, and what of it can be kept: the same sentences at every door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from registry.audit import is_line

LONGEST = 100
EARLIEST = date(1890, 1, 1)
FIELDS = ("family_name", "given_name", "born_on", "national_number", "country")
LEAST_OF_A_NUMBER = 5  # letters and digits; the shortest national numbers in use have more


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Names as in the passport, day of birth as YYYY-MM-DD, and a national number with the country that gave it.

    An empty text is not known. At least the number is there, or both names and the day of birth.
    """

    family_name: str = ""
    given_name: str = ""
    born_on: str = ""
    national_number: str = ""
    country: str = ""

    @property
    def has_name(self) -> bool:
        """Whether names and day of birth can be compared."""
        return bool(self.family_name and self.given_name and self.born_on)

    @property
    def has_number(self) -> bool:
        """Whether the national number can be compared."""
        return bool(self.national_number)

    def values(self) -> dict[str, str]:
        """What is known of it."""
        return {name: value for name, value in asdict(self).items() if value}


def parse(sent: Any, *, country: str, today: date) -> Identity:
    """Read what was sent; ValidationError names each field that cannot be kept, and repeats no value.

    `country` gave the number where nothing else is said.
    """
    if not isinstance(sent, Mapping):
        raise ValidationError({"": gettext("Send an object with the names of its fields.")})
    wrong: dict[str, str] = {}
    if unknown := sorted(str(name) for name in set(sent) - set(FIELDS)):
        told = gettext("Unknown field; known here: {names}.").format(names=", ".join(FIELDS))
        wrong |= dict.fromkeys(unknown, told)
    texts = {name: _text(sent.get(name), name, wrong) for name in FIELDS}
    texts["country"] = (texts["country"].upper() or country) if texts["national_number"] else ""
    wrong |= {name: told for name, told in _wrong(texts, today) if name not in wrong}
    if wrong:
        raise ValidationError(wrong)
    return Identity(**texts)


def _text(value: Any, name: str, wrong: dict[str, str]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not is_line(value, LONGEST):
        told = gettext("Write one line of at most {n} characters.")
        wrong[name] = told.format(n=LONGEST)
        return ""
    return " ".join(value.split())


def _wrong(texts: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    found = []
    for name in ("family_name", "given_name"):
        if texts[name] and not any(letter.isalpha() for letter in texts[name]):
            found.append((name, gettext("A name has letters.")))
    if texts["born_on"] and (told := _wrong_day(texts["born_on"], today)):
        found.append(("born_on", told))
    number = texts["national_number"]
    if number and _is_placeholder(number):
        told = gettext(
            "A national number has at least {n} letters or digits, digits among them, and not all the same. Leave the"
            " field empty where it is not known."
        )
        found.append(("national_number", told.format(n=LEAST_OF_A_NUMBER)))
    if texts["country"] and not re.fullmatch(r"[A-Z]{2}", texts["country"]):
        found.append(("country", gettext("Write the country as two letters, such as PL (ISO 3166-1).")))
    if not number and not (texts["family_name"] and texts["given_name"] and texts["born_on"]):
        told = gettext("Give the national number, or family name, given name and day of birth.")
        found.append(("national_number", told))
    return found


def _is_placeholder(number: str) -> bool:
    """Whether it stands for no number: all patients of whom somebody wrote `unknown` or 00000 would be one."""
    letters = [letter for letter in number if letter.isalnum()]
    has_digits = any(letter.isdigit() for letter in letters)
    return len(letters) < LEAST_OF_A_NUMBER or len(set(letters)) == 1 or not has_digits


def _wrong_day(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        return gettext("Write the day of birth as YYYY-MM-DD.")
    if not EARLIEST <= day <= today:
        return gettext("This day of birth cannot be: correct the date.")
    return ""
