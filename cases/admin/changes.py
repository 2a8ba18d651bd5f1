"""What the audit trail holds of a case, in words: which row, what became of it, which answers differ since."""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext

from cases import telling, trail
from cases.models import Case, ContactAttempt, Operation, Patient
from cases.models.base import OperationForm
from cases.rulebook import retelling
from cases.trail import FINDINGS, Event
from registry.fields import Coded, clinical_fields
from registry.history import DONE, Change, Difference, Words, capitalized

ATTEMPT = ("tried_on", "contact_type", "outcome", "note")


def changes(events: Iterable[Event]) -> dict[str, list[Change]]:
    """What each group of events changed, by the key of the group."""
    found: dict[str, list[Change]] = {}
    words = Words()
    for event in events:
        found.setdefault(event.key, []).append(_change(event, words))
    return found


def title(model: Any) -> str:
    """The name of a form, or of what else belongs to a case."""
    return str(getattr(model, "title", "") or capitalized(model._meta.verbose_name))


def _change(event: Event, words: Words) -> Change:
    if event.model in FINDINGS:
        return _finding(event, words)
    if event.model is Case:
        return _own(event, words)
    if event.model is ContactAttempt:
        return _attempt(event, words)
    before, after = (None, event.after) if event.label == "insert" else (event.before, event.after)
    if event.label == "delete":
        before, after = event.after, None  # type: ignore[assignment]
    return Change(
        what=_row_name(event.model, event.after),
        done=str(DONE[event.label]),
        fields=tuple(_answers(event.model, before, after)),
        is_whole=event.label != "update",
    )


def _answers(model: Any, before: Any, after: Any) -> Iterator[Difference]:
    """The answers of a row that are not what they were."""
    for declared in clinical_fields(model):
        old, new = answer_of(before, declared.name), answer_of(after, declared.name)
        if old != new:
            texts = [
                telling.answer(declared, *answer) if row else ""
                for row, answer in ((before, old), (after, new))
            ]
            yield Difference(name=str(declared.verbose_name), before=texts[0], after=texts[1])
    if before and after and before.get("operation_position") != after.get("operation_position"):
        places = [str(row["operation_position"] + 1) for row in (before, after)]
        yield Difference(name=Operation.title, before=places[0], after=places[1])


def answer_of(row: Any, name: str) -> tuple[Any, str | None]:
    """An answer as the tables hold it, with the reason for its absence; no row has none."""
    return (None, None) if row is None else (row.get(name), row["missing"].get(name))


def _row_name(model: Any, row: dict[str, Any]) -> str:
    """The name of a row, by its place at the time."""
    if model is Patient:
        return str(model.title)
    if not issubclass(model, OperationForm):
        return telling.row(model, row["position"] + 1 if model.repeats else None)
    name = telling.row(model, operation=row["operation_position"] + 1)
    first = next((f for f in clinical_fields(model) if isinstance(f, Coded)), None)
    if not model.repeats or first is None or row.get(first.name) is None:
        return name
    return f"{name}: {telling.answer(first, row[first.name])}"


def _own(event: Event, words: Words) -> Change:
    """The case itself: each save makes a version."""
    return Change(
        what=gettext("Case, version {number}").format(number=event.after["version"]),
        done=gettext("saved") if event.label == "update" else str(DONE[event.label]),
        fields=tuple(_columns(Case, trail.SHOWN[Case], event.before, event.after, words)),
    )


def _finding(event: Event, words: Words) -> Change:
    before, after = event.before or {}, event.after
    where = telling.place(after["pointer"])
    name = f"{title(event.model)} {after['rule_id']}"
    decision = after["decision"] if before.get("decided_at") != after["decided_at"] else ""
    is_new = before.get("sentence") != after["sentence"]
    return Change(
        what=f"{name}: {where}" if where else name,
        done=telling.became(before.get("state"), after["state"], decision=decision),
        fields=tuple(_columns(event.model, ("severity", *trail.SAID), before, after, words))
        if before
        else (),
        note=retelling.of_item(SimpleNamespace(**after)) if is_new else "",
    )


def _attempt(event: Event, words: Words) -> Change:
    return Change(
        what=gettext("Attempt to reach the patient"),
        done=str(DONE[event.label]),
        fields=tuple(_columns(ContactAttempt, ATTEMPT, event.before, event.after, words)),
    )


def _columns(model: Any, names: Iterable[str], before: Any, after: Any, words: Words) -> Iterator[Difference]:
    for name in names:
        column = model._meta.get_field(name)
        old, new = (before or {}).get(name), after.get(name)
        if old != new and (old or new):
            label = capitalized(column.verbose_name)
            was = words.of(column, old) if before else ""
            yield Difference(name=label, before=was, after=words.of(column, new))
