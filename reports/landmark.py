"""Survival of cases that kept a rule beside those that did not, from a landmark: 90 days after the resection.

Who dies in the first days cannot show what the rule is for, and may never get the chance to be judged, so only patients
alive and followed past day 90 are compared, and their time begins there (Anderson, Cain and Gelber, J Clin Oncol
1983;1:710). It describes and compares no treatments: deviations often have a reason, and the reason acts on survival.
A justified deviation counts with the others: care differed, whatever a second person made of the explanation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, CharField, Count, F, Value, When

from registry import access
from reports import coarse_survival, cohorts, estimates, survival
from reports.coarse_survival import LEAST_PATIENTS
from reports.cohorts import DIED, Cut
from reports.compose import threshold
from reports.disclosure import LEAST_CENTERS
from reports.endpoints import LANDMARK, LANDMARK_DAYS
from reports.lifetable import LifeTable
from reports.remarks import mark
from reports.small_numbers import COMPLEMENT, is_exposed, mark_of, shown
from reports.survival_content import Estimate, Survival

ORIGIN = mark(LANDMARK)
CONCORDANT, DEVIATING = mark("Concordant"), mark("Deviating")
GROUPS = (CONCORDANT, DEVIATING)
# Judged by what happens after day 90: who lives longer has more time to keep them, or to break them, so a curve that
# begins at day 90 would show that and nothing else (immortal time).
JUDGED_LATER = frozenset({"S-17", "L-14", "L-16", "L-20", "L-25"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """Who of one verdict comes into the comparison, and who is left out and why; None is a withheld number."""

    label: str
    cases: int | None
    no_follow_up: int | None
    died_before: int | None
    last_seen_before: int | None
    compared: int | None
    deaths: int | None
    estimates: tuple[Estimate, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()  # what stands for withheld numbers


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both groups, and their curves where there are enough patients."""

    groups: tuple[Group, ...]
    survival: Survival | None
    is_coarse: bool = False
    is_shown: bool = True


def compare(cut: Cut, rule_id: str, *, is_outsider: bool, own: tuple[int, ...] = ()) -> Comparison:
    """Estimate both curves over the whole registry; outsiders get them as in a report, without single patients.

    To them it is the other centers alone: what they know of their `own` could be subtracted.
    """
    with access.everywhere():
        judged = _judged(cut, rule_id).exclude(center_id__in=own if is_outsider else ())
        counted = _counted(judged)
        centers = judged.aggregate(n=Count("center_id", distinct=True))["n"]
    table = _life_table(counted)
    groups = tuple(_group(label, counted, table.select([label])) for label in GROUPS)
    found = Comparison(groups=groups, survival=_curves(table))
    return _for_outsiders(found, centers=centers, threshold=threshold()) if is_outsider else found


@dataclass(frozen=True, slots=True)
class Seen:
    """How many cases of a group were seen until a day (None: not known), and how many of them died on it."""

    group: str
    day: int | None
    deaths: int
    everybody: int


def _judged(cut: Cut, rule_id: str) -> Any:
    """List the eligible cases of which the rule said one or the other."""
    current = cohorts.main_curve(cut).filter(case__assessments__is_current=True)
    label = Case(
        When(case__assessments__concordant__contains=[rule_id], then=Value(CONCORDANT)),
        When(case__assessments__deviating__contains=[rule_id], then=Value(DEVIATING)),
        output_field=CharField(),
    )
    return cohorts.with_days(current.annotate(group=label)).filter(group__isnull=False).order_by()


def _counted(judged: Any) -> list[Seen]:
    """Count them by group and day, in one query."""
    rows = judged.values_list("group", Case(When(cohorts.KNOWN, then=F("days"))))
    return [Seen(*row) for row in rows.annotate(deaths=Count("pk", filter=DIED), everybody=Count("pk"))]


def _life_table(counted: list[Seen]) -> LifeTable:
    """Begin at the landmark: strictly after it, as survival.conditional_survival does."""
    late = [row for row in counted if row.day is not None and row.day > LANDMARK_DAYS]
    return LifeTable.from_counts(
        [GROUPS.index(row.group) for row in late],
        [row.day - LANDMARK_DAYS for row in late if row.day is not None],
        [row.deaths for row in late],
        [row.everybody - row.deaths for row in late],
        groups=GROUPS,
    )


def _group(label: str, counted: list[Seen], table: LifeTable) -> Group:
    own = [row for row in counted if row.group == label]
    early = [row for row in own if row.day is not None and row.day <= LANDMARK_DAYS]
    return Group(
        label=label,
        cases=sum(row.everybody for row in own),
        no_follow_up=sum(row.everybody for row in own if row.day is None),
        died_before=sum(row.deaths for row in early),
        last_seen_before=sum(row.everybody - row.deaths for row in early),
        compared=int(table.size.sum()),
        deaths=int(table.failed.sum()),
        estimates=estimates.at_fixed_times(survival.kaplan_meier(table)) if table.size.sum() else (),
    )


def _curves(table: LifeTable) -> Survival | None:
    """Draw both curves while enough patients of each are at risk; none where one group never has enough."""
    found = estimates.overall_survival(table, origin=ORIGIN, each=True)
    return found if found is not None and found.curves else None


def _for_outsiders(found: Comparison, *, centers: int, threshold: int) -> Comparison:
    """Keep no step of few deaths and no small number; nothing at all of few centers or few cases."""
    if centers < LEAST_CENTERS or sum(group.cases or 0 for group in found.groups) < LEAST_PATIENTS:
        return Comparison(groups=(), survival=None, is_shown=False)
    is_enough = all(
        (group.compared or 0) >= LEAST_PATIENTS and (group.deaths or 0) >= threshold for group in found.groups
    )
    curves = None
    if found.survival is not None and is_enough:
        curves = coarse_survival.overall(found.survival, threshold)
    return Comparison(
        groups=tuple(_rounded(group, threshold) for group in found.groups), survival=curves, is_coarse=True
    )


PARTS = ("no_follow_up", "died_before", "last_seen_before", "compared")  # of the cases of a group


def _rounded(group: Group, threshold: int) -> Group:
    """Show counts as in a report for outsiders; nothing where they would give a small one back."""
    counts = {name: getattr(group, name) or 0 for name in ("cases", *PARTS, "deaths")}
    if is_exposed([counts[name] for name in PARTS], counts["cases"], threshold):
        nothing = dict.fromkeys(counts)
        marks = tuple((name, COMPLEMENT) for name in counts)
        return replace(group, **nothing, estimates=(), marks=marks)  # type: ignore[arg-type]
    marks = tuple((name, mark) for name, n in counts.items() if (mark := mark_of(n, threshold)))
    seen = {name: shown(n, threshold) for name, n in counts.items()}
    return replace(group, **seen, estimates=(), marks=marks)  # type: ignore[arg-type]
