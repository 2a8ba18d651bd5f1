"""What becomes of the rows of a file, a page at a time: verdicts, sentences, and answers before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from cases import dictionary
from cases.dictionary import Entry
from cases.flat.matching import lettered
from cases.importing import mapping
from cases.models import Case, ImportBatch, ImportRow
from cases.vocabulary import Missing

PER_PAGE = 25
OWN = {"citation": gettext_lazy("Citation"), "note": gettext_lazy("Note")}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer that a row changes, in words."""

    form: str
    label: str
    unit: str
    column: str
    before: str
    after: str

    @property
    def is_erased(self) -> bool:
        """Whether there is none any more."""
        return not self.after


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row with the address of its case, if there is one."""

    row: ImportRow
    address: str
    answers: list[Answer]
    problems: list[dict[str, Any]]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Why it is rejected."""
        return [problem for problem in self.problems if problem["severity"] == "error"]

    @property
    def queries(self) -> list[dict[str, Any]]:
        """What will be asked."""
        return [problem for problem in self.problems if problem["severity"] != "error"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One way to filter."""

    name: str
    label: str
    count: int
    is_chosen: bool


class RowsList:
    """A page of rows of one verdict, or of all."""

    def __init__(self, batch: ImportBatch, asked: QueryDict) -> None:
        self.batch, self.verdicts = batch, batch.verdicts
        self.header = {name for head in mapping.heads_of(batch) for name in head.header}
        self.is_thinned = bool(batch.finished_at) and not batch.preview
        counts = self.verdicts["counts"]
        self.sizes = {
            "": sum(counts.values()),
            **counts,
            "queries": self.verdicts.get("queries", 0),
            "erased": self._rows("erased").count() if self.verdicts.get("erased") else 0,
            "rejudged": self.verdicts.get("rejudged", 0),
        }
        name = asked.get("rows", "")
        self.name = name if self.sizes.get(name) else ""
        paginator = _Counted(self._rows(self.name), PER_PAGE)
        paginator.known = None if self.is_thinned else self.sizes[self.name]
        self.page = paginator.get_page(asked.get("page"))

    @property
    def choices(self) -> list[Choice]:
        """The filters, each with its count."""
        labels = {
            "": gettext("All rows"),
            **{verdict.value: str(verdict.label) for verdict in ImportRow.Verdict},
            "queries": gettext("With queries"),
            "erased": gettext("Erasing answers"),
            "rejudged": gettext("Judged again"),
        }
        optional = ("queries", "erased", "rejudged")
        return [
            Choice(name=name, label=label, count=self.sizes[name], is_chosen=name == self.name)
            for name, label in labels.items()
            if self.sizes[name] or name not in optional
        ]

    @property
    def pages(self) -> list[Any]:
        """The page numbers to offer."""
        return list(self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1))

    def __iter__(self) -> Iterator[ShownRow]:
        rows = list(self.page.object_list)
        numbers = {row.case_number for row in rows}
        cases = dict(
            Case.objects.filter(center=self.batch.center_id, case_number__in=numbers).values_list(
                "case_number", "pk"
            )
        )
        for row in rows:
            case = cases.get(row.case_number)
            address = reverse("admin:cases_case_change", args=[case]) if case else ""
            problems = [self._shown(problem) for problem in row.problems]
            yield ShownRow(row=row, address=address, answers=list(_answers(row)), problems=problems)

    def _shown(self, problem: dict[str, Any]) -> dict[str, Any]:
        said = gettext("Its sentence is not kept any more; it was: {code}").format(code=problem["code"])
        return {
            **problem,
            "column": named(problem["column"], self.header),
            "message": problem.get("message", said),
        }

    def _rows(self, name: str) -> QuerySet[ImportRow]:
        rows = ImportRow.objects.filter(batch=self.batch).defer("cells").order_by("position")
        if name in ImportRow.Verdict.values:
            return rows.filter(verdict=name)
        if name == "queries":
            return rows.exclude(verdict=ImportRow.Verdict.REJECTED).exclude(problems=[])
        if name == "erased":
            return rows.filter(erases__gt=0)
        return rows.filter(is_rejudged=True) if name == "rejudged" else rows


class _Counted(Paginator):
    """Knows how many there are, or counts them."""

    known: int | None = None

    @cached_property
    def count(self) -> int:
        return self.object_list.count() if self.known is None else self.known


def _answers(row: ImportRow) -> Iterator[Answer]:
    values = row.values or [[None, None]] * len(row.columns)
    for column, (before, after) in zip(row.columns, values, strict=True):
        entry, form = described(column)
        yield Answer(
            form=form,
            label=entry.label if entry else str(OWN.get(column, column)),
            unit=entry.unit if entry else "",
            column=column,
            before=shown(before, entry),
            after=shown(after, entry),
        )


def described(column: str) -> tuple[Entry | None, str]:
    """The field that a column leads to, and the form it belongs to, with the numbers of its rows."""
    path, numbers = lettered(column)
    entry = _entries().get(path)
    if entry is None:
        return None, ""
    return entry, _counted(entry.form_title, numbers)


def named(column: str, header: Collection[str]) -> str:
    """A place that a sentence is about: a column of the file as it is called there, or a field or form in words."""
    if column in header:
        return column
    entry, form = described(column)
    if entry:
        return f"{form}: {entry.label}"
    parts = column.split(".")
    title = _forms().get(next((part for part in reversed(parts) if not part.isdigit()), ""))
    return _counted(title, [int(part) for part in parts if part.isdigit()]) if title else column


def _counted(title: Any, numbers: list[int]) -> str:
    return " ".join([str(title), ".".join(map(str, numbers))]).strip()


@cache
def _forms() -> dict[str, Any]:
    return {form.name: form.title for form in dictionary.forms()}


@cache
def _entries() -> dict[str, Entry]:
    return {entry.path: entry for entry in dictionary.entries()}


def shown(value: Any, entry: Entry | None) -> str:
    """An answer in words: the labels of codes, the reason why there is none; "" for no answer."""
    labels = {code: label for code, label, _ in entry.choices} if entry else {}
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(labels.get(code, code)) for code in value)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if value in labels:
        return str(labels[value])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value in Missing.values:
        return f"{value}: {Missing(value).label}"
    return str(value)
