"""Which column holds what, as a form: for each column a list of fields, and for fields of repeated forms a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from cases.flat import Head
from cases.flat.columns import LEFT_OUT, MAX_POSITION
from cases.flat.matching import Field, groups, lettered
from cases.importing import mapping
from cases.importing.mapping import Mistake
from cases.models import ImportBatch


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the file, and the field chosen for it."""

    sheet: int
    index: int
    name: str
    samples: list[str]
    target: str
    field: str
    mistake: str = ""

    @property
    def key(self) -> str:
        """What its controls are called."""
        return f"{self.sheet}-{self.index}"

    @property
    def is_named_so(self) -> bool:
        """Whether its name says already what was chosen."""
        return self.target == self.name

    @cached_property
    def chosen(self) -> tuple[str, int]:
        """The entry of the list that is chosen, and the number of the row."""
        return _entry(self.target)


@dataclass(frozen=True, kw_only=True)
class SheetColumns:
    """The columns of one sheet: those a person should look at, and those whose names say it all."""

    number: int
    head: Head
    columns: list[Column]

    @property
    def is_read(self) -> bool:
        """Whether it holds cases or a form."""
        return mapping.is_read(self.number, self.head)

    @property
    def groups(self) -> Any:
        """The fields to choose from."""
        return groups(self.head.name if self.number else "")

    @property
    def to_decide(self) -> list[Column]:
        """Columns that are not called like their field."""
        return [column for column in self.columns if column.mistake or not column.is_named_so]

    @property
    def recognized(self) -> list[Column]:
        """Columns that are."""
        return [column for column in self.columns if not column.mistake and column.is_named_so]


class ColumnsForm:
    """The choice of fields for all columns of a file."""

    def __init__(self, batch: ImportBatch, chosen: list[Mapping[str, str]], *, blank_erases: bool) -> None:
        self.heads, self.blank_erases = mapping.heads_of(batch), blank_erases
        self.fields = {head.name: fields for head, fields in zip(self.heads, chosen, strict=True)}
        self.mistakes: list[Mistake] = []

    @classmethod
    def proposed(cls, batch: ImportBatch) -> ColumnsForm:
        """Begin with what the columns may hold."""
        return cls(batch, mapping.proposed(batch), blank_erases=batch.blank_erases)

    @classmethod
    def sent(cls, batch: ImportBatch, data: QueryDict) -> ColumnsForm:
        """Read back what was chosen, and find what is wrong with it."""
        chosen = [
            {name: _target(data, f"{number}-{index}") for index, name in enumerate(head.header)}
            if mapping.is_read(number, head)
            else {}
            for number, head in enumerate(mapping.heads_of(batch))
        ]
        form = cls(batch, chosen, blank_erases=data.get("blank_erases") == "on")
        form.mistakes = mapping.mistakes(form.heads, form.fields)
        return form

    @cached_property
    def sheets(self) -> list[SheetColumns]:
        """The sheets with their columns, as the page shows them."""
        return [
            SheetColumns(number=number, head=head, columns=list(self._columns(number, head)))
            for number, head in enumerate(self.heads)
        ]

    def _columns(self, number: int, head: Head) -> Iterator[Column]:
        said = {(mistake.sheet, mistake.column): mistake.message for mistake in self.mistakes}
        titles = {
            field.path: field.title for group in groups(head.name if number else "") for field in group.fields
        }
        for index, (name, samples) in enumerate(zip(head.header, head.samples, strict=True)):
            target = self.fields[head.name].get(name, LEFT_OUT)
            yield Column(
                sheet=number,
                index=index,
                name=name,
                samples=samples,
                target=target,
                field=titles.get(_entry(target)[0], target),
                mistake=said.get((number, index), ""),
            )


def _target(data: QueryDict, key: str) -> str:
    """The column name that was chosen: an entry of the list with its number, or a name that was typed."""
    if typed := data.get(f"other-{key}", "").strip():
        return typed
    path, number = data.get(f"field-{key}", ""), data.get(f"number-{key}", "")
    count = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
    return Field(path=path, label="").numbered(max(1, min(count, MAX_POSITION)))


def _entry(target: str) -> tuple[str, int]:
    """An entry of the list and a number for a column name; a name that no entry can say is an entry of its own."""
    path, numbers = lettered(target)
    if not numbers:
        return target, 1
    number = numbers[-1]
    return (path, number) if Field(path=path, label="").numbered(number) == target else (target, 1)
