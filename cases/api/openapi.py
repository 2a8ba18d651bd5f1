"""How the addresses of cases describe themselves; the case document's schema is the data dictionary."""

from functools import cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from cases.api import openapi_bulk
from cases.api.components import documents
from cases.api.filters import CaseFilter
from cases.api.plans_schema import COMPONENTS as PLANS
from cases.dictionary import json_schema
from cases.vocabulary import Answer, Decision
from registry.api.openapi import ERROR, PROBLEM, promising, refusals
from registry.audit import LONGEST_REASON

JSON = "application/json"
TIME = {"type": "string", "format": "date-time"}
_RECORD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "case_number": {"type": "string"},
        "status": {"type": "string", "enum": ["draft", "complete", "locked"]},
        "source": {"type": "string"},
        "version": {"type": "integer"},
        "created_at": TIME,
        "updated_at": TIME,
        "center": {"type": "string"},
        "registry_id": {"type": "string", "description": "The patient's pseudonym"},
        "url": {"type": "string"},
    },
}
RECORD = promising(_RECORD)
KIND_OF_DERIVED = {
    "string": ("level", "cranial_extent", "caudal_extent", "clinical_stage", "highest_clavien_dindo"),
    "integer": ("n_segments", "charlson_score", "age_at_resection_years"),
    "number": ("bmi_kg_m2", "egfr_preop_ml_min", "undersizing_ratio"),
}
DERIVED = {
    "type": "object",
    "readOnly": True,
    "description": "What follows from the answers, never sent back; absent when they do not tell",
    "properties": {name: {"type": kind} for kind, names in KIND_OF_DERIVED.items() for name in names},
}
TO_COMPLETE = promising(
    {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("pointer", "label", "message")},
    }
)
FINDING = {
    "type": "object",
    "required": ["rule", "verdict"],
    "properties": {
        "rule": {"type": "string"},
        "title": {"type": "string"},
        "phase": {"type": ["string", "null"], "description": "The phase of care that it belongs to"},
        "verdict": {
            "type": "string",
            "enum": ["concordant", "deviation", "not_applicable", "not_assessable"],
        },
        "severity": {"type": "string"},
        "pointer": {"type": "string"},
        "values": {"type": "object"},
        "missing": {"type": "array", "items": {"type": "object"}},
        "sentence": {"type": "string"},
    },
}
_ANSWERED = {
    "type": "object",
    "description": "A finding that stands, and what people said to it",
    "properties": {
        **{name: {"type": "string"} for name in ("code", "pointer", "message", "severity", "answer_text")},
        "state": {
            "type": "string",
            "enum": ["open", "answered", "decided"],
            "description": "Open with an answer: it came back, because the data or the rule changed or are wrong",
        },
        "answer": {"type": "string", "enum": ["", *Answer.values]},
        "decision": {"type": "string", "enum": ["", *Decision.values]},
        "decision_text": {"type": "string"},
        "opened_at": TIME,
        "answered_at": {**TIME, "type": ["string", "null"]},
        "decided_at": {**TIME, "type": ["string", "null"]},
    },
}
ANSWERED = promising(_ANSWERED)


def reference(name: str) -> dict[str, str]:
    """Point at a shape by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(schema: dict[str, Any]) -> dict[str, Any]:
    """A list of what has this shape."""
    return {"type": "array", "items": schema}


COMPONENTS: dict[str, dict[str, Any]] = {
    "Problem": PROBLEM,
    "Error": ERROR,
    "Record": RECORD,
    "Listed": {
        "description": "A record, or what `fields` asks of it; with its document if that is included",
        "type": "object",
        "minProperties": 1,
        "properties": {**RECORD["properties"], "document": {"type": "object"}},
    },
    "Derived": DERIVED,
    "Finding": FINDING,
    "Answered": ANSWERED,
    "Case": {
        "type": "object",
        "description": "To a key that does not read: the record and, after a write, the verdict alone",
        "required": ["record"],
        "properties": {
            "verdict": {
                "type": "string",
                "enum": ["new", "changed", "unchanged"],
                "description": "After a write",
            },
            "record": reference("Record"),
            "document": reference("CaseDocument"),
            "derived": reference("Derived"),
            "queries": {
                **list_of(reference("Answered")),
                "description": "Implausible values: open ones are to be confirmed or corrected",
            },
            "to_complete": {**list_of(TO_COMPLETE), "description": "What the case lacks to be complete"},
        },
    },
    "Page": {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {
            "next": {"type": ["string", "null"], "format": "uri"},
            "previous": {"type": ["string", "null"], "format": "uri"},
            "results": list_of(reference("Listed")),
        },
    },
    "Assessment": {
        "type": "object",
        "required": [
            *("case", "algorithm_version", "case_version", "as_of", "assessed_at", "findings", "deviations")
        ],
        "properties": {
            "case": reference("Record"),
            "algorithm_version": {"type": "string"},
            "case_version": {"type": "integer"},
            "as_of": {"type": "string", "format": "date"},
            "assessed_at": TIME,
            "findings": list_of(reference("Finding")),
            "deviations": list_of(reference("Answered")),
        },
    },
}
# What is read of one case; `fields` may leave out most of it.
COMPONENTS["CaseRead"] = {
    **COMPONENTS["Case"],
    "description": "A case, or of its record and document what `fields` asks for",
    "properties": {**COMPONENTS["Case"]["properties"], "record": _RECORD},
}


def document_schema() -> dict[str, Any]:
    """The case document as JSON Schema, its texts in the reader's language."""
    return _document_schema(get_language())


