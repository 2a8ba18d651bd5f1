"""What the pages of the algorithm share: who asks, for which data, and how a rule and its counts are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext

from cases import versions
from cases.admin.finding_filters import entry
from cases.models import AlgorithmVersion
from cases.pathway import PHASES
from cases.rulebook.catalogue import Entry
from cases.rulebook.engine import Rulebook
from registry import access, clock
from registry.access import Action
from registry.tongues import reader
from reports import remarks
from reports.coarse_survival import LEAST_PATIENTS
from reports.cohorts import Cut
from reports.compose import threshold
from reports.content import Source
from reports.disclosure import LEAST_CENTERS
from reports.learning import View, sources_with_cases
from reports.tallies import Side, Tally

SOURCES: tuple[Source, ...] = get_args(Source)
UNKNOWN = "–"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A tally as it is written: each count or the mark that stands for it, and the share with its interval."""

    who: str
    kind: str  # "own" or "others"
    tally: Tally
    applicable: str
    judged: str
    concordant: str
    justified: str
    deviation: str
    not_assessable: str
    share: str


@dataclass(frozen=True, kw_only=True)
class ToldRule:
    """A rule as people read it, those that ask otherwise beside it, and what was counted."""

    entry: Entry
    severity: str
    thresholds: tuple[str, ...]
    conflicts: tuple[Entry, ...]
    counts: tuple[Counts, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ToldPhase:
    """A phase of care and its rules."""

    name: str
    title: str
    rules: tuple[ToldRule, ...]


class Asked:
    """One request for a page of the algorithm: what its reader may see, and of which data."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.book: Rulebook = versions.active()
        self.centers = access.center_rows(request.user)
        self.is_whole = access.may_everywhere(request.user, Action.READ)
        given = request.GET.get("source", "")
        self.source: Source = next((source for source in SOURCES if source == given), "clinical")
        self.year = _year(request.GET.get("year", ""))

    @property
    def view(self) -> View:
        """What is counted for them."""
        own = None if self.is_whole else tuple(center.pk for center in self.centers)
        return View(cut=self.cut, own=own, year=self.year)

    @cached_property
    def cut(self) -> Cut:
        """The registry as it is today, with all cases of the reader's own centers."""
        own = () if self.is_whole else tuple(center.pk for center in self.centers)
        return Cut(as_of=clock.now().date(), source=self.source, own_ids=own)

    @property
    def own_name(self) -> str:
        """How the reader's own side is called: by its centers, or as the whole."""
        if self.view.is_whole:
            return gettext(remarks.SCOPES[self.source])
        return ", ".join(center.code for center in self.centers)

    @property
    def carried(self) -> str:
        """What links between the pages take along."""
        return f"?source={self.source}" if self.source != "clinical" else ""

    def context(self) -> dict[str, Any]:
        """What every page says of the version, the data and what is withheld."""
        return {
            "book": self.book,
            "version": AlgorithmVersion.objects.filter(state=AlgorithmVersion.State.ACTIVE).first(),
            "source": self.source,
            "banner": gettext(remarks.BANNERS[self.source]) if remarks.BANNERS[self.source] else "",
            "carried": self.carried,
            "is_whole": self.view.is_whole,
            "own_name": self.own_name,
            "is_sandbox": bool(self.centers) and all(center.is_sandbox for center in self.centers),
            "threshold": threshold(),
            "least_centers": LEAST_CENTERS,
            "least_cases": LEAST_PATIENTS,
            "may_import": access.may_somewhere(self.request.user, Action.IMPORT_CASES),
        }

    def other_sources(self) -> list[tuple[str, str]]:
        """Where else there are cases, for a page that has none to show: address and name."""
        found = sources_with_cases(self.cut)
        return [
            ("?" if source == "clinical" else f"?source={source}", gettext(remarks.SCOPES[source]))
            for source in SOURCES
            if source in found
        ]

    def phases(self, own: Side | None = None, others: Side | None = None) -> tuple[ToldPhase, ...]:
        """Every rule of the version in force by phase, with its counts where there are any."""
        return tuple(
            ToldPhase(name=name, title=str(title), rules=tuple(self._rules(rule_ids, own, others)))
            for name, title, rule_ids in PHASES
        )

    def _rules(self, rule_ids: tuple[str, ...], own: Side | None, others: Side | None) -> Iterator[ToldRule]:
        for rule_id in rule_ids:
            told = self.rule(rule_id, own, others)
            if told is not None and not told.entry.retired:
                yield told

    def rule(self, rule_id: str, own: Side | None = None, others: Side | None = None) -> ToldRule | None:
        """One rule; None if the version in force has no such rule."""
        found = entry(self.book, rule_id)
        if found is None:
            return None
        conflicts = (entry(self.book, other) for other in found.conflicts_with)
        return ToldRule(
            entry=found,
            severity=pgettext("severity", found.severity),
            thresholds=tuple(_threshold(one) for one in found.thresholds),
            conflicts=tuple(other for other in conflicts if other is not None),
            counts=tuple(self.counts(rule_id, own, others)),
        )

    def counts(self, key: Any, own: Side | None, others: Side | None) -> Iterator[Counts]:
        """The reader's own counts, and those of all others."""
        if own is not None:
            yield counts_of(own.tallies.get(key, Tally()), who=self.own_name, kind="own")
        if others is not None and others.is_shown:
            yield counts_of(others.tallies.get(key, Tally()), who=gettext("Other centers"), kind="others")


def counts_of(tally: Tally, *, who: str, kind: str) -> Counts:
    """Write a tally."""
    marks = dict(tally.marks)

    def shown(name: str) -> str:
        count = getattr(tally, name)
        return marks.get(name, UNKNOWN) if count is None else number_format(count)

    return Counts(
        who=who,
        kind=kind,
        tally=tally,
        applicable=shown("applicable"),
        judged=shown("judged"),
        concordant=shown("concordant"),
        justified=shown("justified"),
        deviation=shown("deviation"),
        not_assessable=shown("not_assessable"),
        share=share_of(tally),
    )


def share_of(tally: Tally) -> str:
    """The concordant share with its exact interval, in whole percent: few cases carry no more digits.

    Of rounded counts it is approximate, and has none.
    """
    if tally.share is None:
        return UNKNOWN
    if tally.interval is None:
        return gettext("about {share}%").format(share=f"{100 * tally.share:.0f}")
    lower, upper = tally.interval
    told = gettext("{share}% ({lower} to {upper}%)")
    return told.format(share=_percent(tally.share), lower=_percent(lower), upper=_percent(upper))


def address(rule_id: str, carried: str = "") -> str:
    """The page of one rule."""
    return reverse("admin:algorithm_rule", args=[rule_id]) + carried


def _percent(share: float) -> str:
    """Whole percent; what is not all or nothing is not told as 100 or 0."""
    rounded = f"{100 * share:.0f}"
    return {"0": "<1", "100": ">99"}.get(rounded, rounded) if 0 < share < 1 else rounded


def _threshold(one: dict[str, Any]) -> str:
    value = reader().number(one["value"])
    return f"{one['label']}: {value} {one['unit']}".strip()


def _year(text: str) -> int | None:
    is_year = text.isascii() and text.isdigit() and len(text) == 4
    return (int(text) or None) if is_year else None
