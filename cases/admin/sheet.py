"""The whole case as web forms: from a document, from what was sent back, and to a document again.

Rows have no ids here. A row is its place, as in the document; that nobody changed the case meanwhile is checked by
its version. Until it is saved a row keeps the number it came with.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext

from cases.admin.answers import FORM_OF, WHY, AnswerForm, Asked, initial_of
from cases.forms import MOST_ROWS, OPERATION_FORMS, OUTER_FORMS
from cases.models import DataQuery, Operation, Patient
from cases.problems import Problem
from cases.rulebook import retelling

ROW = "-row"  # after a prefix: the numbers of the rows that were sent
REMOVE = "-remove"  # after a row's prefix: it goes when the page is saved
MOST_SENT = 2 * MOST_ROWS  # of one form: blank rows are left out, and what is refused must still be drawn


class TooManyRowsError(Exception):
    """More rows were sent than a page can hold; none of them is left out silently."""


@dataclass(kw_only=True)
class Row:
    """One row of a form, with the forms inside it (of an operation: reconstruction and veins)."""

    form: AnswerForm
    number: str
    inner: list["Block"] = field(default_factory=list)
    is_removed: bool = False
    is_new: bool = False

    def plain(self, pointer: str) -> dict[str, Any]:
        """The row as a document holds it; empty when nothing was answered, or when it is to go."""
        if self.is_removed:
            return {}
        self.form.pointer = pointer
        told = self.form.plain()
        for block in self.inner:
            if (inside := block.plain(f"{pointer}/{block.name}")) not in (None, []):
                told[block.name] = inside
        return told

    def forms(self) -> Iterator[AnswerForm]:
        """Its form, and those inside it."""
        yield self.form
        for block in self.inner:
            yield from block.forms()


@dataclass(kw_only=True)
class Block:
    """All rows of one form."""

    model: Any
    prefix: str
    rows: list[Row]

    @property
    def name(self) -> str:
        """The form's key in the document."""
        return self.model.name

    @property
    def placeholder(self) -> str:
        """What stands in a blank row for its number."""
        return placeholder(self.model)

    @property
    def is_answered(self) -> bool:
        """Whether anything in it was answered."""
        return any(form.is_answered for form in self.forms())

    @property
    def error_count(self) -> int:
        """How many answers are wrong."""
        return sum(len(form.errors) for form in self.forms() if form.is_bound)

    def plain(self, pointer: str) -> Any:
        """The rows that say something, as a document holds them."""
        if not self.model.repeats:
            return self.rows[0].plain(pointer) or None
        told: list[Any] = []
        for row in self.rows:
            if answered := row.plain(f"{pointer}/{len(told)}"):
                told.append(answered)
            else:
                for form in row.forms():
                    form.pointer = ""
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
            yield from row.forms()


@dataclass(frozen=True, kw_only=True)
class Told:
    """A problem as the page lists it: the sentence, the field to go to, its place in the document."""

    message: str
    anchor: str = ""
    pointer: str = ""


class Sheet:
    """The forms of one case."""

    def __init__(self, blocks: list[Block]):
        self.blocks = {block.name: block for block in blocks}
        self.is_locked = False
        self.asked: list[Asked] = []  # queries about the case as a whole, or about a row that is not here

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
        """Put each problem of the document made of this sheet beside the field it is about, and list them all."""
        forms = {form.pointer: form for form in self.forms() if form.pointer}
        return [_placed(problem, forms) for problem in problems]

    def ask(self, queries: Iterable[DataQuery], typed: QueryDict) -> list[Told]:
        """Put each open query of the stored case beside its field, with what was typed to confirm it."""
        forms = {form.stored_pointer: form for form in self.forms()}
        told = []
        for query in queries:
            text = typed.get(f"confirm-{query.pk}", "")
            form, name, anchor = _field(query.pointer, forms)
            sentence = retelling.of_item(query)
            asked = Asked(query_id=query.pk, sentence=sentence, typed=text)
            (self.asked if form is None else form.asked.setdefault(name, [])).append(asked)
            told.append(Told(message=sentence, anchor=anchor, pointer=query.pointer))
        return told

    def find(self, pointer: str, message: str) -> Told:
        """Say where a field of the document is on the page."""
        return self.place([Problem(pointer=pointer, code="", message=message, severity="info")])[0]

    def block(self, prefix: str) -> Block | None:
        """The list with this prefix, wherever it lies."""
        every = [*self.blocks.values()]
        every += [inner for block in every for row in block.rows for inner in row.inner]
        return next((block for block in every if block.prefix == prefix and block.model.repeats), None)

    def begin(self, prefix: str) -> None:
        """Let the page begin in the last row of this list."""
        if block := self.block(prefix):
            block.rows[-1].is_new = True

    def forms(self) -> Iterator[AnswerForm]:
        """Every form there is."""
        for block in self.blocks.values():
            yield from block.forms()


