"""Rules turned into plain functions, one for each scope, so that ten thousand cases a second can be read.

What is written here as source text is what anybody would write by hand: fetch the facts, test them, ask the
predicates, tell the verdict. `engine.judge` does the same step by step, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from inspect import signature
from typing import Any, NamedTuple

from cases.rulebook.facts import EMPTY, Fact, Place, Scope
from cases.vocabulary import Verdict

Told = tuple[Any, str, Place | None]  # the rule, its verdict, the place (None where the scope has no row)


class Reader(NamedTuple):
    """All rules of one scope: where its rows are, how to read one, and what to tell when there is none."""

    places: Callable[[Any], Sequence[Place]]
    read: Callable[[Any, Any, Any, Place, date, Callable[[Told], None]], None]
    when_empty: tuple[Told, ...]


def readers(rules: Sequence[Any], tells: frozenset[str]) -> tuple[Reader, ...]:
    """One reader for each scope that a rule of the book is read over."""
    by_scope: dict[Scope, list[Any]] = {}
    for rule in rules:
        by_scope.setdefault(rule.scope, []).append(rule)
    found = []
    for scope, own in by_scope.items():
        absent = [(rule, Verdict.NOT_APPLICABLE, None) for rule in own]
        told = tuple(absent) if Verdict.NOT_APPLICABLE in tells else ()
        found.append(Reader(scope.places, _function(own, tells), told))
    return tuple(found)


def _function(rules: Sequence[Any], tells: frozenset[str]) -> Callable[..., None]:
    names: dict[str, Any] = dict(EMPTY)
    lines = ["def read(case, row, operation, place, as_of, tell):"]
    for number, rule in enumerate(rules):
        lines += [f"    # {rule.id}", *_lines(number, rule, tells, names)]
    # The text consists of names declared by the rules and checked against the document's fields.
    exec("\n".join(lines), names)  # noqa: S102
    return names["read"]


def _lines(number: int, rule: Any, tells: frozenset[str], names: dict[str, Any]) -> list[str]:
    """The statements that read one rule, indented inside its function."""
    names[f"rule_{number}"] = rule
    variables = {fact.name: f"{fact.name}_{number}" for fact in rule.facts}

    def tell(verdict: Verdict) -> list[str]:
        if verdict not in tells:
            return ["pass"]
        names[f"told_{verdict.name}_{number}"] = (rule, verdict)
        return [f"tell((*told_{verdict.name}_{number}, place))"]

    def step(part: str, facts: Sequence[Fact], predicate: Any, then: list[str], if_not: Verdict) -> list[str]:
        lines = [f"{variables[fact.name]} = {fact.term}" for fact in facts]
        asked = then
        if predicate is not None:
            names[f"{part}_{number}"] = predicate
            given = ", ".join(variables[name] for name in signature(predicate).parameters)
            asked = [
                f"answer = {part}_{number}({given})",
                *_branch("if answer:", then),
                *_branch("elif answer is None:", tell(Verdict.NOT_ASSESSABLE)),
                *_branch("else:", tell(if_not)),
            ]
        needed = [f"{variables[fact.name]} is not None" for fact in facts if not fact.optional]
        if not needed:
            return lines + asked
        unknown = tell(Verdict.NOT_ASSESSABLE)
        otherwise = [] if unknown == ["pass"] else _branch("else:", unknown)
        return [*lines, *_branch(f"if {' and '.join(needed)}:", asked), *otherwise]

    for fact in rule.facts:
        if fact.derived is not None:
            names[f"work_out_{fact.derived.name}"] = fact.derived.work_out
    judged = step("expects", rule.to_judge, rule.expects, tell(Verdict.CONCORDANT), Verdict.DEVIATION)
    applied = step("applies", rule.to_apply, rule.applies, judged, Verdict.NOT_APPLICABLE)
    return [f"    {line}" for line in applied]


def _branch(head: str, body: list[str]) -> list[str]:
    return [head, *(f"    {line}" for line in body)]


# --- one fact at a time, for findings ------------------------------------------------------------


@cache
def _getter(term: str) -> Callable[..., Any]:
    return eval(f"lambda case, row, operation, as_of: {term}", dict(EMPTY))  # noqa: S307 (as above)


def value(fact: Fact, document: Any, as_of: date, place: Place) -> Any:
    """The fact's value in one place of a document."""
    row, operation, _ = place
    if fact.derived is not None:
        return fact.derived.work_out(document, row, as_of)
    return _getter(fact.term)(document, row, operation, as_of)


def reason(fact: Fact, document: Any, place: Place) -> str | None:
    """The reason recorded for a fact's absence."""
    if not fact.holder or fact.field is None:
        return None
    return _getter(fact.holder)(document, place[0], place[1], None).missing.get(fact.field.name)
