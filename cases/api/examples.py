"""Examples for every body that the API takes or gives, set by the shape that the body has.

An operation that uses a known shape shows its example without saying so; a test holds each against its shape.
"""

from http import HTTPStatus
from typing import Any

from cases.api.openapi_transfers import EXAMPLES as TRANSFERS
from cases.api.openapi_transfers import MOMENT

DOCUMENT = {
    "case_number": "2026-014",
    "patient": {"born_on": "1960-05", "sex": "female"},
    "tumor": {"segments": ["infrarenal", "interrenal"], "growth_pattern": "mixed"},
    "operations": [
        {
            "operation_type": "index_resection",
            "operated_on": "2026-03-02",
            "intent": "curative",
            "approach": ["chevron"],
            "resection_type": "circumferential",
            "resected_segments": ["infrarenal", "interrenal"],
            "blood_loss_ml": 300,
            "missing": {"skin_to_skin_min": "NK"},
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 20},
            "veins": [{"vein": "left_renal", "handling": "reimplanted_graft"}],
        }
    ],
}
PLAN = {
    "tumor": {"segments": ["suprarenal", "retrohepatic"], "growth_pattern": "mixed"},
    "operations": [
        {
            "operation_type": "index_resection",
            "approach": ["chevron"],
            "resection_type": "circumferential",
            "resected_segments": ["suprarenal", "retrohepatic"],
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 16},
        }
    ],
}
RECORD = {
    "id": 17,
    "case_number": "2026-014",
    "status": "draft",
    "source": "api",
    "version": 1,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "center": "NORTH",
    "registry_id": "IVC-7K3M-2Q",
    "url": "/api/v1/cases/17/",
}
EXPECTATION = {
    "rule": "S-13",
    "title": "Prosthesis of 18 to 22 mm",
    "expects": "the diameter is 18 to 22 mm",
    "when": "a tube graft was used",
    "applies": True,
    "verdict": "deviation",
    "severity": "info",
    "message": "The graft measures 16 mm (ratio to the native vein: not recorded); the founding series used 18 to"
    " 22 mm, others 12 to 16.",
    "pointer": "/operations/0/reconstruction/diameter_mm",
    "facts": [
        {
            "label": "Graft diameter",
            "value": "16 mm",
            "pointers": ["/operations/0/reconstruction/diameter_mm"],
        }
    ],
    "missing": [],
    "source": "Rusin 2021, doi 10.26779/2522-1396.2021.9-10.44: “prosthesis of 18-22 mm in diameter”",
    "firmness": "SEED",
    "beside": ["L-11"],
}
BY_SHAPE: dict[str, Any] = {
    **TRANSFERS,
    "CaseDocument": DOCUMENT,
    "CasePatch": {"presentation": {"height_cm": 172, "missing": {"height_cm": None}}, "note": None},
    "FollowUp": {
        "visit_on": "2026-09-01",
        "contact_type": "clinic",
        "vital_status": "alive",
        "disease_status": "NED",
    },
    "Complication": {"type": "pe", "onset_on": "2026-03-05", "clavien_dindo": "II"},
    "Recurrence": {"detected_on": "2027-02", "kind": "distant", "sites": ["lung"]},
    "Death": {"died_on": "2028-01", "cause_category": "disease"},
    "PlanDocument": PLAN,
    "Confirmation": {"answer_text": "Read again in the anesthesia chart."},
    "Explanation": {
        "answer": "collaterals_sufficient",
        "answer_text": "Large azygos and gonadal veins on CT.",
    },
    "Decision": {"decision": "accepted", "decision_text": ""},
    "Case": {
        "verdict": "new",
        "record": RECORD,
        "document": DOCUMENT,
        "derived": {"caudal_extent": "infrarenal", "cranial_extent": "interrenal", "n_segments": 2},
        "queries": [],
        "to_complete": [
            {
                "pointer": "/presentation",
                "label": "Presentation",
                "message": "Presentation is to be filled in.",
            }
        ],
    },
    "Page": {"next": None, "previous": None, "results": [RECORD]},
    "Assessment": {
        "case": RECORD,
        "algorithm_version": "2026.1",
        "case_version": 1,
        "as_of": "2026-11-26",
        "assessed_at": MOMENT,
        "findings": [
            {
                "rule": "S-12",
                "verdict": "concordant",
                "values": {"ivc_method": "tube_graft", "material": "ptfe"},
            }
        ],
        "deviations": [],
    },
    "Plan": {
        "algorithm_version": "2026.1",
        "as_of": "2026-11-26",
        "supposed": "",
        "topics": [
            {
                "topic": "prosthesis",
                "title": "Prosthesis and its diameter",
                "judged": "beforehand",
                "expectations": [EXPECTATION],
            }
        ],
        "missing": [
            {
                "label": "Steps of exposure",
                "pointers": ["/operations/0/exposure_steps"],
                "reason": None,
                "rules": ["S-05", "S-06"],
            }
        ],
        "contradictions": [],
    },
}
IMPOSSIBLE = {
    "pointer": "/presentation/height_cm",
    "code": "out_of_range",
    "message": "Height (presentation.height_cm) must be a whole number from 100 to 230.",
    "severity": "error",
}
# One refusal for each status: its code, its sentence.
REFUSALS: dict[str, tuple[str, str]] = {
    "400": ("not_json", "This is not JSON: Expecting value in line 1, column 1."),
    "401": ("not_authenticated", "Send your key, as in Authorization: Bearer ivcr_..., or sign in."),
    "403": ("permission_denied", "You may not do this, or your key has no scope for it."),
    "404": ("not_found", "There is nothing at this address that you may see."),
    "406": ("not_acceptable", "The answer comes as application/json, which Accept has to allow."),
    "409": (
        "case_exists",
        "Case 2026-014 is here already and differs: correct it with PUT to its own address.",
    ),
    "411": ("length_required", "Send the body with its Content-Length, not in chunks."),
    "412": ("stale_version", "It is now at version 2; read it again and repeat your change."),
    "413": ("too_large", "A request has at most 1048576 bytes."),
    "415": ("unsupported_media_type", "Send JSON in UTF-8."),
    "422": ("invalid_document", "The document was not saved; correct these errors."),
    "428": ("version_required", "Send If-Match with the ETag that you got when you read it."),
    "429": ("throttled", "Request was throttled. Expected available in 2 seconds."),
    "503": ("busy", "The registry is busy. Please try again."),
}


