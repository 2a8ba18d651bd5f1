"""In which language a report is printed. Pure: a voice is lent for one printing; without one it is English.

What a report says is stored in English and stays so. `say` puts what is printed around it into the language; `told`
says a stored text in it: as a whole where it stands in the catalog, else by the pattern that it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from reports import remarks

_NUMBER = re.compile(r"\u2212?[\d\u202f]+(\.\d+)?%?")
_HOLE = re.compile(r"\\{(\w+)\\}")
_FILLED = {"n": r"[0-9][0-9\u202f]*"}  # what a hole takes; the others take anything
_TYPED = frozenset({"brand"})  # what people wrote into a hole is no text of ours
# The vocabulary that the lines under a heading are labels of: its name is their context in the catalog.
VOCABULARIES = {
    "Growth pattern": "Growth",
    "Segments involved": "Segment",
    "Most cranial level": "Level",
    "Presented as": "PresentationType",
    "Size": "TumorStage",
    "FNCLCC grade": "Grade",
    "Approach": "Approach",
    "Procedure": "IvcMethod",
    "Prosthesis or patch": "Material",
    "Margin": "Margin",
    "Organs resected": "Organ",
    "Bypass": "Bypass",
    "Graft at the last visit that looked at it": "GraftStatus",
    "Leg edema at the last visit that says so": "LegEdema",
    "Antithrombotic treatment at discharge": "Agent",
    "Kind of the first recurrence": "RecurrenceKind",
    "Sites of the first recurrence": "RecurrenceSite",
    "Treatment of the first recurrence": "RecurrenceTreatment",
    "Left renal vein": "Handling",
    "Right renal vein": "Handling",
}


class Voice:
    """English, as it is written."""

    language, region = "en", "US"
    decimal, thousands = ".", ","  # the latter in plain text; elsewhere digits are grouped by thin blanks

    def text(self, english: str, context: str = "") -> str:
        """Say a text."""
        return english

    def many(self, one: str, many: str, n: int) -> str:
        """Choose and say the form that goes with a number."""
        return one if n == 1 else many


_ENGLISH = Voice()
_voice: ContextVar[Voice] = ContextVar("voice", default=_ENGLISH)


@contextmanager
def spoken(voice: Voice) -> Iterator[None]:
    """Print with this voice."""
    before = _voice.set(voice)
    try:
        yield
    finally:
        _voice.reset(before)


def voice() -> Voice:
    """The voice that speaks now."""
    return _voice.get()


def say(text: str, /, **values: Any) -> str:
    """Say a text with what stands in its braces."""
    return voice().text(text).format(**values)


def say_many(one: str, many: str, n: int, /, **values: Any) -> str:
    """Say a text that depends on a number."""
    return voice().many(one, many, n).format(**values)


# --- stored texts ----------------------------------------------------------------------------------------------------


def told(stored: str, context: str = "") -> str:
    """Say a stored text; what is neither in the catalog nor made from a pattern is a name and stays as it is."""
    if voice().language == Voice.language or not stored:
        return stored
    if _NUMBER.fullmatch(stored):
        return stored.replace(".", voice().decimal)
    return _whole(stored, context) or _by_pattern(stored, context) or _in_parts(stored, context) or stored


def told_scope(stored: str) -> str:
    """Say what a report is about: all that there is of a kind, or a center, whose name stays as it is."""
    return told(stored) if stored in remarks.SCOPES.values() else stored


def _whole(stored: str, context: str) -> str:
    """Look the text up; a label may stand in a sentence with a small letter."""
    for wanted in (context, "") if context else ("",):
        for written in (stored, stored[:1].upper() + stored[1:]):
            said = voice().text(written, wanted)
            if said != written:
                return said if written == stored else said[:1].lower() + said[1:]
    return ""


def _by_pattern(stored: str, context: str) -> str:
    for one, many in remarks.PATTERNS:
        for pattern in (one, many):
            if pattern and (found := _matcher(pattern).fullmatch(stored)):
                said = {name: _filling(name, value, context) for name, value in found.groupdict().items()}
                if not many:
                    return say(pattern, **said)
                return say_many(one, many, int(found["n"].replace("\u202f", "")), **said)
    return ""


def _filling(name: str, value: str, context: str) -> str:
    if name == "scope":
        return told_scope(value)
    return value if name in _TYPED else told(value, context)


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(
        _HOLE.sub(lambda hole: f"(?P<{hole[1]}>{_FILLED.get(hole[1], '.+?')})", re.escape(pattern))
    )


def _in_parts(stored: str, context: str) -> str:
    """Say what was joined by commas, if every part of it is known."""
    parts = stored.split(", ")
    said = [told(part, context) for part in parts] if len(parts) > 1 else []
    is_known = all(one != other for one, other in zip(said, parts, strict=False))
    return ", ".join(said) if said and is_known else ""
