"""Every number of a report as CSV, one in a line, each named by its JSON Pointer (RFC 6901) into report.json.

In English, as the content is stored, so that a program that read one report reads them all.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from registry.formulas import guarded
from reports.content import ReportContent, Spread

# What names a part, the first that it has: a heading, a rule, a month ...
_NAMES = ("heading", "label", "title", "endpoint", "rule", "variable", "citation", "months")
_AXIS = "time_days"  # the tuples of a curve are columns beside this one
_PRINTING = frozenset({"decimals"})  # how a number is printed


class Number(NamedTuple):
    """One line: where it stands, in words and for programs; a withheld number is empty and says why."""

    pointer: str
    part: str
    measure: str
    value: str
    withheld: str = ""


def csv_table(content: ReportContent) -> str:
    """Write them in the order of the content."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Number._fields)
    writer.writerows(tuple(map(guarded, number)) for number in numbers(content))
    return out.getvalue()


def numbers(content: ReportContent) -> Iterator[Number]:
    """Walk through everything a content says; texts are no numbers, and what is not there is no line."""
    return _of_part(content, "", ())


def _of_part(part: Any, pointer: str, above: tuple[str, ...]) -> Iterator[Number]:
    """The numbers of one part and of the parts in it."""
    hidden = getattr(part, "hidden", "")
    axis = getattr(part, _AXIS, ())
    for field in dataclasses.fields(part):
        value, place = getattr(part, field.name), f"{pointer}/{field.name}"
        if field.name in _PRINTING:
            continue
        if dataclasses.is_dataclass(value):
            yield from _of_part(value, place, (*above, *_named(value, field.name)))
        elif isinstance(value, tuple):
            yield from _of_tuple(value, place, above, field.name, axis)
        elif _is_number(value):
            yield Number(place, _joined(above), _measure(part, field.name), repr(value))
        elif value is None and hidden:
            yield Number(place, _joined(above), _measure(part, field.name), "", hidden)


def _of_tuple(
    values: tuple[Any, ...], pointer: str, above: tuple[str, ...], name: str, axis: tuple[float, ...]
) -> Iterator[Number]:
    for place, value in enumerate(values):
        at = f"{pointer}/{place}"
        if dataclasses.is_dataclass(value):
            yield from _of_part(value, at, (*above, *_named(value, name)))
        elif isinstance(value, tuple):
            yield from _of_tuple(value, at, above, name, ())
        elif _is_number(value):
            day = (f"day {axis[place]:g}",) if len(axis) == len(values) else ()
            yield Number(at, _joined((*above, *day)), name, repr(value))


def _named(part: Any, field: str) -> tuple[str, ...]:
    """What people call a part, after the field that it fills where its own name does not say enough."""
    own = next((getattr(part, name) for name in _NAMES if getattr(part, name, None)), None)
    if own is None:
        return () if field in ("value", "lines") else (_words(field),)
    return (own,) if isinstance(own, str) and field == "lines" else (_words(field), _told(own))


def _measure(part: Any, field: str) -> str:
    """Say of a mean or median which it is, and of its brackets what they hold."""
    if not isinstance(part, Spread):
        return field
    return {"value": part.center, "low": f"{part.brackets}_low", "high": f"{part.brackets}_high"}.get(
        field, field
    )


def _told(name: str | int) -> str:
    return f"{name} months" if isinstance(name, int) else name


def _words(field: str) -> str:
    return field.replace("_", " ")


def _joined(above: tuple[str, ...]) -> str:
    return " > ".join(above)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
