"""A case as the API shows it: the document, the record around it, and the questions that are open."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from cases import document as documents
from cases.models import Case, DataQuery
from cases.rulebook.completeness import missing_answers

RECORD = ("id", "case_number", "status", "source", "version", "created_at", "updated_at")
DERIVED = (
    *(
        "level",
        "cranial_extent",
        "caudal_extent",
        "n_segments",
        "bmi_kg_m2",
        "egfr_preop_ml_min",
        "charlson_score",
    ),
    *("clinical_stage", "highest_clavien_dindo", "age_at_resection_years", "undersizing_ratio"),
)


def rows(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Fetch with each case what its record shows."""
    return cases.select_related("center", "patient")


def record(case: Case) -> dict[str, Any]:
    """What the registry keeps about the case beside what the center told."""
    return {
        **{name: getattr(case, name) for name in RECORD},
        "center": case.center.code,
        "registry_id": case.patient.registry_id,
        "url": reverse("api-case", args=[case.pk]),
    }


def derived(document: Any) -> dict[str, Any]:
    """What follows from the answers; what cannot be known from them is left out."""
    found = {name: getattr(document, name) for name in DERIVED}
    return {name: value for name, value in found.items() if value is not None}


def whole(case: Case) -> dict[str, Any]:
    """The record, the document as it can be sent back, what follows from it, and what is open."""
    (stored,) = documents.load([case.pk])
    return {
        "record": record(case),
        "document": documents.dump(stored.document),
        "derived": derived(stored.document),
        "queries": [
            {"pointer": query.pointer, "code": query.rule_id, "message": query.sentence, "severity": "query"}
            for query in DataQuery.objects.open().filter(case=case).order_by("rule_id", "pointer")
        ],
        "to_complete": [
            {"pointer": answer.pointer, "label": answer.label, "message": answer.sentence}
            for answer in missing_answers(stored.document)
        ],
    }
