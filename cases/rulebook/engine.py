"""Rules and how they are read over a case document for a date: pure, no database, clock or user.

A rule declares the facts that show whether it applies apart from those that judge it, and its predicates take these
facts by name: they see nothing else, and never None. So a finding's values are exactly what the verdict rests on.
A predicate may answer None ("cannot be told") where an optional fact is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from cases.rulebook import compiling, findings
from cases.rulebook.facts import Derived, Fact, resolve
from cases.rulebook.findings import TOLD_IN_FULL, Finding
from cases.rulebook.scopes import CASE, Scope
from cases.rulebook.wording import arguments
from cases.vocabulary import Severity, Verdict
from registry.tongues import Saying, lazily

Declared = tuple["str | Derived", ...]
Answer = Callable[..., Any]
TEXTS = ("title", "source", "asks", "when", "held_by")  # of a rule, for people


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """One question asked of every row of its scope.

    `title` names it, `asks` says what is expected and `when` of whom: declared in English, shown in the reader's
    language. `says` is the sentence for a deviation, with facts in braces, or makes it of them. `severity` may depend
    on the facts. `since` is the first day of operations it was written for. `held_by` says how a rule holds that no
    document can show; such a rule is listed and not read. A rule that is `only_to_complete` does not refuse a draft, it
    keeps a case from being complete. A retired rule keeps its id.
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
    severities: str = ""
    conflicts_with: tuple[str, ...] = ()
    to_apply: tuple[Fact, ...] = field(init=False)
    to_judge: tuple[Fact, ...] = field(init=False)

    def __post_init__(self) -> None:
        for name in TEXTS:
            object.__setattr__(self, name, lazily(getattr(self, name)))
        object.__setattr__(self, "to_apply", tuple(resolve(d, self.scope) for d in self.needs_to_apply))
        object.__setattr__(self, "to_judge", tuple(resolve(d, self.scope) for d in self.needs_to_judge))
        if not self.held_by:
            self._check()

    def _check(self) -> None:
        """Every name that a predicate or sentence uses is a declared fact: a typing error stops the start."""
        names = [fact.name for fact in self.facts]
        if self.expects is None or len(set(names)) != len(names):
            raise ValueError(f"{self.id}: a rule expects something of facts with different names")
        known = {fact.name for fact in self.to_apply}
        if self.at and self.at not in names:
            raise ValueError(f"{self.id}: 'at' is '{self.at}', which it does not declare")
        if callable(self.severity) and not self.severities:
            raise ValueError(f"{self.id}: say in 'severities' on what the severity depends")
        asked = {
            "applies": (self.applies, known),
            "expects": (self.expects, set(names)),
            "severity": (self.severity, set(names)),
            "says": (self.says, set(names)),
        }
        for part, (predicate, allowed) in asked.items():
            if unknown := set(arguments(predicate)) - allowed:
                raise ValueError(f"{self.id}: '{part}' uses {sorted(unknown)}, which it does not declare")

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return self.to_apply + self.to_judge

    @cached_property
    def points_at(self) -> Fact | None:
        """The fact whose place a finding points at: the one named in `at`, else the first that judges."""
        named = [fact for fact in self.facts if fact.name == self.at]
        placed = [fact for fact in (*self.to_judge, *self.to_apply) if fact.field or fact.derived]
        return next(iter(named + placed), None)

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
