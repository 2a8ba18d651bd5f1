"""Two people changed one case: what differs between their versions, and the case that their choices make.

A comparison of three documents, answer by answer: the one that was begun with, what is stored now (theirs), and what
was typed (mine). Where only one side changed an answer, that side is preselected; where both did, a person must choose.
Pure: documents in, differences out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext, gettext_lazy

from cases import alignment, document, telling
from cases.forms import FIELDS, OPERATION_FORMS, OUTER_FORMS, TYPES
from cases.models import Operation, Patient

Side = Literal["mine", "theirs"]
Choices = Mapping[str, str]
SIDES: tuple[Side, ...] = ("mine", "theirs")
OWN_TEXTS = {"citation": gettext_lazy("Citation"), "note": gettext_lazy("Note")}
NO_ANSWER = (None, None)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One answer, or one whole row, on which the two versions are not of one mind; each side as lines of text."""

    key: str
    place: str
    label: str
    base: tuple[str, ...]
    theirs: tuple[str, ...]
    mine: tuple[str, ...]
    preselected: Side | None
    is_row: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the case: what differs in it, and what choices make of it, in plain values."""

    differences: list[Difference]
    build: Callable[[Choices], Any]


@dataclass(frozen=True)
class Comparison:
    """All differences between two versions, and the way from choices to one case."""

    differences: list[Difference]
    build: Callable[[Choices], Any] = field(repr=False)

    @property
    def conflicts(self) -> list[Difference]:
        """What both changed, each in another way: a person must choose."""
        return [difference for difference in self.differences if difference.preselected is None]

    def undecided(self, choices: Choices) -> list[Difference]:
        """The differences for which no side was chosen."""
        return [one for one in self.differences if choices.get(one.key) not in SIDES]

    def merged(self, choices: Choices) -> dict[str, Any]:
        """The case as plain values; without a choice the preselected side stands, without that mine."""
        merged: dict[str, Any] = self.build(choices)
        return merged


def compare(base: Any, theirs: Any, mine: Any) -> Comparison:
    """Compare two documents of one case with the one that both began with.

    Without a base nobody knows who changed what: every difference is then a choice.
    """
    walk = _Walk(knows_base=base is not None)
    begun = theirs if base is None else base
    texts = {name: walk.text(name, begun, theirs, mine) for name in OWN_TEXTS}
    forms = {
        model.name: walk.forms(model, model.name, None, begun, theirs, mine)
        for model in (Patient, *OUTER_FORMS)
    }
    parts = texts | forms

    def build(choices: Choices) -> dict[str, Any]:
        built = {name: part.build(choices) for name, part in parts.items()}
        said = {name: value for name, value in built.items() if value not in (None, "", [])}
        return {"case_number": theirs.case_number, **said}

    return Comparison([one for part in parts.values() for one in part.differences], build)


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """The way through three documents; `knows_base` is false where the first is only a stand-in."""

    knows_base: bool

    # --- answers ----------------------------------------------------------------------------------------------------

    def text(self, name: str, base: Any, theirs: Any, mine: Any) -> Part:
        """A text of the case itself."""
        values = [getattr(one, name) for one in (base, theirs, mine)]
        lines = [(value or gettext("no answer"),) for value in values]
        return self._part(name, gettext("Case"), str(OWN_TEXTS[name]), values, lines, values)

    def answer(self, kind: type, name: str, path: str, place: str, forms: Sequence[Any]) -> Part:
        """One answer of a form, with the reason for its absence: the two belong together."""
        declared = FIELDS[kind][name]
        values = [_answer(form, name) for form in forms]
        lines = [(telling.answer(declared, *value),) for value in values]
        results = [(document.plain(kind, name, value), reason) for value, reason in values]
        return self._part(f"{path}-{name}", place, str(declared.verbose_name), values, lines, results)

    def _part(
        self,
        key: str,
        place: str,
        label: str,
        values: Sequence[Any],
        lines: Sequence[tuple[str, ...]],
        results: Sequence[Any],
        *,
        is_row: bool = False,
    ) -> Part:
        """What three versions say of one thing: nothing to choose when both sides say the same."""
        base, theirs, mine = values
        if theirs == mine:
            return Part([], lambda choices: results[1])
        difference = Difference(
            key=key,
            place=place,
            label=label,
            base=lines[0] if self.knows_base else (),
            theirs=lines[1],
            mine=lines[2],
            preselected=self._preselected(base, theirs, mine),
            is_row=is_row,
        )
        return Part(
            [difference], lambda choices: results[1 if _chosen(difference, choices) == "theirs" else 2]
        )

    def _preselected(self, base: Any, theirs: Any, mine: Any) -> Side | None:
        if not self.knows_base:
            return None
        if theirs == base:
            return "mine"
        return "theirs" if mine == base else None

    # --- forms ------------------------------------------------------------------------------------------------------

    def forms(self, model: Any, path: str, operation: int | None, base: Any, theirs: Any, mine: Any) -> Part:
        """A form of the case, or of an operation: the one, or all its rows."""
        found = [getattr(holder, model.name, None) for holder in (base, theirs, mine)]
        if model.repeats:
            return self._rows(model, path, operation, [rows or () for rows in found])
        return self._form(model, path, telling.row(model, operation=operation), None, found)

    def _form(self, model: Any, path: str, place: str, number: int | None, forms: Sequence[Any]) -> Part:
        kind = TYPES[model]
        answers = {name: self.answer(kind, name, path, place, forms) for name in FIELDS[kind]}
        inner = {
            one.name: self.forms(one, f"{path}-{one.name}", number, *forms)
            for one in (OPERATION_FORMS if model is Operation else ())
        }

        def build(choices: Choices) -> dict[str, Any] | None:
            given = {name: part.build(choices) for name, part in answers.items()}
            told = {name: value for name, (value, _) in given.items() if value is not None}
            missing = {name: reason for name, (_, reason) in given.items() if reason}
            inside = {name: value for name, part in inner.items() if (value := part.build(choices))}
            return {**told, **({"missing": missing} if missing else {}), **inside} or None

        differences = [one for part in (*answers.values(), *inner.values()) for one in part.differences]
        return Part(differences, build)

    def _rows(self, model: Any, path: str, operation: int | None, versions: Sequence[Sequence[Any]]) -> Part:
        slots = alignment.slots(*([_answers(form) for form in rows] for rows in versions))
        parts = []
        for place, slot in enumerate(slots):
            forms = [
                None if at is None else rows[at]
                for at, rows in zip((slot.base, slot.theirs, slot.mine), versions, strict=True)
            ]
            number = 1 + (slot.theirs if slot.mine is None else slot.mine)
            name = telling.row(model, number, operation)
            walk = self._row if None in forms[1:] else self._form
            parts.append(walk(model, f"{path}-{place}", name, number, forms))

        def build(choices: Choices) -> list[Any]:
            return [
                {} if row is None else row for part in parts if (row := part.build(choices)) is not ABSENT
            ]

        return Part([one for part in parts for one in part.differences], build)

    def _row(self, model: Any, path: str, place: str, number: int | None, forms: Sequence[Any]) -> Part:
        """A row that only one side has: it came there, or went on the other side."""
        is_gone, is_mine = forms[0] is not None and self.knows_base, forms[2] is not None
        went = gettext("Removed") if is_gone else gettext("Not there")
        absent = [gettext("Not there"), went, went]
        lines = [
            tuple(telling.lines(form)) or (gettext("no answer"),) if form is not None else (word,)
            for form, word in zip(forms, absent, strict=True)
        ]
        results = [ABSENT if form is None else document.dump(form) for form in forms]
        label = _went(is_mine) if is_gone else _came(is_mine)
        return self._part(path, place, label, forms, lines, results, is_row=True)


ABSENT = object()


def _chosen(difference: Difference, choices: Choices) -> str:
    chosen = choices.get(difference.key)
    return chosen if chosen in SIDES else difference.preselected or "mine"


def _came(is_mine: bool) -> str:
    return gettext("A row that only you have") if is_mine else gettext("A row that only they have")


def _went(is_mine: bool) -> str:
    return gettext("A row that they removed") if is_mine else gettext("A row that you removed")


def _answer(form: Any, name: str) -> tuple[Any, str | None]:
    return NO_ANSWER if form is None else (getattr(form, name), form.missing.get(name))


def _answers(form: Any) -> dict[str, Any]:
    """What a row says, forms inside it too, for comparing it with others."""
    said = {name: answer for name in FIELDS[type(form)] if (answer := _answer(form, name)) != NO_ANSWER}
    inner = OPERATION_FORMS if isinstance(form, TYPES[Operation]) else ()
    return said | {model.name: inside for model in inner if (inside := getattr(form, model.name))}
