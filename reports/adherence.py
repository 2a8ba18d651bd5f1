"""Care against the treatment algorithm, counted over the current assessments of a cut, in the database."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from cases import versions as algorithms
from cases.models import Assessment, Deviation
from cases.rulebook.engine import Rule
from cases.vocabulary import GRAVEST_FIRST, Decision, ReviewState, Severity, Verdict
from reports import cohorts
from reports.cohorts import Cut
from reports.content import RuleCount

HISTORICAL = "historical"
# the lists of each verdict in GRAVEST_FIRST, its place from 1 on
_LISTS = ("deviating", "not_assessable", "concordant", "not_applicable")
_SAID = " UNION ALL ".join(
    f"SELECT unnest(assessed.{name}) AS rule, {place} AS place" for place, name in enumerate(_LISTS, 1)
)
_COUNT = """
SELECT said.rule, said.gravest, count(*),
       count(*) FILTER (WHERE said.gravest = 1 AND said.rule = ANY (assessed.historical))
FROM ({assessments}) AS assessed
CROSS JOIN LATERAL (SELECT rule, min(place) AS gravest FROM ({said}) AS every GROUP BY rule) AS said
GROUP BY 1, 2
"""


def rules(cut: Cut) -> tuple[tuple[RuleCount, ...], int]:
    """Count the verdicts of every rule of the algorithm; and how many cases were read."""
    cases = cohorts.observations(cut).values("case_id")
    current = Assessment.objects.current().filter(case_id__in=cases)
    found, justified = _verdicts(current.values(*_LISTS, HISTORICAL)), _justified(cases)
    counted = tuple(
        _counted(rule, found.get(rule.id, {}), justified.get(rule.id, 0) + found[rule.id].get(HISTORICAL, 0))
        for rule in _in_order()
        if rule.is_read and rule.id in found
    )
    return counted, current.count()


def versions(cut: Cut) -> tuple[str, ...]:
    """Name the versions of the algorithm behind the current assessments."""
    current = Assessment.objects.current().filter(case_id__in=cohorts.observations(cut).values("case_id"))
    return tuple(current.order_by("algorithm_version").values_list("algorithm_version", flat=True).distinct())


def _verdicts(assessments: Any) -> dict[str, dict[str, int]]:
    """Count the cases by rule and gravest verdict; and those explained by their age alone, whom nobody is asked of."""
    inner, parameters = assessments.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(assessments=inner, said=_SAID), parameters)
        found: dict[str, dict[str, int]] = {}
        for rule, place, n, historical in cursor.fetchall():
            counts = found.setdefault(rule, {})
            counts[GRAVEST_FIRST[place - 1]] = n
            counts[HISTORICAL] = counts.get(HISTORICAL, 0) + historical
    return found


def _justified(cases: QuerySet) -> dict[str, int]:
    rules = justified(cases).values("rule_id").order_by()
    return dict(rules.annotate(n=Count("case_id", distinct=True)).values_list("rule_id", "n"))


def justified(cases: QuerySet) -> QuerySet[Deviation]:
    """List the deviations with an accepted explanation, of rules of which the case has no other deviation."""
    others = Deviation.objects.standing().unjustified()
    unjustified = others.filter(case_id=OuterRef("case_id"), rule_id=OuterRef("rule_id"))
    accepted = Deviation.objects.filter(state=ReviewState.DECIDED, decision=Decision.ACCEPTED)
    return accepted.filter(case_id__in=cases).exclude(Exists(unjustified))


def _in_order() -> list[Rule]:
    """List each rule id in force once: an id may stand for several questions."""
    return list({rule.id: rule for rule in reversed(algorithms.active().rules)}.values())[::-1]


def _counted(rule: Rule, verdicts: dict[str, int], justified: int) -> RuleCount:
    severity = rule.severities if callable(rule.severity) else str(rule.severity)
    return RuleCount(
        rule=rule.id,
        title=str(rule.title),
        source=str(rule.source),
        severity=severity,
        concordant=verdicts.get(Verdict.CONCORDANT, 0),
        deviation=verdicts.get(Verdict.DEVIATION, 0) - justified,
        justified=justified,
        not_applicable=verdicts.get(Verdict.NOT_APPLICABLE, 0),
        not_assessable=verdicts.get(Verdict.NOT_ASSESSABLE, 0),
        sentinel=severity == Severity.SENTINEL,
    )
