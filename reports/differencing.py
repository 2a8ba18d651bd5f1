"""What all reports for outsiders together would give away: small counts, and small differences between two of them.

Each report leaves every count a few values. Parts make up their whole, and a later report counts whom an earlier one
counted and some more: what these leave a single value is known. Pure but for `findings` and `earlier`, which read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from reports import content as contents
from reports import disclosure, remarks
from reports.content import GROUPED, Group, ReportContent, RuleCount, Share
from reports.disclosure import closed, without_sums
from reports.models import Audience, Release, Report
from reports.small_numbers import COMPLEMENT, Bounds, bounds, is_small

EXACT_VERSIONS = ("1.0", "1.1")  # of reports that showed counts as they were
VERDICTS = ("concordant", "deviation", "justified", "not_assessable", "not_applicable")
REGISTERED = ("flow", "0")
MOST_ROUNDS = 5  # of withholding what is known, and looking again

Name = tuple[str, ...]
Place = tuple[int, Name]  # of a count: which report, and what it counts
Equation = tuple[Any, tuple[Any, ...]]  # a whole and its parts


@dataclass(frozen=True, kw_only=True)
class Known:
    """A small count of one report, or what was added to it by a later one."""

    name: Name
    n: int
    reports: tuple[int, ...]  # their places, in the order in which they were cut


def findings(report: Report) -> tuple[str, ...]:
    """Say what a report for outsiders would give away beside every earlier one of the same data; nothing if nothing."""
    if report.content is None or report.audience != Audience.OUTSIDE:
        return ()
    own = contents.from_plain(report.content)
    known = differences(own, earlier(report.source, before=report), threshold=settings.SMALL_NUMBER_THRESHOLD)
    return tuple(
        gettext("{what}: {n} can be worked out from this report and earlier ones.").format(
            what=", ".join(one.name), n=one.n
        )
        for one in known
    )


def earlier(source: str, *, before: Report | None = None) -> tuple[ReportContent, ...]:
    """Read the reports for outsiders on the same data, in the order of their cuts, but for those withheld for good."""
    found = Report.objects.filter(source=source, audience=Audience.OUTSIDE).composed()
    found = found.exclude(release__decision=Release.Decision.WITHHELD)
    if before is not None:
        found = found.exclude(pk=before.pk)
    plain = found.order_by("as_of", "pk").values_list("content", flat=True)
    return tuple(map(contents.from_plain, plain))


def differences(
    content: ReportContent, earlier: Sequence[ReportContent], *, threshold: int
) -> tuple[Known, ...]:
    """List the small numbers that are known with a report and were not without it."""
    every = sorted((*earlier, content), key=lambda one: one.as_of)
    before = _known(sorted(earlier, key=lambda one: one.as_of), threshold)
    was = {(one.name, one.n) for one in before}
    return tuple(one for one in _known(every, threshold) if (one.name, one.n) not in was)


def withheld(content: ReportContent, earlier: Sequence[ReportContent], *, threshold: int) -> ReportContent:
    """Withhold the tables of a report from which a number would be known beside earlier ones."""
    for _ in range(MOST_ROUNDS):
        known = differences(content, earlier, threshold=threshold)
        if not known:
            return content
        content = _without(content, {one.name for one in known})
    return disclosure.without_figures(content, remarks.GIVEN_AWAY)


def _without(content: ReportContent, names: set[Name]) -> ReportContent:
    """Withhold the parts, and a step of the flow only where nothing else is named."""
    parts = {name[0] for name in names} - {"flow"}

    def group(found: Group) -> Group:
        return closed(found) if found.heading in parts else found

    parts_told: dict[str, Any] = {name: tuple(map(group, getattr(content, name))) for name in GROUPED}
    told = replace(
        content,
        flow=tuple(
            replace(step, n=None, hidden=COMPLEMENT, left=())
            if not parts and ("flow", str(place)) in names
            else step
            for place, step in enumerate(content.flow)
        ),
        **parts_told,
        complications=group(content.complications) if content.complications else None,
        rules=tuple(_unsaid(rule) if rule.rule in parts else rule for rule in content.rules),
        rules_read=None if "rules" in parts else content.rules_read,
    )
    return without_sums(told)


def _unsaid(rule: RuleCount) -> RuleCount:
    return replace(rule, hidden=COMPLEMENT, **dict.fromkeys(VERDICTS))  # type: ignore[arg-type]


# --- what is seen ----------------------------------------------------------------------------------------------------


def _known(reports: Sequence[ReportContent], threshold: int) -> list[Known]:
    """Solve for all reports; where they contradict each other, for each part of them alone."""
    seen = [_seen(content, threshold) for content in reports]
    solved = _solved(seen)
    if solved is None:
        parts = dict.fromkeys(name[0] for counts, _ in seen for name in counts)
        alone = (_solved([_part(one, name) for one in seen]) for name in parts)
        solved = {place: found for part in alone if part for place, found in part.items()}
    found: dict[tuple[Name, tuple[int, ...]], Known] = {}
    for place, (low, high) in solved.items():
        if low == high and is_small(int(low), threshold):
            name, where = (
                (place[1], (place[0],)) if len(place) == 2 else (place[0][1], (place[0][0], place[2][0]))
            )
            found[name, where] = Known(name=name, n=int(low), reports=where)
    return [found[key] for key in sorted(found)]


Seen = tuple[dict[Name, Bounds], list[tuple[Name, tuple[Name, ...]]]]


def _part(seen: Seen, name: str) -> Seen:
    counts = {own: found for own, found in seen[0].items() if own[0] == name}
    return counts, [(whole, parts) for whole, parts in seen[1] if {whole, *parts} <= set(counts)]


def _seen(content: ReportContent, threshold: int) -> Seen:
    """Read the counts of a report, and which of them make up which."""
    is_exact = content.methods.report_version in EXACT_VERSIONS
    counts: dict[Name, Bounds] = {}

    def put(name: Name, n: int | None, hidden: str = "") -> Name:
        found = (n, n) if is_exact and n is not None else bounds(n, hidden, threshold)
        was = counts.get(name, (0, inf))
        counts[name] = max(was[0], found[0]), min(was[1], found[1])
        return name

    for place, step in enumerate(content.flow):
        put(("flow", str(place)), step.n, "" if step.n is not None else step.hidden)
    sums = []
    for group in _groups(content):
        # What looks like the same number is taken for it: of all who are registered, all are read or recorded.
        is_all = group.recorded is not None and content.flow and group.recorded == content.flow[0].n
        whole = REGISTERED if is_all else put((group.heading, "recorded"), group.recorded)
        parts = tuple(
            put((group.heading, line.label), line.value.n, line.value.hidden)
            for line in group.lines
            if isinstance(line.value, Share)
        )
        if parts and len(parts) == len(group.lines):
            sums.append((whole, parts))
    is_all = bool(content.flow) and content.rules_read == content.flow[0].n
    read = REGISTERED if is_all else put(("rules", "read"), content.rules_read)
    for rule in content.rules:
        sums.append(
            (read, tuple(put((rule.rule, name), getattr(rule, name), rule.hidden) for name in VERDICTS))
        )
    return counts, sums


def _groups(content: ReportContent) -> Iterator[Group]:
    every = (*(group for name in GROUPED for group in getattr(content, name)), content.complications)
    return (group for group in every if group is not None and group.exclusive)


# --- what follows ----------------------------------------------------------------------------------------------------


def _solved(seen: Sequence[Seen]) -> dict[Any, Bounds] | None:
    """Narrow every count and every growth until nothing more follows; None where no world looks like this."""
    places: dict[Any, Bounds] = {}
    equations: list[Equation] = []
    for report, (counts, sums) in enumerate(seen):
        places |= {(report, name): found for name, found in counts.items()}
        equations += [((report, whole), tuple((report, part) for part in parts)) for whole, parts in sums]
    for report, ((before, sums), (after, later)) in enumerate(pairwise(seen)):
        for name in before.keys() & after.keys():
            equations.append(((report + 1, name), ((report, name), _put_growth(places, report, name))))
        for whole, parts in {(w, p) for w, p in sums if (w, p) in later and {w, *p} <= after.keys()}:
            names = [_put_growth(places, report, name) for name in (whole, *parts)]
            equations.append((names[0], tuple(names[1:])))
    return places if _narrow(places, equations) else None


def _put_growth(places: dict[Any, Bounds], report: int, name: Name) -> Any:
    growth = ((report, name), "to", (report + 1, name))
    places.setdefault(growth, (0, inf))
    return growth


def _narrow(places: dict[Any, Bounds], equations: list[Equation]) -> bool:
    used: dict[Any, list[int]] = {}
    for number, (whole, parts) in enumerate(equations):
        for place in (whole, *parts):
            used.setdefault(place, []).append(number)
    waiting = dict.fromkeys(range(len(equations)))
    while waiting:
        number = next(iter(waiting))
        del waiting[number]
        whole, parts = equations[number]
        low, high = (sum(places[part][end] for part in parts) for end in (0, 1))
        least, most = places[whole]
        narrower = {whole: (max(least, low), min(most, high))}
        for part in parts:
            own = places[part]
            others = inf if high == inf and own[1] != inf else _less(high, own[1], parts, places)
            narrower[part] = max(own[0], least - others), min(own[1], most - (low - own[0]))
        for place, found in narrower.items():
            if found[0] > found[1]:
                return False
            if found != places[place]:
                places[place] = found
                waiting |= dict.fromkeys(used[place])
    return True


def _less(high: float, own: float, parts: tuple[Any, ...], places: dict[Any, Bounds]) -> float:
    """The most of all parts but one, where some have no most."""
    if own != inf:
        return high - own
    return (
        inf
        if sum(places[part][1] == inf for part in parts) > 1
        else sum(places[part][1] for part in parts if places[part][1] != inf)
    )
