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
from registry.api.openapi import WHO
from registry.api.permissions import SIGNED_IN, key_of, reach
from registry.models import Center, User


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
            if len(values) > 1:
                raise ValidationError({name: [gettext("Give this parameter once.")]})
            if "\x00" in values[0]:
                raise ValidationError(
                    {name: [gettext("A text holds a NUL character (\\u0000); leave it out.")]}
                )

    def visible(self, rows: QuerySet) -> QuerySet:
        """Keep the rows of the centers that this request may read."""
        return rows.filter(center_id__in=reach(self.request, Action.READ))


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
                "key": key and {"prefix": key.prefix, "name": key.name, "expires_at": key.expires_at},
                "centers": [
                    {
                        "code": center.code,
                        "name": center.name,
                        "may": [action for action in Action if center.pk in may[action]],
                    }
                    for center in Center.objects.filter(pk__in=seen)
                ],
            }
        )
