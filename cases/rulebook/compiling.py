"""A rulebook turned into one plain function, so that ten thousand cases a second can be read.

What is written here as source text is what anybody would write by hand: walk to each row, fetch the facts, test them,
ask the predicates, tell the verdict. `findings.make` does the same step by step; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from cases.rulebook.facts import Fact
from cases.rulebook.scopes import Place, Scope, compiled, nested
from cases.rulebook.wording import arguments
from cases.vocabulary import Verdict

# Rule, verdict, place (None where the scope has no row), the values of the facts seen: of the first step or of both.
Told = tuple[Any, str, Place | None, tuple[Any, ...]]
Reader = Callable[[Any, date, Callable[[Told], None]], None]


def reader(rules: Sequence[Any], tells: frozenset[str]) -> Reader:
    """Make the function (case, as_of, tell) that reads these rules; it tells only the verdicts that are wanted."""
    writer = _Writer(tells)
    by_scope: dict[Scope, list[Any]] = {}
    for rule in rules:
        by_scope.setdefault(rule.scope, []).append(rule)
    body = [line for scope, own in by_scope.items() for line in writer.scope(scope, own)]
    hoisted = [f"{local} = {expression}" for expression, local in writer.hoisted.items()]
    return compiled("def read(case, as_of, tell):", [*hoisted, *body, "return"], writer.names)


class _Writer:
    """Writes the statements of a reader and collects the names that they use."""

    def __init__(self, tells: frozenset[str]):
        self.tells = tells
        self.names: dict[str, Any] = {}
        self.hoisted: dict[str, str] = {}  # forms of the case, fetched once for all rules

    def scope(self, scope: Scope, rules: Sequence[Any]) -> list[str]:
        """Walk the rows of one scope and read its rules over each."""
        body = [line for rule in rules for line in self.rule(rule)]
        if Verdict.NOT_APPLICABLE not in self.tells:
            return nested(scope.loop, body)
        absent = [
            f"tell(({self.name(rule)}, {self.name(Verdict.NOT_APPLICABLE)}, None, ()))" for rule in rules
        ]
        return ["empty = True", *nested(scope.loop, ["empty = False", *body]), *nested(["if empty:"], absent)]

    def rule(self, rule: Any) -> list[str]:
        """Read one rule over one row."""
        concordant = self.tell(rule, Verdict.CONCORDANT, rule.facts)
        judged = self.step(rule, rule.to_judge, rule.expects, concordant, Verdict.DEVIATION, rule.facts)
        return [
            f"# {rule.id}",
            *self.step(rule, rule.to_apply, rule.applies, judged, Verdict.NOT_APPLICABLE, rule.to_apply),
        ]

    def step(
        self,
        rule: Any,
        facts: Sequence[Fact],
        predicate: Any,
        then: list[str],
        if_not: Verdict,
        seen: Sequence[Fact],
    ) -> list[str]:
        """Fetch the facts of one step, test that they are known, ask its predicate."""
        lines = [f"{f.name}_ = {self.term(f)}" for f in facts if _is_asked(rule, f)]
        unknown = self.tell(rule, Verdict.NOT_ASSESSABLE, seen)
        asked = then
        if predicate is not None:
            # A threshold is written as the number that it is.
            given = [
                repr(rule.numbers[name]) if name in rule.numbers else f"{name}_"
                for name in arguments(predicate)
            ]
            call = f"{self.name(predicate)}({', '.join(given)})"
            asked = [f"answer = {call}", *nested(["if answer:"], then)]
            asked += nested(["elif answer is None:"], unknown)
            asked += nested(["else:"], self.tell(rule, if_not, seen))
        needed = " and ".join(f"{fact.name}_ is not None" for fact in facts if not fact.optional)
        if not needed:
            return lines + asked
        return [*lines, *nested([f"if {needed}:"], asked), *nested(["else:"], unknown)]

    def tell(self, rule: Any, verdict: Verdict, seen: Sequence[Fact]) -> list[str]:
        """Hand over the verdict with the values that it rests on."""
        if verdict not in self.tells:
            return ["pass"]
        values = "".join(f"{f.name}_, " if _is_asked(rule, f) else f"{self.term(f)}, " for f in seen)
        return [f"tell(({self.name(rule)}, {self.name(verdict)}, {rule.scope.place}, ({values})))"]

    def term(self, fact: Fact) -> str:
        """The expression of a fact's value; forms of the case, and facts of it that rules share, are fetched once."""
        if fact.derived is not None:
            if self.names.setdefault(fact.derived.name, fact.derived.work_out) is not fact.derived.work_out:
                raise ValueError(f"two facts are called '{fact.derived.name}'; give one another name")
            return self.hoist(fact.term) if fact.derived.of_case else fact.term
        if not fact.holder.startswith("(case.") and not fact.holder.startswith("((case."):
            return fact.term
        return f"{self.hoist(fact.holder)}.{fact.attribute}"

    def hoist(self, expression: str) -> str:
        return self.hoisted.setdefault(expression, f"of_case_{len(self.hoisted)}")

    def name(self, thing: Any) -> str:
        name = f"name_{id(thing)}"
        self.names[name] = thing
        return name


def _is_asked(rule: Any, fact: Fact) -> bool:
    """Whether the verdict needs the fact; one that only the sentence says is fetched when there is something to say."""
    used = (*arguments(rule.applies), *arguments(rule.expects))
    return not fact.optional or fact.name in used
