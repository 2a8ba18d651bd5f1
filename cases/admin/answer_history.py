"""The history of one answer: its place in the tables, what became of it, and the marks on the page of the case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext

from cases import telling, trail
from cases.admin.answers import AnswerForm
from cases.admin.changes import answer_of
from cases.admin.sheet import Sheet
from cases.forms import FIELDS, TYPES
from cases.models import Case, Operation
from cases.models.base import OperationForm
from cases.trail import Answered
from registry.fields import clinical_fields
from registry.history import DONE, Change, Difference, capitalized

OWN_TEXTS = ("citation", "note")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an answer stands: the table, the position of its row in it, the field."""

    model: Any
    position: int
    name: str

    @property
    def declared(self) -> Any:
        """The clinical field; None for a text of the case itself."""
        return None if self.model is Case else FIELDS[TYPES[self.model]][self.name]

    @property
    def label(self) -> str:
        """The name of the field."""
        return capitalized(self.model._meta.get_field(self.name).verbose_name)

    def differs(self, one: Answered) -> bool:
        """Whether something became of this answer at that moment."""
        if one.label == "delete" or one.before is None:
            return self._of(one.row) not in ("", (None, None))
        return self._of(one.before) != self._of(one.row)

    def change(self, one: Answered) -> Change:
        """What became of it."""
        went = one.label == "delete"
        before, after = (one.row, None) if went else (one.before, one.row)
        note = (
            gettext("In this save rows of this form came or went; another row may stand at this place since.")
            if one.rows_came_or_went and one.label == "update"
            else ""
        )
        difference = Difference(name=self.label, before=self._text(before), after=self._text(after))
        return Change(
            what=telling.row(self.model, self.position + 1 if self.model.repeats else None)
            if self.declared
            else gettext("Case"),
            done=str(DONE[one.label]),
            fields=(difference,),
            note=note,
        )

    def _of(self, row: Any) -> Any:
        return row.get(self.name) or "" if self.declared is None else answer_of(row, self.name)

    def _text(self, row: Any) -> str:
        if row is None:
            return ""
        if self.declared is None:
            return row.get(self.name) or gettext("nothing")
        return telling.answer(self.declared, *answer_of(row, self.name))


def find(case: Case, pointer: str) -> Place:
    """Read a pointer into the document; what points at no field of a case is not there."""
    *steps, name = pointer.removeprefix("/").split("/")
    if not steps and name in OWN_TEXTS:
        return Place(model=Case, position=0, name=name)
    model, position = _find_row(case, steps)
    if model is None or name not in FIELDS[TYPES[model]]:
        raise Http404
    return Place(model=model, position=position, name=name)


def _find_row(case: Case, steps: list[str]) -> tuple[Any, int]:
    """The table and position of a row that a pointer names; no table when it names none."""
    places = [int(step) for step in steps if step.isascii() and step.isdigit() and len(step) < 5]
    models: list[Any] = [telling.FORMS_BY_NAME.get(step) for step in steps if not step.isdigit()]
    model = models[-1] if models else None
    way = [Operation, model] if model and issubclass(model, OperationForm) else [model]
    if None in models or models != way or len(places) != sum(one.repeats for one in way if one):
        return None, 0
    if model and len(places) > 1:  # the rows of all operations share one table, and are counted through
        rows = model.objects.filter(case=case.pk, operation_position=places[0]).order_by("position")
        found = rows.values_list("position", flat=True)[places[1] : places[1] + 1].first()
        return (None, 0) if found is None else (model, found)
    return model, places[0] if places else 0


# --- the marks on the page of the case -------------------------------------------------------------------------------


def mark(sheet: Sheet, record: Any, case: Case) -> None:
    """Put beside each answer that was not always as it is the address of its history; one query for the whole page."""
    changed = trail.changed(case)
    address = reverse("admin:cases_case_history", args=[case.pk])
    for name in OWN_TEXTS:
        if (Case._meta.model_name, 0, name) in changed and name in record.fields:
            record[name].history = f"{address}?{urlencode({'field': f'/{name}'})}"
    for form, position in _positions(sheet):
        table = form.model._meta.model_name
        for name in (declared.name for declared in clinical_fields(form.model)):
            if (table, position, name) in changed:
                form[name].history = f"{address}?{urlencode({'field': f'{form.pointer}/{name}'})}"  # type: ignore[attr-defined]


def _positions(sheet: Sheet) -> Iterator[tuple[AnswerForm, int]]:
    """Each form of the page with its position in its table, as cases/batches.py writes them."""
    inner: dict[str, int] = {}
    for block in sheet.blocks.values():
        for place, row in enumerate(block.rows):
            yield row.form, place
            for inside in row.inner:
                for one in inside.rows:
                    position = inner.get(inside.name, 0) if inside.model.repeats else place
                    inner[inside.name] = position + 1
                    yield one.form, position
