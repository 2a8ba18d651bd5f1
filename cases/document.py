"""The case document: one patient's case as nested, frozen, typed forms.

It is what comes in through every door, what the rulebooks read and what goes out. Its types are built from
the models' own fields, so nothing is declared twice. Parsing is strict and tells every error with its place;
loading reads many cases in as many queries as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, make_dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, Literal

from django.db import models
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, from_json

from cases.derived import CaseView, OperationView
from cases.models import FORMS, Case, Form, OperationForm, Patient
from cases.vocabulary import Missing
from registry.fields import ClinicalField, CodedSet, PartialDateField, clinical_fields

# One pattern, not two: a later pattern on the same text replaces the earlier one.
NUMBER = r"^[^\x00-\x1f\s]([^\x00-\x1f]*[^\x00-\x1f\s])?$"
NOTHING_MISSING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, where (JSON Pointer into the document), how badly, and what to do."""

    pointer: str
    code: str
    message: str
    severity: str = "error"


class DocumentError(ValueError):
    """The document cannot be taken; `problems` says why, one for each place."""

    def __init__(self, problems: list[Problem]):
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


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
    document: CaseDocument


# --- types built from the models -----------------------------------------------------------------


def _refuse_pointless_reasons(form: Any) -> Any:
    """A reason for absence belongs to a field of the form, and only to one that is empty."""
    for name in form.missing:
        if name not in FIELDS[type(form)]:
            raise PydanticCustomError("unknown_field", "{field}", {"field": name, "below": "missing"})
        if getattr(form, name) is not None:
            raise PydanticCustomError("value_and_reason", "{field}", {"field": name, "below": "missing"})
    return form


def _form_type(model: type[models.Model], base: type | None = None, **extra: Any) -> type:
    """Build the frozen type of a form, its fields in the model's order, then `missing`, then what it contains."""
    columns = [(f.name, f.document_type() | None, None) for f in clinical_fields(model)]
    reasons = ("missing", dict[str, Literal[tuple(Missing.values)]], field(default_factory=dict))
    contained = [
        (name, kind, field(default=() if "tuple" in str(kind) else None)) for name, kind in extra.items()
    ]
    built = make_dataclass(
        model.__name__,
        [*columns, reasons, *contained],
        frozen=True,
        slots=base is None,
        bases=(base,) if base else (),
    )
    built.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    built.__doc__ = f"{model.__doc__}"  # type: ignore[attr-defined]
    return built


def _checked(kind: type) -> Any:
    return Annotated[kind, AfterValidator(_refuse_pointless_reasons)]


def _contained(model: type[Form] | type[Patient], kind: type) -> Any:
    return tuple[_checked(kind), ...] if model.repeats else _checked(kind) | None


def _build() -> tuple[dict[type[models.Model], type], type]:
    types: dict[type[models.Model], type] = {Patient: _form_type(Patient)}
    inner = [model for model in FORMS if issubclass(model, OperationForm)]
    for model in FORMS:
        if model in inner:
            types[model] = _form_type(model)
    for model in FORMS:
        if model.name == "operations":
            types[model] = _form_type(
                model, OperationView, **{m.name: _contained(m, types[m]) for m in inner}
            )
        elif model not in inner:
            types[model] = _form_type(model)
    text = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00-\x1f]*$")]
    own = [
        ("case_number", Annotated[text, Field(min_length=1, max_length=40, pattern=NUMBER)]),
        ("citation", Annotated[text, Field(max_length=400)], field(default="")),
        ("note", Annotated[text, Field(max_length=1000)], field(default="")),
    ]
    outer = [m for m in (Patient, *FORMS) if m not in inner]
    forms = [(m.name, _contained(m, types[m]), field(default=() if m.repeats else None)) for m in outer]
    document = make_dataclass("CaseDocument", [*own, *forms], frozen=True, bases=(CaseView,))
    document.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    document.__doc__ = (
        "One patient's case; the forms as in `cases.models.FORMS`, those of an operation inside it."
    )
    return types, document


