"""The case document: one patient's case as nested, frozen, typed forms.

It is what comes in through every door, what the rulebooks read and what goes out. Parsing is strict and tells every
error with its place; dumping and parsing again gives an equal document; loading reads many cases in as many queries
as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from cases.forms import FIELDS, MODEL_OF, OPERATION_FORMS, OUTER_FORMS, TYPES, CaseDocument
from cases.models import Form, OperationForm, Patient
from cases.problems import DocumentError, Problem, explain
from registry.dates import PartialDate
from registry.fields import CodedSet, PartialDateField

_DOCUMENT = TypeAdapter(CaseDocument)
# Every case has a patient's row; one of which nothing is known is a form that was not filled in.
NOBODY = TYPES[Patient]()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as the database holds it: the record around the document."""

    id: int
    center_id: int
    patient_id: int
    registry_id: str
    source: str
    status: str
    version: int
    is_counted_elsewhere: bool
    document: CaseDocument


# --- parsing ---------------------------------------------------------------------------------------


def parse(raw: Mapping[str, Any] | bytes | str) -> CaseDocument:
    """Read a document from JSON text or from plain values; DocumentError lists every problem with its pointer."""
    if isinstance(raw, bytes | str):
        try:
            raw = from_json(raw, allow_inf_nan=False)
        except ValueError as error:
            raise DocumentError(
                [
                    Problem(
                        pointer="",
                        code="not_json",
                        message=gettext("The document is not JSON: {reason}.").format(reason=error),
                    )
                ]
            ) from None
    if not isinstance(raw, Mapping):
        raise DocumentError(
            [
                Problem(
                    pointer="",
                    code="not_an_object",
                    message=gettext("The document must be an object of forms."),
                )
            ]
        )
    try:
        document = _DOCUMENT.validate_python(raw)
    except ValidationError as error:
        raise DocumentError(explain(error)) from None
    return replace(document, patient=None) if document.patient == NOBODY else document


# --- dumping ---------------------------------------------------------------------------------------


def dump(document: Any) -> dict[str, Any]:
    """The document as plain values, absent answers left out; parsing it again gives an equal document."""
    out: dict[str, Any] = {}
    for name in document.__dataclass_fields__:
        value = getattr(document, name)
        if value is None or value == () or (name in ("missing", "citation", "note") and not value):
            continue
        if isinstance(value, tuple):
            out[name] = [dump(row) for row in value]
        elif type(value) in MODEL_OF:
            out[name] = dump(value)
        else:
            out[name] = (
                value
                if type(document) is CaseDocument or name == "missing"
                else plain(type(document), name, value)
            )
    return out


def plain(kind: type, name: str, value: Any) -> Any:
    """One field's value as JSON holds it: sets in their vocabulary's order, dates as text."""
    declared = FIELDS[kind][name]
    if value is None:
        return None
    if isinstance(declared, CodedSet):
        return declared.in_order(value)
    return str(value) if isinstance(declared, PartialDateField) else value


# --- loading ---------------------------------------------------------------------------------------


RECORD = (
    "id",
    "center_id",
    "patient_id",
    "registry_id",
    "source",
    "status",
    "version",
    "is_counted_elsewhere",
)
TEXTS = ("case_number", "citation", "note")


def load(case_ids: Iterable[int]) -> list[StoredCase]:
    """Read many cases, in the order of their ids: one query for each form, whatever their number."""
    ids = sorted(set(case_ids))
    if not ids:
        return []
    # Each statement sees what was committed before it. The version is read first: what is committed meanwhile stands
    # under an older version then, which costs its reader a conflict; older content under a newer one would undo it.
    cases = list(_cases(ids))
    inner = {model: _rows(model, ids) for model in OPERATION_FORMS}
    forms = {
        model: _rows(model, ids, _operation_parts(inner) if model.name == "operations" else None)
        for model in OUTER_FORMS
    }
    stored = []
    for *own, person in cases:
        record, texts = own[: len(RECORD)], own[len(RECORD) :]
        inside = {model.name: _one_or_all(model, forms[model].get(own[0], [])) for model in OUTER_FORMS}
        document = CaseDocument(*texts, patient=None if person == NOBODY else person, **inside)
        stored.append(StoredCase(**dict(zip(RECORD, record, strict=True)), document=document))
    return stored


