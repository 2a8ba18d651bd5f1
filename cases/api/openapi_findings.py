"""How deviations and data queries describe themselves, and what can be said to them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from cases.answering import LONGEST
from cases.api.openapi import IF_MATCH, TIME, list_of, reference
from cases.api.openapi_reading import NAMED, TEXT, listed, pages, whole
from cases.vocabulary import EXPLANATIONS, Answer, Decision, ReviewState, Severity
from registry.api.openapi import refusals

JSON = "application/json"
OR_NO_TIME = {**TIME, "type": ["string", "null"]}
OR_NOBODY = {"type": ["string", "null"]}
SAID: dict[str, Any] = {
    "severity": {"enum": Severity.values},
    "state": {"enum": ReviewState.values, "description": "Open with an answer: it came back"},
    "answer": {"enum": ["", *Answer.values]},
    "answer_text": TEXT,
    "decision": {"enum": ["", *Decision.values]},
    "decision_text": TEXT,
}
FOUND: dict[str, Any] = {
    "id": {"type": "integer"},
    **NAMED,
    "code": {"type": "string", "description": "Id of the rule"},
    "message": TEXT,
    "pointer": {"type": "string", "description": "JSON Pointer into the case document"},
    **SAID,
    "opened_at": TIME,
    "answered_at": OR_NO_TIME,
    "decided_at": OR_NO_TIME,
    "closed_at": OR_NO_TIME,
    "etag": {"type": "string", "description": "For If-Match, when something is said to it"},
}
_STEP = whole(
    "One step of its life: how it stood from then on",
    at=TIME,
    **SAID,
    answered_by=OR_NOBODY,
    decided_by=OR_NOBODY,
    rulebook_version=TEXT,
    values={"type": "object", "description": "The values that the rule used"},
)
_WORDS = {"type": "string", "maxLength": LONGEST}
COMPONENTS: dict[str, dict[str, Any]] = {
    "Found": whole("A deviation or data query, and what people said to it", **FOUND),
    "FoundPage": pages("Found"),
    "FoundWithHistory": whole("A deviation or data query with its life", **FOUND, history=list_of(_STEP)),
    "Confirmation": {
        "type": "object",
        "required": ["answer_text"],
        "additionalProperties": False,
        "properties": {"answer_text": {**_WORDS, "minLength": 1, "description": "Why the value is right"}},
    },
    "Explanation": {
        "type": "object",
        "required": ["answer"],
        "additionalProperties": False,
        "properties": {
            "answer": {"type": "string", "enum": list(EXPLANATIONS)},
            "answer_text": {**_WORDS, "description": "In words; needed with other_text"},
        },
    },
    "Decision": {
        "type": "object",
        "required": ["decision"],
        "additionalProperties": False,
        "properties": {
            "decision": {"type": "string", "enum": Decision.values},
            "decision_text": {**_WORDS, "description": "Why; needed unless it is accepted"},
        },
    },
}
_FILTERS = [
    OpenApiParameter(
        "state", str, enum=ReviewState.values, description="Without it: all that are not closed"
    ),
    OpenApiParameter("code", str, description="Id of the rule"),
    OpenApiParameter("severity", str, enum=Severity.values, description="How much it matters"),
    OpenApiParameter(
        "opened_before",
        {"type": "string", "format": "date"},
        description="First found before this day (UTC)",
    ),
    OpenApiParameter("case_number", str, description="The center's own number of the case"),
]
QUERIES = listed("list_queries", "FoundPage", *_FILTERS)
DEVIATIONS = listed("list_deviations", "FoundPage", *_FILTERS)
_NONE = "There is no such finding, or none that you may see."


def one(kind: str) -> dict[str, Any]:
    """The description of reading one."""
    return {
        "operation_id": f"read_{kind}",
        "responses": {("200", JSON): reference("FoundWithHistory"), **refusals(_404=_NONE)},
    }


def taking(operation_id: str, body: str) -> dict[str, Any]:
    """The description of saying something to one."""
    return {
        "operation_id": operation_id,
        "parameters": [IF_MATCH],
        "request": {JSON: reference(body)},
        "responses": {
            ("200", JSON): reference("Found"),
            **refusals(
                _404=_NONE,
                _409="It is closed, decided, not answered yet, or answered by yourself.",
                _412="It changed since you read it: read it again.",
                _413="The body is larger than 1 MiB.",
                _415="The body is not JSON in UTF-8.",
                _422="Something is missing or cannot be kept; `errors` says what and where.",
                _428="If-Match is missing.",
            ),
        },
    }


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes of these answers among the components."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result
