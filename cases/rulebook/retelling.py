"""What was found and stored in English, told again in the language of whoever reads it.

The rule says it anew from the stored values, with the numbers that it was read with. It is believed only if it says, in
English, exactly what was stored: what a rule of another time or wording has said is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cases.rulebook import wording
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.findings import MissingFact, deviation
from cases.rulebook.thresholds import fitting
from cases.rulebook.validity import VALIDITY
from cases.rulebook.wording import arguments
from cases.vocabulary import Verdict
from registry.tongues import ENGLISH, Tongue, reader

_RULES: dict[str, list[Rule]] = {}
for _rule in (*ALGORITHM.rules, *VALIDITY.rules):
    _RULES.setdefault(_rule.id, []).append(_rule)
_OF_VALIDITY = frozenset(rule.id for rule in VALIDITY.rules)


def book_of(item: Any) -> Rulebook:
    """The rulebook that found a deviation or data query, its rule with the numbers that it was read with."""
    book = VALIDITY if item.rule_id in _OF_VALIDITY else ALGORITHM
    rules = _RULES.get(item.rule_id, ())
    terms = getattr(item, "rule_terms", None) or {}
    values = {name: value for rule in rules for name, value in fitting(rule.thresholds, terms).items()}
    if all(rule.numbers.items() <= values.items() for rule in rules) or not values:
        return book
    return _with_values(book, item.rule_id, tuple(sorted(values.items())))


@lru_cache(maxsize=256)
def _with_values(book: Rulebook, rule_id: str, values: tuple[tuple[str, float], ...]) -> Rulebook:
    """That rule of the rulebook alone, with these numbers."""
    rules = [rule for rule in book.rules if rule.id == rule_id]
    return replace(
        book, rules=tuple(rule.with_values(fitting(rule.thresholds, dict(values))) for rule in rules)
    )


def of_item(item: Any) -> str:
    """The sentence of a deviation or data query."""
    return _deviation(book_of(item), item.rule_id, item.values, item.sentence)


def of_finding(finding: Mapping[str, Any], book: Rulebook = ALGORITHM) -> str:
    """The sentence of a finding as an assessment under this rulebook keeps it; empty where it goes without saying."""
    stored = finding.get("sentence", "")
    if finding["verdict"] == Verdict.DEVIATION:
        return _deviation(book, finding["rule"], finding.get("values", {}), stored)
    absent = missing_of(finding)
    said = wording.not_assessable(absent, reader())
    return said if stored == wording.not_assessable(absent) else stored


def retold(finding: Mapping[str, Any], book: Rulebook = ALGORITHM) -> dict[str, Any]:
    """A whole stored finding with its texts in the language of the reader."""
    shown = dict(finding)
    if "sentence" in shown:
        shown["sentence"] = of_finding(finding, book)
    if "missing" in shown:
        shown["missing"] = [
            {**missing, "label": reader().text(missing["label"])} for missing in shown["missing"]
        ]
    return shown


def missing_of(finding: Mapping[str, Any]) -> list[MissingFact]:
    """The answers that a stored finding lacks."""
    return [MissingFact(**missing) for missing in finding.get("missing", ())]


def title(rule_id: str, book: Rulebook = ALGORITHM) -> str:
    """The title of a rule, or its id where there is no such rule any more."""
    return next((str(rule.title) for rule in book.rules if rule.id == rule_id), rule_id)


def _deviation(book: Rulebook, rule_id: str, values: Mapping[str, Any], stored: str) -> str:
    tongue = reader()
    if tongue is ENGLISH:
        return stored
    known = [*(rule for rule in book.rules if rule.id == rule_id), *_RULES.get(rule_id, ())]
    rules = [rule for rule in known if _says(rule, values, ENGLISH) == stored]
    return _says(rules[0], values, tongue) if rules else stored


def _says(rule: Rule, values: Mapping[str, Any], tongue: Tongue) -> str:
    """What a rule says of stored values; nothing where they are not those it asks for now."""
    if callable(rule.says) and not values.keys() | rule.numbers.keys() >= set(arguments(rule.says)):
        return ""
    return deviation(rule, values, tongue)
