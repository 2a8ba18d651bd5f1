"""The forms of the page as HTML: what a case has once unfolds, what it has many times is a list of rows.

Adding a row is a button that sends the page and gets it back with one row more; a script does the same in place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from cases.admin import applies, questions
from cases.admin.answers import Answer
from cases.admin.sheet import REMOVE, ROW, Block, Row, blank
from cases.models import FORMS
from registry.fields import Coded, PartialDateField

# Forms that every case needs are unfolded from the beginning.
UNFOLDED = frozenset({"patient", "consent", "presentation", "diagnosis", "tumor"})
NOTHING = SafeString("")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How this page is drawn: read only, and with the state of each form in words."""

    is_locked: bool = False
    states: dict[str, str]  # by the prefix of a form

    def block(self, block: Block) -> SafeString:
        """A form of the case."""
        return self._list(block) if block.model.repeats else self._once(block)

    # --- what a case has once -----------------------------------------------------------------------------------------

    def _once(self, block: Block) -> SafeString:
        is_open = block.is_answered or block.error_count or block.name in UNFOLDED
        return format_html(
            '<details class="case-block" id="block-{}"{}><summary><h3 class="case-title">{}</h3>{}</summary>{}'
            "</details>",
            block.prefix,
            SafeString(" open" if is_open else ""),  # nosec B703  # fixed words
            str(block.model.title),
            self._state(block.prefix),
            self._grid(block.rows[0], whole=True),
        )

    def _state(self, prefix: str) -> SafeString:
        return format_html(
            '<span class="case-state" data-state="{}">{}</span>', prefix, self.states.get(prefix, "")
        )

    def _grid(self, row: Row, *, whole: bool = False) -> SafeString:
        """The questions of a row, after what is asked about it as a whole."""
        name = str(row.form.prefix)
        asked = row.form.asked.get("")
        errors = format_html_join(
            "", '<p class="case-error case-wide">{}</p>', ((e,) for e in _own_errors(row))
        )
        about = questions.asked(asked, name, is_locked=self.is_locked) if asked else NOTHING
        drawn = "".join(
            questions.drawn(answer, is_locked=self.is_locked, is_first=row.is_new and place == 0)
            for place, answer in enumerate(row.form.answers())
        )
        anchor = format_html(' id="form-{}"', name) if whole else NOTHING
        return SafeString(f'{about}<div class="case-grid"{anchor}>{errors}{drawn}</div>')  # nosec B703  # escaped parts

    # --- what it has many times ---------------------------------------------------------------------------------------

    def _list(self, block: Block) -> SafeString:
        title = str(block.model.title)
        rows = "".join(self._row(block, row, place) for place, row in enumerate(block.rows, start=1))
        return format_html(
            '<div class="case-block case-many" id="block-{0}" role="group" aria-labelledby="title-{0}">'
            '<div class="case-head"><h3 class="case-title" id="title-{0}">{1}</h3>{2}</div>'
            '<div class="case-rows" data-block="{0}" data-form="{3}">{4}</div>{5}</div>',
            block.prefix,
            title,
            self._state(block.prefix),
            block.name,
            SafeString(rows),  # nosec B703  # escaped parts
            NOTHING if self.is_locked else self._adding(block, title),
        )

    def _adding(self, block: Block, title: str) -> SafeString:
        """The button for one row more, and for the rows that other answers call for."""
        return format_html(
            '<p class="case-adding">{}<button type="submit" formnovalidate class="case-add" name="_add" value="{}"'
            " data-add>{}</button></p>",
            format_html_join("", "{}", ((offer,) for offer in _offered(block))),
            block.prefix,
            gettext("Add {form}").format(form=_lower(title)),
        )

    def _row(self, block: Block, row: Row, place: int) -> SafeString:
        title = str(block.model.title)
        is_open = row.is_new or len(block.rows) == 1 or _is_to_see(row)
        return format_html(
            '<details class="case-row" id="form-{0}" data-row{1}><summary><span class="case-row-title">{2}'
            " <span data-number>{3}</span></span> <span data-says>{4}</span></summary>"
            '<fieldset><legend class="case-unseen">{2} <span data-number>{3}</span></legend>'
            '<input type="hidden" name="{5}" value="{6}">{7}{8}{9}</fieldset></details>',
            row.form.prefix,
            SafeString(" open" if is_open else ""),  # nosec B703  # fixed words
            title,
            place,
            says(row),
            block.prefix + ROW,
            row.number,
            NOTHING if self.is_locked else _removing(row, f"{title} {place}"),
            self._grid(row),
            self._inside(row, place) if row.inner else NOTHING,
        )

    # --- what lies inside an operation --------------------------------------------------------------------------------

    def _inside(self, row: Row, place: int) -> SafeString:
        prefix = str(row.form.prefix)
        parts = ((self._part(block, prefix),) for block in row.inner)
        return format_html(
            '<section class="case-part" id="part-{0}" aria-labelledby="title-part-{0}"><h4 id="title-part-{0}">{1}'
            " <span data-number>{2}</span></h4>{3}</section>",
            prefix,
            gettext("Reconstruction and veins of operation"),
            place,
            format_html_join("", "{}", parts),
        )

    def _part(self, block: Block, around: str) -> SafeString:
        drawn = self._list(block) if block.model.repeats else self._open(block)
        return format_html(
            '<div class="case-inner" data-when="{}"><p class="case-help case-when">{}</p>{}</div>',
            applies.control(block.model.only_if, around),
            applies.of_operation(block.model),
            drawn,
        )

    def _open(self, block: Block) -> SafeString:
        return format_html(
            '<div class="case-block" id="block-{0}" role="group" aria-labelledby="title-{0}">'
            '<div class="case-head"><h5 class="case-title" id="title-{0}">{1}</h5>{2}</div>{3}</div>',
            block.prefix,
            str(block.model.title),
            self._state(block.prefix),
            self._grid(block.rows[0], whole=True),
        )


