"""One visit, complication, recurrence or death more, from the center that follows a patient for another one.

It is added to the case as it is now, so nobody has to have read the whole of it; what stands there stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cases import document as documents
from cases import duty, intake
from cases.follow_up import REASON
from cases.intake import Submission
from cases.models import Case, Complication, Death, FollowUp, Form, Recurrence, Transfer
from cases.problems import DocumentError, Problem
from cases.vocabulary import Source
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import User

FORMS: dict[str, type[Form]] = {form.name: form for form in (FollowUp, Recurrence, Complication, Death)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a form: the verdict, and what is wrong with it; pointers lead into the form, or to the case."""

    verdict: str  # changed, unchanged, rejected
    problems: list[Problem] = field(default_factory=list)


def add(transfer: Transfer, form: type[Form], row: dict[str, Any], *, by: User) -> Added:
    """Add a form, as a document holds it, to the case of a transfer; one that is there already is left alone.

    PermissionDenied unless the person may record follow-up in the center that accepted it, and does so still.
    """
    with duty.opened(transfer, by=by, action=Action.RECORD_FOLLOW_UP) as case:
        Case.objects.select_for_update().get(pk=case.pk)
        (stored,) = documents.load([case.pk])
        known = getattr(stored.document, form.name)
        place = f"/{form.name}/{len(known)}" if form.repeats else f"/{form.name}"
        plain = documents.dump(stored.document)
        value = [*plain.get(form.name, ()), row] if form.repeats else row
        try:
            document = documents.parse({**plain, form.name: value})
        except DocumentError as error:
            return Added(verdict="rejected", problems=_seen_from(place, error.problems))
        if form.repeats and getattr(document, form.name)[-1] in known:
            return Added(verdict="unchanged")
        receipt = intake.save_case(
            Submission(document=document, if_version=stored.version),
            center=case.center,
            by=by,
            source=Source.ADMIN,
            reason=REASON,
            under=transfer,
        )
    return Added(verdict=receipt.verdict, problems=_seen_from(place, receipt.errors))


def _seen_from(place: str, problems: list[Problem]) -> list[Problem]:
    """Let pointers into the form begin there."""
    return [
        Problem(
            pointer=one.pointer.removeprefix(place) if one.pointer.startswith(f"{place}/") else "",
            code=one.code,
            message=one.message,
            severity=one.severity,
        )
        for one in problems
    ]
