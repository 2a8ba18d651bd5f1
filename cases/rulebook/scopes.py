"""Scopes: the rows of a case over which a rule is read, and how a reader walks to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cases.document import TYPES, CaseDocument
from cases.models import FORMS, Operation, OperationForm, Patient

# A row of a scope: the row itself, the operation it belongs to (if any), its places in the lists of the document.
Place = tuple[Any, Any, tuple[int, ...]]
EMPTY = {f"NO_{model.name}": TYPES[model]() for model in (Patient, *FORMS)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """The rows over which a rule is read; none of them means that the rule does not apply.

    `loop` are the heads of the statements that walk to each row from `case`, leaving it in `row`, the operation that
    holds it (if any) in `operation`, and its places in the document's lists in `steps`.
    """

    name: str
    says: str
    form: type
    pointer: str  # with a {} for each step
    loop: tuple[str, ...]
    steps: str = "()"
    in_operation: bool = False

    @property
    def place(self) -> str:
        """The expression of a row's place."""
        return f"(row, {'operation' if self.in_operation else None}, {self.steps})"

    @cached_property
    def places(self) -> Callable[[Any], list[Place]]:
        """The rows of a case, one by one."""
        return compiled(
            "def places(case):",
            ["found = []", *nested(self.loop, [f"found.append({self.place})"]), "return found"],
            {},
        )


def nested(heads: Sequence[str], body: Sequence[str]) -> list[str]:
    """Put a body under heads, each one level deeper."""
    lines = [f"{'    ' * depth}{head}" for depth, head in enumerate(heads)]
    return lines + [f"{'    ' * len(heads)}{line}" for line in body]


def compiled(head: str, body: Sequence[str], names: Mapping[str, Any]) -> Callable[..., Any]:
    """Make a function of source text, as dataclasses do; the text holds only names that rules and scopes declare."""
    space = {**EMPTY, **names}
    exec("\n".join(nested([head], body)), space)  # noqa: S102  # nosec B102  # text of ours alone, see docs/decisions/0008
    return space[head.removeprefix("def ").partition("(")[0]]


def _each(model: Any) -> Scope:
    name, operations = model.name, "for i, operation in enumerate(case.operations):"
    common: dict[str, Any] = {"name": name, "form": TYPES[model]}
    if name == "reconstruction":
        row = "if (row := operation.reconstruction) is not None:"
        common |= {"loop": (operations, row), "pointer": "/operations/{}/reconstruction", "steps": "(i,)"}
    elif name == "veins":
        row = "for j, row in enumerate(operation.veins):"
        common |= {"loop": (operations, row), "pointer": "/operations/{}/veins/{}", "steps": "(i, j)"}
    elif model.repeats:
        row = f"for i, row in enumerate(case.{name}):"
        common |= {"loop": (row,), "pointer": f"/{name}/{{}}", "steps": "(i,)"}
    else:
        row = f"if (row := case.{name}) is not None:"
        return Scope(**common, says=str(model.title).lower(), loop=(row,), pointer=f"/{name}")
    inside = issubclass(model, OperationForm)
    return Scope(**common, says=f"each {str(model.title).lower()}", in_operation=inside)


_SCOPES = {model.name: _each(model) for model in (Patient, *FORMS)}


def each(form: str) -> Scope:
    """The scope of every row of one form (of the one row, where the form does not repeat)."""
    return _SCOPES[form]


CASE = Scope(name="case", says="the case", form=CaseDocument, pointer="", loop=("if (row := case):",))
INDEX = Scope(
    name="index",
    says="the index resection",
    form=TYPES[Operation],
    pointer="/operations/{}",
    loop=("for i, row in enumerate(case.operations):", "if row is case.index:"),
    steps="(i,)",
)
