"""Columns: the name of a column is the place of a field in the case document.

`patient.sex`, `follow_ups.2.visit_on`, `operations.1.veins.2.vein`: rows of repeated forms count from 1. A center whose
columns have names of its own says which field each of them holds; messages keep the center's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.utils.translation import gettext

from cases.flat.cells import as_text, reader
from cases.flat.tables import Sheet, UnreadableFile
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.models import Patient
from registry.fields import ClinicalField, clinical_fields

KEY_COLUMNS = ("case_number", "center")
OWN_TEXTS = ("citation", "note")
SHEET_COLUMNS = ("case_number", "number", "operation")
# What stands before each row that was handed back (returned.py).
ADDED = ("row", "problems")
LEFT_OUT = ""
MAX_POSITION = 200
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a column leads in the case document, and how its cells are read."""

    index: int
    name: str
    steps: Steps
    read: Callable[[Any], Any]


def targets(sheet: Sheet, chosen: Mapping[str, str] | None) -> list[str]:
    """The field that each column of a sheet holds: as chosen, or else as its name says; "" for one left out."""
    chosen = chosen or {}
    return [chosen.get(name, LEFT_OUT if name in ADDED else name) for name in sheet.header]


def compiled(sheet: Sheet, fields: Sequence[str], *, prefix: str = "") -> list[Column]:
    """Find the place of every column; UnreadableFile names those that have none, and what may be meant."""
    aside = (*(SHEET_COLUMNS if prefix else KEY_COLUMNS), LEFT_OUT)
    columns, unknown = [], []
    for index, (name, field) in enumerate(zip(sheet.header, fields, strict=True)):
        if field in aside:
            continue
        found = place(field, prefix)
        if found is None:
            unknown.append(unknown_column(field, prefix))
        else:
            steps, read = found
            columns.append(Column(index=index, name=name, steps=steps, read=read))
    _refuse(sheet, fields, unknown)
    return sorted(
        columns,
        key=lambda column: [(str(step), 0) if isinstance(step, str) else ("", step) for step in column.steps],
    )


def _refuse(sheet: Sheet, fields: Sequence[str], unknown: list[str]) -> None:
    """Refuse a sheet with columns that nobody can place."""
    where = f"{sheet.name}: " if sheet.name else ""
    if unknown:
        said = gettext("{where}Row 1: {problems}. The template lists every column.")
        raise UnreadableFile(said.format(where=where, problems="; ".join(unknown)))
    if "case_number" not in fields:
        said = gettext("{where}Row 1 has no column 'case_number'. Every row must say whose it is.")
        raise UnreadableFile(said.format(where=where))
    for index, field in enumerate(fields):
        if field != LEFT_OUT and field in fields[:index]:
            said = gettext(
                "{where}Columns '{first}' and '{second}' both lead to '{field}'. Keep one of them."
            )
            first, second = sheet.header[fields.index(field)][:60], sheet.header[index][:60]
            raise UnreadableFile(said.format(where=where, first=first, second=second, field=field))


def place(name: str, prefix: str = "") -> tuple[Steps, Callable[[Any], Any]] | None:
    """Where a column leads and how its cells are read; None when there is no such field."""
    if name in OWN_TEXTS and not prefix:
        return (name,), as_text
    found = _place(prefix + name)
    return found and (found[0], reader(found[1]))


@cache
def _fields(form: str) -> dict[str, ClinicalField]:
    models = {model.name: model for model in (Patient, *OUTER_FORMS, *OPERATION_FORMS)}
    return {declared.name: declared for declared in clinical_fields(models[form])}


_REPEATS = {model.name: model.repeats for model in (Patient, *OUTER_FORMS)}
_OF_OPERATION = {model.name: model.repeats for model in OPERATION_FORMS}


