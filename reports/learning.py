"""What the registry learns about its rules: verdicts counted in the database, one's own centers beside all others.

Here alone a page looks past the walls between centers: counts come back, never rows, and what readers may see of other
centers is decided before anything leaves. Others' counts are held against the same rules as in a report for outsiders,
and those that remain are rounded to 5, because a page can be read again tomorrow or for another year and subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, F, Q, Value, When
from django.db.models.functions import ExtractYear

from cases.models import Assessment, SurvivalObservation
from cases.vocabulary import CLINICAL_SOURCES, Verdict
from registry import access
from registry.models import Center
from reports import adherence, cohorts
from reports.coarse_survival import LEAST_PATIENTS
from reports.cohorts import Cut
from reports.compose import threshold
from reports.disclosure import LEAST_CENTERS
from reports.proportions import clopper_pearson
from reports.small_numbers import to_five, withheld

COUNTED = ("concordant", "deviation", "justified", "not_assessable")

_COUNT = """
SELECT {by}, said.verdict, seen.is_own, count(*)
FROM ({seen}) AS seen
JOIN {assessment} AS assessed ON assessed.case_id = seen.case_id AND assessed.is_current
CROSS JOIN LATERAL (
  SELECT 'concordant' AS verdict, unnest(assessed.concordant) AS rule
  UNION ALL SELECT 'deviation', unnest(assessed.deviating)
  UNION ALL SELECT 'not_assessable', unnest(assessed.not_assessable)
) AS said
{only} GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, kw_only=True)
class View:
    """What a reader asks for: a cut of the whole registry, their own centers (None: all of it), a year of resection."""

    cut: Cut
    own: tuple[int, ...] | None = None
    year: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is anybody else's: the reader sees the registry, or the data hold no secrets."""
        return self.own is None or self.cut.source != "clinical"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many cases got each verdict of a rule; None where a count is withheld, with the mark that stands for it."""

    concordant: int | None = 0
    deviation: int | None = 0
    justified: int | None = 0
    not_assessable: int | None = 0
    marks: tuple[tuple[str, str], ...] = ()

    def _sum(self, *names: str) -> int | None:
        counts = [getattr(self, name) for name in names]
        return None if None in counts else sum(counts)

    @property
    def judged(self) -> int | None:
        """Those of whom the rule could say something."""
        return self._sum("concordant", "deviation", "justified")

    @property
    def applicable(self) -> int | None:
        """Those of whom the rule asks something."""
        return self._sum(*COUNTED)

    @property
    def share(self) -> float | None:
        """The concordant of the judged; None if nobody was judged, or it would tell a withheld count."""
        return self.concordant / self.judged if self.judged and self.concordant is not None else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its exact interval."""
        if not self.judged or self.concordant is None:
            return None
        return clopper_pearson(self.concordant, self.judged)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One's own centers, or all others: how many cases were read, and what every rule (or year) found in them.

    `is_shown` is False where others are too few for any figure.
    """

    cases: int = 0
    centers: int = 0
    is_shown: bool = True
    tallies: dict[Any, Tally]


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Both sides, the years to choose from, and how many cases another version of the algorithm was read over."""

    own: Side
    others: Side | None
    years: tuple[int, ...] = ()
    outdated: int = 0


def by_rule(view: View, *, version: str) -> Learned:
    """Count every rule's verdicts."""
    with access.everywhere():
        return _learned(view, by="said.rule", version=version)


def by_year(view: View, *, rule_id: str, version: str) -> Learned:
    """Count one rule's verdicts by the year of the index resection (None: not known)."""
    with access.everywhere():
        return _learned(view, by="seen.year::int", version=version, rule_id=rule_id)


def sources_with_cases(cut: Cut) -> tuple[str, ...]:
    """Name the other kinds of data that there are, for a registry without clinical cases."""
    with access.everywhere():
        sandboxes = Center.objects.filter(is_sandbox=True).values("pk")
        rows = SurvivalObservation.objects.exclude(center_id__in=sandboxes)
        found = set(rows.exclude(source__in=cut.sources).values_list("source", flat=True).distinct())
    kinds = {"clinical" if source in CLINICAL_SOURCES else source for source in found}
    return tuple(sorted(kinds))


def _learned(view: View, *, by: str, version: str, rule_id: str = "") -> Learned:
    sizes = list(_cases(view).values_list("is_own", "center_id", "year").annotate(n=Count("case_id")))
    chosen = [row for row in sizes if view.year in (None, row[2])]
    read = _read(view, version)
    tallies = _tallies(view, by, rule_id)
    sides = {}
    for is_own in (True, False):
        centers = {center for own, center, _, _ in chosen if own is is_own}
        sides[is_own] = Side(cases=read[is_own], centers=len(centers), tallies=tallies[is_own])
    return Learned(
        own=sides[True],
        others=None if view.is_whole else withhold(sides[False], threshold=threshold()),
        years=_years(sizes),
        outdated=read["outdated"] if view.is_whole else 0,
    )