def _cases(ids: list[int]) -> Iterator[tuple[Any, ...]]:
    """The record and texts of each case, with its patient's form at the end."""
    person, convert = _columns(Patient)
    columns = ", ".join(
        [f'c."{name}"' if name != "registry_id" else "p.registry_id" for name in (*RECORD, *TEXTS)]
    )
    patient = ", ".join(f'p."{name}"' for name in person)
    sql = f"SELECT {columns}, {patient} FROM cases_case c JOIN cases_patient p ON p.id = c.patient_id"  # nosec B608  # names of ours
    kind, own = TYPES[Patient], len(RECORD) + len(TEXTS)
    for row in _fetch(f"{sql} WHERE c.id = ANY(%s::bigint[]) ORDER BY c.id", ids):
        yield *row[:own], kind(*convert(row[own:]))


def _rows(
    model: type[Form], ids: list[int], contained: Callable[[int, int], tuple[Any, ...]] | None = None
) -> dict[int, list[Any]]:
    """The rows of one form by case: for a form inside an operation, pairs of operation position and row."""
    kind, of_operation = TYPES[model], issubclass(model, OperationForm)
    columns, convert = _columns(model)
    place = "operation_position" if of_operation else "position"
    listed = ", ".join(f'"{name}"' for name in ("case_id", place, *columns))
    table = f'"{model._meta.db_table}"'
    sql = f"SELECT {listed} FROM {table} WHERE case_id = ANY(%s::bigint[])"  # nosec B608  # names of ours
    rows: dict[int, list[Any]] = {}
    for case_id, position, *values in _fetch(f"{sql} ORDER BY case_id, position", ids):
        inner = contained(case_id, position) if contained else ()
        row = kind(*convert(values), *inner)
        rows.setdefault(case_id, []).append((position, row) if of_operation else row)
    return rows


def _fetch(sql: str, ids: list[int]) -> list[tuple[Any, ...]]:
    # Plain SQL: Django would spend more time on a list of a thousand ids than PostgreSQL on finding them.
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids])
        return cursor.fetchall()


@cache
def _columns(
    model: type[Form] | type[Patient],
) -> tuple[tuple[str, ...], Callable[[Sequence[Any]], list[Any]]]:
    """The columns of a form in the order of its type, and what turns a row of them into its values."""
    fields = list(FIELDS[TYPES[model]].values())
    turns: list[tuple[int, Callable[[Any], Any]]] = [
        (place, frozenset if isinstance(declared, CodedSet) else PartialDate.parse)
        for place, declared in enumerate(fields)
        if isinstance(declared, CodedSet | PartialDateField)
    ]

    def convert(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, turn in turns:
            if values[place] is not None:
                values[place] = turn(values[place])
        values[-1] = {} if values[-1] == "{}" else from_json(values[-1])
        return values

    return (*(declared.name for declared in fields), "missing"), convert


def _one_or_all(model: type[Form], rows: list[Any]) -> Any:
    if model.repeats:
        return tuple(rows)
    return rows[0] if rows else None


def _operation_parts(inner: dict[type[Form], dict[int, list[Any]]]) -> Callable[[int, int], tuple[Any, ...]]:
    def parts(case_id: int, position: int) -> tuple[Any, ...]:
        found = []
        for model in OPERATION_FORMS:
            rows = [row for place, row in inner[model].get(case_id, ()) if place == position]
            found.append(tuple(rows) if model.repeats else next(iter(rows), None))
        return tuple(found)

    return parts
