"""Decision support: a diagnosis and a plan come in, what the algorithm expects of them goes out, nothing is kept."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import document as documents
from cases import planning, versions
from cases.api.plans_schema import PLAN
from cases.api.saving import body_of
from cases.planning import Expectation, Missing, Topic
from cases.problems import DocumentError
from cases.rulebook.findings import Finding
from registry import clock
from registry.api.permissions import SIGNED_IN
from registry.api.problems import Refused
from registry.api.views import RegistryView

NUMBER = "plan"  # a plan is no case and needs no number


class AlgorithmPlan(RegistryView):
    """What the algorithm expects of a plan, before anything is done."""

    needs = {"POST": SIGNED_IN}
    keeps_answers = False  # nothing is kept of a plan; the same one is judged alike

    @extend_schema(**PLAN)
    def post(self, request: Request) -> Response:
        """Tell what the algorithm expects of a diagnosis and a plan, and whether it is met. Nothing is saved."""
        as_of = clock.now().date()
        algorithm = versions.active()
        plan = planning.judge(_document(body_of(request)), as_of=as_of, rulebook=algorithm)
        return Response(
            {
                "algorithm_version": algorithm.version,
                "as_of": as_of,
                "supposed": planning.supposition() if plan.is_supposed else "",
                "topics": [_topic(topic) for topic in plan.topics],
                "missing": [
                    {**_missing(missing), "rules": rules}
                    for missing, rules in planning.open_questions(plan).items()
                ],
                "contradictions": [_error(found) for found in plan.contradictions],
            }
        )


def _document(raw: Any) -> Any:
    """The plan as a case document, read as strictly; 422 with every problem and its place."""
    try:
        return documents.parse({"case_number": NUMBER, **raw} if isinstance(raw, Mapping) else raw)
    except DocumentError as error:
        told = gettext("The plan cannot be read; correct these errors.")
        raise Refused(422, "invalid_document", told, error.problems) from None


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "title": topic.title,
        "judged": "afterwards" if topic.is_afterwards else "beforehand",
        "expectations": [_expectation(expected) for expected in topic.expectations],
    }


def _expectation(expected: Expectation) -> dict[str, Any]:
    rule, finding = expected.rule, expected.finding
    return {
        "rule": rule.id,
        "title": str(rule.title),
        "expects": str(rule.asks),
        "when": str(rule.when),
        "applies": expected.applies,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "message": finding.sentence,
        "pointer": finding.pointer,
        "facts": [
            {"label": fact.label, "value": fact.value, "pointers": fact.pointers} for fact in expected.facts
        ],
        "missing": [_missing(missing) for missing in expected.missing],
        "source": str(rule.source),
        "firmness": rule.firmness,
        "beside": expected.beside,
    }


def _missing(missing: Missing) -> dict[str, Any]:
    return {"label": missing.label, "pointers": missing.pointers, "reason": missing.reason}


def _error(finding: Finding) -> dict[str, str]:
    return {
        "pointer": finding.pointer,
        "code": finding.rule_id,
        "message": finding.sentence,
        "severity": str(finding.severity),
    }
