"""How bulk requests and imports describe themselves."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from registry.api.ndjson import MOST_DOCUMENTS, NDJSON
from registry.api.openapi import promising, refusals
from registry.audit import LONGEST_REASON

JSON = "application/json"
WHOLE = {"type": "integer"}
TEXT_OR_NONE = {"type": ["string", "null"]}
VERDICTS = ("new", "changed", "unchanged", "rejected")
MODE = {"type": "string", "enum": ["each", "atomic"]}


def reference(name: str) -> dict[str, str]:
    """Point at a shape by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> dict[str, Any]:
    """A list of what has the shape of this name."""
    return {"type": "array", "items": reference(name)}


COMPONENTS: dict[str, dict[str, Any]] = {
    "BulkItem": {
        "description": "A case document; or an object with the key `document` and what its sender says beside it",
        "anyOf": [reference("CaseDocument"), reference("BulkEnvelope")],
    },
    "BulkEnvelope": {
        "type": "object",
        "required": ["document"],
        "properties": {
            "reference": {
                "type": "string",
                "maxLength": 100,
                "description": "Your own name for it, one line",
            },
            "if_version": {
                "type": "integer",
                "minimum": 1,
                "description": "The version that you read, to correct a case that is there; left out to add one",
            },
            "document": reference("CaseDocument"),
            "index": {"description": "Not read: stands in what is handed back for correction"},
            "errors": {"description": "Not read: stands in what is handed back for correction"},
        },
        "additionalProperties": False,
    },
    "BulkVerdict": {
        "type": "object",
        "description": "What became of one document",
        "properties": {
            "index": {
                "type": "integer",
                "description": "Its place in the request, from 0; blank lines are none",
            },
            "reference": TEXT_OR_NONE,
            "case_number": TEXT_OR_NONE,
            "verdict": {"type": "string", "enum": list(VERDICTS)},
            "id": {"type": ["integer", "null"], "description": "Of the case, if the registry has it"},
            "url": TEXT_OR_NONE,
            "version": {"type": ["integer", "null"], "description": "Of the case as the registry has it now"},
            "errors": {**list_of("Error"), "description": "Why it is rejected; pointers into this document"},
            "warnings": {**list_of("Error"), "description": "What is asked; it is saved all the same"},
        },
    },
    "BulkCounts": {
        "type": "object",
        "properties": dict.fromkeys(VERDICTS, WHOLE),
        "required": list(VERDICTS),
    },
    "BulkAnswer": {
        "type": "object",
        "properties": {
            "mode": MODE,
            "dry_run": {"type": "boolean"},
            "saved": {
                "type": "boolean",
                "description": "False after a dry run, and when `atomic` held all back for a rejected one",
            },
            "counts": reference("BulkCounts"),
            "verdicts": {**list_of("BulkVerdict"), "description": "In the order of the request"},
        },
    },
    "Import": {
        "type": "object",
        "properties": {
            "id": WHOLE,
            "url": {"type": "string"},
            "center": {"type": "string"},
            "state": {
                "type": "string",
                "enum": ["waiting", "running", "done", "rejected", "failed", "canceled"],
                "description": "`done`: see `saved` and the verdicts. `rejected`: `atomic` held all back. `failed`: "
                "nothing was saved; `refused` says why, or the work never came to its end: send it again. "
                "`canceled`: a dry run that a person gave up in the administration",
            },
            "mode": MODE,
            "dry_run": {"type": "boolean"},
            "documents": {"type": "integer", "description": "How many were sent"},
            "done": {"type": "integer", "description": "How many are judged so far"},
            "saved": {"type": ["boolean", "null"], "description": "Null until it is over"},
            "counts": {"anyOf": [reference("BulkCounts"), {"type": "null"}]},
            "refused": TEXT_OR_NONE,
            "created_at": {"type": "string", "format": "date-time"},
            "finished_at": {"type": ["string", "null"], "format": "date-time"},
            "results": {"type": "string", "description": "Where the verdicts are"},
            "rejected": {"type": "string", "description": "Where the rejected documents are"},
        },
    },
    "ImportResults": {
        "type": "object",
        "properties": {
            "next": {"type": ["string", "null"], "format": "uri"},
            "previous": {"type": ["string", "null"], "format": "uri"},
            "results": list_of("BulkVerdict"),
        },
    },
}

for _name in ("BulkVerdict", "BulkAnswer", "Import", "ImportResults"):
    COMPONENTS[_name] = promising(COMPONENTS[_name])

_NEW = {"case_number": "A-1", "patient": {"sex": "female", "born_on": "1960-05"}}
_CORRECTED = {"case_number": "A-2", "patient": {"sex": "male"}}
_BAD = {"case_number": "A-3", "diagnosis": {"diagnosis_on": "2022-01-01"}, "death": {"died_on": "2021"}}
_ERROR = {
    "pointer": "/death/died_on",
    "code": "X-10",
    "message": "Died (2021) lies before the diagnosis (2022-01-01); correct one of the two.",
    "severity": "error",
}


def _told(index: int, reference: str | None, number: str, verdict: str, **known: Any) -> dict[str, Any]:
    return {
        "index": index,
        "reference": reference,
        "case_number": number,
        "verdict": verdict,
        "id": None,
        "url": None,
        "version": None,
        "errors": [],
        "warnings": [],
        **known,
    }


