"""What a rule says of one place of a case: the verdict with its values, what is missing, and the sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from cases.rulebook import wording
from cases.rulebook.facts import Fact
from cases.rulebook.scopes import Place
from cases.rulebook.wording import arguments
from cases.vocabulary import Verdict
from registry.tongues import ENGLISH, Saying, Tongue, reader, say

if TYPE_CHECKING:
    from cases.rulebook.engine import Rule

Answer = Callable[..., Any]
# What a person must be told of; the other verdicts go without saying.
TOLD_IN_FULL = frozenset({Verdict.DEVIATION, Verdict.NOT_ASSESSABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """An answer that a rule needed: where it belongs, and the reason given for its absence (NK, ND, NA, NR)."""

    pointer: str
    label: str
    reason: str | None = None

    def said(self, tongue: Tongue) -> str:
        return wording.missing(self.label, self.reason, tongue)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule says of one place of one case, with the values it rests on.

    `sentence` says it to the reader, `stored_sentence` as it is kept.
    """

    rule_id: str
    version: str
    verdict: str
    severity: str
    pointer: str
    values: Mapping[str, Any]
    missing: tuple[MissingFact, ...]
    said: Callable[[Tongue], str] = field(repr=False, compare=False)
    historical: bool = False  # the resection (or diagnosis) came before the rule's time
    rule_terms: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def sentence(self) -> str:
        return self.said(reader())

    @cached_property
    def stored_sentence(self) -> str:
        return self.said(ENGLISH)

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values, ready to be stored; what is empty or goes without saying is left out."""
        found = _in_short(self.rule_id, self.verdict, self.values)
        if self.verdict in TOLD_IN_FULL:
            found |= {"severity": str(self.severity), "pointer": self.pointer}
            found["sentence"] = self.stored_sentence
            if self.missing:
                found["missing"] = [
                    {"pointer": m.pointer, "label": m.label, "reason": m.reason} for m in self.missing
                ]
            if self.historical:
                found["historical"] = True
        return found


def _in_short(rule_id: str, verdict: str, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"rule": rule_id, "verdict": str(verdict)}
    return {**found, "values": dict(values)} if values else found


@dataclass(slots=True)
class _Steps:
    """How far the reading of a rule went: its numbers, the facts seen, their values, the last step, the verdict."""

    numbers: Mapping[str, float]
    seen: tuple[Fact, ...]
    values: dict[str, Any]
    last: tuple[Fact, ...]
    verdict: Verdict

    def missing(self) -> tuple[Fact, ...]:
        """The facts that the verdict lacks: those the last step needs, else those it could have used."""
        needed = tuple(f for f in self.last if self.values[f.name] is None and not f.optional)
        return needed or tuple(f for f in self.seen if self.values[f.name] is None)

    def ask(self, predicate: Answer) -> Any:
        known = {**self.numbers, **self.values}
        return predicate(*[known[name] for name in arguments(predicate)])


def _walk(rule: Rule, document: Any, as_of: date, place: Place) -> _Steps:
    """Fetch the facts that show whether the rule applies, ask; fetch those that judge, ask."""
    steps = _Steps(rule.numbers, rule.to_apply, {}, rule.to_apply, Verdict.NOT_APPLICABLE)
    answer = _step(steps, rule.to_apply, rule.applies, document, as_of, place)
    if answer:
        steps.seen, steps.last, steps.verdict = rule.facts, rule.to_judge, Verdict.DEVIATION
        answer = _step(steps, rule.to_judge, rule.expects, document, as_of, place)
    if answer is None:
        steps.verdict = Verdict.NOT_ASSESSABLE
    elif answer:
        steps.verdict = Verdict.CONCORDANT
    return steps


def _step(
    steps: _Steps, facts: tuple[Fact, ...], predicate: Answer | None, document: Any, as_of: date, place: Place
) -> Any:
    """Fetch facts; None if one that is needed is unknown, else the predicate's answer."""
    known, (row, operation, _) = True, place
    for fact in facts:
        found = steps.values[fact.name] = fact.value(document, row, operation, as_of)
        known = known and (found is not None or fact.optional)
    if not known:
        return None
    return True if predicate is None else steps.ask(predicate)


def walked(version: str, rule: Rule, document: Any, as_of: date, place: Place | None) -> Finding:
    """Read one rule at one place (None where its scope has no row), step by step."""
    nowhere = _Steps(rule.numbers, (), {}, (), Verdict.NOT_APPLICABLE)
    steps = _walk(rule, document, as_of, place) if place else nowhere
    return _finding(version, rule, steps, document, place)


