"""What a kept finding rests on, for its reader: each fact in words, and the places of the document where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cases.rulebook import wording
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.facts import Fact, pointer_of_reads
from cases.rulebook.findings import pointer_of
from cases.rulebook.scopes import Place
from registry.tongues import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact that a finding used: its name, its value as a sentence says it, where it can be corrected."""

    label: str
    value: str
    pointers: tuple[str, ...] = ()


def evidence(
    rulebook: Rulebook, rule_id: str, pointer: str, values: Mapping[str, Any], document: Any
) -> list[Evidence]:
    """Tell the values that were kept with a finding, and find their places in the document as it is now."""
    rule, place = _found(rulebook, rule_id, pointer, values, document)
    told = list(_facts(rule, place, values, document)) if rule else []
    named = {fact.name for fact in rule.facts} if rule else set()
    rest = [
        Evidence(label=reader().text(name.replace("_", " ")), value=_plain(value))
        for name, value in values.items()
        if name not in named
    ]
    return told + rest


def _found(
    rulebook: Rulebook, rule_id: str, pointer: str, values: Mapping[str, Any], document: Any
) -> tuple[Rule | None, Place | None]:
    """The rule of that id that used these values, and the row of the case that it read; rules may share an id."""
    rules = [rule for rule in rulebook.rules if rule.id == rule_id and rule.is_read]
    fitting = [rule for rule in rules if set(values) <= {fact.name for fact in rule.facts}] or rules
    for rule in fitting:
        for place in rule.scope.places(document):
            if pointer_of(rule, document, place) == pointer:
                return rule, place
    return next(iter(fitting), None), None


def _facts(rule: Rule, place: Place | None, values: Mapping[str, Any], document: Any) -> Iterator[Evidence]:
    for fact in rule.facts:
        if not fact.volatile:
            pointers = _pointers(fact, rule, place, document) if place else ()
            value = _spoken(fact, values.get(fact.name))
            yield Evidence(label=reader().text(fact.label), value=value, pointers=pointers)


def _pointers(fact: Fact, rule: Rule, place: Place, document: Any) -> tuple[str, ...]:
    """Where the fact stands; of a derived one, where everything stands that it was worked out from."""
    if fact.derived is None:
        found = [fact.places(document, place[2])]
    else:
        reads = [path for path in fact.derived.reads if path != "as_of"]
        found = [pointer_of_reads(path, rule.scope)(document, place[2]) for path in reads]
    return tuple(dict.fromkeys(pointer for pointer in found if pointer))


def _spoken(fact: Fact, value: Any) -> str:
    """A value that was kept as JSON, as the sentence of the finding says it."""
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return wording.listed([_spoken(fact, item) for item in value], reader())
    return wording.spoken(fact, value, reader())


def _plain(value: Any) -> str:
    return wording.listed([str(item) for item in value], reader()) if isinstance(value, list) else str(value)
