"""Long lists, page by page, with a cursor that new rows do not shift."""

from typing import Any

from django.utils.translation import gettext
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


def cursor_of_ours(pages: CursorPagination, request: Request) -> Any:
    """Read the cursor of a request; what is none of ours is a wrong parameter, not a missing page."""
    try:
        return CursorPagination.decode_cursor(pages, request)
    except NotFound:
        raise ValidationError(
            {"cursor": [gettext("This cursor is not one of ours; take it from `next`.")]}
        ) from None


class OldestChangeFirst(CursorPagination):
    """Ordered by the last change, so that a client can come back for what changed since.

    The moment is taken before the change is visible to others, which for a long import is minutes later: whoever
    comes back asks with an overlap, as the parameter `updated_since` says.
    """

    ordering = ("updated_at", "id")
    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    decode_cursor = cursor_of_ours
