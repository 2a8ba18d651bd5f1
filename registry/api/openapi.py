"""How the API describes itself: OpenAPI, with its security schemes and the one shape of every refusal."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from registry.api.problems import MEDIA_TYPE, PASSING


def promising(shape: dict[str, Any], *but: str) -> dict[str, Any]:
    """A shape all of whose properties are always there, but for these."""
    return {**shape, "required": [name for name in shape["properties"] if name not in but]}


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
    "required": ["user", "key", "limit", "centers"],
    "properties": {
        "user": {
            "type": "object",
            "required": ["username", "name"],
            "properties": {"username": {"type": "string"}, "name": {"type": "string"}},
        },
        "key": {
            "type": ["object", "null"],
            "required": ["prefix", "name", "expires_at", "scopes"],
            "description": "The key that was sent; null for a person in a session.",
            "properties": {
                "prefix": {"type": "string"},
                "name": {"type": "string"},
                "expires_at": {"type": "string", "format": "date-time"},
                "scopes": {"type": "array", "items": {"type": "string"}},
            },
        },
        "limit": {
            "type": "object",
            "required": ["requests", "seconds"],
            "description": "How many requests you may send in so many seconds.",
            "properties": {"requests": {"type": "integer"}, "seconds": {"type": "integer"}},
        },
        "centers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "name", "sandbox", "may"],
                "properties": {
                    "code": {"type": "string"},
                    "name": {"type": "string"},
                    "sandbox": {
                        "type": "boolean",
                        "description": "For trials with invented cases: the same rules, never in a report.",
                    },
                    "may": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
RECEIPT = {
    "type": "object",
    "required": ["key", "answered_at", "status", "headers", "body"],
    "properties": {
        "key": {"type": "string"},
        "answered_at": {"type": "string", "format": "date-time"},
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"type": ["object", "array", "null"], "description": "As it was answered"},
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
    "description": "Draw one for each new request, and send it again with each repetition of that request: whatever"
    " the network did, the work is done once, and every repetition within 90 days gets the first answer again, with"
    " the header `Idempotent-Replayed: true`. Refusals are kept, too: a corrected request takes a new key. With another"
    " body or address it is refused (422, `idempotency_key_reused`); while the first request is still worked on, come"
    " back after Retry-After (409, `request_in_progress`).",
}
NOT_KEPT = "Not needed here: the request may be sent again as it is and does no more than once, and no answer is kept."
REFERENCE = {"$ref": "#/components/schemas/Problem"}
REFUSALS = {
    "400": "The request cannot be read, or a parameter is unknown or wrong.",
    "401": "No key, or one that is not accepted.",
    "403": "Not allowed to this person or key.",
    "406": "The answer is JSON, which Accept does not allow.",
    "429": "Too many requests in this minute; go on after Retry-After.",
    "503": "The registry is busy; try again after Retry-After.",
}
WRITING = ("POST", "PUT", "PATCH", "DELETE")
OF_WRITING = {
    "411": "The body came in chunks; send it with its Content-Length.",
    "409": "A request with this Idempotency-Key is being worked on; try again after Retry-After.",
    "422": "The Idempotency-Key was sent with another request.",
}

HEADERS = {
    name: {"description": told, "schema": {"type": kind}}
    for name, kind, told in (
        ("RateLimit-Policy", "string", 'Your limit in so many seconds, such as `"key";q=6000;w=60`.'),
        ("RateLimit", "string", 'What is left until the next window begins, such as `"key";r=5999;t=42`.'),
        ("ETag", "string", "Version of the case, to be named in If-Match by whoever changes it."),
        ("Location", "string", "Address of what was added."),
        (
            "Retry-After",
            "integer",
            "Seconds after which to ask again; where it stands, another try may help.",
        ),
        ("Preference-Applied", "string", "`respond-async`, if that was preferred."),
        ("Accept-Patch", "string", "The kinds of patches that are taken."),
        ("WWW-Authenticate", "string", "How to show a key."),
        ("Idempotent-Replayed", "string", "`true`: it was answered to an earlier request with the same key."),
    )
}
OF_EACH = ("RateLimit-Policy", "RateLimit")
OF_STATUS = {
    "201": ("Location",),
    "202": ("Location", "Retry-After", "Preference-Applied"),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
VERSIONED = ("200", "201", "412")  # answers of a view that says so bear the version


def headers_of(view: Any, method: str, status: str) -> dict[str, Any]:
    """The headers of an answer, as far as they are not the operation's own."""
    names = [*OF_EACH, *OF_STATUS.get(status, ())]
    if method in getattr(view, "versioned", ()) and status in VERSIONED:
        names.append("ETag")
    if method in WRITING and status == "409":
        names.append("Retry-After")
    if method == "PATCH" and status == "415":
        names.append("Accept-Patch")
    is_kept = getattr(view, "keeps_answers", True) and int(status) not in PASSING and int(status) < 500
    if method in WRITING and is_kept:
        names.append("Idempotent-Replayed")
    return {name: HEADERS[name] for name in names}


class Schema(AutoSchema):
    """Adds to every operation what any of them may answer, and the headers of its answers."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            told_by_all = REFUSALS
            if self.method in WRITING:
                is_kept = getattr(self.view, "keeps_answers", True)
                named = IDEMPOTENCY_KEY if is_kept else {**IDEMPOTENCY_KEY, "description": NOT_KEPT}
                operation.setdefault("parameters", []).append(named)
                told_by_all = REFUSALS | OF_WRITING
            for status, told in told_by_all.items():
                content = {MEDIA_TYPE: {"schema": REFERENCE}}
                operation["responses"].setdefault(status, {"description": told, "content": content})
            for status, response in operation["responses"].items():
                own = response.get("headers", {})
                response["headers"] = {**headers_of(self.view, self.method, status), **own}
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
