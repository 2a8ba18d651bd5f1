"""Long lists, page by page, with a cursor that new rows do not shift."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NoReturn
from urllib.parse import urlencode

from django.utils.translation import gettext
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

PAGING = frozenset({"cursor", "page_size"})
YEARS = range(1900, 2101)
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def _is_moment(text: str) -> bool:
    found = datetime.fromisoformat(text)
    return str(found) == text and found.tzinfo is not None and found.year in YEARS


def _is_day(text: str) -> bool:
    return str(date.fromisoformat(text)) == text


# What the position in a cursor can be, by the column that leads the order.
POSITIONS: dict[str, Callable[[str], bool]] = {
    "updated_at": _is_moment,
    "opened_at": _is_moment,
    "last_contact_on": _is_day,
    "id": lambda text: bool(_WHOLE.fullmatch(text)),
    "position": lambda text: bool(_WHOLE.fullmatch(text)),
    "number": lambda text: 0 < len(text) <= 40 and "\x00" not in text,
}


class Pages(CursorPagination):
    """Takes no cursor but its own, of the same order, and no size beyond its bounds: nothing is cut in silence."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("page_size")
        return self.page_size if text is None else bounded("page_size", text, self.max_page_size)

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
            if cursor is None or self._is_ours(cursor, request.query_params["cursor"]):
                return cursor
        except (NotFound, ValueError):
            refuse_cursor()
        return refuse_cursor()

    def _is_ours(self, cursor: Any, sent: str) -> bool:
        parts = {"o": cursor.offset or None, "r": "1" if cursor.reverse else None, "p": cursor.position}
        written = urlencode({name: value for name, value in parts.items() if value is not None})
        leading = self.ordering[0].removeprefix("-")
        is_position = cursor.position is None or POSITIONS[leading](cursor.position)
        return bool(sent) and b64encode(written.encode()).decode() == sent and is_position


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
