"""Which column of a file holds which field: proposed from names and from the last time, confirmed by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from cases.flat import Fields, Head
from cases.flat.columns import KEY_COLUMNS, LEFT_OUT, SHEET_COLUMNS, SHEETS, place
from cases.flat.matching import suggested
from cases.flat.returned import storable
from cases.models import ImportBatch

REMEMBERED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Why columns cannot be read as they were chosen: which column of which sheet, and what to do."""

    sheet: int
    column: int | None
    message: str


# --- what a file shows of itself -----------------------------------------------------------------------


def seen(heads: list[Head]) -> dict[str, Any]:
    """Write the heads of a file as its row keeps them, first values included."""
    samples = [[[storable(value) for value in column] for column in head.samples] for head in heads]
    return {
        "sheets": [
            {**sheet, "samples": s} for sheet, s in zip(columns_of(heads)["sheets"], samples, strict=True)
        ]
    }


def columns_of(heads: list[Any]) -> dict[str, Any]:
    """Write the columns of a file as its row keeps them: no value of a patient among them."""
    return {
        "sheets": [
            {
                "name": storable(head.name),
                "header": [storable(name) for name in head.header],
                "separator": head.separator,
            }
            for head in heads
        ]
    }


def heads_of(batch: ImportBatch) -> list[Head]:
    """The heads of a file, as its row has kept them."""
    return [Head(**sheet) for sheet in batch.preview.get("sheets", ())]


def is_read(number: int, head: Head) -> bool:
    """Whether a sheet holds cases or a form; others are left out."""
    return number == 0 or head.name in SHEETS


# --- what its columns may hold -------------------------------------------------------------------------


def proposed(batch: ImportBatch) -> list[dict[str, str]]:
    """For each sheet, the field that each column may hold: as chosen already, as last time, or as its name says."""
    heads = heads_of(batch)
    last = batch.mapping or _last_time(batch, heads)
    return [
        {
            name: last.get(head.name, {}).get(name, guess)
            for name, guess in zip(
                head.header, suggested(head.header, head.name if number else ""), strict=True
            )
        }
        if is_read(number, head)
        else {}
        for number, head in enumerate(heads)
    ]


def _last_time(batch: ImportBatch, heads: list[Head]) -> Mapping[str, Mapping[str, str]]:
    """What this center's last file with the same columns was said to hold."""
    chosen = (
        ImportBatch.objects.filter(center=batch.center_id, pk__lt=batch.pk)
        .exclude(mapping={})
        .order_by("-pk")
        .values_list("mapping", flat=True)[:REMEMBERED]
    )
    header = {head.name: set(head.header) for n, head in enumerate(heads) if is_read(n, head)}
    for last in chosen:
        if {name: set(columns) for name, columns in last.items() if columns} == header:
            return last
    return {}


# --- what was chosen -----------------------------------------------------------------------------------


def mistakes(heads: list[Head], fields: Fields) -> list[Mistake]:
    """Say what is wrong with a choice of fields."""
    return [
        mistake
        for number, head in enumerate(heads)
        if is_read(number, head)
        for mistake in _mistakes_of(number, head, fields.get(head.name, {}))
    ]


def _mistakes_of(number: int, head: Head, chosen: Mapping[str, str]) -> Iterator[Mistake]:
    prefix = SHEETS[head.name].prefix if number else ""
    keys = SHEET_COLUMNS if number else KEY_COLUMNS
    first: dict[str, str] = {}
    for index, name in enumerate(head.header):
        field = chosen.get(name, LEFT_OUT)
        if field == LEFT_OUT:
            continue
        if field not in keys and place(field, prefix) is None:
            told = gettext("There is no field '{field}'. Choose one of the list.").format(field=field[:60])
            yield Mistake(sheet=number, column=index, message=told)
        elif field in first:
            said = gettext("Columns '{first}' and '{second}' both lead to '{field}'. Keep one of them.")
            told = said.format(first=first[field][:60], second=name[:60], field=field)
            yield Mistake(sheet=number, column=index, message=told)
        first.setdefault(field, name)
    if "case_number" not in first and any(chosen.values()):
        yield Mistake(sheet=number, column=None, message=_unnumbered(number, head))


def _unnumbered(number: int, head: Head) -> str:
    if number:
        said = gettext(
            "No column of the sheet '{sheet}' holds the case number. Choose the one that says whose each row is."
        )
        return said.format(sheet=head.name)
    return gettext("No column holds the case number. Choose the one that says whose each row is.")