def _cases(view: View) -> Any:
    """List the cases of the cut, each with its year and whether it is the reader's own."""
    rows = cohorts.observations(view.cut)
    return rows.annotate(year=ExtractYear("origin_on"), is_own=_is_own(view)).order_by()


def _is_own(view: View) -> Any:
    if view.is_whole:
        return Value(True, output_field=BooleanField())
    of_center = When(center_id__in=view.own or (), then=Value(True))
    return Case(of_center, default=Value(False), output_field=BooleanField())


def _chosen(view: View) -> Any:
    rows = _cases(view)
    return rows if view.year is None else rows.filter(year=view.year)


def _read(view: View, version: str) -> dict[Any, int]:
    """Count the assessed cases of each side, and those that were read under another version."""
    rows = _chosen(view).filter(case__assessments__is_current=True)
    found = rows.aggregate(
        own=Count("pk", filter=Q(is_own=True)),
        others=Count("pk", filter=Q(is_own=False)),
        outdated=Count("pk", filter=~Q(case__assessments__algorithm_version=version)),
    )
    return {True: found["own"], False: found["others"], "outdated": found["outdated"]}


def _tallies(view: View, by: str, rule_id: str) -> dict[bool, dict[Any, Tally]]:
    """Count in two queries, whatever the number of cases or rules."""
    seen, parameters = _chosen(view).values("case_id", "is_own", "year").query.sql_with_params()
    only = "WHERE said.rule = %s" if rule_id else ""
    statement = _COUNT.format(by=by, seen=seen, assessment=f'"{Assessment._meta.db_table}"', only=only)
    found: dict[bool, dict[Any, dict[str, int]]] = {True: {}, False: {}}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *([rule_id] if rule_id else [])])
        for key, verdict, is_own, n in cursor.fetchall():
            found[is_own].setdefault(key, {})[verdict] = n
    for key, is_own, n in _justified(view, rule_id):
        if key in found[is_own]:
            found[is_own][key]["justified"] = n
    return {is_own: {key: _tally(counts) for key, counts in keyed.items()} for is_own, keyed in found.items()}


def _justified(view: View, rule_id: str) -> Any:
    accepted: Any = adherence.justified(_chosen(view).values("case_id"))
    accepted = accepted.filter(rule_id=rule_id) if rule_id else accepted
    key = ExtractYear("case__observation__origin_on") if rule_id else F("rule_id")
    accepted = accepted.annotate(key=key, is_own=_is_own(view)).values_list("key", "is_own").order_by()
    return accepted.annotate(n=Count("case_id", distinct=True))


def _tally(counts: dict[str, int]) -> Tally:
    justified = counts.get("justified", 0)
    return Tally(
        concordant=counts.get(Verdict.CONCORDANT, 0),
        deviation=counts.get(Verdict.DEVIATION, 0) - justified,
        justified=justified,
        not_assessable=counts.get(Verdict.NOT_ASSESSABLE, 0),
    )


# --- what readers may see of other centers ---------------------------------------------------------------------------


def withhold(others: Side, *, threshold: int) -> Side:
    """Keep what can point at no patient of another center: nothing of few centers or few cases, no small count."""
    if others.centers < LEAST_CENTERS or others.cases < LEAST_PATIENTS:
        return Side(is_shown=False, tallies={})
    tallies = {key: _withheld(tally, others.cases, threshold) for key, tally in others.tallies.items()}
    return replace(others, cases=to_five(others.cases), tallies=tallies)


def _withheld(tally: Tally, cases: int, threshold: int) -> Tally:
    counts = [getattr(tally, name) for name in COUNTED]
    not_applicable = max(
        0, cases - sum(counts)
    )  # the fifth part of all cases: it, too, would give a count back
    hidden = withheld([*counts, not_applicable], threshold)
    marks = tuple((name, hidden[i]) for i, name in enumerate(COUNTED) if i in hidden)
    shown = {name: None if i in hidden else to_five(counts[i]) for i, name in enumerate(COUNTED)}
    return Tally(**shown, marks=marks)


def _years(sizes: list[tuple[bool, int, int | None, int]]) -> tuple[int, ...]:
    """List the years that say something: those with own cases, and those in which others are shown at all."""
    own = {year for is_own, _, year, _ in sizes if is_own and year}
    of_others: dict[int, list[int]] = {}
    for is_own, _, year, n in sizes:
        if not is_own and year:
            of_others.setdefault(year, []).append(n)
    shown = {year for year, ns in of_others.items() if len(ns) >= LEAST_CENTERS and sum(ns) >= LEAST_PATIENTS}
    return tuple(sorted(own | shown, reverse=True))
