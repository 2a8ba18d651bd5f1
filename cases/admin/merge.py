"""Two people, one case: the page that shows where their versions differ, and lets the person who came later choose.

It carries all that was typed, and two documents as JSON: the one that the person began with, and the one that the
differences were told against. They come back from a browser, so they are believed only in what they preselect and
show: what is saved goes through intake with the version that was compared, like any other page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from cases import document as documents
from cases import merging, store
from cases.admin import history
from cases.admin.sheet import Sheet, Told
from cases.document import StoredCase
from cases.merging import Comparison, Difference
from cases.models import Case
from cases.problems import DocumentError
from registry.history import Stamp

if TYPE_CHECKING:
    from cases.admin.page import CasePage

CHOICE = "choose-"  # before the key of a difference: mine or theirs
SEEN, SEEN_VERSION = "seen", "seen_version"  # what the differences were told against
BACK = "_back"
OWN_TO_THE_PAGE = frozenset({SEEN, SEEN_VERSION, BACK, "_save", "csrfmiddlewaretoken"})
MOST_SAVES_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """What was typed came too late: somebody saved another version meanwhile."""

    theirs: StoredCase
    mine: Any


@dataclass(frozen=True, kw_only=True)
class Question:
    """A difference with the side that is chosen, if one is."""

    difference: Difference
    chosen: str | None
    is_open: bool = False


def as_text(document: Any) -> str:
    """A document for a hidden field."""
    return store.as_json(documents.dump(document))


def show(page: "CasePage", data: QueryDict, overtaken: Overtaken) -> HttpResponse:
    """Say what somebody else changed meanwhile, with the choice of each difference."""
    comparison = merging.compare(_read(data.get("base", "")), overtaken.theirs.document, overtaken.mine)
    return Merge(page, data, overtaken.theirs, comparison).show({}, [])


def decide(page: "CasePage", data: QueryDict) -> HttpResponse:
    """Save the case that the choices make, or show it on the page of the case; what was not chosen is asked again."""
    mine, theirs = page.read(data), _seen(page.stored, data)
    if mine is None or theirs is None:
        return page.save(data)  # which says what is wrong, or begins again
    comparison = merging.compare(_read(data.get("base", "")), theirs.document, mine)
    return Merge(page, data, theirs, comparison).decide()


def _read(text: str) -> Any:
    """A document that comes back from a browser; None when it is none."""
    try:
        return documents.parse(text)
    except DocumentError:
        return None


def _seen(stored: StoredCase | None, data: QueryDict) -> StoredCase | None:
    """The version that the differences were told against: what is stored, or what was before a third person saved."""
    if stored is None or data.get(SEEN_VERSION) == str(stored.version):
        return stored
    document, version = _read(data.get(SEEN, "")), data.get(SEEN_VERSION, "")
    if document is None or not (version.isascii() and version.isdigit()):
        return None
    own = {name: getattr(stored, name) for name in StoredCase.__slots__}
    return StoredCase(**{**own, "document": document, "version": int(version)})


@dataclass(frozen=True)
class Merge:
    """One request for the page of differences."""

    page: "CasePage"
    data: QueryDict
    theirs: StoredCase
    comparison: Comparison

    def decide(self) -> HttpResponse:
        """Follow the choices."""
        choices = {one.key: self.data.get(CHOICE + one.key, "") for one in self.comparison.differences}
        undecided = [] if BACK in self.data else self.comparison.undecided(choices)
        told = [
            Told(
                message=gettext("Choose one: {place}, {label}.").format(place=one.place, label=one.label),
                anchor=f"difference-{one.key}",
            )
            for one in undecided
        ]
        try:
            merged = documents.parse(self.comparison.merged(choices))
        except DocumentError as error:  # each answer can be taken, so it is the number of rows
            told += [Told(message=problem.message) for problem in error.problems]
        if told:
            return self.show(choices, told)
        if BACK not in self.data:
            return self.page.save(self._as_typed(merged))
        messages.info(
            self.page.request,
            gettext("Not saved yet: what you entered stands in the version that is stored now."),
        )
        return self.page.typed(self._as_typed(merged))

    def _as_typed(self, merged: Any) -> QueryDict:
        """What the page of the case would send, had the merged case been typed into the version compared with."""
        sheet = Sheet.of(merged)
        data = QueryDict(mutable=True)
        for name, values in self._carried():
            if name.partition("-")[0] not in sheet.blocks:
                data.setlist(name, values)
        for name, values in sheet.as_sent():
            data.setlist(name, values)
        data["citation"], data["note"] = merged.citation, merged.note
        data["version"], data["base"] = str(self.theirs.version), as_text(self.theirs.document)
        return data

    def _carried(self) -> Iterator[tuple[str, list[str]]]:
        """All that was typed, and what else the page of the case sent along."""
        for name, values in self.data.lists():
            if name not in OWN_TO_THE_PAGE and not name.startswith(CHOICE) and any(values):
                yield name, values

    # --- drawing ----------------------------------------------------------------------------------------------------

    def show(self, choices: merging.Choices, problems: list[Told]) -> HttpResponse:
        """Draw the page; 422, because nothing is saved."""
        asked = {problem.anchor for problem in problems}
        questions = [
            Question(
                difference=one,
                chosen=choices.get(one.key) or one.preselected,
                is_open=f"difference-{one.key}" in asked,
            )
            for one in self.comparison.differences
        ]
        page, case = self.page, self.page.case
        context = {
            **page.admin.admin_site.each_context(page.request),
            "title": gettext("Somebody changed this case while you were editing"),
            "opts": page.admin.opts,
            "preserved_filters": page.admin.get_preserved_filters(page.request),
            "original": case,
            "places": [
                (place, list(asked)) for place, asked in groupby(questions, lambda q: q.difference.place)
            ],
            "conflicts": len(self.comparison.conflicts),
            "count": len(questions),
            "saves": self._saves(case) if case else [],
            "problems": problems,
            "carried": [(name, value) for name, values in self._carried() for value in values if value],
            "seen": as_text(self.theirs.document),
            "seen_version": self.theirs.version,
        }
        return TemplateResponse(page.request, "cases/admin/merge.html", context, status=422)

    def _saves(self, case: Case) -> list[Stamp]:
        """Who saved since the person began, newest first."""
        begun = self.data.get("version", "")
        since = int(begun) if begun.isascii() and begun.isdigit() else self.theirs.version - 1
        return history.saves(case, since, self.theirs.version)[:MOST_SAVES_TOLD]


def view(page: "CasePage", request: HttpRequest) -> HttpResponse:
    """Answer a request for the page of differences; there is nothing to see for whoever comes without having typed."""
    if request.method != "POST":
        return HttpResponseRedirect(page.address(page.case.pk))  # type: ignore[union-attr]
    return decide(page, request.POST)
