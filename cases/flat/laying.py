"""From a line to a case: answers laid over what is known, and places of the document found again in the file."""

from __future__ import annotations

from typing import Any

from cases.flat.cells import Reason
from cases.flat.columns import Steps, dotted
from cases.flat.lines import Cell, Fault


def lay(cells: list[Cell], onto: dict[str, Any]) -> list[Fault]:
    """Lay answers over a case as plain values. What a file does not say stays as it is; nothing is erased."""
    faults: list[Fault] = []
    homes: dict[Steps, dict[str, Any] | None] = {}
    for cell in cells:
        home, name = cell.steps[:-1], cell.steps[-1]
        if home not in homes:
            homes[home] = _home(onto, home)
            if homes[home] is None:
                faults.append(_gap(cell))
        form = homes[home]
        if form is not None:
            _answer(form, str(name), cell.value)
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
    said = f"{dotted(cell.steps[:-1])} is filled, but the one before it is empty. Number from 1 without gaps."
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