@cache
def _document_schema(language: str | None) -> dict[str, Any]:
    """Make it once a language: it never changes while the program runs."""
    return json_schema()


def add_case_document(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the shapes that are no serializers among the components."""
    shapes = {**COMPONENTS, **openapi_bulk.COMPONENTS, **PLANS, **documents(document_schema())}
    result["components"].setdefault("schemas", {}).update(shapes)
    return result


def _body(name: str) -> dict[tuple[str, str], dict[str, str]]:
    return {("200", JSON): reference(name)}


MISSING = refusals(_404="There is no such case, or none that you may see.")
INVALID = refusals(
    _413="The document is larger than 1 MiB.",
    _415="The body is not JSON in UTF-8.",
    _422="The document cannot be true, or not be read; `errors` says what and where.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description='ETag of the version you read, such as "3"',
)
CHANGE_REASON = OpenApiParameter(
    "Change-Reason",
    str,
    OpenApiParameter.HEADER,
    description=f"Why the case changes, one line of at most {LONGEST_REASON} characters in UTF-8, kept in the history."
    " A complete case is changed only for a reason (422, `reason_required`); a draft needs none.",
)
_LIST_PARAMETERS = [
    *(
        OpenApiParameter(name, str, description=str(chosen.extra["help_text"]))
        for name, chosen in CaseFilter.base_filters.items()
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous`"),
    OpenApiParameter("page_size", int, description="Records on a page, at most 500"),
    OpenApiParameter(
        "ordering",
        str,
        enum=["updated_at", "-updated_at", "case_number", "-case_number", "id", "-id"],
        description="Leading order; `updated_at` without it. Case numbers go by their code points",
    ),
    OpenApiParameter(
        "include", str, enum=["document"], description="`document` adds to each record its whole document"
    ),
]
_FIELDS = OpenApiParameter(
    "fields",
    str,
    description="Keys of record and document that you want, separated by commas, such as `id,version,patient`."
    " A part of a document is not to be sent back with PUT: what it lacks would be erased",
)
_DOCUMENT = {JSON: reference("CaseDocument")}

LIST: dict[str, Any] = {
    "operation_id": "list_cases",
    "parameters": [*_LIST_PARAMETERS, _FIELDS],
    "responses": _body("Page"),
}
CREATE: dict[str, Any] = {
    "operation_id": "add_case",
    "parameters": [
        OpenApiParameter("center", str, description="Code of the center, for people who have several"),
        OpenApiParameter(
            "Location",
            str,
            OpenApiParameter.HEADER,
            response=["200", "409"],
            description="Address of the case that is there already",
        ),
    ],
    "request": _DOCUMENT,
    "responses": {
        ("201", JSON): OpenApiResponse(reference("Case"), description="Added"),
        ("200", JSON): OpenApiResponse(reference("Case"), description="It was there already, and equal"),
        **refusals(
            _404="There is no such center where you may record.",
            _409="The case number is taken by a case that differs, or the case is locked, or consent was withdrawn.",
        ),
        **INVALID,
    },
}
READ: dict[str, Any] = {
    "operation_id": "read_case",
    "parameters": [_FIELDS],
    "responses": {**_body("CaseRead"), **MISSING},
}
CORRECT: dict[str, Any] = {
    "operation_id": "correct_case",
    "parameters": [IF_MATCH, CHANGE_REASON],
    "request": _DOCUMENT,
    "responses": {
        **_body("Case"),
        **MISSING,
        **refusals(
            _409="The case is locked, or its patient withdrew consent.",
            _412="The case changed since you read it; the ETag of the answer is its version now.",
            _428="If-Match is missing.",
        ),
        **INVALID,
    },
}
PATCH: dict[str, Any] = {
    **CORRECT,
    "operation_id": "patch_case",
    "request": {kind: reference("CasePatch") for kind in ("application/merge-patch+json", JSON)},
}
ASSESSMENT: dict[str, Any] = {
    "operation_id": "read_assessment",
    "responses": {**_body("Assessment"), **MISSING},
}
TOLD = ("id", "title", "asks", "when", "source", "firmness", "severity", "held_by", "challenged_by")
RULE: dict[str, Any] = {
    "type": "object",
    "required": [*TOLD, "since", "phase", "conflicts_with", "thresholds"],
    "properties": {
        **{name: {"type": "string"} for name in TOLD},
        "since": {"type": ["string", "null"], "format": "date", "description": "First operations it is for"},
        "phase": {"type": ["string", "null"], "description": "Of care; rules of validity have none"},
        "conflicts_with": list_of({"type": "string", "description": "A rule that asks otherwise"}),
        "thresholds": list_of(
            {
                "type": "object",
                "required": ["name", "label", "value", "unit"],
                "properties": {
                    "name": {"type": "string"},
                    "label": {"type": "string"},
                    "value": {"type": "number", "description": "In the version in force"},
                    "unit": {"type": "string", "description": "UCUM; empty for a bare number"},
                },
            }
        ),
    },
}
RULES: dict[str, Any] = {
    "operation_id": "list_rules",
    "responses": {
        ("200", JSON): {
            "type": "object",
            "required": ["rulebooks"],
            "properties": {
                "rulebooks": list_of(
                    {
                        "type": "object",
                        "required": ["name", "title", "version", "rules"],
                        "properties": {
                            **{name: {"type": "string"} for name in ("name", "title", "version")},
                            "rules": list_of(RULE),
                        },
                    }
                )
            },
        }
    },
}
DICTIONARY: dict[str, Any] = {
    "operation_id": "read_dictionary",
    "responses": {("200", JSON): {"type": "object", "required": ["type", "properties"]}},
}
