"""The base of every API view, and who am I."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.access import Action
from registry.api.limits import WINDOW, caller
from registry.api.openapi import WHO
from registry.api.permissions import SIGNED_IN, key_of, reach
from registry.models import Center, User

KEY = ("prefix", "name", "expires_at")


class RegistryView(APIView):
    """A view says which action each method needs and which query parameters it knows; all else is refused."""

    needs: ClassVar[dict[str, str]] = {}
    parameters: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        unknown = sorted(set(request.query_params) - self.parameters)
        if unknown:
            known = ", ".join(sorted(self.parameters)) or gettext("none")
            told = gettext("Unknown parameter; known here: {names}.").format(names=known)
            raise ValidationError({name: [told] for name in unknown})
        for name, values in request.query_params.lists():
            if wrong := _wrong_value(values):
                raise ValidationError({name: [wrong]})

    def check_permissions(self, request: Request) -> None:
        """Count first, so that every answer to a known caller bears what is left, refusals too."""
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Count once."""

    def visible(self, rows: QuerySet) -> QuerySet:
        """Keep the rows of the centers that this request may read, or write to as its method does."""
        seen = set(reach(self.request, Action.READ))
        needed = self.needs.get(self.request.method or "")
        if needed in Action.values:
            seen |= set(reach(self.request, Action(needed)))
        return rows.filter(center_id__in=seen)


def _wrong_value(values: list[str]) -> str:
    """Say what no parameter may be, whatever it means."""
    if len(values) > 1:
        return gettext("Give this parameter once.")
    if not values[0]:
        return gettext("Give this parameter a value, or leave it out.")
    if "\x00" in values[0] or "\ufffd" in values[0]:  # what cannot be read comes as the latter
        return gettext("This is not a text in UTF-8 without NUL.")
    return ""


class WhoAmI(RegistryView):
    """Who the registry takes you for, and what you may do where."""

    needs = {"GET": SIGNED_IN}

    @extend_schema(operation_id="who_am_i", responses=OpenApiResponse(WHO, description="You"))
    def get(self, request: Request) -> Response:
        key, user = key_of(request), cast(User, request.user)
        may = {action: set(reach(request, action)) for action in Action}
        seen = set().union(*may.values())
        return Response(
            {
                "user": {"username": user.username, "name": user.get_full_name()},
                "key": key and {**{name: getattr(key, name) for name in KEY}, "scopes": sorted(key.scopes)},
                "limit": {"requests": caller(request).limit, "seconds": WINDOW},
                "centers": [
                    {
                        "code": center.code,
                        "name": center.name,
                        "sandbox": center.is_sandbox,
                        "may": [action for action in Action if center.pk in may[action]],
                    }
                    for center in Center.objects.filter(pk__in=seen)
                ],
            }
        )
