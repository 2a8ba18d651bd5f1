"""A case as the API shows it: the document, the record around it, and what is asked about it."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from cases import document as documents
from cases.models import Case, DataQuery
from cases.models.review import ReviewItem
from cases.rulebook.completeness import missing_answers
from cases.rulebook.retelling import of_item

RECORD = ("id", "case_number", "status", "source", "version", "created_at", "updated_at")
SAID = ("answer", "answer_text", "answered_at", "decision", "decision_text", "decided_at")
FINDING = ("pointer", "severity", "state", "opened_at", *SAID)
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


def findings(model: type[ReviewItem], case: Case) -> list[dict[str, Any]]:
    """What the data call for today, and what people said to it."""
    standing = model.objects.standing().filter(case=case).order_by("rule_id", "pointer")
    return [
        {"code": item.rule_id, "message": of_item(item), **{name: getattr(item, name) for name in FINDING}}
        for item in standing
    ]


def whole(case: Case, saved: Any = None, *, is_asked: bool = True) -> dict[str, Any]:
    """The record, the document as it can be sent back, what follows from it, and what is asked about it.

    A document that was saved just now is what would be read: to read it again would take a third of the time. Nor is
    anything looked for where nothing is asked.
    """
    document = saved or documents.load([case.pk])[0].document
    return {
        "record": record(case),
        "document": documents.dump(document),
        "derived": derived(document),
        "queries": findings(DataQuery, case) if is_asked else [],
        "to_complete": [
            {"pointer": answer.pointer, "label": answer.label, "message": answer.sentence}
            for answer in missing_answers(document)
        ],
    }
