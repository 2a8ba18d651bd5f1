"""The whole case as web forms: from a document, from what was sent back, and to a document again.

Rows have no ids here. A row is its place, as in the document; that nobody changed the case meanwhile is checked by
its version.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import QueryDict

from cases.admin.answers import FORM_OF, WHY, AnswerForm, initial_of
from cases.forms import MOST_ROWS, OPERATION_FORMS, OUTER_FORMS
from cases.models import Operation, Patient
from cases.problems import Problem

ROW = "-row"  # after a prefix: the numbers of the rows that were sent
MOST_SENT = 2 * MOST_ROWS  # of one form: blank rows are left out, and what is refused must still be drawn


class TooManyRowsError(Exception):
    """More rows were sent than a page can hold; none of them is left out silently."""


@dataclass(kw_only=True)
class Row:
    """One row of a form, with the forms inside it (of an operation: reconstruction and veins)."""

    form: AnswerForm
    number: str
    inner: list["Block"] = field(default_factory=list)

    def plain(self, pointer: str) -> dict[str, Any]:
        """The row as a document holds it; empty when nothing was answered."""
        self.form.pointer = pointer
        told = self.form.plain()
        for block in self.inner:
            if (inside := block.plain(f"{pointer}/{block.name}")) not in (None, []):
                told[block.name] = inside
        return told


@dataclass(kw_only=True)
class Block:
    """All rows of one form, and a blank one for the next."""

    model: Any
    prefix: str
    rows: list[Row]
    blank: Row | None = None

    @property
    def name(self) -> str:
        """The form's key in the document."""
        return self.model.name

    @property
    def placeholder(self) -> str:
        """What stands in the blank row for its number."""
        return f"__{self.name}__"

    @property
    def is_open(self) -> bool:
        """Whether the page unfolds it: something was answered, or is wrong."""
        return any(row.form.initial or (row.form.is_bound and row.form.has_changed()) for row in self.rows)

    @property
    def error_count(self) -> int:
        """How many answers are wrong."""
        return sum(
            len(row.form.errors) + sum(block.error_count for block in row.inner)
            for row in self.rows
            if row.form.is_bound
        )

    def plain(self, pointer: str) -> Any:
        """The rows that say something, as a document holds them."""
        if not self.model.repeats:
            return self.rows[0].plain(pointer) or None
        told: list[Any] = []
        for row in self.rows:
            if answered := row.plain(f"{pointer}/{len(told)}"):
                told.append(answered)
            else:
                row.form.pointer = ""
        return told

    def as_sent(self) -> Iterator[tuple[str, list[str]]]:
        """The fields of all its rows as a browser would send them."""
        if self.model.repeats:
            yield self.prefix + ROW, [row.number for row in self.rows]
        for row in self.rows:
            for answer in row.form:
                value = answer.value()
                if value not in (None, "", []):
                    yield answer.html_name, [*map(str, value)] if isinstance(value, list) else [str(value)]
            for block in row.inner:
                yield from block.as_sent()

    def forms(self) -> Iterator[AnswerForm]:
        """Every form in it, those inside rows too."""
        for row in self.rows:
            yield row.form
            for block in row.inner:
                yield from block.forms()


@dataclass(frozen=True, kw_only=True)
class Told:
    """A problem as the page lists it: the sentence, and the field to go to."""

    message: str
    anchor: str = ""


