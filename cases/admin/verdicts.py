"""What the algorithm says of a stored case, as its page lists it: verdict, values, the way to what is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cases.admin import places
from cases.models import Assessment
from cases.rulebook import retelling
from cases.rulebook.engine import Rulebook
from cases.rulebook.evidence import evidence
from cases.rulebook.wording import ANSWER
from cases.vocabulary import GRAVEST_FIRST, Severity, Verdict
from registry.tongues import reader


@dataclass(frozen=True, kw_only=True)
class Way:
    """A field on the page of the case whose answer would let the rule say more."""

    label: str
    anchor: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one rule says of the case."""

    rule: str
    title: str
    verdict: str
    verdict_label: str
    severity_label: str
    sentence: str
    used: list[tuple[str, str]] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)  # rules that ask otherwise, and what they say


def findings(assessment: Assessment | None, document: Any, book: Rulebook) -> list[Said]:
    """The verdicts with the titles of the rules under its version, what deviates first, what does not apply last."""
    if assessment is None:
        return []
    verdicts = {found["rule"]: str(Verdict(found["verdict"]).label) for found in assessment.findings}
    told = [_said(found, document, verdicts, book) for found in assessment.findings]
    return sorted(told, key=lambda said: GRAVEST_FIRST.index(Verdict(said.verdict)))


def _said(found: Mapping[str, Any], document: Any, verdicts: Mapping[str, str], book: Rulebook) -> Said:
    rule = next((rule for rule in book.rules if rule.id == found["rule"]), None)
    verdict = Verdict(found["verdict"])
    is_deviation, applies = verdict == Verdict.DEVIATION, verdict != Verdict.NOT_APPLICABLE
    return Said(
        rule=found["rule"],
        title=str(rule.title) if rule else "",
        verdict=verdict,
        verdict_label=str(verdict.label),
        severity_label=str(Severity(found["severity"]).label) if is_deviation else "",
        sentence=retelling.of_finding(found, book),
        used=list(_used(found, document, book)) if applies else [],
        ways=[_way(missing) for missing in retelling.retold(found).get("missing", ())],
        beside=[(other, verdicts[other]) for other in rule.conflicts_with if other in verdicts]
        if rule and applies
        else [],
    )


def _used(found: Mapping[str, Any], document: Any, book: Rulebook) -> Iterator[tuple[str, str]]:
    """The recorded values that the verdict rests on."""
    if not (values := found.get("values")):
        return
    nothing = reader().text("not recorded", ANSWER)
    for fact in evidence(book, found["rule"], found.get("pointer", ""), values, document):
        if fact.value not in ("", nothing):
            yield fact.label, fact.value


def _way(missing: Mapping[str, Any]) -> Way:
    return Way(
        label=missing["label"], anchor=places.anchor(missing["pointer"]), reason=missing.get("reason") or ""
    )
