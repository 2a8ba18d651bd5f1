"""Which field a column of a center's own file may hold: by its name, its label, or nearly so. A person confirms it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from django.conf import settings
from django.utils import translation

from cases import dictionary
from cases.dictionary import Entry
from cases.flat.columns import (
    ADDED,
    KEY_COLUMNS,
    LEFT_OUT,
    MAX_POSITION,
    OWN_TEXTS,
    SHEET_COLUMNS,
    SHEETS,
    place,
)
from registry.language import spoken

NEAR = 0.86
# Likeness takes time; a file with more columns than this that nobody knows is of another kind.
MOST_COMPARED = 200
_DIGITS = re.compile(r"(?<=\.)\d+(?=\.)")
_NUMBER = re.compile(r"(?<![^\W_])([1-9]\d{0,2})(?![^\W_])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that a column can hold; in `path`, the number of a repeated form's row is N (M inside an operation)."""

    path: str
    label: str
    unit: str = ""

    @property
    def title(self) -> str:
        """What a list of fields calls it."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"{self.label}{unit} · {self.path}"

    @property
    def repeats(self) -> bool:
        """Whether a row's number belongs to it."""
        return self.path != self.numbered(1)

    def numbered(self, number: int) -> str:
        """The column of one row: the row of the innermost form that repeats, of the first operation."""
        inner = ".M." in self.path
        return self.path.replace(".N.", f".{1 if inner else number}.").replace(".M.", f".{number}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The fields of one form."""

    title: str
    fields: tuple[Field, ...]


def lettered(column: str) -> tuple[str, list[int]]:
    """The path of a column, N and M in place of the numbers of its rows, and these numbers."""
    letters = iter("NM")
    path = _DIGITS.sub(lambda _: next(letters, "?"), column)
    return path, [int(found) for found in _DIGITS.findall(column)]


def groups(sheet: str = "") -> tuple[Group, ...]:
    """Every field that a column of this sheet can hold: all of them in the first, its form's in another."""
    return _groups(sheet, spoken())


@cache
def _groups(sheet: str, language: str) -> tuple[Group, ...]:
    form = SHEETS.get(sheet)
    keys = SHEET_COLUMNS if form else (*KEY_COLUMNS, *OWN_TEXTS)
    found = {"": [Field(path=key, label=key.replace("_", " ").capitalize()) for key in keys]}
    for entry in dictionary.entries():
        path = _within(entry, form.prefix) if form else entry.path
        if path:
            fields = found.setdefault(str(entry.form_title), [])
            fields.append(Field(path=path, label=entry.label, unit=entry.unit))
    return tuple(Group(title=title, fields=tuple(fields)) for title, fields in found.items())


def _within(entry: Entry, prefix: str) -> str:
    """The name of a field in the sheet of its form; "" if it belongs to another form."""
    name = entry.path.replace(".N.", ".1.").replace(".M.", ".1.")
    return name.removeprefix(prefix) if name.startswith(prefix) else ""


def suggested(header: Sequence[str], sheet: str = "") -> list[str]:
    """The field that each column may hold, each field once; "" where nothing is near."""
    form = SHEETS.get(sheet)
    prefix = form.prefix if form else ""
    keys = SHEET_COLUMNS if form else KEY_COLUMNS
    found = [name if name in keys or place(name, prefix) else LEFT_OUT for name in header]
    for guess, most in ((_alike, len(header)), (_near, MOST_COMPARED)):
        unknown = [n for n, name in enumerate(header) if found[n] == LEFT_OUT and name not in ADDED]
        for index in unknown[:most]:
            target = guess(header[index], sheet)
            found[index] = target if target not in found else LEFT_OUT
    return found


def _alike(name: str, sheet: str) -> str:
    """A field that is called the same, but for capitals, blanks and dots; a number in the name counts its row."""
    known = _names(sheet)
    if exact := known.get(_bare(name)):
        return exact.numbered(1)
    rest, number = _counted(name)
    return _row_of(known.get(_bare(rest)), number)


def _near(name: str, sheet: str) -> str:
    """A field that is called almost the same."""
    known = _names(sheet)
    rest, number = _counted(name)
    near = get_close_matches(_bare(rest), known, n=1, cutoff=NEAR) if len(_bare(rest)) > 3 else []
    return _row_of(known[near[0]], number) if near else LEFT_OUT


def _counted(name: str) -> tuple[str, int]:
    """A name without the number in it, and the number; 0 when there is none."""
    number = _NUMBER.search(name)
    return (name[: number.start()] + name[number.end() :], int(number[1])) if number else (name, 0)


def _row_of(field: Field | None, number: int) -> str:
    if field is None or number > MAX_POSITION or (number and not field.repeats):
        return LEFT_OUT
    return field.numbered(number or 1)


@cache
def _names(sheet: str) -> dict[str, Field]:
    """Every name that says one field and no other, in any of our languages, whoever reads."""
    found: dict[str, dict[str, Field]] = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            for group in groups(sheet):
                for field in group.fields:
                    for name in _called(field, group.title):
                        found.setdefault(name, {})[field.path] = field
    return {name: next(iter(meant.values())) for name, meant in found.items() if name and len(meant) == 1}


def _called(field: Field, title: str) -> Iterator[str]:
    path = field.path.replace(".N.", ".").replace(".M.", ".")
    yield from map(_bare, (path, path.rpartition(".")[2], field.label, f"{title} {field.label}"))


def _bare(name: str) -> str:
    """A name without what people write differently."""
    return re.sub(r"[\W_]+", "", name).casefold()
