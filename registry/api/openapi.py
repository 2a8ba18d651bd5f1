"""How the API describes itself: OpenAPI, with its security schemes and the one shape of every refusal."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from registry.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence with the remedy."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Error"}},
    },
}
ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the document that was sent."},
        "parameter": {
            "type": "string",
            "description": "Name of the query parameter, for errors in the address.",
        },
        "code": {"type": "string", "description": "Stable code, or the id of the validity rule."},
        "message": {"type": "string"},
        "severity": {"type": "string", "enum": ["error", "query"]},
    },
}
WHO = {
    "type": "object",
    "properties": {
        "user": {
            "type": "object",
            "properties": {"username": {"type": "string"}, "name": {"type": "string"}},
        },
        "key": {
            "type": ["object", "null"],
            "description": "The key that was sent; null for a person in a session.",
            "properties": {
                "prefix": {"type": "string"},
                "name": {"type": "string"},
                "expires_at": {"type": "string", "format": "date-time"},
            },
        },
        "centers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "name": {"type": "string"},
                    "may": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
REFERENCE = {"$ref": "#/components/schemas/Problem"}
REFUSALS = {
    "400": "The request cannot be read, or a parameter is unknown or wrong.",
    "401": "No key, or one that is not accepted.",
    "403": "Not allowed to this person or key.",
    "406": "The answer is JSON, which Accept does not allow.",
    "429": "Too many requests; try again after Retry-After.",
    "503": "The registry is busy; try again after Retry-After.",
}


class Schema(AutoSchema):
    """Adds to every operation what any of them may answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            for status, told in REFUSALS.items():
                content = {MEDIA_TYPE: {"schema": REFERENCE}}
                operation["responses"].setdefault(status, {"description": told, "content": content})
        return operation


def refusals(**told: str) -> dict[tuple[str, str], OpenApiResponse]:
    """Describe the refusals of one operation: `refusals(_404="There is no such case.")`."""
    return {
        (status.strip("_"), MEDIA_TYPE): OpenApiResponse(REFERENCE, description=sentence)
        for status, sentence in told.items()
    }


class KeyScheme(OpenApiAuthenticationExtension):
    """The key of a machine."""

    target_class = "registry.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "API key of a center: `Bearer ivcr_...`."}