def _placed(problem: Problem, forms: dict[str, AnswerForm]) -> Told:
    form, name, anchor = _field(problem.pointer, forms)
    if form is not None and name and problem.severity == "error":
        form.add_error(name, problem.message)
    return Told(message=problem.message, anchor=anchor, pointer=problem.pointer)


def _field(pointer: str, forms: dict[str, AnswerForm]) -> tuple[AnswerForm | None, str, str]:
    """The form that a pointer leads to, the field in it, and the anchor of what is nearest to it on the page."""
    place, _, name = pointer.rpartition("/")
    form = forms.get(place.removesuffix("/missing"))
    if form is not None and name in form.fields:
        return form, name, f"answer-{form[name].html_name}"
    if (whole := forms.get(pointer)) is not None:
        return whole, "", f"form-{whole.prefix}"
    return None, "", f"block-{pointer.strip('/').replace('/', '-')}" if pointer else ""


# --- from a document -----------------------------------------------------------------------------------------------


def _shown(model: Any, prefix: str, value: Any) -> Block:
    if not model.repeats:
        return Block(model=model, prefix=prefix, rows=[_row(model, prefix, "", value)])
    rows = [_row(model, f"{prefix}-{n}", str(n), form) for n, form in enumerate(value or ())]
    return Block(model=model, prefix=prefix, rows=rows)


def _row(model: Any, prefix: str, number: str, value: Any) -> Row:
    form = FORM_OF[model](prefix=prefix, initial=initial_of(value) if value is not None else {})
    form.pointer = form.stored_pointer
    inner = [_shown(m, f"{prefix}-{m.name}", getattr(value, m.name, None)) for m in _inside(model)]
    return Row(form=form, number=number, inner=inner)


def placeholder(model: Any) -> str:
    """What stands in a blank row for its number."""
    return f"__{model.name}__"


def blank(model: Any) -> Row:
    """A row without answers, with placeholders for its number and for that of the row around it."""
    around = "" if model in OUTER_FORMS else f"{Operation.name}-{placeholder(Operation)}-"
    number = placeholder(model)
    return _row(model, f"{around}{model.name}-{number}", number, None)


def _inside(model: type[Model]) -> tuple[Any, ...]:
    return OPERATION_FORMS if model is Operation else ()


# --- from what was sent --------------------------------------------------------------------------------------------


def numbers(prefix: str, data: QueryDict) -> list[str]:
    """The numbers of the rows that were sent, each once."""
    return [
        n for n in dict.fromkeys(data.getlist(prefix + ROW)) if n.isascii() and n.isdigit() and len(n) < 10
    ]


def with_one_more(block: Block, data: QueryDict, answer: list[str]) -> QueryDict:
    """What was sent and one row more in a list, with an answer in it (a field and its value) if one is given."""
    number = max((int(row.number) for row in block.rows), default=-1) + 1
    more = data.copy()
    more.appendlist(block.prefix + ROW, str(number))
    if len(answer) == 2 and answer[0] in FORM_OF[block.model].base_fields:
        more[f"{block.prefix}-{number}-{answer[0]}"] = answer[1]
    return more


def _read(model: Any, prefix: str, data: QueryDict) -> Block:
    if not model.repeats:
        return Block(model=model, prefix=prefix, rows=[_read_row(model, prefix, "", data)])
    sent = numbers(prefix, data)
    if len(sent) > MOST_SENT:
        said = gettext(
            "The page was sent with {n} rows of {form}; a case has at most {most}. Nothing was saved."
        )
        raise TooManyRowsError(said.format(n=len(sent), form=str(model.title).lower(), most=MOST_ROWS))
    return Block(model=model, prefix=prefix, rows=[_read_row(model, f"{prefix}-{n}", n, data) for n in sent])


def _read_row(model: Any, prefix: str, number: str, data: QueryDict) -> Row:
    inner = [_read(m, f"{prefix}-{m.name}", data) for m in _inside(model)]
    is_removed = bool(data.get(prefix + REMOVE))
    return Row(form=FORM_OF[model](data, prefix=prefix), number=number, inner=inner, is_removed=is_removed)


__all__ = ["MOST_SENT", "ROW", "WHY", "Block", "Row", "Sheet", "Told", "TooManyRowsError"]
