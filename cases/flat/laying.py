"""From a line to a case: answers laid over what is known, and places of the document found again in the file."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from cases.flat.cells import Reason
from cases.flat.columns import Steps, dotted
from cases.flat.lines import ERASED, Cell, Fault


def lay(cells: list[Cell], onto: dict[str, Any]) -> list[Fault]:
    """Lay answers over a case as plain values. What a file does not say stays as it is; only ERASED erases."""
    faults: list[Fault] = []
    homes: dict[Steps, dict[str, Any] | None] = {}
    for cell in cells:
        if cell.value is ERASED:
            _erase(onto, cell.steps)
            continue
        home, name = cell.steps[:-1], cell.steps[-1]
        if home not in homes:
            homes[home] = _home(onto, home)
            if homes[home] is None:
                faults.append(_gap(cell))
        form = homes[home]
        if form is not None:
            _answer(form, str(name), cell.value)
    for cell in cells:
        if cell.value is ERASED:
            _drop_empty(onto, cell.steps[:-1])
    return faults


def _answer(form: dict[str, Any], name: str, value: Any) -> None:
    """Put a value in the place of a reason, or a reason in the place of a value."""
    reasons = form.get("missing", {})
    if isinstance(value, Reason):
        form.pop(name, None)
        form["missing"] = {**reasons, name: value.code}
    else:
        form[name] = value
        if name in reasons:
            form["missing"] = {key: reason for key, reason in reasons.items() if key != name}


def _erase(case: dict[str, Any], steps: Steps) -> None:
    """Take away an answer, or the reason why there is none; where there is no form, there is nothing to erase."""
    form = _found(case, steps[:-1])
    if form is None:
        return
    form.pop(str(steps[-1]), None)
    if reasons := {key: reason for key, reason in form.get("missing", {}).items() if key != steps[-1]}:
        form["missing"] = reasons
    else:
        form.pop("missing", None)


def _drop_empty(case: dict[str, Any], steps: Steps) -> None:
    """Take away a form that says nothing any more, and what held it; a row only from the end, so that rows keep
    their numbers."""
    for end in range(len(steps), 0, -1):
        holder, step = _found(case, steps[: end - 1]), steps[end - 1]
        if isinstance(holder, list) and isinstance(step, int):
            if step < len(holder) and holder[step]:
                return
            while holder and not holder[-1]:
                holder.pop()
        elif isinstance(holder, dict) and not holder.get(str(step), True):
            del holder[str(step)]


def _found(case: Any, steps: Steps) -> Any:
    """What stands at a place of the case; None when there is nothing."""
    node = case
    try:
        for step in steps:
            node = node[step]
    except (IndexError, KeyError):
        return None
    return node


def _home(case: dict[str, Any], steps: Steps) -> dict[str, Any] | None:
    """The form that a field belongs to, made where it is missing; None when a row before it is missing."""
    node: Any = case
    for place, step in enumerate(steps, start=1):
        if isinstance(step, str):
            of_rows = place < len(steps) and isinstance(steps[place], int)
            node = node.setdefault(step, [] if of_rows else {})
        elif step > len(node):
            return None
        else:
            if step == len(node):
                node.append({})
            node = node[step]
    return node


def _gap(cell: Cell) -> Fault:
    said = gettext("{place} is filled, but the one before it is empty. Number from 1 without gaps.")
    said = said.format(place=dotted(cell.steps[:-1]))
    return Fault(row=cell.row, column=cell.column, code="gap", message=said, sheet=cell.sheet)


def steps_of(pointer: str) -> Steps:
    """Read a JSON Pointer of a problem; the reasons of a form stand in the columns of its fields."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if len(parts) > 1 and parts[-2] == "missing":
        del parts[-2]
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)


def origin(steps: Steps, cells: list[Cell]) -> Cell | None:
    """Find the cell that a problem is about, or else any cell of the same form; None for what no cell says."""
    exact = next((cell for cell in cells if cell.steps == steps), None)
    return exact or next(
        (cell for cell in cells if cell.sheet and cell.steps[: len(steps) - 1] == steps[:-1]), None
    )
