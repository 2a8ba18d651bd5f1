"""Rules and how they are read over a case document for a date: pure, no database, clock or user.

A rule declares the facts that show whether it applies apart from those that judge it, and its predicates take these
facts by name: they see nothing else, and never None. So a finding's values are exactly what the verdict rests on.
A predicate may answer None ("cannot be told") where an optional fact is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import Any

from cases.rulebook import compiling, findings, thresholds
from cases.rulebook.facts import Derived, Fact, resolve
from cases.rulebook.findings import TOLD_IN_FULL, Finding
from cases.rulebook.scopes import CASE, Scope
from cases.rulebook.thresholds import Threshold
from cases.rulebook.wording import arguments
from cases.vocabulary import Severity, Verdict
from registry.tongues import Saying, lazily, say

Declared = tuple["str | Derived", ...]
Answer = Callable[..., Any]
TEXTS = ("title", "source", "asks", "when", "held_by", "challenged_by")  # of a rule, for people
WITH_NUMBERS = ("title", "asks", "when")  # texts that may name thresholds in braces


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """One question asked of every row of its scope.

    `title` names it, `asks` says what is expected and `when` of whom: declared in English, shown in the reader's
    language. `says` is the sentence for a deviation, with facts in braces, or makes it of them. `severity` may depend
    on the facts. The rule's numbers are its `thresholds`; whatever takes facts by name takes them too, and texts name
    them in braces. `conflicts_with` are rules, and `challenged_by` is a publication, that ask otherwise. `since` is the
    first day of operations it was written for. `held_by` says how a rule holds that no document can show; such a rule
    is listed and not read. A rule that is `only_to_complete` does not refuse a draft, it keeps a case from being
    complete. A retired rule keeps its id. Whoever changes what a predicate means gives the rule its next `edition`, so
    that what people decided on its findings comes back to them.
    """

    id: str
    title: Any
    source: Any
    firmness: str
    severity: str | Answer
    asks: Any = ""
    when: Any = ""
    scope: Scope = CASE
    needs_to_apply: Declared = ()
    applies: Answer | None = None
    needs_to_judge: Declared = ()
    expects: Answer | None = None
    says: str | Callable[..., Saying] = ""
    at: str = ""
    since: date | None = None
    held_by: Any = ""
    only_to_complete: bool = False
    retired: str = ""
    edition: int = 1
    severities: str = ""
    conflicts_with: tuple[str, ...] = ()
    challenged_by: Any = ""
    thresholds: tuple[Threshold, ...] = ()
    to_apply: tuple[Fact, ...] = field(init=False)
    to_judge: tuple[Fact, ...] = field(init=False)
    numbers: Mapping[str, float] = field(init=False)
    declared: Mapping[str, Any] = field(init=False)  # the texts before numbers stand in them

    def __post_init__(self) -> None:
        setting = partial(object.__setattr__, self)
        setting("numbers", thresholds.numbers(self.id, self.thresholds))
        setting("declared", {name: getattr(self, name) for name in TEXTS})
        setting("to_apply", tuple(resolve(d, self.scope, self.numbers) for d in self.needs_to_apply))
        setting("to_judge", tuple(resolve(d, self.scope, self.numbers) for d in self.needs_to_judge))
        if not self.held_by:
            self._check()
        for name in TEXTS:
            setting(name, lazily(self._with_numbers(name)))

    def _with_numbers(self, name: str) -> Any:
        text = self.declared[name]
        return say(text, **self.numbers) if self.numbers and name in WITH_NUMBERS and text else text

    def with_values(self, values: Mapping[str, float]) -> Rule:
        """The same rule with other values for these of its thresholds."""
        return replace(self, **self.declared, thresholds=thresholds.changed(self.id, self.thresholds, values))

    def _check(self) -> None:
        """Every name that a predicate or sentence uses is a declared fact: a typing error stops the start."""
        names = [fact.name for fact in self.facts]
        if self.expects is None or len(set(names)) != len(names):
            raise ValueError(f"{self.id}: a rule expects something of facts with different names")
        if both := self.numbers.keys() & set(names):
            raise ValueError(f"{self.id}: {sorted(both)} is both a threshold and a fact")
        known = {fact.name for fact in self.to_apply} | self.numbers.keys()
        every = set(names) | self.numbers.keys()
        if self.at and self.at not in names:
            raise ValueError(f"{self.id}: 'at' is '{self.at}', which it does not declare")
        if callable(self.severity) and not self.severities:
            raise ValueError(f"{self.id}: say in 'severities' on what the severity depends")
        asked = {
            "applies": (self.applies, known),
            "expects": (self.expects, every),
            "severity": (self.severity if callable(self.severity) else None, every),
            "says": (self.says, every),
            **{name: (self.declared[name], set(self.numbers)) for name in WITH_NUMBERS if self.numbers},
        }
        for part, (predicate, allowed) in asked.items():
            if unknown := set(arguments(predicate)) - allowed:
                raise ValueError(f"{self.id}: '{part}' uses {sorted(unknown)}, which it does not declare")
        used = {name for predicate, _ in asked.values() for name in arguments(predicate)}
        taken = {name for fact in self.facts if fact.derived for name in fact.derived.takes}
        if idle := self.numbers.keys() - used - taken:
            raise ValueError(f"{self.id}: nothing uses the threshold {sorted(idle)}")

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return self.to_apply + self.to_judge

    @cached_property
    def points_at(self) -> Fact | None:
        """The fact whose place a finding points at: the one named in `at`, else the first that judges."""
        named = [fact for fact in self.facts if fact.name == self.at]
        placed = [fact for fact in (*self.to_judge, *self.to_apply) if fact.field or fact.derived]
        return next(iter(named + placed), None)

    @cached_property
    def terms(self) -> dict[str, Any]:
        """What an answer to a finding of this rule rests on beside the values."""
        return {"edition": self.edition, **self.numbers}

    @property
    def is_read(self) -> bool:
        return not self.held_by and not self.retired


@dataclass(frozen=True, kw_only=True, eq=False)
class Rulebook:
    """Rules in their order; `tells` are the verdicts that a reading keeps."""

    name: str
    title: Any
    version: str
    rules: tuple[Rule, ...]
    tells: frozenset[str] = frozenset(Verdict)
    valid_from: date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", lazily(self.title))

    @cached_property
    def reader(self) -> compiling.Reader:
        """The rules compiled to one function."""
        return compiling.reader([r for r in self.rules if r.is_read and not r.only_to_complete], self.tells)

    @cached_property
    def order(self) -> dict[Rule, int]:
        return {rule: place for place, rule in enumerate(self.rules)}

    def revised(
        self, *, version: str, valid_from: date | None, values: Mapping[str, Mapping[str, float]]
    ) -> Rulebook:
        """The same rules under another version, with other values of thresholds, by rule and name."""
        if not version.strip() or version == self.version:
            raise ValueError(f"other values need another version than '{self.version}'")
        if unknown := values.keys() - {rule.id for rule in self.rules}:
            raise ValueError(f"the rulebook '{self.name}' has no rule {', '.join(sorted(unknown))}")
        rules = tuple(rule.with_values(values[rule.id]) if rule.id in values else rule for rule in self.rules)
        return replace(self, version=version, valid_from=valid_from, rules=rules)

    def rule(self, rule_id: str) -> Rule:
        """The (first) rule of that id; KeyError if there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


