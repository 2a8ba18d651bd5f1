"""A rulebook turned into one plain function, so that ten thousand cases a second can be read.

What is written here as source text is what anybody would write by hand: walk to each row, fetch the facts, test them,
ask the predicates, tell the verdict. `findings.make` does the same step by step; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from cases.rulebook.facts import Fact, Place, Scope, compiled, nested
from cases.rulebook.wording import arguments
from cases.vocabulary import Verdict

# Rule, verdict, place (None where the scope has no row).
Told = tuple[Any, str, Place | None]
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
        body = [line for rule in rules for line in self.rule(rule, scope.place)]
        if Verdict.NOT_APPLICABLE not in self.tells:
            return nested(scope.loop, body)
        absent = [line for rule in rules for line in self.tell(rule, Verdict.NOT_APPLICABLE, "None")]
        return ["empty = True", *nested(scope.loop, ["empty = False", *body]), *nested(["if empty:"], absent)]

    def rule(self, rule: Any, place: str) -> list[str]:
        """Read one rule over one row."""
        judged = self.step(
            rule,
            place,
            rule.to_judge,
            rule.expects,
            self.tell(rule, Verdict.CONCORDANT, place),
            Verdict.DEVIATION,
        )
        return [
            f"# {rule.id}",
            *self.step(rule, place, rule.to_apply, rule.applies, judged, Verdict.NOT_APPLICABLE),
        ]

    def step(
        self, rule: Any, place: str, facts: Sequence[Fact], predicate: Any, then: list[str], if_not: Verdict
    ) -> list[str]:
        """Fetch the facts of one step, test that they are known, ask its predicate."""
        used = {name for asked in (rule.applies, rule.expects) for name in arguments(asked)}
        lines = [f"{f.name}_ = {self.term(f)}" for f in facts if f.name in used or not f.optional]
        unknown = self.tell(rule, Verdict.NOT_ASSESSABLE, place)
        asked = then
        if predicate is not None:
            call = f"{self.name(predicate)}({', '.join(f'{name}_' for name in arguments(predicate))})"
            asked = [f"answer = {call}", *nested(["if answer:"], then)]
            asked += [
                *nested(["elif answer is None:"], unknown),
                *nested(["else:"], self.tell(rule, if_not, place)),
            ]
        needed = " and ".join(f"{fact.name}_ is not None" for fact in facts if not fact.optional)
        if not needed:
            return lines + asked
        return [*lines, *nested([f"if {needed}:"], asked), *nested(["else:"], unknown)]

    def tell(self, rule: Any, verdict: Verdict, place: str) -> list[str]:
        if verdict not in self.tells:
            return ["pass"]
        return [f"tell(({self.name(rule)}, {self.name(verdict)}, {place}))"]

    def term(self, fact: Fact) -> str:
        if fact.derived is not None:
            self.names[fact.derived.name] = fact.derived.work_out
        if not fact.holder.startswith("("):
            return fact.term
        if "case." not in fact.holder:
            return fact.term
        local = self.hoisted.setdefault(fact.holder, f"form_{len(self.hoisted)}")
        return f"{local}.{fact.attribute}"

    def name(self, thing: Any) -> str:
        name = f"name_{id(thing)}"
        self.names[name] = thing
        return name
