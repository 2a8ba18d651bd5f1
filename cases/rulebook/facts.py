"""Where a rule finds what it needs: scopes (the rows it is read over) and facts (paths from there).

A path is checked against the document's own fields when the rule is declared, so a typing error stops the start.
Roots of a path: a field of the scope's own row (`visit_on`), a single form of the case (`tumor.segments`), `index`
(the index resection), `operation` (that of a reconstruction or vein row), `reconstruction` (that of the operation in
scope, else of the index resection), `specimen` (its pathology), `case` (what follows from the whole case) and `as_of`.
A form that is absent reads as one in which nothing is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cases.document import FIELDS, OUTER_FORMS, TYPES, CaseDocument
from cases.models import FORMS, Operation, Pathology, Patient, Reconstruction
from registry.fields import ClinicalField

# A row of a scope: the row itself, the operation it belongs to (if any), its places in the lists of the document.
Place = tuple[Any, Any, tuple[int, ...]]
EMPTY = {f"NO_{model.name}": TYPES[model]() for model in (Patient, *FORMS)}


# --- scopes --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """The rows over which a rule is read; none of them means that the rule does not apply."""

    name: str
    says: str
    form: type
    places: Callable[[Any], Sequence[Place]]
    pointer: str  # with a {} for each place in a list


def _each(model: Any) -> Scope:
    name = model.name
    if model is Reconstruction:
        return Scope(
            name=name,
            says="each reconstruction",
            form=TYPES[model],
            pointer="/operations/{}/reconstruction",
            places=lambda case: [
                (o.reconstruction, o, (i,)) for i, o in enumerate(case.operations) if o.reconstruction
            ],
        )
    if name == "veins":
        return Scope(
            name=name,
            says="each vein",
            form=TYPES[model],
            pointer="/operations/{}/veins/{}",
            places=lambda case: [
                (vein, o, (i, j)) for i, o in enumerate(case.operations) for j, vein in enumerate(o.veins)
            ],
        )
    if model.repeats:

        def rows(case: Any) -> list[Place]:
            return [(row, None, (i,)) for i, row in enumerate(getattr(case, name))]

        return Scope(
            name=name,
            says=f"each {model.title.lower()}",
            form=TYPES[model],
            pointer=f"/{name}/{{}}",
            places=rows,
        )

    def row(case: Any) -> tuple[Place, ...]:
        form = getattr(case, name)
        return () if form is None else ((form, None, ()),)

    return Scope(name=name, says=model.title.lower(), form=TYPES[model], pointer=f"/{name}", places=row)


_SCOPES = {model.name: _each(model) for model in (Patient, *FORMS)}


def each(form: str) -> Scope:
    """The scope of every row of one form (of the one row, where the form does not repeat)."""
    return _SCOPES[form]


CASE = Scope(
    name="case", says="the case", form=CaseDocument, pointer="", places=lambda case: ((case, None, ()),)
)
INDEX = Scope(
    name="index",
    says="the index resection",
    form=TYPES[Operation],
    pointer="/operations/{}",
    places=lambda case: [
        (o, None, (i,)) for i, o in enumerate(case.operations) if case.index is not None and o is case.index
    ],
)


# --- facts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Derived:
    """A fact that a function works out from several answers; `reads` names them; None means unknown."""

    name: str
    label: str
    reads: tuple[str, ...]
    work_out: Callable[[Any, Any, Any], Any]
    optional: bool = False

    @property
    def volatile(self) -> bool:
        """Whether it changes from day to day while the case stays the same."""
        return "as_of" in self.reads

    @property
    def or_unknown(self) -> Derived:
        """The same fact for a rule that can do without it."""
        return replace(self, optional=True)


def derived(label: str, *reads: str) -> Callable[[Callable[[Any, Any, Any], Any]], Derived]:
    """Declare a function of (case, row, as_of) as a fact of that name."""

    def declare(function: Callable[[Any, Any, Any], Any]) -> Derived:
        for path in reads:
            _check_reads(path)
        return Derived(name=function.__name__, label=label, reads=reads, work_out=function)

    return declare


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """One fact of one rule: its name in the rule's predicates, its path, and how to read it.

    An optional fact (path ending in "?") may be None in a predicate; every other one is known when it is asked.
    """

    name: str
    path: str
    label: str
    optional: bool
    term: str  # Python expression over case, row, operation, as_of
    places: Callable[[Any, tuple[int, ...]], str]  # its JSON Pointer in a document
    field: ClinicalField | None = None
    derived: Derived | None = None
    volatile: bool = False  # not kept with a finding: equal readings of two days must be equal
    holder: str = ""  # expression of the form that gives the reason for its absence


def resolve(declared: str | Derived, scope: Scope) -> Fact:
    """Turn what a rule declares ("tumor.segments", "index.operated_on as resected_on?", a derived fact) into a fact."""
    if isinstance(declared, Derived):
        return _resolve_derived(declared, scope)
    text, optional = declared.removesuffix("?"), declared.endswith("?")
    path, _, alias = text.partition(" as ")
    root, _, name = path.rpartition(".")
    common = {"path": path, "optional": optional, "name": alias or name}
    if path == "as_of":
        return Fact(**common, label="day of reading", term="as_of", volatile=True, places=_nowhere)  # type: ignore[arg-type]
    holder, form, pointer = _root(root, scope)
    if name in FIELDS.get(form, {}):
        field = FIELDS[form][name]
        return Fact(
            **common,  # type: ignore[arg-type]
            label=str(field.verbose_name),
            field=field,
            holder=holder,
            term=f"{holder}.{name}",
            places=lambda case, steps: _below(pointer(case, steps), name),
        )
    if not hasattr(form, name) or name.startswith("_"):
        raise ValueError(f"'{path}' is not a fact of {scope.says}")
    return Fact(**common, label=name.replace("_", " "), term=f"{holder}.{name}", places=pointer)  # type: ignore[arg-type]


def _resolve_derived(declared: Derived, scope: Scope) -> Fact:
    first = declared.reads[0] if declared.reads else ""
    return Fact(
        name=declared.name,
        path=", ".join(declared.reads),
        label=declared.label,
        optional=declared.optional,
        volatile=declared.volatile,
        derived=declared,
        term=f"work_out_{declared.name}(case, row, as_of)",
        places=_pointer_of_reads(first, scope),
    )


Pointer = Callable[[Any, tuple[int, ...]], str]
ABSENT_ROWS = frozenset({"/operations", "/pathology"})  # where a row would stand that the case does not have


def _nowhere(case: Any, steps: tuple[int, ...]) -> str:
    return ""


def _below(pointer: str, name: str) -> str:
    return pointer if pointer in ABSENT_ROWS else f"{pointer}/{name}"


def _root(root: str, scope: Scope) -> tuple[str, type, Pointer]:
    """The expression, the form and the pointer of a path's root."""
    operation = "operation" if scope.name in ("reconstruction", "veins") else "row"
    inside = operation == "operation" or scope.name in ("operations", "index")
    if root == "":
        return "row", scope.form, lambda case, steps: scope.pointer.format(*steps)
    if root == "case":
        return "case", CaseDocument, _nowhere
    if root == "operation" and operation == "operation":
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


def _pointer_of_reads(path: str, scope: Scope) -> Pointer:
    form, _, name = path.partition(".")
    if form in _ROOTS:
        return lambda case, steps: _below(_ROOTS[form][2](case, steps), name).rstrip("/")
    if form == "operations" and scope.form is TYPES[Operation]:
        return lambda case, steps: _below(scope.pointer.format(*steps), name)
    if form in _LISTS and scope.name != form:
        return lambda case, steps: f"/{form}"
    return lambda case, steps: scope.pointer.format(*steps)
