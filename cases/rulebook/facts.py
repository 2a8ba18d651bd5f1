"""Where a rule finds what it needs: facts, named by their paths from the row that it is read over.

A path is checked against the document's own fields when the rule is declared, so a typing error stops the start.
Roots of a path: a field of the scope's own row (`visit_on`), a single form of the case (`tumor.segments`), `index`
(the index resection), `operation` (that of a reconstruction or vein row), `reconstruction` (that of the operation in
scope, else of the index resection), `specimen` (its pathology), `case` (what follows from the whole case) and `as_of`.
A form that is absent reads as one in which nothing is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from inspect import signature
from typing import Any

from cases.document import FIELDS, OUTER_FORMS, TYPES, CaseDocument
from cases.models import FORMS, Operation, Pathology, Patient, Reconstruction
from cases.rulebook.scopes import Scope, compiled
from cases.vocabulary import Segment
from registry.fields import ClinicalField

# What the values of these properties of a case are codes of.
CODES = {"touched_segments": Segment, "cranial_extent": Segment}


@dataclass(frozen=True, kw_only=True, eq=False)
class Derived:
    """A fact that a function works out from several answers; `reads` names them; None means unknown.

    `takes` are the thresholds of the rule that its function takes by name. `codes` is the vocabulary of its values; of
    a mapping, that of its keys and that of its values.
    """

    name: str
    label: str
    reads: tuple[str, ...]
    work_out: Callable[..., Any]
    optional: bool = False
    of_case: bool = False
    codes: Any = None
    takes: tuple[str, ...] = ()

    @property
    def volatile(self) -> bool:
        """Whether it changes from day to day while the case stays the same."""
        return "as_of" in self.reads

    @property
    def or_unknown(self) -> Derived:
        """The same fact for a rule that can do without it."""
        return replace(self, optional=True)


def derived(
    label: str, *reads: str, of_case: bool = False, codes: Any = None
) -> Callable[[Callable[..., Any]], Derived]:
    """Declare a function of (case, row, as_of, thresholds ...) as a fact of that name; `of_case` looks at no row."""

    def declare(function: Callable[..., Any]) -> Derived:
        for path in reads:
            _check_reads(path)
        name = function.__name__
        takes = tuple(signature(function).parameters)[3:]
        return Derived(
            name=name, label=label, reads=reads, work_out=function, of_case=of_case, codes=codes, takes=takes
        )

    return declare


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """One fact of one rule: its name in the rule's predicates, its path, and how to read it.

    Its label is English, as declared. An optional fact (path ending in "?") may be None in a predicate; every other one
    is known when it is asked.
    """

    name: str
    path: str
    label: str
    optional: bool
    holder: str  # expression of the form that has it; "" for a derived fact and for the day of reading
    attribute: str
    places: Callable[[Any, tuple[int, ...]], str]  # its JSON Pointer in a document
    field: ClinicalField | None = None
    derived: Derived | None = None
    codes: Any = None  # the vocabulary of its values
    volatile: bool = False  # not kept with a finding: equal readings of two days must be equal

    @property
    def term(self) -> str:
        """The expression of its value, over case, row, operation and as_of."""
        return f"{self.holder}.{self.attribute}" if self.holder else self.attribute

    @cached_property
    def value(self) -> Callable[[Any, Any, Any, date], Any]:
        """Fetch its value from (case, row, operation, as_of)."""
        names = {self.derived.name: self.derived.work_out} if self.derived else {}
        return compiled("def value(case, row, operation, as_of):", [f"return {self.term}"], names)

    @cached_property
    def form(self) -> Callable[[Any, Any, Any], Any]:
        """Fetch the form that has it from (case, row, operation)."""
        return compiled("def form(case, row, operation):", [f"return {self.holder or None}"], {})


def resolve(declared: str | Derived, scope: Scope, numbers: Mapping[str, float]) -> Fact:
    """Turn what a rule declares ("tumor.segments", "index.operated_on as resected_on?", a derived fact) into a fact."""
    if isinstance(declared, Derived):
        return _resolve_derived(declared, scope, numbers)
    text, optional = declared.removesuffix("?"), declared.endswith("?")
    path, _, alias = text.partition(" as ")
    root, _, name = path.rpartition(".")
    common = {"path": path, "optional": optional, "name": alias or name}
    if path == "as_of":
        return Fact(
            **common, label="day of reading", holder="", attribute="as_of", volatile=True, places=_nowhere
        )  # type: ignore[arg-type]
    holder, form, pointer = _root(root, scope)
    if name in FIELDS.get(form, {}):
        field = FIELDS[form][name]
        return Fact(
            **common,  # type: ignore[arg-type]
            label=field.label,
            field=field,
            codes=getattr(field, "vocabulary", None),
            holder=holder,
            attribute=name,
            places=lambda case, steps: _below(pointer(case, steps), name),
        )
    if not hasattr(form, name) or name.startswith("_"):
        raise ValueError(f"'{path}' is not a fact of {scope.says}")
    return Fact(
        **common,  # type: ignore[arg-type]
        label=name.replace("_", " "),
        holder=holder,
        attribute=name,
        places=pointer,
        codes=CODES.get(name),
    )


def _resolve_derived(declared: Derived, scope: Scope, numbers: Mapping[str, float]) -> Fact:
    if absent := [name for name in declared.takes if name not in numbers]:
        raise ValueError(f"'{declared.name}' takes the thresholds {absent}, which the rule does not declare")
    given = [
        "case",
        "None" if declared.of_case else "row",
        "as_of",
        *(repr(numbers[name]) for name in declared.takes),
    ]
    first = declared.reads[0] if declared.reads else ""
    return Fact(
        name=declared.name,
        path=", ".join(declared.reads),
        label=declared.label,
        optional=declared.optional,
        volatile=declared.volatile,
        derived=declared,
        codes=declared.codes,
        holder="",
        attribute=f"{declared.name}({', '.join(given)})",
        places=pointer_of_reads(first, scope),
    )


Pointer = Callable[[Any, tuple[int, ...]], str]
ABSENT_ROWS = frozenset({"/operations", "/pathology"})  # where a row would stand that the case does not have


def _nowhere(case: Any, steps: tuple[int, ...]) -> str:
    return ""


def _below(pointer: str, name: str) -> str:
    return pointer if pointer in ABSENT_ROWS else f"{pointer}/{name}"


def _root(root: str, scope: Scope) -> tuple[str, type, Pointer]:
    """The expression, the form and the pointer of a path's root."""
    operation = "operation" if scope.in_operation else "row"
    inside = scope.in_operation or scope.form is TYPES[Operation]
    if root == "":
        return "row", scope.form, lambda case, steps: scope.pointer.format(*steps)
    if root == "case":
        return "case", CaseDocument, _nowhere
    if root == "operation" and scope.in_operation:
        return "operation", TYPES[Operation], lambda case, steps: f"/operations/{steps[0]}"
    if root == "reconstruction" and inside:
        return (
            f"({operation}.reconstruction or NO_reconstruction)",
            TYPES[Reconstruction],
            lambda case, steps: f"/operations/{steps[0]}/reconstruction",
        )
    if root in _ROOTS:
        return _ROOTS[root]
    raise ValueError(f"'{root}' is not a part of {scope.says}")


