"""What a request may do, and in which centers: closed unless the view says what each method needs."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from registry import access
from registry.access import Action
from registry.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

SIGNED_IN = "signed_in"  # for what says nothing of any patient


class Allowed(BasePermission):
    """The action that `view.needs` names for the method; a method it does not name is refused to everybody."""

    message = gettext_lazy("You may not do this, or your key has no scope for it.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether the request may do this in any center; the view asks again for the center in question."""
        method = "GET" if request.method == "HEAD" else request.method
        needed = getattr(view, "needs", {}).get(method)
        if needed is None or not request.user.is_authenticated:
            return False
        return needed == SIGNED_IN or bool(reach(request, needed))


def reach(request: Request, action: Action) -> tuple[int, ...]:
    """List the centers where this request may do this: where its person may, and no more than its key."""
    centers = access.centers_of(request.user, action)
    if (key := key_of(request)) is None:
        return centers
    may = action in access.with_included(map(Action, key.scopes))
    return (key.center_id,) if may and key.center_id in centers else ()


def key_of(request: Request) -> ApiKey | None:
    """The key that the request came with; none for a person in a session."""
    return request.auth if isinstance(request.auth, ApiKey) else None