class Sheet:
    """The forms of one case."""

    def __init__(self, blocks: list[Block]):
        self.blocks = {block.name: block for block in blocks}

    @classmethod
    def of(cls, document: Any = None) -> "Sheet":
        """Begin with a document, or with nothing."""
        return cls(
            [
                _shown(model, model.name, getattr(document, model.name, None))
                for model in (Patient, *OUTER_FORMS)
            ]
        )

    @classmethod
    def sent(cls, data: QueryDict) -> "Sheet":
        """Read back what was sent; TooManyRowsError when that is more than a page holds."""
        return cls([_read(model, model.name, data) for model in (Patient, *OUTER_FORMS)])

    def plain(self) -> dict[str, Any]:
        """The forms of the document, as plain values."""
        told = {name: block.plain(f"/{name}") for name, block in self.blocks.items()}
        return {name: value for name, value in told.items() if value not in (None, [])}

    def as_sent(self) -> Iterator[tuple[str, list[str]]]:
        """The fields as a browser would send them back, what is not answered left out."""
        for block in self.blocks.values():
            yield from block.as_sent()

    def place(self, problems: Iterable[Problem]) -> list[Told]:
        """Put each problem beside the field it is about, and list them all."""
        found = (form for block in self.blocks.values() for form in block.forms())
        forms = {form.pointer: form for form in found if form.pointer}
        return [_placed(problem, forms) for problem in problems]

    def find(self, pointer: str, message: str) -> Told:
        """Say where a field of the document is on the page."""
        return self.place([Problem(pointer=pointer, code="", message=message, severity="info")])[0]

    def lock(self) -> None:
        """Let everything be read and nothing be changed; also what was typed before somebody locked the case."""
        for block in self.blocks.values():
            for form in block.forms():
                for answer in form.fields.values():
                    answer.widget.attrs["disabled"] = (
                        True  # a field that is disabled itself forgets what was typed
                    )


def _placed(problem: Problem, forms: dict[str, AnswerForm]) -> Told:
    place, _, name = problem.pointer.rpartition("/")
    form = forms.get(place.removesuffix("/missing"))
    if form is None or name not in form.fields:
        return Told(message=problem.message, anchor=_nearest(problem.pointer, forms))
    if problem.severity == "error":
        form.add_error(name, problem.message)
    if problem.severity == "query":
        form.queries[name] = problem.message
    return Told(message=problem.message, anchor=f"answer-{form[name].html_name}")


def _nearest(pointer: str, forms: dict[str, AnswerForm]) -> str:
    """The row that the pointer is about, or the whole form."""
    if pointer in forms:
        return f"form-{forms[pointer].prefix}"
    return f"block-{pointer.strip('/').replace('/', '-')}" if pointer else ""


# --- from a document -----------------------------------------------------------------------------------------------


def _shown(model: Any, prefix: str, value: Any) -> Block:
    if not model.repeats:
        return Block(model=model, prefix=prefix, rows=[_row(model, prefix, "", value, f"/{prefix}")])
    rows = [_row(model, f"{prefix}-{n}", str(n), form, "") for n, form in enumerate(value or ())]
    return Block(model=model, prefix=prefix, rows=rows, blank=_blank(model, prefix))


def _row(model: Any, prefix: str, number: str, value: Any, pointer: str) -> Row:
    form = FORM_OF[model](prefix=prefix, initial=initial_of(value) if value is not None else {})
    form.pointer = "/" + prefix.replace("-", "/")
    inner = [_shown(m, f"{prefix}-{m.name}", getattr(value, m.name, None)) for m in _inside(model)]
    return Row(form=form, number=number, inner=inner)


def _blank(model: Any, prefix: str) -> Row:
    number = f"__{model.name}__"
    row = _row(model, f"{prefix}-{number}", number, None, "")
    row.form.pointer = ""
    return row


def _inside(model: type[Model]) -> tuple[Any, ...]:
    return OPERATION_FORMS if model is Operation else ()


# --- from what was sent --------------------------------------------------------------------------------------------


def _read(model: Any, prefix: str, data: QueryDict) -> Block:
    if not model.repeats:
        return Block(model=model, prefix=prefix, rows=[_read_row(model, prefix, "", data)])
    numbers = [n for n in dict.fromkeys(data.getlist(prefix + ROW)) if n.isascii() and n.isdigit()]
    if len(numbers) > MOST_SENT:
        raise TooManyRowsError(
            f"The page was sent with {len(numbers)} rows of {model.title.lower()}; a case has at most {MOST_ROWS}."
            " Nothing was saved."
        )
    rows = [_read_row(model, f"{prefix}-{n}", n, data) for n in numbers]
    return Block(model=model, prefix=prefix, rows=rows, blank=_blank(model, prefix))


def _read_row(model: Any, prefix: str, number: str, data: QueryDict) -> Row:
    inner = [_read(m, f"{prefix}-{m.name}", data) for m in _inside(model)]
    return Row(form=FORM_OF[model](data, prefix=prefix), number=number, inner=inner)


__all__ = ["MOST_SENT", "ROW", "WHY", "Block", "Row", "Sheet", "Told", "TooManyRowsError"]
