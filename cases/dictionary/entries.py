"""The fields of a case as a plain list, read from the forms' own declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cases.definitions import DEFINITIONS
from cases.models import FORMS, OperationForm, Patient
from registry.fields import (
    ANY,
    ClinicalField,
    Coded,
    CodedSet,
    Flag,
    Measurement,
    PartialDateField,
    clinical_fields,
)

Kind = Literal["code", "codes", "number", "whole number", "date", "yes/no", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of one form, as people and machines need to know it."""

    form: str
    form_title: Any  # put into the reader's language when it is shown
    repeats: bool
    of_operation: bool
    name: str
    field: ClinicalField
    kind: Kind

    @property
    def path(self) -> str:
        """Where it stands in a case, rows of repeated forms as N: `operations.N.veins.M.vein`."""
        place = f"{self.form}.{'M' if self.of_operation else 'N'}" if self.repeats else self.form
        return f"{'operations.N.' if self.of_operation else ''}{place}.{self.name}"

    @property
    def label(self) -> str:
        return str(self.field.verbose_name)

    @property
    def help(self) -> str:
        """The help text where it says more than the label."""
        return "" if self.field.help_text == self.label else str(self.field.help_text)

    @property
    def unit(self) -> str:
        return self.field.unit if isinstance(self.field, Measurement) and self.field.unit != "1" else ""

    @property
    def units(self) -> list[str]:
        """The units in which a program may send it, its own first."""
        return list(self.field.units) if isinstance(self.field, Measurement) else []

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Code, label and terminology code of each choice."""
        if not isinstance(self.field, Coded | CodedSet):
            return []
        if self.field.vocabulary is None:
            return [(code, code, "") for code in self.field.codes]
        return [(member.value, str(member.label), member.term) for member in self.field.vocabulary]  # type: ignore[attr-defined]

    @property
    def definitions(self) -> dict[str, str]:
        """What its codes mean, where their labels do not say it."""
        return DEFINITIONS.get(getattr(self.field, "vocabulary", None), {})  # type: ignore[call-overload]

    @property
    def applies_when(self) -> str:
        if self.field.only_if is None:
            return ""
        decides, codes = self.field.only_if
        if not codes:
            return f"{decides.lstrip('/')} is answered"
        return f"{decides} {'includes' if self.decides_a_set else 'is'} {' or '.join(sorted(codes))}"

    @property
    def decides_a_set(self) -> bool:
        """Whether the answer on which it depends is a set of codes."""
        decides, _ = self.field.only_if or ("", ANY)
        siblings = {field.name: field for field in clinical_fields(self.field.model)}
        return isinstance(siblings.get(decides), CodedSet)


def entries() -> Iterator[Entry]:
    """List every field of every form, in the order in which people fill them in."""
    for model in forms():
        for field in clinical_fields(model):
            yield Entry(
                form=model.name,
                form_title=model.title,
                repeats=model.repeats,
                of_operation=issubclass(model, OperationForm),
                name=field.name,
                field=field,
                kind=_kind(field),
            )


def forms() -> tuple[Any, ...]:
    """List the patient and the forms, in order."""
    return (Patient, *FORMS)


def _kind(field: ClinicalField) -> Kind:
    if isinstance(field, Measurement):
        return "number" if field.decimals else "whole number"
    kinds: tuple[tuple[type, Kind], ...] = (
        (Coded, "code"),
        (CodedSet, "codes"),
        (PartialDateField, "date"),
        (Flag, "yes/no"),
    )
    return next((kind for of, kind in kinds if isinstance(field, of)), "text")


def spread(low: float, high: float) -> str:
    """Write a range."""
    return f"{low:g} to {high:g}"