def _index_pointer(case: Any, steps: tuple[int, ...]) -> str:
    places = [i for i, operation in enumerate(case.operations) if operation is case.index]
    return f"/operations/{places[0]}" if places else "/operations"


_ROOTS: dict[str, tuple[str, type, Pointer]] = {
    "index": ("(case.index or NO_operations)", TYPES[Operation], _index_pointer),
    "reconstruction": (
        "((case.index or NO_operations).reconstruction or NO_reconstruction)",
        TYPES[Reconstruction],
        lambda case, steps: _below(_index_pointer(case, steps), "reconstruction"),
    ),
    "specimen": (
        "(case.specimen or NO_pathology)",
        TYPES[Pathology],
        lambda case, steps: "/pathology/0" if case.pathology else "/pathology",
    ),
    **{
        model.name: (
            f"(case.{model.name} or NO_{model.name})",
            TYPES[model],
            lambda case, steps, at=f"/{model.name}": at,
        )
        for model in (Patient, *OUTER_FORMS)
        if not model.repeats
    },
}
_LISTS: Mapping[str, type] = {model.name: TYPES[model] for model in FORMS if model.repeats}


def _check_reads(path: str) -> None:
    """A derived fact reads whole forms ("complications") or their fields ("complications.type")."""
    form, _, name = path.partition(".")
    kind = _LISTS[form] if form in _LISTS else _ROOTS[form][1] if form in _ROOTS else CaseDocument
    known = form in _LISTS or form in _ROOTS if not name else name in kind.__dataclass_fields__  # type: ignore[attr-defined]
    if not known and path != "as_of":
        raise ValueError(f"'{path}' is not a part of a case")


def pointer_of_reads(path: str, scope: Scope) -> Pointer:
    """Where in a document stands what a derived fact reads under this path."""
    form, _, name = path.partition(".")
    if form in _ROOTS:
        return lambda case, steps: _below(_ROOTS[form][2](case, steps), name).rstrip("/")
    if form == "operations" and scope.form is TYPES[Operation]:
        return lambda case, steps: _below(scope.pointer.format(*steps), name)
    if form in _LISTS and scope.name != form:
        return lambda case, steps: f"/{form}"
    return lambda case, steps: scope.pointer.format(*steps)