TYPES, CaseDocument = _build()
MODEL_OF: dict[type, type[models.Model]] = {kind: model for model, kind in TYPES.items()}
FIELDS: dict[type, dict[str, ClinicalField]] = {
    kind: {f.name: f for f in clinical_fields(model)} for model, kind in TYPES.items()
}
OUTER_FORMS = tuple(model for model in FORMS if not issubclass(model, OperationForm))
OPERATION_FORMS = tuple(model for model in FORMS if issubclass(model, OperationForm))
_DOCUMENT = TypeAdapter(CaseDocument)


# --- parsing ---------------------------------------------------------------------------------------


def parse(raw: Mapping[str, Any] | bytes | str) -> CaseDocument:
    """Read a document from JSON text or from plain values; DocumentError lists every problem with its pointer."""
    if isinstance(raw, bytes | str):
        try:
            raw = from_json(raw, allow_inf_nan=False)
        except ValueError as error:
            raise DocumentError(
                [Problem(pointer="", code="not_json", message=f"The document is not JSON: {error}.")]
            ) from None
    if not isinstance(raw, Mapping):
        raise DocumentError(
            [Problem(pointer="", code="not_an_object", message="The document must be an object of forms.")]
        )
    try:
        return _DOCUMENT.validate_python(raw)
    except ValidationError as error:
        found = [_problem(item) for item in error.errors(include_url=False)]
        raise DocumentError(list(dict.fromkeys(found))) from None


