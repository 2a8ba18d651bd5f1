"""What was found and stored in English, told again in the language of whoever reads it.

The rule says it anew from the stored values. It is believed only if it says, in English, exactly what was stored: what
a rule of another time or wording has said is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.rulebook import wording
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rule
from cases.rulebook.findings import MissingFact, deviation
from cases.rulebook.validity import VALIDITY
from cases.rulebook.wording import arguments
from cases.vocabulary import Verdict
from registry.tongues import ENGLISH, Tongue, reader

_RULES: dict[str, list[Rule]] = {}
for _rule in (*ALGORITHM.rules, *VALIDITY.rules):
    _RULES.setdefault(_rule.id, []).append(_rule)


def of_item(item: Any) -> str:
    """The sentence of a deviation or data query."""
    return _deviation(item.rule_id, item.values, item.sentence)


def of_finding(finding: Mapping[str, Any]) -> str:
    """The sentence of a finding as an assessment keeps it; empty where it goes without saying."""
    stored = finding.get("sentence", "")
    if finding["verdict"] == Verdict.DEVIATION:
        return _deviation(finding["rule"], finding.get("values", {}), stored)
    absent = missing_of(finding)
    said = wording.not_assessable(absent, reader())
    return said if stored == wording.not_assessable(absent) else stored


def retold(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A whole stored finding with its texts in the language of the reader."""
    shown = dict(finding)
    if "sentence" in shown:
        shown["sentence"] = of_finding(finding)
    if "missing" in shown:
        shown["missing"] = [
            {**missing, "label": reader().text(missing["label"])} for missing in shown["missing"]
        ]
    return shown


def missing_of(finding: Mapping[str, Any]) -> list[MissingFact]:
    """The answers that a stored finding lacks."""
    return [MissingFact(**missing) for missing in finding.get("missing", ())]


def title(rule_id: str) -> str:
    """The title of a rule, or its id where there is no such rule any more."""
    return str(_RULES[rule_id][0].title) if rule_id in _RULES else rule_id


def _deviation(rule_id: str, values: Mapping[str, Any], stored: str) -> str:
    tongue = reader()
    if tongue is ENGLISH:
        return stored
    rules = [rule for rule in _RULES.get(rule_id, ()) if _says(rule, values, ENGLISH) == stored]
    return _says(rules[0], values, tongue) if rules else stored


def _says(rule: Rule, values: Mapping[str, Any], tongue: Tongue) -> str:
    """What a rule says of stored values; nothing where they are not those it asks for now."""
    if callable(rule.says) and not values.keys() | rule.numbers.keys() >= set(arguments(rule.says)):
        return ""
    return deviation(rule, values, tongue)