def _place(name: str) -> tuple[Steps, ClinicalField] | None:
    """The steps to a field, list positions from 0; None when there is no such field."""
    parts = name.split(".")
    steps: list[str | int] = []
    form, known = "", _REPEATS
    while len(parts) > 1 and parts[0] in known:
        form = parts.pop(0)
        steps.append(form)
        if known[form]:
            if not re.fullmatch(r"[1-9]\d{0,2}", parts[0], re.ASCII) or int(parts[0]) > MAX_POSITION:
                return None
            steps.append(int(parts.pop(0)) - 1)
        known = _OF_OPERATION if form == "operations" else {}
    if not form or len(parts) != 1 or parts[0] not in _fields(form):
        return None
    return (*steps, parts[0]), _fields(form)[parts[0]]


def unknown_column(name: str, prefix: str) -> str:
    """Say that a column is unknown and which one may be meant."""
    numbers = iter(re.findall(r"(?<=\.)\d+(?=\.)", name))
    near = get_close_matches(re.sub(r"(?<=\.)\d+(?=\.)", "1", prefix + name), _every_name(), n=1)
    if not near:
        return gettext("'{name}' is not a column").format(name=name[:60])
    meant = re.sub(r"(?<=\.)1(?=\.)", lambda one: next(numbers, one[0]), near[0].removeprefix(prefix))
    said = gettext("'{name}' is not a column, did you mean '{meant}'?")
    return said.format(name=name[:60], meant=meant)


@cache
def _every_name() -> tuple[str, ...]:
    return (*KEY_COLUMNS, *OWN_TEXTS, *column_names())


def column_names() -> list[str]:
    """Every column of a flat file, each repeated form once."""
    names: list[str] = []
    for model in (Patient, *OUTER_FORMS):
        place = f"{model.name}.1" if model.repeats else model.name
        names += [f"{place}.{name}" for name in _fields(model.name)]
        if model.name == "operations":
            for inner in OPERATION_FORMS:
                within = f"{place}.{inner.name}.1" if inner.repeats else f"{place}.{inner.name}"
                names += [f"{within}.{name}" for name in _fields(inner.name)]
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetForm:
    """The form that a sheet is named after, and how the names of its columns continue."""

    prefix: str
    of_operation: bool
    repeats: bool

    def placed(self, steps: Steps, operation: int, position: int) -> Steps:
        """Put the row's own numbers, from 0, in the place of the prefix's."""
        own = list(steps)
        if self.of_operation:
            own[1] = operation
        if self.repeats:
            own[3 if self.of_operation else 1] = position
        return tuple(own)


SHEETS: dict[str, SheetForm] = {
    **{
        name: SheetForm(prefix=f"{name}.1." if repeats else f"{name}.", of_operation=False, repeats=repeats)
        for name, repeats in _REPEATS.items()
    },
    **{
        name: SheetForm(
            prefix=f"operations.1.{name}.1." if repeats else f"operations.1.{name}.",
            of_operation=True,
            repeats=repeats,
        )
        for name, repeats in _OF_OPERATION.items()
    },
}


def dotted(steps: Steps) -> str:
    """Write a place as a column name."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)


def sorted_names(names: set[str]) -> list[str]:
    """Columns in the order of the data dictionary: form by form, row by row, field by field."""
    order = {name: place for place, name in enumerate((*KEY_COLUMNS, *OWN_TEXTS, *column_names()))}
    of_form: dict[str, int] = {}
    for name, place in order.items():
        parts = name.split(".")
        for end in range(1, len(parts)):
            of_form.setdefault(".".join(parts[:end]), place)

    def place_of(name: str) -> tuple[int, list[int], int, list[int], int]:
        numbers = [int(part) for part in name.split(".") if part.isdigit()]
        first = re.sub(r"(?<=\.)\d+(?=\.)", "1", name)
        outer = of_form.get(first.split(".")[0], order[first])
        return outer, numbers[:1], of_form.get(first.rpartition(".")[0], order[first]), numbers, order[first]

    return sorted(names, key=place_of)
