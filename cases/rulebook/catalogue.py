"""The rules as people read them: what is asked of whom, on what authority, how much it matters, what it needs.

Written from the rules themselves, so the published list cannot differ from what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import Firmness, Verdict
from registry.tongues import reader

INTRODUCTION = """# The rules

Written by `manage.py rules --format markdown`; do not edit by hand.

Two rulebooks are read over every case. **Validity** asks whether the data can be true: an *error* refuses the case,
a *query* asks its center to confirm or correct. **Algorithm** asks whether care followed the treatment algorithm: it
never refuses, and a deviation is a prompt for review, not a judgement. It is told phase by phase: rules S rest on the
founding paper, rules L on guidance, series and our own proposals. Where two ask otherwise, both are read and shown side
by side. The numbers of a rule are its thresholds.

Each rule answers with one of four verdicts: *concordant*, *deviation*, *not applicable*, or *not assessable*, which
names the answers that are missing and the reason recorded for their absence. The facts that show whether a rule
applies are apart from those that judge it. A fact marked "if known" may be missing. Dates known to the month or year
are intervals, and a rule on dates fails only when no day inside them could be right. Ids are never used again for
another rule.
"""
Phase = tuple[str, Any, tuple[str, ...]]  # its name, its title, the ids of its rules
ORIGINS = {"index": "operations", "case": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One id of a rulebook with all that its rules ask."""

    id: str
    title: str
    asks: str
    when: str
    severity: str
    source: str
    firmness: str
    needs_to_apply: tuple[str, ...]
    needs_to_judge: tuple[str, ...]
    held_by: str
    retired: str
    conflicts_with: tuple[str, ...]
    challenged_by: str
    thresholds: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def entries(rulebook: Rulebook) -> list[Entry]:
    """One entry for each id, in the order of the rules; rules that share an id are told together."""
    by_id: dict[str, list[Rule]] = {}
    for rule in rulebook.rules:
        by_id.setdefault(rule.id, []).append(rule)
    return [_entry(rules) for rules in by_id.values()]


def _entry(rules: Sequence[Rule]) -> Entry:
    first = rules[0]
    return Entry(
        id=first.id,
        title=_joined(rule.title for rule in rules),
        asks=_joined(rule.asks for rule in rules),
        when=_joined(rule.when for rule in rules),
        severity=_joined(rule.severities or str(rule.severity) for rule in rules),
        source=str(first.source),
        firmness=str(Firmness(first.firmness).label),
        needs_to_apply=_unique(need for rule in rules for need in _needs(rule, rule.to_apply)),
        needs_to_judge=_unique(need for rule in rules for need in _needs(rule, rule.to_judge)),
        held_by=str(first.held_by),
        retired=first.retired,
        conflicts_with=first.conflicts_with,
        challenged_by=str(first.challenged_by),
        thresholds=tuple(_threshold(one) for rule in rules for one in rule.thresholds),
    )


def _threshold(threshold: Threshold) -> dict[str, Any]:
    return {
        "name": threshold.name,
        "label": reader().text(threshold.label),
        "value": threshold.value,
        "unit": str(threshold.unit_said),
    }


def _needs(rule: Rule, facts: Iterable[Any]) -> Iterable[str]:
    """The places in the document that a rule reads."""
    for fact in facts:
        paths = fact.derived.reads if fact.derived else (fact.path,)
        for path in paths:
            bare = "." not in path and not fact.derived and path != "as_of"
            form = ORIGINS.get(rule.scope.name, rule.scope.name)
            place = f"{form}.{path}" if bare and form else path
            if path == "as_of":
                yield "the day of reading"
            else:
                yield f"{place} (if known)" if fact.optional else place


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(text) for text in texts if text))


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(_unique(texts))


def as_json(rulebook: Rulebook) -> dict[str, Any]:
    """The rulebook as plain values."""
    return {
        "name": rulebook.name,
        "title": str(rulebook.title),
        "version": rulebook.version,
        "valid_from": str(rulebook.valid_from) if rulebook.valid_from else None,
        "verdicts": [str(verdict) for verdict in Verdict],
        "rules": [entry.as_json() for entry in entries(rulebook)],
    }


# --- Markdown ------------------------------------------------------------------------------------


