"""Fields of web forms, made from the clinical fields: label, unit, range and choices come from there.

They judge nothing. What was typed becomes the plain value that a document holds, and the document's parser says
what is wrong with it, in the same sentence at every door.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from cases.admin.picture import SegmentChoices
from cases.admin.widgets import Choice, Choices, Line, YesNo
from cases.forms import FIELDS, MODEL_OF, TYPES
from cases.rulebook import wording
from cases.vocabulary import Missing, Segment
from registry.dates import as_iso
from registry.fields import (
    ClinicalField,
    Coded,
    CodedSet,
    Flag,
    Measurement,
    PartialDateField,
    Text,
    clinical_fields,
)

# Before the number of a query: what is typed to confirm it, and what the page shows of it.
CONFIRM, SEEN = "confirm-", "seen-"
WHY = "-why"  # after a field's name: the reason why it has no answer
_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,15}", re.ASCII)
# As many languages write it. "1,500" could also mean thousands, so it is asked for again.
_DECIMAL_COMMA = re.compile(r"-?(0,\d{1,15}|\d{1,15},(\d{1,2}|\d{4,15}))", re.ASCII)


class AnswerField(forms.Field):
    """One answer as typed or chosen, turned into a plain value."""

    def __init__(self, declared: ClinicalField):
        self.declared = declared
        super().__init__(required=False, label=declared.verbose_name, widget=_widget(declared))

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
        return as_iso(text.strip()) if isinstance(self.declared, PartialDateField) else text

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:.15g}" if isinstance(value, float) else value


def _number(text: str) -> int | float | str:
    """The number that was typed; anything else stays text, for the parser to refuse."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    return float(text) if _DECIMAL.fullmatch(text) else text


def help_text(declared: ClinicalField) -> str:
    """What a person should know to answer: the explanation, and for numbers what is possible and plausible."""
    told = [] if declared.help_text in ("", declared.verbose_name) else [str(declared.help_text)]
    if isinstance(declared, Measurement):
        told.append(gettext("Possible {range}").format(range=_span(declared.possible)))
        if declared.plausible:
            told[-1] += gettext(", usually {range}").format(range=_span(declared.plausible))
    return ". ".join(told)


def _span(limits: tuple[float, float]) -> str:
    return gettext("{low} to {high}").format(low=f"{limits[0]:g}", high=f"{limits[1]:g}")


def unit(declared: ClinicalField) -> str:
    """The unit to print beside a number."""
    return wording.unit(declared).strip() if isinstance(declared, Measurement) else ""


def _widget(declared: ClinicalField) -> forms.Widget:
    if isinstance(declared, CodedSet) and declared.vocabulary is Segment:
        fill = "cut" if declared.name == "resected_segments" else "tumor"
        return SegmentChoices(fill=fill, choices=_choices(declared))
    if isinstance(declared, CodedSet):
        return Choices(choices=_choices(declared))
    if isinstance(declared, Coded):
        return Choice(choices=_choices(declared), blank=lambda: "–")
    if isinstance(declared, Flag):
        return YesNo()
    attrs: dict[str, Any] = {"autocomplete": "off"}
    if isinstance(declared, Measurement):
        attrs["inputmode"] = "decimal" if declared.decimals else "numeric"
    if isinstance(declared, PartialDateField):
        attrs |= {"placeholder": gettext_lazy("YYYY-MM-DD"), "data-date": ""}
    if isinstance(declared, Text) and declared.offers:
        attrs |= {"list": f"offers-{declared.offers}"}
    return Line(attrs=attrs)


def _choices(declared: Coded | CodedSet) -> list[tuple[str, str]]:
    return (
        list(declared.vocabulary.choices)
        if declared.vocabulary
        else [(code, code) for code in declared.codes]
    )


class ReasonField(forms.Field):
    """Why there is no answer."""

    def __init__(self) -> None:
        widget = Choice(choices=Missing.choices, blank=lambda: gettext("No answer because…"))
        super().__init__(required=False, widget=widget)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An open data query as the page shows it, with what was typed to confirm it."""

    query_id: int
    sentence: str
    seen: str
    typed: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question as the page shows it."""

    declared: ClinicalField
    field: forms.BoundField
    why: forms.BoundField
    asked: list[Asked] = field(default_factory=list)  # what the registry asks about the stored value

    @property
    def asks_why(self) -> bool:
        """A reason may stand for every answer that a complete case can do without, and is shown where one was given."""
        return self.declared.need != "R" or bool(self.why.value())

    @property
    def is_wide(self) -> bool:
        """A set of checkboxes takes the whole width."""
        return isinstance(self.declared, CodedSet)

    @property
    def is_group(self) -> bool:
        """Whether it has several controls under one label."""
        return isinstance(self.declared, CodedSet | Flag)


class _Shared(dict[str, Any]):
    """The fields of a form class: copied for each form as a list, not one by one, because no form changes them."""

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return dict(self)


class AnswerForm(forms.Form):
    """One form of a case, or one row of one; `pointer` is its place in the document that it became part of."""

    model: ClassVar[type[models.Model]]
    pointer: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: dict[str, list[Asked]] = {}  # by field; those about the whole form under ""

    @property
    def stored_pointer(self) -> str:
        """Where it stood in the document that is stored: a row keeps its number until it is saved."""
        return f"/{self.prefix}".replace("-", "/")

    def answers(self) -> Iterator[Answer]:
        """The questions in their order."""
        for declared in clinical_fields(self.model):
            name = declared.name
            yield Answer(
                declared=declared, field=self[name], why=self[name + WHY], asked=self.asked.get(name, [])
            )

    @property
    def is_answered(self) -> bool:
        """Whether anything was answered, or said to be without an answer."""
        given = (self[name].value() for name in self.fields) if self.is_bound else self.initial.values()
        return any(value not in (None, "", []) for value in given)

    def plain(self) -> dict[str, Any]:
        """What was answered, and why not, as a document holds it; errors that were put beside a field stay there."""
        told = self._told
        names = [declared.name for declared in clinical_fields(self.model)]
        given = {name: value for name in names if (value := told.get(name)) not in (None, [])}
        reasons = {name: reason for name in names if (reason := told.get(name + WHY))}
        return given | ({"missing": reasons} if reasons else {})

    @cached_property
    def _told(self) -> dict[str, Any]:
        self.full_clean()
        return dict(self.cleaned_data)


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
        fields[declared.name + WHY] = ReasonField()
    made = type(f"{model.__name__}Form", (AnswerForm,), {"model": model, "__doc__": model.__doc__, **fields})
    made.base_fields = _Shared(made.base_fields)  # type: ignore[attr-defined]
    return made


FORM_OF: dict[type[models.Model], type[AnswerForm]] = {model: _form(model) for model in TYPES}
assert set(FORM_OF) == set(MODEL_OF.values())
