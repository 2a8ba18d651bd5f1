"""The forms of a case as frozen, typed values, built from the models' own fields so that nothing is declared twice.

Every value is None until known; `missing` says why. The forms of an operation lie inside it.
"""

from __future__ import annotations

from dataclasses import field, make_dataclass
from typing import Annotated, Any, Literal

from django.db import models
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from cases.derived import CaseView, OperationView
from cases.models import FORMS, Form, OperationForm, Patient
from cases.vocabulary import Missing
from registry.fields import ClinicalField, clinical_fields

# No patient has more visits, images or operations; whoever sends more has made a mistake.
MOST_ROWS = 200
# A case number: printable, and without a blank at either end, where nobody would see it.
NUMBER = r"^[^\x00-\x1f\s]([^\x00-\x1f]*[^\x00-\x1f\s])?$"


def _refuse_pointless_reasons(form: Any) -> Any:
    """A reason for absence belongs to a field of the form, and only to one that is empty; all others are told."""
    known = FIELDS[type(form)]
    found = [
        ("value_and_reason" if name in known else "unknown_field", name)
        for name in form.missing
        if name not in known or getattr(form, name) is not None
    ]
    if found:
        raise PydanticCustomError("pointless_reasons", "{found}", {"found": found})
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
    if model.repeats:
        return Annotated[tuple[_checked(kind), ...], Field(max_length=MOST_ROWS)]
    return _checked(kind) | None


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
