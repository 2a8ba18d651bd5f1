"""What can be wrong with a document, said in the one sentence that all doors show: the field, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from pydantic import ValidationError

from cases.forms import FIELDS, MOST_ROWS, OPERATION_FORMS, OUTER_FORMS, TYPES
from cases.models import Form, Patient
from cases.vocabulary import Missing
from registry.fields import ClinicalField, CodedSet, Measurement, PartialDateField


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


def explain(error: ValidationError) -> list[Problem]:
    """Turn what the parser found into problems, each told once."""
    found = error.errors(include_url=False)
    return list(dict.fromkeys(_problem(kind, place) for item in found for kind, place in _places(item)))


def _places(error: Any) -> list[tuple[str, list[Any]]]:
    """What is wrong at which place: one of most errors, several where reasons for absence are pointless."""
    place = [
        step
        for step in error["loc"]
        if isinstance(step, int)
        or step in _STEPS
        or not str(step).startswith(("function", "frozenset", "literal"))
    ]
    if error["type"] == "pointless_reasons":
        return [(kind, [*place, "missing", name]) for kind, name in error["ctx"]["found"]]
    return [(error["type"], place)]


def _problem(kind: str, place: list[Any]) -> Problem:
    """Turn one error at a place into the sentence that all doors show."""
    form, name, known = _walk(place)
    if isinstance(name, int) and len(place) > 1 and isinstance(known.get(str(place[-2])), ClinicalField):
        place.pop()  # one code of a set: the set is what the sentence is about
        form, name, known = _walk(place)
    here = ".".join(str(step + 1) if isinstance(step, int) else str(step) for step in place)
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)
    code, message = _said(kind, here, form, name, known, of_reason="missing" in place[:-1])
    return Problem(pointer=pointer, code=code, message=message)


def _said(
    kind: str, here: str, form: str, name: Any, known: dict[str, Any], *, of_reason: bool
) -> tuple[str, str]:
    """The code and the sentence of one error."""
    declared = known.get(str(name))
    if kind in ("unexpected_keyword_argument", "unknown_field"):
        near = get_close_matches(str(name), known, n=1)
        said = (
            gettext("{place} is not a field of {form}; did you mean '{near}'?")
            if near
            else gettext("{place} is not a field of {form}.")
        )
        return "unknown_field", said.format(place=here, form=form, near=near[0] if near else "")
    if kind == "value_and_reason":
        said = gettext("{place}: a reason for absence stands beside a value; keep one of the two.")
        return kind, said.format(place=here)
    if kind == "too_long" and isinstance(known, _ListOf):
        said = gettext("{place} must have at most {n} rows.")
        return "too_many_rows", said.format(place=here, n=MOST_ROWS)
    if kind == "missing":
        return "required", gettext("{place} is required.").format(place=here)
    if of_reason:
        said = gettext("{place} must be one of: {codes}.")
        return "unknown_reason", said.format(place=here, codes=", ".join(Missing.values))
    if isinstance(declared, ClinicalField):
        return _of_an_answer(kind, here, declared)
    if name in _OWN_TEXTS:
        return _of_the_case(kind, here, str(name))
    said = (
        gettext("{place} must be a list of objects.")
        if isinstance(known, _ListOf) and name != "missing"  # the reasons in a row of the list
        else gettext("{place} must be an object.")
    )
    return "wrong_shape", said.format(place=here or gettext("The document"))


def _of_an_answer(kind: str, here: str, declared: ClinicalField) -> tuple[str, str]:
    if isinstance(declared, Measurement) and kind == "unknown_unit":
        said = gettext("{field} ({place}) is taken in one of these units: {units}.")
        return kind, said.format(field=declared.verbose_name, place=here, units=", ".join(declared.units))
    said = gettext("{field} ({place}) {must}.")
    return _code(kind, declared), said.format(
        field=declared.verbose_name, place=here, must=declared.sentence()
    )


def _of_the_case(kind: str, here: str, name: str) -> tuple[str, str]:
    if name == "case_number" and kind == "string_too_short":
        return "required", gettext("case_number is empty. Give the case its number.")
    return "not_a_text", gettext("{place} {must}.").format(place=here, must=_OWN_TEXTS[name])


_OWN_TEXTS = {
    "case_number": gettext_lazy("must be a text of 1 to 40 characters without surrounding blanks"),
    "citation": gettext_lazy("must be a text of at most 400 characters"),
    "note": gettext_lazy("must be a text of at most 1000 characters"),
}


class _ListOf(dict[str, Any]):
    """Marks a form that repeats."""


def _walk(place: list[Any]) -> tuple[str, Any, dict[str, Any]]:
    """Follow a place through the forms: the last form's title, the last name, what that form knows."""
    title, known, name = gettext("a case"), _SHAPE, place[-1] if place else ""
    for step in place:
        if isinstance(step, int):
            continue
        below = known.get(step)
        if isinstance(below, dict):
            title, known = gettext("the form '{form}'").format(form=step), below
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