def as_markdown(
    rulebooks: Iterable[Rulebook], phases: Sequence[Phase] = (), left_out: Mapping[str, str] | None = None
) -> str:
    """The rulebooks as one document: every rule in words, plausible ranges as a table.

    The rulebook that has phases is told phase by phase, and at the end each of its ids is accounted for.
    """
    books = list(rulebooks)
    lines = [INTRODUCTION, *(line for book in books for line in _book(book, phases))]
    if phases:
        lines += _account(books, phases, left_out or {})
    return "\n".join(lines).rstrip() + "\n"


def _book(rulebook: Rulebook, phases: Sequence[Phase]) -> Iterable[str]:
    told = entries(rulebook)
    ranges = [entry for entry in told if entry.id.startswith("P-")]
    by_id = {entry.id: entry for entry in told}
    placed = [(title, [by_id[rule] for rule in rules if rule in by_id]) for _, title, rules in phases]
    valid = f", valid from {rulebook.valid_from}" if rulebook.valid_from else ""
    yield f"## {rulebook.title}\n"
    yield f"Version {rulebook.version}{valid}; {len(told)} rules.\n"
    for title, own in placed:
        if own:
            yield f"### {title}\n"
            for entry in own:
                yield from _paragraph(entry, "####")
    for entry in told:
        if entry not in ranges and not any(entry in own for _, own in placed):
            yield from _paragraph(entry)
    if ranges:
        yield "### Plausible ranges\n"
        yield "A value outside its range opens a query. The ranges are declared with the fields.\n"
        yield "| id | plausible |\n| --- | --- |"
        for entry in ranges:
            yield f"| `{entry.id}` | {entry.asks} |"
        yield ""


def _account(
    rulebooks: Iterable[Rulebook], phases: Sequence[Phase], left_out: Mapping[str, str]
) -> Iterable[str]:
    """A table of every id of the clinical reference: where its rule is read, or why it is not."""
    phase_of = {rule: str(title) for _, title, rules in phases for rule in rules}
    told = [entry for book in rulebooks for entry in entries(book) if entry.id in phase_of]
    rows = {entry.id: f"{entry.title} | {phase_of[entry.id]} | built" for entry in told}
    rows |= {rule: f" |  | not built: {why}" for rule, why in left_out.items()}
    yield "## Account of the clinical reference\n"
    yield "Every rule of the founding paper (S) and of guidance and literature (L). A rule that wants what no field"
    yield "records says so.\n"
    yield "| id | rule | phase | state |\n| --- | --- | --- | --- |"
    for rule in sorted(rows, key=lambda rule: (rule[0] != "S", rule)):
        yield f"| {rule} | {rows[rule]} |"


def _paragraph(entry: Entry, heading: str = "###") -> Iterable[str]:
    yield f"{heading} {entry.id} {entry.title}{' (retired)' if entry.retired else ''}\n"
    yield f"- **Asks**: {entry.asks}."
    if entry.when:
        yield f"- **Applies**: {entry.when}."
    if entry.held_by:
        yield f"- **Held by**: {entry.held_by}"
    yield f"- **Severity**: {entry.severity}. **Firmness**: {entry.firmness}. **Source**: {entry.source}."
    if entry.needs_to_apply:
        yield f"- **To apply**: {_code(entry.needs_to_apply)}"
    if entry.needs_to_judge:
        yield f"- **To judge**: {_code(entry.needs_to_judge)}"
    if entry.thresholds:
        yield f"- **Thresholds**: {', '.join(_number(one) for one in entry.thresholds)}"
    if entry.conflicts_with:
        yield f"- **Shown beside**: {', '.join(entry.conflicts_with)}, which asks otherwise."
    if entry.challenged_by:
        yield f"- **Challenged by**: {entry.challenged_by}."
    yield ""


def _number(threshold: dict[str, Any]) -> str:
    return f"`{threshold['name']}` {threshold['value']:g} {threshold['unit']}".rstrip()


def _code(needs: Iterable[str]) -> str:
    shown = (need.partition(" (if known)") for need in needs)
    return ", ".join(f"`{name}`{mark}" if " " not in name else f"{name}{mark}" for name, mark, _ in shown)