def templates() -> Iterator[tuple[str, SafeString]]:
    """A blank row of each list, by the form's name, for scripts to add."""
    return ((model.name, _template(model, get_language() or "")) for model in FORMS if model.repeats)


@lru_cache(maxsize=64)
def _template(model: Any, language: str) -> SafeString:
    row = blank(model)
    prefix = str(row.form.prefix).rpartition("-")[0]
    drawing = Drawing(states={})
    return drawing._row(Block(model=model, prefix=prefix, rows=[row]), row, 1)


def _removing(row: Row, name: str) -> SafeString:
    """The box that lets the row go when the page is saved; clearing it keeps the row."""
    return format_html(
        '<label class="case-remove"><input type="checkbox" name="{}" value="1" aria-label="{}"{} data-remove> {}'
        "</label>",
        f"{row.form.prefix}{REMOVE}",
        gettext("Remove {row} when saving").format(row=name),
        SafeString(" checked" if row.is_removed else ""),  # nosec B703  # fixed words
        gettext("Remove when saving"),
    )


def _offered(block: Block) -> Iterator[SafeString]:
    offers = applies.OFFERS.get(block.name, ())
    around = block.prefix.rpartition("-")[0]
    there = {row.form[offer.field].value() for offer in offers for row in block.rows if not row.is_removed}
    fields = block.rows[0].form if block.rows else None
    for offer in offers:
        labels = dict(_vocabulary(block.model, offer.field).choices)
        yield format_html(
            '<button type="submit" formnovalidate class="case-add" name="_add" value="{} {} {}" data-add'
            ' data-when="{}"{}>{}</button> ',
            block.prefix,
            offer.field,
            offer.value,
            applies.control(offer.condition, around),
            SafeString(" hidden" if offer.value in there and fields else ""),  # nosec B703  # fixed words
            gettext("Add {form}").format(form=_lower(labels[offer.value])),
        )


def _vocabulary(model: Any, name: str) -> Any:
    return model._meta.get_field(name).vocabulary


def _lower(label: Any) -> str:
    text = str(label)
    return text[:1].lower() + text[1:]


def says(row: Row) -> str:
    """A row in a few words: its first answers that are a code or a date."""
    given = (_spoken(answer) for answer in row.form.answers())
    return " · ".join([word for word in given if word][:3])


def _spoken(answer: Answer) -> str:
    value = answer.field.value()
    if not value or not isinstance(answer.declared, Coded | PartialDateField):
        return ""
    if isinstance(answer.declared, PartialDateField):
        return str(value)
    return str(
        dict(answer.declared.vocabulary.choices if answer.declared.vocabulary else ()).get(value, value)
    )


def _is_to_see(row: Row) -> bool:
    """Whether something in it is wrong or asked about."""
    return any(form.asked or (form.is_bound and form.errors) for form in row.forms())


def _own_errors(row: Row) -> Iterable[Any]:
    return row.form.non_field_errors() if row.form.is_bound else ()
