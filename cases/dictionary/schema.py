"""The case document as JSON Schema 2020-12: what every door takes, for programs that check before they send."""

from typing import Any

from cases.dictionary.entries import forms
from cases.forms import MOST_ROWS
from cases.models import FORMS, OperationForm
from cases.vocabulary import Missing
from registry.fields import (
    ClinicalField,
    Coded,
    CodedSet,
    Digest,
    Flag,
    Measurement,
    PartialDateField,
    clinical_fields,
)

_CONTROL = r"[\u0000-\u001f]"
_YEAR_OR_MONTH = r"^(19|20)[0-9][0-9](-(0[1-9]|1[0-2]))?$"


def json_schema() -> dict[str, Any]:
    """Describe the case document.

    Two things no schema says well: how many decimals a number may have, and its limits in another unit.
    """
    inner = {model.name: _contained(model) for model in FORMS if issubclass(model, OperationForm)}
    outer = {
        model.name: _contained(model, **inner) if model.name == "operations" else _contained(model)
        for model in forms()
        if not issubclass(model, OperationForm)
    }
    number = {
        "type": "string",
        "minLength": 1,
        "maxLength": 40,
        "not": {"pattern": rf"^\s|\s$|{_CONTROL}"},
        "description": "The center's own number for this case; never a hospital or national id",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Case",
        "description": "One patient's one primary tumor. Absent and null both mean: no answer yet.",
        "type": "object",
        "required": ["case_number"],
        "additionalProperties": False,
        "properties": {
            "case_number": number,
            "citation": _line(400, "The publication, for a case from the literature"),
            "note": _line(1000, "What no field says; never anything that identifies a person"),
            **outer,
        },
    }


def _line(most: int, description: str) -> dict[str, Any]:
    refused = {"pattern": _CONTROL}
    return {"type": "string", "maxLength": most, "not": refused, "description": description}


def _contained(model: Any, **inner: Any) -> dict[str, Any]:
    """The form as an object, or as a list of them; `missing` names only fields that are empty."""
    fields = clinical_fields(model)
    reasons = {
        "type": "object",
        "description": "Why a value is absent, by field",
        "additionalProperties": False,
        "properties": {field.name: {"enum": Missing.values} for field in fields},
    }
    form = {
        "title": str(model.title),
        "additionalProperties": False,
        "properties": {**{field.name: _property(field) for field in fields}, "missing": reasons, **inner},
        "dependentSchemas": {field.name: _value_or_reason(field.name) for field in fields},
    }
    return (
        {"type": "array", "maxItems": MOST_ROWS, "items": {"type": "object", **form}}
        if model.repeats
        else {
            "type": ["object", "null"],
            **form,
        }
    )


def _value_or_reason(name: str) -> dict[str, Any]:
    no_reason = {"properties": {"missing": {"not": {"required": [name]}}}}
    return {"anyOf": [{"properties": {name: {"type": "null"}}}, no_reason]}


def _property(field: ClinicalField) -> dict[str, Any]:
    said = {
        "title": str(field.verbose_name),
        "description": f"{field.help_text}; {field.sentence()}" if field.help_text else field.sentence(),
        "x-need": field.need,
    }
    for key, value in (
        ("x-term", field.term),
        ("x-unit", getattr(field, "unit", "")),
        ("x-units", {unit: float(factor) for unit, factor in getattr(field, "units", {}).items()}),
        ("x-plausible", getattr(field, "plausible", None)),
        ("x-decimals", getattr(field, "decimals", 0)),
    ):
        if value:
            said[key] = value
    if field.only_if:
        decides, codes = field.only_if
        # without "is" any answer will do; a field named with a slash is the case's own
        said["x-only-if"] = {"field": decides} | ({"is": sorted(codes)} if codes else {})
    return said | _accepted(field)


def _number(field: Measurement) -> dict[str, Any]:
    """A number in the field's unit, or with one of the units that it takes: x-units has their factors."""
    low, high = field.possible
    kind = "number" if field.decimals else "integer"
    number: dict[str, Any] = {"type": [kind, "null"], "minimum": low, "maximum": high}
    if not field.units:
        return number
    quantity = {
        "type": "object",
        "required": ["value", "unit"],
        "additionalProperties": False,
        "properties": {"value": {"type": "number"}, "unit": {"enum": list(field.units)}},
    }
    return {"anyOf": [number, quantity]}


def _accepted(field: ClinicalField) -> dict[str, Any]:
    if isinstance(field, Coded):
        return {"enum": [*field.codes, None]}
    if isinstance(field, CodedSet):
        listed = {"type": ["array", "null"], "minItems": 1, "items": {"enum": list(field.codes)}}
        alone = {"const": field.exclusive}
        return listed | ({"if": {"contains": alone}, "then": {"items": alone}} if field.exclusive else {})
    if isinstance(field, Measurement):
        return _number(field)
    if isinstance(field, PartialDateField):
        day = {"pattern": "^(19|20)", "format": "date"}
        return {"type": ["string", "null"], "anyOf": [{"type": "null"}, {"pattern": _YEAR_OR_MONTH}, day]}
    if isinstance(field, Flag):
        return {"type": ["boolean", "null"]}
    if isinstance(field, Digest):
        no_line_end = {"type": "string", "pattern": _CONTROL}
        return {"type": ["string", "null"], "pattern": field.PATTERN, "not": no_line_end}
    most = getattr(field, "max_length", None)
    return {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": most,
        "not": {"type": "string", "pattern": _CONTROL},
    }
