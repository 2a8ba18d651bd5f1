"""Dates of known precision: a day, a month or a year, written as ISO 8601 writes them.

Pure values. Two such dates are compared as intervals: something is impossible only when no day
inside one interval could stand before (or after) a day inside the other.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from django.utils.translation import gettext_noop

PATTERN = r"^(19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"
HOW_TO_WRITE = gettext_noop("must be a date from 1900 on, written YYYY-MM-DD, YYYY-MM or YYYY")
_LENGTH = {"day": 10, "month": 7, "year": 4}
_WRITTEN = re.compile(PATTERN, re.ASCII)
# What people type beside ISO 8601 and what has one meaning: the year first, or day, month and year with dots.
_YEAR_FIRST = re.compile(r"(\d{4})([-./])(\d{1,2})(?:\2(\d{1,2}))?", re.ASCII)
_DAY_FIRST = re.compile(r"(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})", re.ASCII)


def as_iso(typed: str) -> str:
    """Write as ISO 8601 what was typed as 3.5.2012, 05.2012 or 2012/5/3; anything else stays for the parser to judge.

    03/05/2012 is left alone: it is another day on each side of the Atlantic.
    """
    if found := _YEAR_FIRST.fullmatch(typed):
        parts = [found[1], found[3], found[4]]
    elif found := _DAY_FIRST.fullmatch(typed):
        parts = [found[3], found[2], found[1]]
    else:
        return typed
    return "-".join(part.zfill(2) for part in parts if part)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date known to the day, month or year; `earliest` and `latest` bound it."""

    text: str
    earliest: date
    latest: date

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read `YYYY-MM-DD`, `YYYY-MM` or `YYYY` (1900..2099); ValueError says how to write it."""
        return _parse(text)

    @classmethod
    def ending(cls, day: date, precision: str = "") -> PartialDate:
        """The date of this precision whose last day it is; without one, as exact as such a day surely is."""
        written = day.isoformat()
        if not precision and (day + timedelta(days=1)).day == 1:
            precision = "year" if day.month == 12 else "month"
        return _parse(written[: _LENGTH.get(precision, len(written))])

    @property
    def precision(self) -> Literal["day", "month", "year"]:
        return {10: "day", 7: "month", 4: "year"}[len(self.text)]  # type: ignore[return-value]

    def imputed(self) -> date:
        """The day that stands for it in estimates: the 15th of a month, 1 July of a year."""
        if len(self.text) == 10:
            return self.earliest
        return self.earliest.replace(day=15) if len(self.text) == 7 else self.earliest.replace(month=7)

    def surely_before(self, other: PartialDate | date) -> bool:
        return self.latest < (other if isinstance(other, date) else other.earliest)

    def surely_after(self, other: PartialDate | date) -> bool:
        return self.earliest > (other if isinstance(other, date) else other.latest)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_parse, core_schema.str_schema(strict=True))


@lru_cache(maxsize=65536)
def _parse(text: str) -> PartialDate:
    if not _WRITTEN.match(text) or text.endswith("\n"):
        raise ValueError(HOW_TO_WRITE)
    year, month, day = int(text[:4]), int(text[5:7] or 0), int(text[8:] or 0)
    try:
        earliest = date(year, month or 1, day or 1)
    except ValueError:
        raise ValueError(HOW_TO_WRITE) from None
    if day:
        return PartialDate(text, earliest, earliest)
    last_month = month or 12
    return PartialDate(text, earliest, date(year, last_month, monthrange(year, last_month)[1]))


def months_later(day: date, months: int) -> date:
    """The same day so many months on; the last of that month where it has no such day (31 January, 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_earlier(day: date, months: int) -> date:
    """The last day from which so many months have passed by this day: `months_later` of it is not after `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    is_month_end = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_month_end else min(day.day, last))
