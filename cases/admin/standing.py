"""How far a case is: of each part and each form of the page what is missing, wrong or asked, in words and with links.

It is read from what stands on the page, also before it is saved: what cannot be read is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from cases import document as documents
from cases.admin.sheet import Block, Sheet, Told
from cases.problems import DocumentError
from cases.rulebook.completeness import missing_answers
from cases.vocabulary import Status

RECONSTRUCTION, REVIEW = "reconstruction", "review"
# The parts of the page in clinical order; reconstruction and veins lie inside each operation.
SECTIONS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("patient", gettext_lazy("Patient and consent"), ("patient", "consent")),
    ("presentation", gettext_lazy("Presentation"), ("presentation",)),
    ("work-up", gettext_lazy("Work-up"), ("diagnosis", "imaging", "biopsies", "mdt_meetings")),
    ("tumor", gettext_lazy("Tumor"), ("tumor",)),
    ("therapy", gettext_lazy("Therapy"), ("therapies",)),
    ("operation", gettext_lazy("Operation"), ("operations",)),
    (RECONSTRUCTION, gettext_lazy("Reconstruction and veins"), ()),
    ("pathology", gettext_lazy("Pathology"), ("pathology",)),
    ("early-outcome", gettext_lazy("Early outcome"), ("complications", "discharge", "antithrombotics")),
    ("follow-up", gettext_lazy("Follow-up"), ("follow_ups",)),
    ("recurrence-and-death", gettext_lazy("Recurrence and death"), ("recurrences", "death")),
)
_SECTION_OF = {name: anchor for anchor, _, names in SECTIONS for name in names}
_INNER = frozenset({"reconstruction", "veins"})


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page: where it is, and how far."""

    anchor: str
    title: str
    target: str  # the anchor that the navigation leads to
    state: str
    kind: str  # error, query, missing, complete or empty: for the eye; the state says it in words
    missing: list[Told]
    blocks: list[Block]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the case is."""

    sections: list[Section]
    forms: dict[str, str]  # the state of each form in words, by its prefix
    missing: list[Told]

    @property
    def summary(self) -> str:
        """What a complete case still needs, in a few words."""
        n = len(self.missing)
        if not n:
            return gettext("Nothing is missing")
        return ngettext("{n} answer missing", "{n} answers missing", n).format(n=n)


def standing(
    sheet: Sheet, document: Any, *, wrong: Sequence[Told] = (), asked: Sequence[Told] = ()
) -> Standing:
    """Tell how far the case on the page is; the document is the one made of this sheet."""
    found = [sheet.find(answer.pointer, answer.sentence) for answer in missing_answers(document)]
    counts = {kind: Counter(map(_section_of, told)) for kind, told in (("wrong", wrong), ("asked", asked))}
    sections = []
    for anchor, title, names in SECTIONS:
        missing = [told for told in found if _section_of(told) == anchor]
        blocks = [sheet.blocks[name] for name in names]
        kind, state = _state(
            wrong=counts["wrong"][anchor],
            asked=counts["asked"][anchor],
            missing=len(missing),
            is_answered=_is_answered(sheet, anchor, blocks),
        )
        sections.append(
            Section(
                anchor=anchor,
                title=str(title),
                target=_target(sheet, anchor),
                state=state,
                kind=kind,
                missing=missing,
                blocks=blocks,
            )
        )
    return Standing(sections=sections, forms=_of_forms(sheet, found), missing=found)


def reading(sheet: Sheet, own: dict[str, Any]) -> Any:
    """The document that stands on the page, without the answers that cannot be read; None when it cannot be told."""
    plain: dict[str, Any] = {**own, **sheet.plain()}
    try:
        return documents.parse(plain)
    except DocumentError as error:
        for problem in error.problems:
            _leave_out(plain, problem.pointer.strip("/").split("/"))
    try:
        return documents.parse(plain)
    except DocumentError:
        return None


def case_status(status: str | None) -> str:
    """The state of the whole case in one word."""
    return gettext("New case") if status is None else str(Status(status).label)


# --- states ----------------------------------------------------------------------------------------------------------


def _state(*, wrong: int, asked: int, missing: int, is_answered: bool) -> tuple[str, str]:
    if wrong:
        return "error", ngettext("{n} error", "{n} errors", wrong).format(n=wrong)
    if not is_answered:
        return "empty", gettext("Empty")
    said = [ngettext("{n} missing", "{n} missing", missing).format(n=missing)] if missing else []
    if asked:
        said.append(ngettext("{n} to confirm", "{n} to confirm", asked).format(n=asked))
    if said:
        return ("query" if asked else "missing"), ", ".join(said)
    return "complete", pgettext("part of a case", "Complete")


def _of_forms(sheet: Sheet, missing: Iterable[Told]) -> dict[str, str]:
    """The state of each form: how much is missing in it, or how many rows it has."""
    lacking = Counter(_form_of(told) for told in missing)
    states = {}
    blocks = [*sheet.blocks.values()]
    blocks += [inner for block in blocks for row in block.rows for inner in row.inner]
    for block in blocks:
        errors = block.error_count
        _, state = _state(wrong=errors, asked=0, missing=lacking[block.prefix], is_answered=block.is_answered)
        states[block.prefix] = state
    return states


def _is_answered(sheet: Sheet, anchor: str, blocks: list[Block]) -> bool:
    if anchor == RECONSTRUCTION:
        blocks = [inner for row in sheet.blocks["operations"].rows for inner in row.inner]
    return any(block.is_answered for block in blocks)


def _target(sheet: Sheet, anchor: str) -> str:
    """Reconstruction and veins begin in the first operation that is not to go."""
    if anchor != RECONSTRUCTION:
        return anchor
    there = [row for row in sheet.blocks["operations"].rows if not row.is_removed]
    return f"part-{there[0].form.prefix}" if there else "operation"


# --- places ----------------------------------------------------------------------------------------------------------


def _section_of(told: Told) -> str:
    first, *rest = told.pointer.strip("/").split("/")
    if len(rest) > 1 and rest[1] in _INNER:
        return RECONSTRUCTION
    return _SECTION_OF.get(first, "")


def _form_of(told: Told) -> str:
    """The prefix of the form or list that a place lies in, as the page names it."""
    steps = told.anchor.split("-")[1:]
    is_inside = len(steps) > 2 and steps[2] in _INNER
    return "-".join(steps[:3] if is_inside else steps[:1])


def _leave_out(plain: Any, steps: list[str]) -> None:
    """Remove what a pointer leads to, if it leads anywhere."""
    *path, last = steps
    for step in path:
        try:
            plain = plain[int(step)] if isinstance(plain, list) else plain[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return
    if isinstance(plain, dict):
        plain.pop(last, None)
