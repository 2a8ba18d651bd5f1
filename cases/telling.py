"""Answers, places and findings of a case as people read them: labels for codes, units beside numbers, rows by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext

from cases.forms import FIELDS, MODEL_OF, OPERATION_FORMS, TYPES
from cases.models import FORMS, Operation, Patient
from cases.rulebook import wording
from cases.vocabulary import Decision, Missing, ReviewState
from registry.fields import ClinicalField, Coded, CodedSet, Flag, Measurement
from registry.tongues import reader


def answer(declared: ClinicalField, value: Any, reason: str | None = None) -> str:
    """What was answered, or why it was not; values as the document or as the audit trail holds them."""
    if value is None:
        return absence(reason) if reason else gettext("no answer")
    if isinstance(declared, Flag):
        return gettext("Yes") if value else gettext("No")
    if isinstance(declared, CodedSet):
        return ", ".join(_label(declared, code) for code in declared.in_order(value))
    if isinstance(declared, Coded):
        return _label(declared, value)
    if isinstance(declared, Measurement):
        return f"{reader().number(value)}{wording.unit(declared)}"
    return str(value)


def absence(reason: str) -> str:
    """Why there is no answer, in words."""
    return gettext("no answer: {reason}").format(reason=Missing(reason).label)


def row(model: Any, number: int | None = None, operation: int | None = None) -> str:
    """The name of a form, or of one row of it (counted from 1), in an operation if it lies inside one."""
    name = gettext("{form} {number}").format(form=model.title, number=number) if number else str(model.title)
    return gettext("{form} of operation {number}").format(form=name, number=operation) if operation else name


def place(pointer: str) -> str:
    """Where in the case a pointer of the document points, in words: the row, then the field."""
    names: list[str] = []
    known: dict[str, Any] = FORMS_BY_NAME
    steps = [step for step in pointer.split("/") if step and step != "missing"]
    for step, following in zip_longest(steps, steps[1:], fillvalue=""):
        declared = known.get(step)
        if isinstance(declared, ClinicalField):
            names.append(str(declared.verbose_name))
        elif declared is not None:
            names.append(row(declared, int(following) + 1 if following.isdecimal() else None))
            known = {**known, **FIELDS[TYPES[declared]]}
    return ", ".join(names)


def became(was: str | None, state: str, *, decision: str = "") -> str:
    """What became of a finding that was in one state (None before it was first found) and is in another.

    `decision` is the one that was taken at this step, if any.
    """
    if decision:
        return DECIDED[decision]()
    if was == state:
        return gettext("changed")
    if state == ReviewState.ANSWERED:
        return gettext("answered")
    if state == ReviewState.CLOSED:
        return gettext("closed by itself: the data no longer call for it")
    if was is None:
        return gettext("opened")
    is_said = was in (ReviewState.ANSWERED, ReviewState.DECIDED)
    return gettext("returned") if is_said else gettext("came back")


DECIDED: dict[str, Callable[[], str]] = {
    Decision.ACCEPTED: lambda: gettext("accepted"),
    Decision.NOT_ACCEPTED: lambda: gettext("not accepted"),
    Decision.DATA_WRONG: lambda: gettext("sent back: the data are wrong"),
}
FORMS_BY_NAME: dict[str, Any] = {model.name: model for model in (Patient, *FORMS)}


def lines(form: Any) -> Iterator[str]:
    """Everything that a row of the document says, one answer a line, the forms inside it with their names."""
    for name, declared in FIELDS[type(form)].items():
        value, reason = getattr(form, name), form.missing.get(name)
        if value is not None or reason:
            yield f"{declared.verbose_name}: {answer(declared, value, reason)}"
    if MODEL_OF[type(form)] is Operation:
        for model in OPERATION_FORMS:
            yield from _inner_lines(model, getattr(form, model.name))


def _inner_lines(model: Any, inside: Any) -> Iterator[str]:
    rows = inside if model.repeats else () if inside is None else (inside,)
    for number, one in enumerate(rows, start=1):
        name = row(model, number if model.repeats else None)
        yield from (f"{name}, {line}" for line in lines(one))


def _label(declared: Coded | CodedSet, code: str) -> str:
    if declared.vocabulary is None or code not in declared.codes:
        return str(code)
    return str(declared.vocabulary(code).label)
