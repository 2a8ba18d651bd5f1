"""A plan before the operation: what the algorithm expects of it, topic by topic, and what is missing to say more.

A function of a document and a date. Where the plan names no operation, an index resection is supposed, so that a
diagnosis alone is told what would be expected of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from cases.forms import TYPES
from cases.models import Operation
from cases.rulebook import engine
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Reading, Rule, Rulebook
from cases.rulebook.evidence import Evidence, evidence
from cases.rulebook.facts import pointer_of_reads
from cases.rulebook.findings import Finding
from cases.rulebook.validity import VALIDITY
from cases.rulebook.wording import arguments
from cases.vocabulary import OperationType, Verdict
from registry.dates import PartialDate
from registry.tongues import reader

AFTERWARDS = frozenset({"resection", "outcome", "follow_up"})  # a plan cannot answer these, only aim at them
# The rules of each topic. A new rule belongs into one of them; a test asks for it.
TOPICS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("tumor", gettext_lazy("Description of the tumor"), ("S-01", "S-02")),
    ("workup", gettext_lazy("Imaging and biopsy"), ("L-01", "L-01b", "L-03", "L-04", "L-05", "L-23")),
    ("board", gettext_lazy("Tumor board"), ("L-02", "L-18", "L-19", "L-22")),
    ("approach", gettext_lazy("Approach"), ("S-03", "S-04")),
    ("dissection", gettext_lazy("Dissection of the vena cava"), ("S-05",)),
    ("liver", gettext_lazy("Mobilization of the liver and its inflow"), ("S-06", "S-07")),
    ("team", gettext_lazy("Team"), ("L-06", "L-07")),
    (
        "prosthesis",
        gettext_lazy("Prosthesis and its diameter"),
        ("S-09", "L-09", "S-12", "L-10", "L-12", "S-13", "L-11"),
    ),
    ("veins", gettext_lazy("Renal and hepatic veins"), ("S-10", "L-13", "S-11")),
    ("anticoagulation", gettext_lazy("Anticoagulation"), ("L-15",)),
    ("resection", gettext_lazy("Resection"), ("S-08", "S-08b", "L-08", "L-17", "L-24")),
    ("outcome", gettext_lazy("Operation and early outcome"), ("S-14", "S-15", "S-16", "L-14", "L-21")),
    ("follow_up", gettext_lazy("Follow-up"), ("S-17", "L-16", "L-20", "L-25")),
)


# Validity rules that wait for something as days pass, such as a late visit: nothing to ask of a plan.
OF_THE_DAY = frozenset(rule.id for rule in VALIDITY.rules if any(fact.volatile for fact in rule.facts))
# Where the answers stand that these facts of a case follow from.
FOLLOWS_FROM = {
    "touched segments": ("tumor.segments", "index.resected_segments"),
    "undersizing ratio": ("reconstruction.diameter_mm", "imaging"),
}


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An answer that would let a rule say more."""

    label: str
    pointers: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What one rule expects, and whether the plan meets it; `applies` is None while that cannot be told."""

    rule: Rule
    finding: Finding
    applies: bool | None
    facts: tuple[Evidence, ...]
    missing: tuple[Missing, ...]
    beside: tuple[str, ...]  # rules that ask otherwise


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic of care; none of its expectations means that the algorithm says nothing of it."""

    name: str
    title: str
    is_afterwards: bool
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer to a plan; `document` is what was read, with what was supposed."""

    document: Any
    is_supposed: bool
    topics: tuple[Topic, ...]
    contradictions: tuple[Finding, ...]


def judge(document: Any, *, as_of: date, rulebook: Rulebook = ALGORITHM) -> Plan:
    """Read the algorithm over a plan as it stands on that day."""
    read, is_supposed = _with_resection(document)
    told = _expectations(engine.read(rulebook, read, as_of))
    topics = [
        Topic(
            name=name,
            title=str(title),
            is_afterwards=name in AFTERWARDS,
            expectations=tuple(told[rule] for rule in _side_by_side(rules, told)),
        )
        for name, title, rules in TOPICS
    ]
    checked = engine.read(VALIDITY, document, max([as_of, *_days(document)]))
    return Plan(
        document=read,
        is_supposed=is_supposed,
        topics=tuple(topics),
        contradictions=(*checked.errors, *(f for f in checked.queries if f.rule_id not in OF_THE_DAY)),
    )


def open_questions(plan: Plan) -> dict[Missing, list[str]]:
    """What the plan leaves open, with the rules that wait for it; not what only the operation can tell."""
    waiting: dict[Missing, list[str]] = {}
    for topic in plan.topics:
        for expected in topic.expectations if not topic.is_afterwards else ():
            if expected.finding.verdict == Verdict.NOT_ASSESSABLE:
                for missing in expected.missing:
                    waiting.setdefault(missing, []).append(expected.rule.id)
    return waiting


def supposition() -> str:
    """What is said of a plan that names no operation."""
    return gettext("The plan names no operation; an index resection is supposed.")


# --- what is read ----------------------------------------------------------------------------------------------------


def _with_resection(document: Any) -> tuple[Any, bool]:
    """The document with an index resection: the only operation if it has no type, or one of which nothing is said."""
    match document.operations:
        case ():
            operation = TYPES[Operation](operation_type=OperationType.INDEX_RESECTION)
        case (only,) if only.operation_type is None:
            operation = replace(only, operation_type=OperationType.INDEX_RESECTION)
        case _:
            return document, False
    return replace(document, operations=(operation,)), True


def _days(form: Any) -> Iterator[date]:
    """Every date of a document: what is planned lies in the future, and that is no error."""
    for name in form.__dataclass_fields__:
        value = getattr(form, name)
        if isinstance(value, PartialDate):
            yield value.earliest
        for inner in value if isinstance(value, tuple) else (value,):
            if hasattr(inner, "__dataclass_fields__") and not isinstance(inner, PartialDate):
                yield from _days(inner)


# --- what is told ----------------------------------------------------------------------------------------------------


def _expectations(reading: Reading) -> dict[str, Expectation]:
    rules = {rule.id: rule for rule in reading.rulebook.rules}
    values = {rule.id: seen for rule, _, _, seen in reading.told}
    opposed = _opposed(reading.rulebook)
    return {
        finding.rule_id: Expectation(
            rule=rules[finding.rule_id],
            finding=finding,
            applies=_applies(rules[finding.rule_id], finding.verdict, values[finding.rule_id]),
            facts=tuple(_facts(reading, rules[finding.rule_id], finding)),
            missing=tuple(_missing(reading, rules[finding.rule_id], finding)),
            beside=tuple(opposed.get(finding.rule_id, ())),
        )
        for finding in reading.findings
    }


def _opposed(rulebook: Rulebook) -> Mapping[str, list[str]]:
    """The rules that ask otherwise, from both sides."""
    pairs = [(rule.id, other) for rule in rulebook.rules for other in rule.conflicts_with]
    found: dict[str, list[str]] = {}
    for one, other in dict.fromkeys([*pairs, *((other, one) for one, other in pairs)]):
        found.setdefault(one, []).append(other)
    return found


def _side_by_side(rules: Sequence[str], told: Mapping[str, Expectation]) -> list[str]:
    """The rules of a topic in their order, each followed by those that ask otherwise."""
    placed = [near for rule in rules if rule in told for near in (rule, *told[rule].beside)]
    return list(dict.fromkeys(rule for rule in placed if rule in rules and rule in told))


def _applies(rule: Rule, verdict: str, values: tuple[Any, ...]) -> bool | None:
    """Whether the rule applies; of an open verdict, whether its first step was passed."""
    if verdict != Verdict.NOT_ASSESSABLE:
        return verdict != Verdict.NOT_APPLICABLE
    if len(values) > len(rule.to_apply) or rule.applies is None:
        return True
    known = {fact.name: value for fact, value in zip(rule.to_apply, values, strict=True)}
    if rule.to_judge or any(known[fact.name] is None for fact in rule.to_apply if not fact.optional):
        return None
    return bool(rule.applies(*[known[name] for name in arguments(rule.applies)])) or None


def _facts(reading: Reading, rule: Rule, finding: Finding) -> Iterator[Evidence]:
    """The facts that the rule uses and the plan tells."""
    told = evidence(reading.rulebook, rule.id, finding.pointer, finding.values, reading.document)
    lasting = [fact for fact in rule.facts if not fact.volatile]
    return (seen for fact, seen in zip(lasting, told, strict=False) if fact.name in finding.values)


def _missing(reading: Reading, rule: Rule, finding: Finding) -> Iterator[Missing]:
    """What the rule lacks; of what follows from several answers, where these stand."""
    operations = enumerate(reading.document.operations)
    steps = tuple(i for i, operation in operations if operation is reading.document.index)
    for absent in finding.missing:
        follows = FOLLOWS_FROM.get(absent.label, ())
        reads = [pointer_of_reads(path, rule.scope)(reading.document, steps) for path in follows]
        pointers = tuple(reads) or (absent.pointer,)
        yield Missing(label=reader().text(absent.label), pointers=pointers, reason=absent.reason)
