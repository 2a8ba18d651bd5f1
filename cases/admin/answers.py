"""Fields of web forms, made from the clinical fields: label, unit, range and choices come from there.

They judge nothing. What was typed becomes the plain value that a document holds, and the document's parser says
what is wrong with it, in the same sentence at every door.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.db import models

from cases.admin.widgets import Choice, Choices, Line
from cases.forms import FIELDS, MODEL_OF, TYPES
from cases.rulebook import wording
from cases.vocabulary import Missing
from registry.fields import (
    ClinicalField,
    Coded,
    CodedSet,
    Flag,
    Measurement,
    PartialDateField,
    clinical_fields,
)

WHY = "-why"  # after a field's name: the reason why it has no answer
YES_OR_NO = (("", "–"), ("true", "Yes"), ("false", "No"))
REASONS = (("", "No reason given"), *Missing.choices)
_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,15}", re.ASCII)


class AnswerField(forms.Field):
    """One answer as typed or chosen, turned into a plain value."""

    def __init__(self, declared: ClinicalField):
        self.declared = declared
        super().__init__(
            required=False,
            label=str(declared.verbose_name),
            help_text=help_text(declared),
            widget=_widget(declared),
        )

    def clean(self, value: Any) -> Any:
        if isinstance(self.declared, CodedSet):
            return (
                self.declared.in_order(value) if set(value or ()) <= set(self.declared.codes) else list(value)
            )
        text = str(value or "")
        if not text.strip():
            return None
        if isinstance(self.declared, Flag):
            return {"true": True, "false": False}.get(text, text)
        if isinstance(self.declared, Measurement):
            return _number(text.strip())
        return text.strip() if isinstance(self.declared, PartialDateField) else text

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:.15g}" if isinstance(value, float) else value


def _number(text: str) -> int | float | str:
    """The number that was typed; anything else stays text, for the parser to refuse."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def help_text(declared: ClinicalField) -> str:
    """What a person should know to answer: the explanation, and for numbers what is possible and plausible."""
    told = [] if declared.help_text in ("", declared.verbose_name) else [str(declared.help_text)]
    if isinstance(declared, Measurement):
        usual = f", usually {_span(declared.plausible)}" if declared.plausible else ""
        told.append(f"Possible {_span(declared.possible)}{usual}")
    return ". ".join(told)


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]:g} to {limits[1]:g}"


def _widget(declared: ClinicalField) -> forms.Widget:
    if isinstance(declared, CodedSet):
        return Choices(choices=_choices(declared))
    if isinstance(declared, Coded):
        return Choice(choices=[("", "–"), *_choices(declared)])
    if isinstance(declared, Flag):
        return Choice(choices=YES_OR_NO)
    attrs = {"autocomplete": "off"}
    if isinstance(declared, Measurement):
        attrs["inputmode"] = "decimal" if declared.decimals else "numeric"
    if isinstance(declared, PartialDateField):
        attrs |= {
            "placeholder": "YYYY-MM-DD",
            "title": "YYYY-MM-DD, or YYYY-MM or YYYY when the day is not known",
        }
    return Line(attrs=attrs)


def _choices(declared: Coded | CodedSet) -> list[tuple[str, str]]:
    return (
        list(declared.vocabulary.choices)
        if declared.vocabulary
        else [(code, code) for code in declared.codes]
    )


class ReasonField(forms.Field):
    """Why there is no answer."""

    def __init__(self, declared: ClinicalField):
        label = f"Why there is no answer: {declared.verbose_name}"
        widget = Choice(choices=REASONS, attrs={"aria-label": label})
        super().__init__(required=False, label=label, widget=widget)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question as the page shows it."""

    declared: ClinicalField
    field: forms.BoundField
    why: forms.BoundField
    query: str = ""  # what the registry asks about the stored value

    @property
    def asks_why(self) -> bool:
        """A reason is asked where a complete case accepts one, and shown where one was given."""
        return self.declared.need == "C" or bool(self.why.value())

    @property
    def unit(self) -> str:
        """The unit to print beside the number."""
        return wording.unit(self.declared).strip() if isinstance(self.declared, Measurement) else ""

    @property
    def is_wide(self) -> bool:
        """A set of checkboxes takes the whole width."""
        return isinstance(self.declared, CodedSet)

    @property
    def only_if(self) -> str:
        """The name of the field that decides whether this one applies, and its answers for which it does."""
        if self.declared.only_if is None:
            return ""
        sibling, codes = self.declared.only_if
        return f"{self.field.form.add_prefix(sibling)} {' '.join(sorted(codes))}"


class AnswerForm(forms.Form):
    """One form of a case, or one row of one; `pointer` is its place in the document that it became part of."""

    model: ClassVar[type[models.Model]]
    pointer: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queries: dict[str, str] = {}

    def answers(self) -> Iterator[Answer]:
        """The questions in their order."""
        for declared in clinical_fields(self.model):
            name = declared.name
            query = self.queries.get(name, "")
            yield Answer(declared=declared, field=self[name], why=self[name + WHY], query=query)

    def plain(self) -> dict[str, Any]:
        """What was answered, and why not, as a document holds it."""
        self.full_clean()
        names = [declared.name for declared in clinical_fields(self.model)]
        given = {name: value for name in names if (value := self.cleaned_data.get(name)) not in (None, [])}
        reasons = {name: reason for name in names if (reason := self.cleaned_data.get(name + WHY))}
        return given | ({"missing": reasons} if reasons else {})


def initial_of(form: Any) -> dict[str, Any]:
    """The answers of a form of a document, as a web form begins with them."""
    values = {name: declared_value(form, name) for name in FIELDS[type(form)]}
    return values | {name + WHY: reason for name, reason in form.missing.items()}


def declared_value(form: Any, name: str) -> Any:
    """One value as the widget takes it."""
    declared, value = FIELDS[type(form)][name], getattr(form, name)
    if value is None:
        return None
    if isinstance(declared, CodedSet):
        return declared.in_order(value)
    return str(value) if isinstance(declared, PartialDateField) else value


def _form(model: type[models.Model]) -> type[AnswerForm]:
    fields: dict[str, Any] = {}
    for declared in clinical_fields(model):
        fields[declared.name] = AnswerField(declared)
        fields[declared.name + WHY] = ReasonField(declared)
    return type(f"{model.__name__}Form", (AnswerForm,), {"model": model, "__doc__": model.__doc__, **fields})


FORM_OF: dict[type[models.Model], type[AnswerForm]] = {model: _form(model) for model in TYPES}
assert set(FORM_OF) == set(MODEL_OF.values())
