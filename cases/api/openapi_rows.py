"""How the addresses of a case's follow-ups, complications, recurrences and death describe themselves."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from cases.api.openapi import (
    CHANGE_REASON,
    IF_MATCH,
    INVALID,
    JSON,
    MISSING,
    document_schema,
    list_of,
    reference,
)
from cases.models import Complication, Death, FollowUp, Form, Recurrence
from registry.api.openapi import promising, refusals

FORMS: tuple[type[Form], ...] = (FollowUp, Complication, Recurrence, Death)
VERSION = {"type": "integer", "description": "Version of the case, as in the ETag"}
POSITION = {"type": "integer", "minimum": 0, "description": "Place of the row in the document, from 0"}
PATCH = {
    "type": "object",
    "description": "JSON Merge Patch (RFC 7396) of the case document: what is named is set, null removes, a list"
    " replaces the whole list.",
}
LOCKED = refusals(_409="The case is locked, or its patient withdrew consent.")
STALE = refusals(_412="The case changed since you read it; the ETag of the answer is its version now.")
UNREAD = refusals(_428="If-Match is missing.")
_MAY_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETag of the case, to add to no other version of it; without it the row is added to what is there now",
)
_MAY_SAY_WHY = OpenApiParameter(
    "Change-Reason",
    str,
    OpenApiParameter.HEADER,
    description="Why, in UTF-8, when there is more to say than that it was recorded",
)


def rows(form: type[Form]) -> dict[str, Any]:
    """The list of a form's rows: read, add one."""
    name = form.__name__
    added = {("201", JSON): reference(f"{name}Saved"), ("200", JSON): reference(f"{name}Saved")}
    read = {("200", JSON): reference(f"{name}Rows"), **MISSING}
    there = OpenApiParameter(
        "Location",
        str,
        OpenApiParameter.HEADER,
        response=["200"],
        description="Address of the row that is there already",
    )
    parameters = [_MAY_MATCH, _MAY_SAY_WHY, there]
    return {
        "get": extend_schema(operation_id=f"list_{form.name}", responses=read),
        "post": extend_schema(
            operation_id=f"add_{_one(form)}",
            parameters=parameters,
            request={JSON: reference(name)},
            responses={**added, **MISSING, **LOCKED, **STALE, **INVALID},
        ),
    }


def one_row(form: type[Form]) -> dict[str, Any]:
    """One row: read, correct, take out."""
    name = form.__name__
    changed = {("200", JSON): reference(f"{name}Saved"), **MISSING, **LOCKED, **STALE, **UNREAD, **INVALID}
    parameters = [IF_MATCH, CHANGE_REASON]
    return {
        "get": extend_schema(
            operation_id=f"read_{_one(form)}",
            responses={("200", JSON): reference(f"{name}Read"), **MISSING},
        ),
        "put": extend_schema(
            operation_id=f"correct_{_one(form)}",
            parameters=parameters,
            request={JSON: reference(name)},
            responses=changed,
        ),
        "delete": extend_schema(
            operation_id=f"remove_{_one(form)}", parameters=parameters, request=None, responses=changed
        ),
    }


def add_rows(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes of single forms among the components; each is the document's own."""
    schemas = result["components"].setdefault("schemas", {})
    schemas["CasePatch"] = PATCH
    for form in FORMS:
        found = document_schema()["properties"][form.name]
        name, row = form.__name__, reference(form.__name__)
        row_or_null = {"anyOf": [row, {"type": "null"}]}
        schemas[name] = found["items"] if form.repeats else found
        schemas[f"{name}Rows"] = _object(version=VERSION, rows=list_of(row))
        of_rows_alone = () if form.repeats else ("position",)
        schemas[f"{name}Read"] = _object(*of_rows_alone, version=VERSION, position=POSITION, row=row_or_null)
        schemas[f"{name}Saved"] = _object(
            "position",  # of a row that was taken out, and of a form that a case has once
            verdict={"type": "string", "enum": ["changed", "unchanged"]},
            position=POSITION,
            row=row_or_null,
            warnings=list_of(reference("Error")),
            record=reference("Record"),
        )
    return result


def _object(*but: str, **properties: Any) -> dict[str, Any]:
    return promising({"type": "object", "properties": properties}, *but)


def _one(form: type[Form]) -> str:
    return form.name.removesuffix("s")


DEATH = {name: made for name, made in one_row(Death).items() if name in ("get", "put")}
