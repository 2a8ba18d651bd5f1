"""How the reading addresses around a case describe themselves: its history, work lists, follow-up lists."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from cases.api.openapi import TIME, _body, list_of, reference
from cases.vocabulary import Answer, ReviewState, Severity
from registry.api.openapi import refusals

TEXT = {"type": "string"}
OR_NULL = {"type": ["string", "null"]}
NEXT = {"type": ["string", "null"], "format": "uri"}


def _object(description: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


def _pages(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {"next": NEXT, "previous": NEXT, "results": list_of(reference(name))},
    }


_CHANGE = _object(
    "One answer, or one row that came or went with all it says",
    pointer={"type": "string", "description": "JSON Pointer into the case document as it was then"},
    old={"description": "What stood there; null for nothing"},
    new={"description": "What stands there since; null for nothing"},
)
_SETTLED = _object(
    "A finding that opened, was answered, returned or closed",
    kind={"type": "string", "enum": ["query", "deviation"]},
    code=TEXT,
    message=TEXT,
    was={"type": ["string", "null"], "description": "Its state before; null when it was found first"},
    pointer=TEXT,
    severity={"enum": Severity.values},
    state={"enum": ReviewState.values},
    answer=TEXT,
    answer_text=TEXT,
)
_CONTACT = _object(
    "An attempt to reach the patient",
    tried_on={"type": "string", "format": "date"},
    contact_type=TEXT,
    outcome=TEXT,
    note=TEXT,
)
COMPONENTS: dict[str, dict[str, Any]] = {
    "Save": _object(
        "What was saved at once",
        number={"type": "integer", "description": "Counted from the first save of the case"},
        at=TIME,
        by={"type": ["string", "null"], "description": "Who; null when the registry itself did it"},
        door={"type": "string", "description": "By which way, such as admin, api, import or assess"},
        reason=TEXT,
        version={"type": ["integer", "null"], "description": "The version that this made of the case"},
        status=OR_NULL,
        changes=list_of(_CHANGE),
        findings=list_of(_SETTLED),
        contacts=list_of(_CONTACT),
    ),
    "History": {
        "type": "object",
        "required": ["next", "results"],
        "properties": {"next": NEXT, "results": list_of(reference("Save"))},
    },
}
_NAMED = {
    "case": {"type": "integer", "description": "Id of the case"},
    "case_number": TEXT,
    "center": TEXT,
    "url": {"type": "string", "description": "Address of the case"},
}
COMPONENTS |= {
    "Waiting": _object(
        "A patient of whom news is waited for",
        **_NAMED,
        registry_id=TEXT,
        version={"type": "integer", "description": "Version of the case, for If-Match"},
        last_contact={"type": "string", "description": "The last sign of life, as precisely as it is known"},
        due_on={"type": "string", "format": "date"},
        days_overdue={"type": "integer", "description": "Since a year after the last contact"},
    ),
    "WaitingPage": _pages("Waiting"),
    "Found": _object(
        "A deviation or data query, and what the center said to it",
        id={"type": "integer"},
        **_NAMED,
        code={"type": "string", "description": "Id of the rule"},
        message=TEXT,
        pointer={"type": "string", "description": "JSON Pointer into the case document"},
        severity={"enum": Severity.values},
        state={"enum": ReviewState.values},
        opened_at=TIME,
        answer={"enum": ["", *Answer.values]},
        answer_text=TEXT,
        answered_at={**TIME, "type": ["string", "null"]},
        closed_at={**TIME, "type": ["string", "null"]},
    ),
    "FoundPage": _pages("Found"),
}

_SIZE = OpenApiParameter("page_size", int, description="Rows on a page")
_CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous`")
_PAGING = [_CURSOR, _SIZE]
HISTORY: dict[str, Any] = {
    "operation_id": "read_history",
    "parameters": _PAGING,
    "responses": {**_body("History"), **refusals(_404="There is no such case, or none that you may see.")},
}
_CENTER = OpenApiParameter("center", str, description="Code of the center")
_FILTERS = [
    OpenApiParameter(
        "state", str, enum=ReviewState.values, description="Without it: all that are not closed"
    ),
    OpenApiParameter("code", str, description="Id of the rule"),
    OpenApiParameter("case_number", str, description="The center's own number of the case"),
]


def _list(operation_id: str, page: str, *parameters: OpenApiParameter) -> dict[str, Any]:
    given = [_CENTER, *parameters, *_PAGING]
    return {"operation_id": operation_id, "parameters": given, "responses": _body(page)}


DUE = _list("list_follow_ups_due", "WaitingPage")
LOST = _list("list_follow_ups_lost", "WaitingPage")
QUERIES = _list("list_queries", "FoundPage", *_FILTERS)
DEVIATIONS = _list("list_deviations", "FoundPage", *_FILTERS)


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes of these answers among the components."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result
