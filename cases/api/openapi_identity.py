"""How the address of an identity describes itself: what is sent, and what is answered, which is never the identity."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from cases.api.openapi import JSON, MISSING, TIME, list_of, reference
from cases.api.openapi_reading import NAMED, TEXT, whole
from registry.api.openapi import refusals
from registry.audit import LONGEST_REASON
from registry.vault.identities import LONGEST

_LINE = {"type": "string", "maxLength": LONGEST}
COMPONENTS: dict[str, dict[str, Any]] = {
    "Identity": {
        "type": "object",
        "description": "The national number, or both names and the day of birth; or all of it",
        "additionalProperties": False,
        "properties": {
            "family_name": {**_LINE, "description": "As in the passport"},
            "given_name": {**_LINE, "description": "As in the passport"},
            "born_on": {"type": "string", "format": "date", "description": "Day of birth"},
            "national_number": {**_LINE, "description": "Number that a country gave the patient"},
            "country": {
                "type": "string",
                "pattern": "^[A-Za-z]{2}$",
                "description": "Which country gave the number (ISO 3166-1 alpha-2); without it the center's own",
            },
        },
    },
    "HeldIdentity": whole(
        "What is held of a patient's identity; who it is is never answered",
        **NAMED,
        holds=list_of({"type": "string", "enum": ["name", "national_number"]}),
        recorded_at={**TIME, "type": ["string", "null"]},
        elsewhere={
            **TEXT,
            "description": "A sentence where another center may hold the patient; empty otherwise",
        },
    ),
}
_WHY = OpenApiParameter(
    "Change-Reason",
    str,
    OpenApiParameter.HEADER,
    description=f"Why, one line of at most {LONGEST_REASON} characters in UTF-8, kept in the history; nothing that"
    " identifies a person",
)
_ANSWERED = {("200", JSON): reference("HeldIdentity"), **MISSING}
_NOT_LINKABLE = refusals(_409="The recorded consent does not cover linkage, or the patient withdrew it.")
READ: dict[str, Any] = {"operation_id": "read_identity", "responses": _ANSWERED}
PUT: dict[str, Any] = {
    "operation_id": "put_identity",
    "parameters": [_WHY],
    "request": {JSON: reference("Identity")},
    "responses": {
        **_ANSWERED,
        **_NOT_LINKABLE,
        **refusals(
            _413="The body is larger than 1 MiB.",
            _415="The body is not JSON in UTF-8.",
            _422="Something is missing or cannot be kept; `errors` names the field.",
        ),
    },
}
DELETE: dict[str, Any] = {
    "operation_id": "remove_identity",
    "parameters": [_WHY],
    "request": None,
    "responses": _ANSWERED,
}


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put these shapes among the components."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result