_ANSWER = {
    "mode": "each",
    "dry_run": False,
    "saved": True,
    "counts": {"new": 1, "changed": 1, "unchanged": 0, "rejected": 1},
    "verdicts": [
        _told(0, None, "A-1", "new", id=41, url="/api/v1/cases/41/", version=1),
        _told(1, "row 17", "A-2", "changed", id=12, url="/api/v1/cases/12/", version=4),
        _told(2, "row 18", "A-3", "rejected", errors=[_ERROR]),
    ],
}
_WAITING = {
    "id": 7,
    "url": "/api/v1/imports/7/",
    "center": "WAW",
    "state": "waiting",
    "mode": "each",
    "dry_run": False,
    "documents": 5000,
    "done": 0,
    "saved": None,
    "counts": None,
    "refused": None,
    "created_at": "2026-11-26T05:00:00Z",
    "finished_at": None,
    "results": "/api/v1/imports/7/results/",
    "rejected": "/api/v1/imports/7/rejected/",
}
_DONE = {
    **_WAITING,
    "state": "done",
    "done": 5000,
    "saved": True,
    "counts": {"new": 4990, "changed": 0, "unchanged": 0, "rejected": 10},
    "finished_at": "2026-11-26T05:00:06Z",
}
_SENT = [
    _NEW,
    {"reference": "row 17", "if_version": 3, "document": _CORRECTED},
    {"reference": "row 18", "document": _BAD},
]


def _examples(value: Any, *, of_request: bool = False, kind: str = JSON) -> list[OpenApiExample]:
    return [
        OpenApiExample(
            "Example", value=value, request_only=of_request, response_only=not of_request, media_type=kind
        )
    ]


MISSING = refusals(_404="There is no such import, or none that you may see.")
_NOT_OVER = refusals(_409="There are no verdicts: it is not over, or came to no end (`no_verdicts`).")

SEND: dict[str, Any] = {
    "operation_id": "send_cases",
    "description": f"""Add and correct up to {MOST_DOCUMENTS:,} cases, 64 MiB together, 1 MiB each: one document a line
(`{NDJSON}`) or one array. Needs the scope `import_cases`.

A plain document adds a case; one that is there already and equal is `unchanged`, one that differs is rejected
(`case_exists`) unless `if_version` names the version that it corrects. So all of it can be sent again, whatever
happened the first time. A document that stands twice is rejected both times (`repeated_case_number`).

In NDJSON each line is read by itself: one that cannot be read is that document's error. An array is strict as a whole
(400). Up to 200 documents of 2 MiB are answered at once with 200, which says that they were judged, not that they were
saved: see `saved` and the verdicts. More, or with `Prefer: respond-async`, become an import (202, `Location`). The same
request again while it waits leads to the same import.""",
    "parameters": [
        OpenApiParameter(
            "mode",
            str,
            enum=["each", "atomic"],
            default="each",
            description="Save the good ones and name the others, or save all or none",
        ),
        OpenApiParameter(
            "dry_run",
            str,
            enum=["false", "true"],
            default="false",
            description="Save nothing, and say what would happen",
        ),
        OpenApiParameter("center", str, description="Code of the center, for people who have several"),
        OpenApiParameter(
            "Prefer",
            str,
            OpenApiParameter.HEADER,
            description="`respond-async`: an import, however few they are",
        ),
        OpenApiParameter(
            "Change-Reason",
            str,
            OpenApiParameter.HEADER,
            description=f"Why complete cases change, one line of at most {LONGEST_REASON} characters in UTF-8; "
            "without it a changed complete case is rejected (`reason_required`)",
        ),
    ],
    "request": {JSON: list_of("BulkItem"), NDJSON: reference("BulkItem")},
    "examples": [
        *_examples(_SENT, of_request=True),
        *_examples(_SENT[1], of_request=True, kind=NDJSON),
    ],
    "responses": {
        ("200", JSON): OpenApiResponse(
            reference("BulkAnswer"), description="Judged", examples=_examples(_ANSWER)
        ),
        ("202", JSON): OpenApiResponse(
            reference("Import"), description="Kept for a worker", examples=_examples(_WAITING)
        ),
        **refusals(
            _404="There is no such center where you may import.",
            _413=f"More than 64 MiB, or more than {MOST_DOCUMENTS:,} documents.",
            _415="The body is neither JSON nor NDJSON in UTF-8.",
            _429="Ten imports of the center wait already; come back after Retry-After.",
        ),
    },
}
_AGAIN = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=["200", "409"],
    description="Seconds after which to look again, until it is over",
)
WATCH: dict[str, Any] = {
    "operation_id": "read_import",
    "parameters": [_AGAIN],
    "responses": {
        ("200", JSON): OpenApiResponse(
            reference("Import"), description="How far it is", examples=_examples(_DONE)
        ),
        **MISSING,
    },
}
RESULTS: dict[str, Any] = {
    "operation_id": "list_import_results",
    "description": "Sentences are kept for 30 days, and so are verdicts of documents that were new or unchanged and of "
    "which nothing was asked; counts, codes and places for good.",
    "parameters": [
        OpenApiParameter("verdict", str, enum=list(VERDICTS), description="These alone"),
        OpenApiParameter("cursor", str, description="From `next` or `previous`"),
        OpenApiParameter("page_size", int, description="Verdicts on a page, at most 1,000"),
        _AGAIN,
    ],
    "responses": {
        ("200", JSON): OpenApiResponse(
            reference("ImportResults"),
            description="A page of verdicts",
            examples=_examples({"next": None, "previous": None, "results": _ANSWER["verdicts"]}),
        ),
        **MISSING,
        **_NOT_OVER,
    },
}
REJECTED: dict[str, Any] = {
    "operation_id": "download_rejected",
    "parameters": [_AGAIN],
    "description": "One line for each: `index`, `reference`, `if_version`, `errors`, and the `document`, or the "
    "beginning of the `line` that could not be read. Kept for 30 days. Corrected, the lines can be sent as they are.",
    "responses": {
        ("200", NDJSON): OpenApiResponse(
            {"type": "string"},
            description="Lines",
        ),
        **MISSING,
        **_NOT_OVER,
    },
}
