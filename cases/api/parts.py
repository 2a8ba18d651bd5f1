"""One form of a case alone: put into the document as it is stored now, and saved with it through the one door."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from cases import document as documents
from cases.api import saving
from cases.document import StoredCase
from cases.models import Case, Form, Transfer
from registry.access import Action
from registry.api.permissions import reach
from registry.api.problems import Refused, as_error
from registry.api.versions import refuse_unless_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of a form: the verdict, what was saved, where it stands in its list, what is asked about the case."""

    verdict: str
    row: Any
    place: int | None = None
    warnings: Sequence[dict[str, str]] = ()


def read(case: Case) -> StoredCase:
    """Read a case with its version."""
    (stored,) = documents.load([case.pk])
    return stored


def hold(case: Case) -> StoredCase:
    """Read a case that nobody else changes until the end of the transaction."""
    Case.objects.select_for_update().get(pk=case.pk)
    return read(case)


def rows(document: Any, form: type[Form]) -> Any:
    """The rows of a form, or the form that a case has once, as they can be sent back."""
    return documents.dump(document).get(form.name, [] if form.repeats else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One form of a case that is held."""

    request: Request
    case: Case
    stored: StoredCase
    form: type[Form]
    under: Transfer | None = None  # by which another center follows the patient

    def append(self, row: Any, why: str) -> Saved:
        """Add a row at the end; one that is there already, answer for answer, is left alone."""
        known = rows(self.stored.document, self.form)
        place = len(known)
        with _seen_from(f"/{self.form.name}/{place}"):
            document = self._with([*known, row])
        added, before = self._of(document)[place], self._of(self.stored.document)
        if added in before:
            place = before.index(added)
            return Saved(verdict="unchanged", row=known[place], place=place)
        if "If-Match" in self.request.headers:
            refuse_unless_read(self.request, self.stored.version)
        return self._save(document, place, why)

    def put(self, value: Any, place: int | None = None, why: str = "") -> Saved:
        """Replace the form, or the row at that place."""
        with _seen_from(f"/{self.form.name}" if place is None else f"/{self.form.name}/{place}"):
            document = self._with(value if place is None else self._instead(place, [value]))
        return self._save(document, place, why)

    def take_out(self, place: int) -> Saved:
        """Take out the row at that place."""
        return self._save(self._with(self._instead(place, [])), None, "")

    def _instead(self, place: int, others: list[Any]) -> list[Any]:
        known = rows(self.stored.document, self.form)
        return [*known[:place], *others, *known[place + 1 :]]

    def _with(self, value: Any) -> Any:
        return saving.parsed({**documents.dump(self.stored.document), self.form.name: value})

    def _of(self, document: Any) -> Any:
        return getattr(document, self.form.name)

    def _save(self, document: Any, place: int | None, why: str) -> Saved:
        with _seen_from(f"/{self.form.name}" if place is None else f"/{self.form.name}/{place}") as relative:
            receipt = saving.save(
                document,
                center=self.case.center,
                request=self.request,
                if_version=self.stored.version,
                why=why,
                has_seen_all=self.case.center_id in reach(self.request, Action.READ),
                under=self.under,
            )
        row = rows(document, self.form)
        if self.form.repeats:
            row = None if place is None else row[place]
        return Saved(verdict=receipt.verdict, row=row, place=place, warnings=relative(receipt.problems))


@contextmanager
def _seen_from(pointer: str) -> Iterator[Any]:
    """Let pointers into the part that was sent begin there; those to other parts of the case stay as they are."""

    def short(told: dict[str, str]) -> dict[str, str]:
        there = told["pointer"]
        is_inside = there == pointer or there.startswith(f"{pointer}/")
        return {**told, "pointer": there.removeprefix(pointer)} if is_inside else told

    try:
        yield lambda problems: [short(as_error(problem)) for problem in problems]
    except Refused as refused:
        refused.errors = [short(error) for error in refused.errors]
        raise
