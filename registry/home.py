"""The home page: what waits for a person, as cards that the applications offer; each card is one query.

An application offers its cards when it starts (`offer`); a card is made for a `Desk`, the person with the centers of
each of their roles, and is left out where it answers None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from registry import access
from registry.access import Action
from registry.bounded import Count, Counted
from registry.models import Center, User

MOST = 1_000  # what a card counts to
ROWS = 5
Row = TypeVar("Row", bound=Any)


class Desk:
    """Who looks at the home page, and where they may do what."""

    def __init__(self, request: HttpRequest):
        self.request = request
        self.user = cast("User | AnonymousUser", request.user)

    def may(self, action: Action) -> bool:
        """Tell whether the person may do this anywhere."""
        return access.may_somewhere(self.user, action)

    def may_everywhere(self, action: Action) -> bool:
        """Tell whether the person may do this in the whole registry."""
        return access.may_everywhere(self.user, action)

    def centers(self, action: Action) -> list[Center]:
        """The centers where the person may do this."""
        return access.center_rows(self.user, action)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One of the first rows of a card: what it is, where it leads, and what stands behind it."""

    text: str
    address: str
    aside: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """Work of one kind: how much of it, the first rows, a way to all of it, and what to do when there is none."""

    title: str
    count: Count | None = None
    lines: list[Line] = field(default_factory=list)
    address: str = ""
    empty: str = ""
    ways: list[Line] = field(default_factory=list)  # what to do next


Maker = Callable[[Desk], Card | None]
_makers: list[tuple[int, Maker]] = []


def offer(*makers: tuple[int, Maker]) -> None:
    """Offer cards, each with its place on the page; what is offered twice is shown once."""
    _makers.extend(one for one in makers if one not in _makers)
    _makers.sort(key=lambda one: one[0])


def cards(request: HttpRequest) -> list[Card]:
    """The cards of this person, in their order."""
    desk = Desk(request)
    return [card for _, make in _makers if (card := make(desk)) is not None]


def first(rows: QuerySet[Row], count: int = ROWS) -> tuple[list[Row], Count]:
    """The first rows and how many there are, to a bound, in one query."""
    found = list(rows.annotate(counted=Counted(rows, MOST))[:count])
    return found, Count.of(found[0].counted if found else 0, MOST)
