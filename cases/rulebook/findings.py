"""What a rule says of one place of a case: the verdict with its values, what is missing, and the sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from inspect import signature
from string import Formatter
from typing import TYPE_CHECKING, Any

from cases.rulebook import compiling, wording
from cases.rulebook.facts import Fact, Place
from cases.vocabulary import Verdict

if TYPE_CHECKING:
    from cases.rulebook.engine import Rule

Answer = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """An answer that a rule needed: where it belongs, and the reason given for its absence (NK, ND, NA, NR)."""

    pointer: str
    label: str
    reason: str | None = None

    def __str__(self) -> str:
        return wording.missing(self.label, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one place of one case, with the values it rests on."""

    rule_id: str
    version: str
    verdict: str
    severity: str
    pointer: str
    values: Mapping[str, Any]
    missing: tuple[MissingFact, ...]
    sentence: str
    historical: bool = False  # the resection came before the rule's time

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values, ready to be stored."""
        found = {
            "rule": self.rule_id,
            "verdict": str(self.verdict),
            "severity": str(self.severity),
            "pointer": self.pointer,
            "values": dict(self.values),
            "missing": [{"pointer": m.pointer, "label": m.label, "reason": m.reason} for m in self.missing],
            "sentence": self.sentence,
        }
        return {**found, "historical": True} if self.historical else found


def arguments(predicate: Any) -> tuple[str, ...]:
    """The facts that a predicate takes, or that a sentence names in braces."""
    if isinstance(predicate, str):
        return tuple(name.partition(".")[0] for _, name, _, _ in Formatter().parse(predicate) if name)
    return () if predicate is None else tuple(signature(predicate).parameters)


@dataclass(slots=True)
class _Steps:
    """How far the reading of a rule went: the facts seen, their values, the step it ended at, the verdict."""

    seen: tuple[Fact, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    last: tuple[Fact, ...] = ()
    verdict: Verdict = Verdict.NOT_APPLICABLE

    def missing(self) -> tuple[Fact, ...]:
        """The facts that the verdict lacks: those the last step needs, else those it could have used."""
        needed = tuple(f for f in self.last if self.values[f.name] is None and not f.optional)
        return needed or tuple(f for f in self.seen if self.values[f.name] is None)

    def only(self, predicate: Answer) -> dict[str, Any]:
        return {name: self.values[name] for name in arguments(predicate)}


def _walk(rule: Rule, document: Any, as_of: date, place: Place) -> _Steps:
    """Fetch the facts that show whether the rule applies, ask; fetch those that judge, ask."""
    steps = _Steps()
    for facts, predicate, if_not in (
        (rule.to_apply, rule.applies, Verdict.NOT_APPLICABLE),
        (rule.to_judge, rule.expects, Verdict.DEVIATION),
    ):
        steps.seen, steps.last = steps.seen + facts, facts
        steps.values |= {fact.name: compiling.value(fact, document, as_of, place) for fact in facts}
        known = all(fact.optional or steps.values[fact.name] is not None for fact in facts)
        answer = (predicate is None or predicate(**steps.only(predicate))) if known else None
        if not answer:
            steps.verdict = Verdict.NOT_ASSESSABLE if answer is None else if_not
            return steps
    steps.verdict = Verdict.CONCORDANT
    return steps


def make(version: str, rule: Rule, document: Any, as_of: date, place: Place | None) -> Finding:
    """Read one rule at one place (None where its scope has no row) and say what it found."""
    steps = _walk(rule, document, as_of, place) if place else _Steps()
    tells_missing = steps.verdict in (Verdict.NOT_ASSESSABLE, Verdict.DEVIATION)
    absent = steps.missing() if place and tells_missing else ()
    missing = tuple(
        MissingFact(
            pointer=fact.places(document, place[2]),  # type: ignore[index]
            label=fact.label,
            reason=compiling.reason(fact, document, place),  # type: ignore[arg-type]
        )
        for fact in absent
        if not fact.volatile
    )
    return Finding(
        rule_id=rule.id,
        version=version,
        verdict=steps.verdict,
        severity=_severity(rule, steps),
        pointer=_pointer(rule, document, place) if place else "",
        values={
            fact.name: wording.plain(fact, steps.values[fact.name])
            for fact in steps.seen
            if steps.values[fact.name] is not None and not fact.volatile
        },
        missing=missing,
        sentence=_sentence(rule, steps, missing),
        historical=_historical(rule, document),
    )


def _severity(rule: Rule, steps: _Steps) -> str:
    """The rule's severity; where it depends on the case, that of the deviation, else the first that is declared."""
    if isinstance(rule.severity, str):
        return rule.severity
    judged = steps.verdict == Verdict.DEVIATION
    return rule.severity(**steps.only(rule.severity)) if judged else rule.severities.partition(" ")[0]


def _pointer(rule: Rule, document: Any, place: Place) -> str:
    named = next((f for f in rule.facts if f.name == rule.at), None)
    fields = [fact for fact in (*rule.to_judge, *rule.to_apply) if fact.field or fact.derived]
    fact = named or (fields[0] if fields else None)
    return fact.places(document, place[2]) if fact else rule.scope.pointer.format(*place[2])


def _sentence(rule: Rule, steps: _Steps, missing: Sequence[MissingFact]) -> str:
    if steps.verdict == Verdict.DEVIATION:
        if callable(rule.says):
            return rule.says(**steps.only(rule.says))
        return rule.says.format(**{f.name: wording.spoken(f, steps.values[f.name]) for f in steps.seen})
    if steps.verdict == Verdict.NOT_ASSESSABLE:
        return wording.not_assessable(missing)
    return "As expected." if steps.verdict == Verdict.CONCORDANT else "Does not apply."


def _historical(rule: Rule, document: Any) -> bool:
    operated_on = document.index.operated_on if rule.since and document.index else None
    return operated_on is not None and operated_on.surely_before(rule.since)
