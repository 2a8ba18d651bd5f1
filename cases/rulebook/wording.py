"""How values and absences are said in a finding, how they are stored, and which facts a sentence names.

Whatever is said is said in a tongue: English to be stored, the reader's to be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from inspect import signature
from string import Formatter
from typing import Any

from cases.rulebook.facts import Fact
from cases.vocabulary import Missing
from registry.fields import CodedSet, Measurement
from registry.tongues import ENGLISH, Tongue, reader, say, term

# A sentence has at most 500 characters: what is listed in it is cut short, in characters.
LONGEST_LIST, LONGEST_ABSENCE = 100, 400
NAMES = ("Budd", "Dacron", "Kocher")  # what a label may begin with and keeps its capital
ANSWER = "answer"  # the context of words that stand inside a sentence


def spoken(fact: Fact, value: Any, tongue: Tongue = ENGLISH) -> str:
    """A value as a sentence says it: labels for codes, units for numbers."""
    if value is None:
        return tongue.text("not recorded", ANSWER)
    if isinstance(value, bool):
        return tongue.text("yes", ANSWER) if value else tongue.text("no", ANSWER)
    if isinstance(value, frozenset | list):
        codes = fact.field.in_order(value) if isinstance(fact.field, CodedSet) else sorted(value)
        said = [_label(fact.codes, code, tongue) for code in codes]
        return listed(said, tongue) or tongue.text("none", ANSWER)
    if isinstance(value, dict):
        of, how = fact.codes or (None, None)
        pairs = [(_label(of, key, tongue), _label(how, code, tongue)) for key, code in sorted(value.items())]
        return listed([f"{what}: {done}" for what, done in pairs], tongue) or tongue.text("none", ANSWER)
    if isinstance(value, str):
        return _label(fact.codes, value, tongue)
    if isinstance(value, int | float):
        number = tongue.number(value)
        return f"{number}{unit(fact.field, tongue)}" if isinstance(fact.field, Measurement) else number
    return str(value)


def unit(field: Measurement, tongue: Tongue | None = None) -> str:
    """The unit as it follows a number, blank included, for the reader unless another tongue is named."""
    return f" {field.unit_said.put(tongue or reader())}".rstrip()


def listed(
    words: Sequence[str], tongue: Tongue = ENGLISH, separator: str = ", ", most: int = LONGEST_LIST
) -> str:
    """Words in a row: as many as fit, and how many more there are."""
    shown, length = 0, 0
    for word in words:
        length += len(word) + len(separator)
        if shown and length > most:
            break
        shown += 1
    left = len(words) - shown
    return separator.join([*words[:shown], *([say("and {n} more", n=left).put(tongue)] if left else [])])


def _label(codes: Any, code: str, tongue: Tongue) -> str:
    label = _labels(codes, tongue).get(code)
    return code.replace("_", " ") if label is None else label


@cache
def _labels(codes: Any, tongue: Tongue) -> dict[str, str]:
    """Labels by code, as they stand inside a sentence."""
    if codes is None:
        return {}
    return {member.value: within(member.said(tongue)) for member in codes}


def within(label: str) -> str:
    """Write a label as it stands inside a sentence: "median laparotomy", but "PTFE", "R0" and "Kocher maneuver"."""
    as_written = label[1:2].isupper() or not label[1:2].isalpha() or label.startswith(NAMES)
    return label if as_written else label[:1].lower() + label[1:]


def plain(fact: Fact, value: Any) -> Any:
    """A value as JSON holds it."""
    if value is True or value is False or type(value) in (int, float, str):
        return value
    if isinstance(value, frozenset | set):
        return fact.field.in_order(value) if isinstance(fact.field, CodedSet) else sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [plain(fact, item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(fact, item) for key, item in value.items()}
    return None if value is None else str(value)


def missing(label: str, reason: str | None, tongue: Tongue = ENGLISH) -> str:
    """An absence with its reason, if one is recorded."""
    if reason is None:
        return say("{answer} (not recorded)", answer=term(label)).put(tongue)
    return f"{tongue.text(label)} ({Missing(reason).said(tongue).lower()}, {reason})"


def not_assessable(absent: Iterable[Any], tongue: Tongue = ENGLISH) -> str:
    """Say what a judgement lacks."""
    what = listed([one.said(tongue) for one in absent], tongue, "; ", LONGEST_ABSENCE)
    if not what:
        return say("Cannot be judged from what is recorded.").put(tongue)
    return say("Cannot be judged without: {what}.", what=what).put(tongue)


@cache
def arguments(predicate: Any) -> tuple[str, ...]:
    """The facts that a predicate takes, or that a sentence names in braces."""
    if isinstance(predicate, str):
        return tuple(name.partition(".")[0] for _, name, _, _ in Formatter().parse(predicate) if name)
    return () if predicate is None else tuple(signature(predicate).parameters)
