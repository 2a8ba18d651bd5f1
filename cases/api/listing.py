"""What a reader wants to see of cases: in which order, which parts, with or without the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Collate
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from cases import document as documents
from cases.api import records
from cases.forms import CaseDocument
from cases.models import Case
from registry.api.pages import OldestChangeFirst

RECORD = (*records.RECORD, "center", "registry_id", "url")
DOCUMENT = tuple(CaseDocument.__dataclass_fields__)  # type: ignore[attr-defined]
NAMES = tuple(dict.fromkeys((*RECORD, *DOCUMENT)))
PARAMETERS = frozenset({"ordering", "fields", "include"})
# Numbers in the order of their code points: the only order that an index answers under row security.
ORDERS = {"updated_at": ("updated_at", "id"), "case_number": ("number", "id"), "id": ("id",)}
ORDERS |= {f"-{name}": tuple(f"-{column}" for column in columns) for name, columns in ORDERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The keys of record and document that are wanted."""

    record: frozenset[str] = frozenset(RECORD)
    document: frozenset[str] = frozenset()

    def record_of(self, case: Case) -> dict[str, Any]:
        """The wanted part of the record."""
        return {name: value for name, value in records.record(case).items() if name in self.record}

    def document_of(self, document: Any) -> dict[str, Any]:
        """The wanted part of the document; not to be sent back as a whole one."""
        return {name: value for name, value in documents.dump(document).items() if name in self.document}


def selection(request: Request) -> Selection:
    """Read `fields` and `include`; a name of the document alone brings the document."""
    included = _chosen(request, "include", ("document",))
    if (text := request.query_params.get("fields")) is None:
        return Selection(document=frozenset(DOCUMENT if included else ()))
    asked = text.split(",")
    names = frozenset(asked)
    if len(names) < len(asked) or not names <= set(NAMES):
        told = gettext("Name each field once, separated by commas, out of: {names}.")
        raise ValidationError({"fields": [told.format(names=", ".join(NAMES))]})
    has_document = included or names - set(RECORD)
    return Selection(
        record=names & set(RECORD), document=names & set(DOCUMENT) if has_document else frozenset()
    )


def page(cases: QuerySet[Case], request: Request, view: Any) -> tuple[OldestChangeFirst, list[Case]]:
    """One page in the order that `ordering` names, the oldest change first without it."""
    pages = OldestChangeFirst()
    order = _chosen(request, "ordering", tuple(ORDERS)) or "updated_at"
    pages.ordering = ORDERS[order]
    if order.endswith("case_number"):
        cases = cases.annotate(number=Collate("case_number", "C"))
    return pages, pages.paginate_queryset(cases, request, view) or []


def rows(cases: Sequence[Case], wanted: Selection) -> list[dict[str, Any]]:
    """The wanted parts of a page; the documents of all its cases take one query a form."""
    if not wanted.document:
        return [wanted.record_of(case) for case in cases]
    stored = {one.id: one.document for one in documents.load(case.pk for case in cases)}
    return [
        {**wanted.record_of(case), "document": wanted.document_of(stored[case.pk])}
        for case in cases
        if case.pk in stored
    ]


def part(case: Case, wanted: Selection) -> dict[str, Any]:
    """The wanted parts of one case."""
    body: dict[str, Any] = {"record": wanted.record_of(case)}
    if wanted.document:
        (stored,) = documents.load([case.pk])
        body["document"] = wanted.document_of(stored.document)
    return body


def _chosen(request: Request, name: str, known: Sequence[str]) -> str | None:
    value = request.query_params.get(name)
    if value is not None and value not in known:
        told = gettext("Must be one of: {codes}.").format(codes=", ".join(known))
        raise ValidationError({name: [told]})
    return value
