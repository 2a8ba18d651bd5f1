"""What the registry learns about its rules: verdicts counted in the database, one's own centers beside all others.

Here and in landmark.py a page looks past the walls between centers: counts come back, never rows, and what readers may
see of other centers (tallies.py) is decided before anything leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, F, Q, Value, When
from django.db.models.functions import ExtractYear

from cases.models import Assessment, SurvivalObservation
from cases.vocabulary import CLINICAL_SOURCES, Verdict
from registry import access
from registry.models import Center
from reports import adherence, cohorts
from reports.cohorts import Cut
from reports.compose import threshold
from reports.tallies import Side, Tally, are_enough, withhold

_COUNT = """
SELECT {by}, said.verdict, seen.is_own, count(*), array_agg(DISTINCT seen.center_id)
FROM ({seen}) AS seen
JOIN {assessment} AS assessed ON assessed.case_id = seen.case_id AND assessed.is_current
CROSS JOIN LATERAL (
  SELECT 'concordant' AS verdict, unnest(assessed.concordant) AS rule
  UNION ALL SELECT 'deviation', unnest(assessed.deviating)
  UNION ALL SELECT 'not_assessable', unnest(assessed.not_assessable)
  UNION ALL SELECT 'historical', unnest(assessed.historical)
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
    tallies, judging = _tallies(view, by, rule_id)
    sides = {}
    for is_own in (True, False):
        centers = {center for own, center, _, _ in chosen if own is is_own}
        sides[is_own] = Side(cases=read[is_own], centers=len(centers), tallies=tallies[is_own])
    years = _by_year([row for row in chosen if not row[0]]) if rule_id else {}
    wholes = {key: (n, years[key][1] if rule_id else read[False]) for key, n in judging.items()}
    return Learned(
        own=sides[True],
        others=None if view.is_whole else withhold(sides[False], wholes, threshold=threshold()),
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


def _tallies(view: View, by: str, rule_id: str) -> tuple[dict[bool, dict[Any, Tally]], dict[Any, int]]:
    """Count in two queries, whatever the number of cases or rules; and the other centers with judged cases of each.

    Where nothing is judged, these are the centers that lack the answers.
    """
    seen, parameters = _chosen(view).values("case_id", "center_id", "is_own", "year").query.sql_with_params()
    only = "WHERE said.rule = %s" if rule_id else ""
    statement = _COUNT.format(by=by, seen=seen, assessment=f'"{Assessment._meta.db_table}"', only=only)
    found: dict[bool, dict[Any, dict[str, int]]] = {True: {}, False: {}}
    centers: dict[Any, dict[bool, set[int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *([rule_id] if rule_id else [])])
        for key, verdict, is_own, n, among in cursor.fetchall():
            found[is_own].setdefault(key, {})[verdict] = n
            if not is_own:
                is_judged = verdict != Verdict.NOT_ASSESSABLE
                centers.setdefault(key, {True: set(), False: set()})[is_judged].update(among)
    for key, is_own, n in _justified(view, rule_id):
        if key in found[is_own]:
            found[is_own][key]["justified"] = n
    tallies = {
        is_own: {key: _tally(counts) for key, counts in keyed.items()} for is_own, keyed in found.items()
    }
    return tallies, {key: len(of[True] or of[False]) for key, of in centers.items()}


def _justified(view: View, rule_id: str) -> Any:
    accepted: Any = adherence.justified(_chosen(view).values("case_id"))
    accepted = accepted.filter(rule_id=rule_id) if rule_id else accepted
    key = ExtractYear("case__observation__origin_on") if rule_id else F("rule_id")
    accepted = accepted.annotate(key=key, is_own=_is_own(view)).values_list("key", "is_own").order_by()
    return accepted.annotate(n=Count("case_id", distinct=True))


def _tally(counts: dict[str, int]) -> Tally:
    justified = counts.get("justified", 0) + counts.get(adherence.HISTORICAL, 0)
    return Tally(
        concordant=counts.get(Verdict.CONCORDANT, 0),
        deviation=counts.get(Verdict.DEVIATION, 0) - justified,
        justified=justified,
        not_assessable=counts.get(Verdict.NOT_ASSESSABLE, 0),
    )


def _years(sizes: list[Any]) -> tuple[int, ...]:
    """List the years that say something: those with own cases, and those in which others are shown at all."""
    own = {year for is_own, _, year, _ in sizes if is_own and year}
    others = _by_year([row for row in sizes if not row[0]])
    shown = {year for year, whole in others.items() if year and are_enough(*whole)}
    return tuple(sorted(own | shown, reverse=True))


def _by_year(sizes: list[Any]) -> dict[Any, tuple[int, int]]:
    """Count centers and cases by year; each row is of one center in one year."""
    found: dict[Any, tuple[int, int]] = {}
    for _, _, year, n in sizes:
        centers, cases = found.get(year, (0, 0))
        found[year] = (centers + 1, cases + n)
    return found