def told(
    version: str, rule: Rule, verdict: Verdict, document: Any, place: Place | None, values: tuple[Any, ...]
) -> Finding:
    """Put into words what a reader told."""
    seen = _seen(rule, values)
    last = rule.to_apply if seen is rule.to_apply else rule.to_judge
    known = {fact.name: value for fact, value in zip(seen, values, strict=False)}
    steps = _Steps(rule.numbers, seen if place else (), known, last, verdict)
    return _finding(version, rule, steps, document, place)


def told_in_short(rule: Rule, verdict: Verdict, values: tuple[Any, ...]) -> dict[str, Any]:
    """What `as_json` makes of a verdict that goes without saying: most are such, and no finding is made of them."""
    return _in_short(rule.id, verdict, _plain_values(_seen(rule, values), values))


def _seen(rule: Rule, values: tuple[Any, ...]) -> tuple[Fact, ...]:
    """The facts of these values: of the first step or of both."""
    return rule.to_apply if len(values) == len(rule.to_apply) else rule.facts


def _plain_values(facts: Iterable[Fact], values: Iterable[Any]) -> dict[str, Any]:
    """What is known, as JSON holds it."""
    return {
        fact.name: wording.plain(fact, value)
        for fact, value in zip(facts, values, strict=False)
        if value is not None and not fact.volatile
    }


def _finding(version: str, rule: Rule, steps: _Steps, document: Any, place: Place | None) -> Finding:
    missing = _missing(steps, document, place) if place else ()
    return Finding(
        rule_id=rule.id,
        version=version,
        verdict=steps.verdict,
        severity=_severity(rule, steps),
        pointer=pointer_of(rule, document, place) if place else "",
        values=_plain_values(steps.seen, steps.values.values()),
        missing=missing,
        said=partial(_sentence, rule, steps, missing),
        historical=_historical(rule, document),
        rule_terms=rule.terms,
    )


def _missing(steps: _Steps, document: Any, place: Place) -> tuple[MissingFact, ...]:
    """What an open verdict lacks; a deviation names what was not recorded beside the facts it rests on."""
    if steps.verdict not in TOLD_IN_FULL:
        return ()
    return tuple(
        MissingFact(
            pointer=fact.places(document, place[2]),
            label=fact.label,
            reason=_reason(fact, document, place),
        )
        for fact in steps.missing()
        if not fact.volatile
    )


def _reason(fact: Fact, document: Any, place: Place) -> str | None:
    """The reason recorded for a fact's absence."""
    return fact.form(document, place[0], place[1]).missing.get(fact.field.name) if fact.field else None


def _severity(rule: Rule, steps: _Steps) -> str:
    """The rule's severity; where it depends on the case, that of the deviation, else the first that is declared."""
    if isinstance(rule.severity, str):
        return rule.severity
    judged = steps.verdict == Verdict.DEVIATION
    return steps.ask(rule.severity) if judged else rule.severities.partition(" ")[0]


def pointer_of(rule: Rule, document: Any, place: Place) -> str:
    """Where in the document a finding of this rule at this place points."""
    fact = rule.points_at
    return fact.places(document, place[2]) if fact else rule.scope.pointer.format(*place[2])


def _sentence(rule: Rule, steps: _Steps, missing: Sequence[MissingFact], tongue: Tongue) -> str:
    if steps.verdict == Verdict.DEVIATION:
        return deviation(rule, steps.values, tongue)
    if steps.verdict == Verdict.NOT_ASSESSABLE:
        return wording.not_assessable(missing, tongue)
    met = steps.verdict == Verdict.CONCORDANT
    return (say("As expected.") if met else say("Does not apply.")).put(tongue)


def deviation(rule: Rule, values: Mapping[str, Any], tongue: Tongue) -> str:
    """The sentence of a deviation, from the values of the rule's facts."""
    named = arguments(rule.says)
    if callable(rule.says):
        known = {**rule.numbers, **values}
        said: Saying = rule.says(*[known[name] for name in named])
        return said.put(tongue)
    spoken = {
        fact.name: wording.spoken(fact, values.get(fact.name), tongue)
        for fact in rule.facts
        if fact.name in named
    }
    numbers = {name: tongue.number(number) for name, number in rule.numbers.items()}
    return tongue.text(rule.says).format(**numbers, **spoken)


def _historical(rule: Rule, document: Any) -> bool:
    """Whether the resection, or without one the diagnosis, came before the rule's time."""
    if not rule.since:
        return False
    if document.index is not None:
        on = document.index.operated_on
    else:
        on = document.diagnosis.diagnosis_on if document.diagnosis else None
    return on is not None and on.surely_before(rule.since)