BY_SHAPE["Identity"] = {
    "family_name": "Example",
    "given_name": "Anna",
    "born_on": "1960-05-13",
    "national_number": "60051300000",
    "country": "PL",
}
BY_SHAPE["CaseRead"] = {name: value for name, value in BY_SHAPE["Case"].items() if name != "verdict"}


def add_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Show an example with every body whose shape has one; every body that is asked for is needed."""
    for path in result["paths"].values():
        for operation in path.values():
            if body := operation.get("requestBody"):
                body.setdefault("required", True)
                _show(body.get("content", {}), None)
            for status, answer in operation["responses"].items():
                _show(answer.get("content", {}), status)
    return result


def _show(content: dict[str, Any], status: str | None) -> None:
    for media in content.values():
        shape = media.get("schema", {}).get("$ref", "").rpartition("/")[2]
        value = _problem(status) if shape == "Problem" and status else BY_SHAPE.get(shape)
        if value is not None and "example" not in media:
            media.setdefault("examples", {"example": {"value": value}})


def _problem(status: str) -> dict[str, Any] | None:
    if status not in REFUSALS:
        return None
    code, detail = REFUSALS[status]
    return {
        "type": f"urn:ivc-registry:problem:{code}",
        "title": HTTPStatus(int(status)).phrase,
        "status": int(status),
        "detail": detail,
        "errors": [IMPOSSIBLE] if status == "422" else [],
    }