class Reading:
    """What a rulebook says of a case. Verdicts are there at once, findings with their sentences when asked for."""

    def __init__(self, rulebook: Rulebook, document: Any, as_of: date, told: list[compiling.Told]):
        self.rulebook, self.document, self.as_of, self.told = rulebook, document, as_of, told

    @cached_property
    def findings(self) -> list[Finding]:
        """Every verdict that the rulebook tells, in the order of its rules."""
        return [self._finding(one) for one in self._in_order]

    def as_json(self) -> list[dict[str, Any]]:
        """The findings as plain values, ready to be stored."""
        in_full = iter(self.told_in_full)
        return [
            next(in_full).as_json()
            if verdict in TOLD_IN_FULL
            else findings.told_in_short(rule, verdict, values)
            for rule, verdict, _, values in self._in_order
        ]

    @cached_property
    def told_in_full(self) -> list[Finding]:
        """The findings that a person must be told of."""
        return [self._finding(one) for one in self._in_order if one[1] in TOLD_IN_FULL]

    @property
    def errors(self) -> list[Finding]:
        """What cannot be true."""
        return [f for f in self.deviations if f.severity == Severity.ERROR]

    @property
    def queries(self) -> list[Finding]:
        """What is to be confirmed or corrected."""
        return [f for f in self.deviations if f.severity == Severity.QUERY]

    @property
    def deviations(self) -> list[Finding]:
        return [f for f in self.told_in_full if f.verdict == Verdict.DEVIATION]

    @cached_property
    def _in_order(self) -> list[compiling.Told]:
        order = self.rulebook.order
        return sorted(self.told, key=lambda one: order[one[0]])

    def _finding(self, one: compiling.Told) -> Finding:
        rule, verdict, place, values = one
        return findings.told(self.rulebook.version, rule, verdict, self.document, place, values)


def read(rulebook: Rulebook, document: Any, as_of: date) -> Reading:
    """Read every rule of the book over the document as it stands for that day."""
    told: list[compiling.Told] = []
    rulebook.reader(document, as_of, told.append)
    return Reading(rulebook, document, as_of, told)


def judge(rule: Rule, document: Any, as_of: date, version: str = "") -> list[Finding]:
    """Read one rule step by step: the plain meaning of what `read` does fast."""
    places = rule.scope.places(document) or (None,)
    return [findings.walked(version, rule, document, as_of, place) for place in places]
