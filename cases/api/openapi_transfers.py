"""How transfers of follow-up describe themselves, and what can be said to them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from cases.api.openapi import MISSING, TIME, list_of, reference
from cases.api.openapi_findings import JSON, OR_NO_TIME, OR_NOBODY
from cases.api.openapi_reading import TEXT, listed, pages, whole
from cases.transferring import LONGEST_NOTE
from cases.vocabulary import TransferState
from registry.api.openapi import refusals
from registry.audit import LONGEST_REASON

MOMENT = "2026-11-26T08:30:00Z"
OFFERED: dict[str, Any] = {
    "id": {"type": "integer"},
    "url": {"type": "string", "description": "Address of the transfer"},
    "state": {"enum": TransferState.values},
    "center": {"type": "string", "description": "Code of the center that operated and owns the case"},
    "receiving_center": {"type": "string", "description": "Code of the center that is to follow the patient"},
    "case": {
        "type": ["integer", "null"],
        "description": "Id of the case; null for the receiving center until it has accepted",
    },
    "registry_id": {"type": "string", "description": "The patient's pseudonym"},
    "sex": TEXT,
    "resected_year": {"type": ["integer", "null"], "description": "Year of the index resection"},
    "note": TEXT,
    "offered_at": TIME,
    "offered_by": TEXT,
    "accepted_at": OR_NO_TIME,
    "decided_at": {**OR_NO_TIME, "description": "When it came to its present state"},
    "decided_by": OR_NOBODY,
    "reason": {"type": "string", "description": "Why it was declined, withdrawn or returned"},
}
_REASON = {
    "type": "object",
    "required": ["reason"],
    "additionalProperties": False,
    "properties": {
        "reason": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REASON,
            "description": "Why; the other center reads it",
        }
    },
}
COMPONENTS: dict[str, dict[str, Any]] = {
    "Transfer": whole("The follow-up of a patient on its way to another center", **OFFERED),
    "TransferPage": pages("Transfer"),
    "TransferWithSummary": whole(
        "A transfer, and for the center that follows the patient what that needs of the case",
        **OFFERED,
        summary=list_of(whole("A line of the summary", name=TEXT, text=TEXT)),
    ),
    "TransferOffer": {
        "type": "object",
        "required": ["center"],
        "additionalProperties": False,
        "properties": {
            "center": {"type": "string", "maxLength": 8, "description": "Code of the other center"},
            "note": {
                "type": "string",
                "maxLength": LONGEST_NOTE,
                "description": "For its people; never anything that identifies a person",
            },
        },
    },
    "TransferReason": _REASON,
}
SHOWN = {
    "id": 4,
    "url": "/api/v1/transfers/4/",
    "state": "offered",
    "center": "NORTH",
    "receiving_center": "SOUTH",
    "case": 17,
    "registry_id": "7K3M2QXRW",
    "sex": "female",
    "resected_year": 2026,
    "note": "Moved in autumn.",
    "offered_at": MOMENT,
    "offered_by": "Alice Coordinator",
    "accepted_at": None,
    "decided_at": None,
    "decided_by": None,
    "reason": "",
}
EXAMPLES = {
    "TransferOffer": {"center": "SOUTH", "note": "Moved in autumn."},
    "TransferReason": {"reason": "The patient moved again."},
    "Transfer": SHOWN,
    "TransferPage": {"next": None, "previous": None, "results": [SHOWN]},
    "TransferWithSummary": {
        **SHOWN,
        "state": "accepted",
        "accepted_at": MOMENT,
        "decided_at": MOMENT,
        "decided_by": "Bob Coordinator",
        "summary": [{"name": "Operation", "text": "2026-03-02, chevron"}],
    },
}
_NONE = refusals(_404="There is no such transfer, or none that you may see.")
_WRONG = refusals(
    _413="The body is larger than 1 MiB.",
    _415="The body is not JSON in UTF-8.",
    _422="Something is missing or cannot be kept; `errors` says what and where.",
)
LIST = listed(
    "list_transfers",
    "TransferPage",
    OpenApiParameter("state", str, enum=TransferState.values, description="Without it: all"),
)
READ = {
    "operation_id": "read_transfer",
    "responses": {("200", JSON): reference("TransferWithSummary"), **_NONE},
}
OFFER = {
    "operation_id": "offer_transfer",
    "request": {JSON: reference("TransferOffer")},
    "responses": {
        ("201", JSON): reference("Transfer"),
        **MISSING,
        **refusals(_409="The follow-up of this case cannot be offered, or is offered already."),
        **_WRONG,
    },
}


def step(operation_id: str, *, has_reason: bool) -> dict[str, Any]:
    """The description of a step."""
    return {
        "operation_id": operation_id,
        "request": {JSON: reference("TransferReason")} if has_reason else None,
        "responses": {
            ("200", JSON): reference("Transfer"),
            **_NONE,
            **refusals(_409="It is in another state already; the sentence says in which."),
            **_WRONG,
        },
    }


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes of these answers among the components."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result
