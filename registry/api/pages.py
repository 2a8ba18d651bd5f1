"""Long lists, page by page, with a cursor that no other row's coming, going or moving shifts."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGING = frozenset({"cursor", "page_size"})
YEARS = range(1900, 2101)
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def _is_moment(text: str) -> bool:
    found = datetime.fromisoformat(text)
    return str(found) == text and found.tzinfo is not None and found.year in YEARS


def _is_day(text: str) -> bool:
    return str(date.fromisoformat(text)) == text


# What the position in a cursor can be, by the column of the order.
POSITIONS: dict[str, Callable[[str], bool]] = {
    "updated_at": _is_moment,
    "opened_at": _is_moment,
    "last_contact_on": _is_day,
    "id": lambda text: bool(_WHOLE.fullmatch(text)),
    "case_id": lambda text: bool(_WHOLE.fullmatch(text)),
    "position": lambda text: bool(_WHOLE.fullmatch(text)),
    "number": lambda text: 0 < len(text) <= 40 and "\x00" not in text,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the row with these values, or before it, going backwards."""

    place: tuple[str, ...]
    is_backwards: bool = False

    def __str__(self) -> str:
        """The cursor as clients send it back."""
        written = [("r", "1")] * self.is_backwards + [("p", value) for value in self.place]
        return b64encode(urlencode(written).encode()).decode()


class Pages:
    """Takes no cursor but its own, of the same order, and no size beyond its bounds: nothing is cut in silence.

    A cursor names the last row that was seen by all the columns of the order, whose last one no two rows share. Rows
    that come, go or move to another place meanwhile shift no other row out of what follows.
    """

    ordering: tuple[str, ...]
    page_size = 50
    max_page_size = 500

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any]:
        """Read one page and one row more, which tells whether another page follows."""
        self.request, at = request, self.cursor(request)
        asked = request.query_params.get("page_size")
        size = self.page_size if asked is None else bounded("page_size", asked, self.max_page_size)
        is_backwards = at is not None and at.is_backwards
        order = [_turned(column) for column in self.ordering] if is_backwards else list(self.ordering)
        rows = queryset.order_by(*order)
        if at is not None:
            rows = rows.filter(_behind(order, at.place))
        found = list(rows[: size + 1])
        has_more = len(found) > size
        found = found[:size][::-1] if is_backwards else found[:size]
        self.following = Cursor(self._place(found[-1])) if found and (has_more or is_backwards) else None
        is_later = has_more if is_backwards else at is not None
        self.preceding = Cursor(self._place(found[0]), is_backwards=True) if found and is_later else None
        return found

    def cursor(self, request: Request) -> Cursor | None:
        """The cursor that was sent, if it is one of ours for this order."""
        if (sent := request.query_params.get("cursor")) is None:
            return None
        try:
            parts = parse_qsl(b64decode(sent.encode("ascii"), validate=True).decode(), keep_blank_values=True)
            found = Cursor(
                tuple(value for name, value in parts if name == "p"), is_backwards=("r", "1") in parts
            )
            columns = [column.removeprefix("-") for column in self.ordering]
            is_place = all(
                POSITIONS[column](value) for column, value in zip(columns, found.place, strict=True)
            )
        except ValueError:
            refuse_cursor()
        return found if is_place and str(found) == sent else refuse_cursor()

    def get_paginated_response(self, data: Any) -> Response:
        """The page, with the addresses of the pages beside it."""
        beside = {"next": self._address(self.following), "previous": self._address(self.preceding)}
        return Response({**beside, "results": data})

    def _address(self, cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "cursor", str(cursor))

    def _place(self, row: Any) -> tuple[str, ...]:
        return tuple(str(getattr(row, column.removeprefix("-"))) for column in self.ordering)


def _turned(column: str) -> str:
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


def _behind(order: list[str], place: Sequence[str]) -> Q:
    """Rows that follow the place in this order; the first condition alone is what an index answers."""
    column, is_down = order[0].removeprefix("-"), order[0].startswith("-")
    beyond = Q((f"{column}__{'lt' if is_down else 'gt'}", place[0]))
    if len(order) == 1:
        return beyond
    from_here = Q((f"{column}__{'lte' if is_down else 'gte'}", place[0]))
    return from_here & (beyond | _behind(order[1:], place[1:]))


class OldestChangeFirst(Pages):
    """Ordered by the last change, so that a client can come back for what changed since.

    The moment is taken before the change is visible to others, which for a long import is minutes later: whoever
    comes back asks with an overlap, as the parameter `updated_since` says.
    """

    ordering = ("updated_at", "id")


def bounded(name: str, text: str, most: int) -> int:
    """Read a whole number from 1 to `most` from a parameter."""
    if _WHOLE.fullmatch(text) and text[0] != "0" and int(text) <= most:
        return int(text)
    raise ValidationError({name: [gettext("Write a whole number from 1 to {most}.").format(most=most)]})


def refuse_cursor() -> NoReturn:
    """Answer 400: a cursor is not to be made by hand."""
    raise ValidationError(
        {"cursor": [gettext("This cursor is not one of ours for this order; take it from `next`.")]}
    )