def _problem(error: Any) -> Problem:
    """Turn one validation error into the sentence that all doors show."""
    place = [
        step
        for step in error["loc"]
        if isinstance(step, int)
        or step in _STEPS
        or not str(step).startswith(("function", "frozenset", "literal"))
    ]
    kind, context = error["type"], error.get("ctx", {})
    if "below" in context:
        place += [context["below"], context["field"]]
    form, name, known = _walk(place)
    if isinstance(name, int) and len(place) > 1 and isinstance(known.get(str(place[-2])), ClinicalField):
        place.pop()  # one code of a set: the set is what the sentence is about
        form, name, known = _walk(place)
    here = ".".join(str(step + 1) if isinstance(step, int) else str(step) for step in place)
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)
    if kind in ("unexpected_keyword_argument", "unknown_field"):
        near = get_close_matches(str(name), known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        return Problem(
            pointer=pointer,
            code="unknown_field",
            message=f"{here} is not a field of {form}{hint}".rstrip(".?") + ("?" if near else "."),
        )
    if kind == "value_and_reason":
        return Problem(
            pointer=pointer,
            code="value_and_reason",
            message=f"{here}: a reason for absence stands beside a value; keep one of the two.",
        )
    if kind == "missing":
        return Problem(pointer=pointer, code="required", message=f"{here} is required.")
    if "missing" in place[:-1]:
        return Problem(
            pointer=pointer,
            code="unknown_reason",
            message=f"{here} must be one of: {', '.join(Missing.values)}.",
        )
    declared = known.get(str(name))
    if isinstance(declared, ClinicalField):
        return Problem(
            pointer=pointer,
            code=_code(kind, declared),
            message=f"{declared.verbose_name} ({here}) {declared.sentence()}.",
        )
    if name in _OWN_TEXTS:
        return Problem(pointer=pointer, code="not_a_text", message=f"{here} {_OWN_TEXTS[str(name)]}.")
    wanted = "a list of objects" if isinstance(known, _ListOf) else "an object"
    return Problem(pointer=pointer, code="wrong_shape", message=f"{here or 'The document'} must be {wanted}.")


_OWN_TEXTS = {
    "case_number": "must be a text of 1 to 40 characters without surrounding blanks",
    "citation": "must be a text of at most 400 characters",
    "note": "must be a text of at most 1000 characters",
}


class _ListOf(dict[str, Any]):
    """Marks a form that repeats."""


def _walk(place: list[Any]) -> tuple[str, Any, dict[str, Any]]:
    """Follow a place through the forms: the last form's title, the last name, what that form knows."""
    title, known, name = "a case", _SHAPE, place[-1] if place else ""
    for step in place:
        if isinstance(step, int):
            continue
        below = known.get(step)
        if isinstance(below, dict):
            title, known = f"the form '{step}'", below
    if place and isinstance(place[-1], int):
        known = dict(known)
    return title, name, known


def _shape() -> dict[str, Any]:
    def of(model: type[Form] | type[Patient], **inner: Any) -> dict[str, Any]:
        return (_ListOf if model.repeats else dict)({**FIELDS[TYPES[model]], **inner})

    inner = {model.name: of(model) for model in OPERATION_FORMS}
    shape: dict[str, Any] = dict.fromkeys(_OWN_TEXTS)
    shape["patient"] = of(Patient)
    for model in OUTER_FORMS:
        shape[model.name] = of(model, **inner) if model.name == "operations" else of(model)
    return shape


_SHAPE = _shape()
_STEPS = (
    frozenset(_SHAPE)
    | {model.name for model in OPERATION_FORMS}
    | {name for known in FIELDS.values() for name in known}
)


def _code(kind: str, declared: ClinicalField) -> str:
    if kind in ("literal_error", "too_short"):
        return "unknown_code"
    if kind in ("greater_than_equal", "less_than_equal"):
        return "out_of_range"
    if isinstance(declared, PartialDateField):
        return "not_a_date"
    return "wrong_set" if isinstance(declared, CodedSet) else "wrong_type"


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


def load(case_ids: Iterable[int]) -> list[StoredCase]:
    """Read many cases, in the order of their ids: one query for each form, whatever their number."""
    ids = sorted(set(case_ids))
    if not ids:
        return []
    inner = {model: _rows(model, ids) for model in OPERATION_FORMS}
    forms: dict[str, dict[int, list[Any]]] = {}
    for model in OUTER_FORMS:
        contained = _operation_parts(inner) if model.name == "operations" else None
        forms[model.name] = _rows(model, ids, contained)
    columns = [
        "id",
        "center_id",
        "patient_id",
        "patient__registry_id",
        "source",
        "status",
        "version",
        "case_number",
        "citation",
        "note",
    ]
    person = [f"patient__{name}" for name in (*FIELDS[TYPES[Patient]], "missing")]
    stored = []
    for row in Case.objects.filter(pk__in=ids).order_by("pk").values_list(*columns, *person):
        own = {
            model.name: tuple(forms[model.name].get(row[0], ()))
            if model.repeats
            else next(iter(forms[model.name].get(row[0], ())), None)
            for model in OUTER_FORMS
        }
        document = CaseDocument(
            case_number=row[7], citation=row[8], note=row[9], patient=TYPES[Patient](*row[10:]), **own
        )
        stored.append(
            StoredCase(
                id=row[0],
                center_id=row[1],
                patient_id=row[2],
                registry_id=row[3],
                source=row[4],
                status=row[5],
                version=row[6],
                document=document,
            )
        )
    return stored


def _rows(
    model: type[Form], ids: list[int], contained: Callable[[int, int], tuple[Any, ...]] | None = None
) -> dict[int, list[Any]]:
    """The rows of one form by case: for a form inside an operation, pairs of operation position and row."""
    kind, of_operation = TYPES[model], issubclass(model, OperationForm)
    place = "operation_position" if of_operation else "position"
    rows: dict[int, list[Any]] = {}
    query = model.objects.filter(case_id__in=ids).order_by("case_id", "position")
    for case_id, position, *values in query.values_list("case_id", place, *FIELDS[kind], "missing"):
        inner = contained(case_id, position) if contained else ()
        row = kind(*values, *inner)
        rows.setdefault(case_id, []).append((position, row) if of_operation else row)
    return rows


def _operation_parts(inner: dict[type[Form], dict[int, list[Any]]]) -> Callable[[int, int], tuple[Any, ...]]:
    def parts(case_id: int, position: int) -> tuple[Any, ...]:
        found = []
        for model in OPERATION_FORMS:
            rows = [row for place, row in inner[model].get(case_id, ()) if place == position]
            found.append(tuple(rows) if model.repeats else next(iter(rows), None))
        return tuple(found)

    return parts
