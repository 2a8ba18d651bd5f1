"""How the reading addresses around a case describe themselves: its history and follow-up lists."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from cases.api.openapi import TIME, _body, list_of, reference
from cases.vocabulary import ReviewState, Severity
from registry.api.openapi import refusals

TEXT = {"type": "string"}
OR_NULL = {"type": ["string", "null"]}
NEXT = {"type": ["string", "null"], "format": "uri"}


def whole(description: str, **properties: Any) -> dict[str, Any]:
    """An object that always has all of these."""
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


def pages(name: str) -> dict[str, Any]:
    """A page of a list."""
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {"next": NEXT, "previous": NEXT, "results": list_of(reference(name))},
    }


_CHANGE = whole(
    "One answer, or one row that came or went with all it says",
    pointer={"type": "string", "description": "JSON Pointer into the case document as it was then"},
    old={"description": "What stood there; null for nothing"},
    new={"description": "What stands there since; null for nothing"},
)
_SETTLED = whole(
    "A finding that opened, was answered or decided, returned or closed",
    kind={"type": "string", "enum": ["query", "deviation"]},
    code=TEXT,
    message=TEXT,
    was={"type": ["string", "null"], "description": "Its state before; null when it was found first"},
    pointer=TEXT,
    severity={"enum": Severity.values},
    state={"enum": ReviewState.values},
    answer=TEXT,
    answer_text=TEXT,
    decision=TEXT,
    decision_text=TEXT,
)
_CONTACT = whole(
    "An attempt to reach the patient",
    tried_on={"type": "string", "format": "date"},
    contact_type=TEXT,
    outcome=TEXT,
    note=TEXT,
)
COMPONENTS: dict[str, dict[str, Any]] = {
    "Save": whole(
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
NAMED = {
    "case": {"type": "integer", "description": "Id of the case"},
    "case_number": TEXT,
    "center": TEXT,
    "url": {"type": "string", "description": "Address of the case"},
}
COMPONENTS |= {
    "Waiting": whole(
        "A patient of whom news is waited for",
        **{**NAMED, "url": {"type": "string", "description": "Address of the case, or of its transfer"}},
        followed_by={"type": "string", "description": "Code of the center that follows the patient"},
        registry_id=TEXT,
        version={"type": "integer", "description": "Version of the case, for If-Match"},
        last_contact={"type": "string", "description": "The last sign of life, as precisely as it is known"},
        due_on={"type": "string", "format": "date"},
        days_overdue={"type": "integer", "description": "Since a year after the last contact"},
    ),
    "WaitingPage": pages("Waiting"),
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


def listed(operation_id: str, page: str, *parameters: OpenApiParameter) -> dict[str, Any]:
    """The description of a list."""
    given = [_CENTER, *parameters, *_PAGING]
    return {"operation_id": operation_id, "parameters": given, "responses": _body(page)}


DUE = listed("list_follow_ups_due", "WaitingPage")
LOST = listed("list_follow_ups_lost", "WaitingPage")


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes of these answers among the components."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result
