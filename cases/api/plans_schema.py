"""How decision support describes itself."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from cases.vocabulary import Firmness, Severity, Verdict
from registry.api.openapi import refusals

JSON = "application/json"
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
MISSING = {
    "label": {**TEXT, "description": "The question that is open"},
    "pointers": {**TEXTS, "description": "Where its answer belongs in the plan"},
    "reason": {
        "type": ["string", "null"],
        "description": "The reason given for its absence (NK, ND, NA, NR)",
    },
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


COMPONENTS: dict[str, dict[str, Any]] = {
    "Plan": _object(
        algorithm_version=TEXT,
        as_of={"type": "string", "format": "date"},
        supposed={**TEXT, "description": "What was supposed because the plan does not say it; else empty"},
        topics=_list_of("PlanTopic"),
        missing={
            **_list_of("PlanOpen"),
            "description": "What is missing to say more, and which rules wait for it",
        },
        contradictions={
            **_list_of("Error"),
            "description": "What cannot be true together, or is implausible: an `error` would refuse a case",
        },
    ),
    "PlanTopic": _object(
        topic=TEXT,
        title=TEXT,
        judged={
            "type": "string",
            "enum": ["beforehand", "afterwards"],
            "description": "Whether a plan can be judged on it, or only what came of it",
        },
        expectations={
            **_list_of("PlanExpectation"),
            "description": "Empty where the algorithm says nothing; rules that ask otherwise stand side by side",
        },
    ),
    "PlanExpectation": _object(
        rule={**TEXT, "description": "Id of the rule; it is never used for another"},
        title=TEXT,
        expects={**TEXT, "description": "What is expected"},
        when={**TEXT, "description": "Of whom"},
        applies={"type": ["boolean", "null"], "description": "Null while that cannot be told"},
        verdict={"type": "string", "enum": list(Verdict.values)},
        severity={"type": "string", "enum": list(Severity.values)},
        message=TEXT,
        pointer=TEXT,
        facts={"type": "array", "items": {"$ref": "#/components/schemas/PlanFact"}},
        missing=_list_of("PlanMissing"),
        source={**TEXT, "description": "On whose word"},
        firmness={"type": "string", "enum": list(Firmness.values), "description": "How firm that word is"},
        beside={**TEXTS, "description": "Rules that ask otherwise"},
    ),
    "PlanFact": _object(label=TEXT, value=TEXT, pointers=TEXTS),
    "PlanMissing": _object(**MISSING),
    "PlanOpen": _object(**MISSING, rules=TEXTS),
}
PLAN: dict[str, Any] = {
    "operation_id": "judge_plan",
    "request": {JSON: {"$ref": "#/components/schemas/PlanDocument"}},
    "responses": {
        ("200", JSON): OpenApiResponse(
            {"$ref": "#/components/schemas/Plan"}, description="What the algorithm expects; nothing was saved"
        ),
        **refusals(
            _413="The plan is larger than 1 MiB.",
            _415="The body is not JSON in UTF-8.",
            _422="The plan cannot be read; `errors` says what and where.",
        ),
    },
}
