"""The base of every API view, who am I, what became of a request, and what the API is."""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import access
from registry.access import Action
from registry.api import callers, idempotency
from registry.api.limits import WINDOW, caller
from registry.api.openapi import RECEIPT, WHO, refusals
from registry.api.permissions import SIGNED_IN, key_of, reach
from registry.api.problems import Refused
from registry.language import spoken
from registry.models import Center, User

KEY = ("prefix", "name", "expires_at")


class RegistryView(APIView):
    """A view says which action each method needs and which query parameters it knows; all else is refused."""

    needs: ClassVar[dict[str, str]] = {}
    parameters: ClassVar[frozenset[str]] = frozenset()
    versioned: ClassVar[frozenset[str]] = frozenset()  # methods whose answers bear an ETag
    keeps_answers: ClassVar[bool] = True  # to requests with an Idempotency-Key
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @property
    def default_response_headers(self) -> dict[str, str]:
        """What stands in every answer: what is said of patients is kept by no browser and no proxy."""
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        writes = request.method in idempotency.WRITING
        if writes and callers.is_known(request._request):
            idempotency.receive(request)
        super().initial(request, *args, **kwargs)
        if writes:
            refuse_unreadable_body(request)
        unknown = sorted(set(request.query_params) - self.parameters)
        if unknown:
            known = ", ".join(sorted(self.parameters)) or gettext("none")
            told = gettext("Unknown parameter; known here: {names}.").format(names=known)
            raise ValidationError({name: [told] for name in unknown})
        for name, values in request.query_params.lists():
            if wrong := _wrong_value(values):
                raise ValidationError({name: [wrong]})
        if writes:
            method = cast(str, request.method).lower()
            setattr(self, method, partial(idempotency.once, self, getattr(self, method)))

    def center_in_question(self, request: Request, **kwargs: Any) -> int | None:
        """The center that a writing request is about: the key's, the one that is named, or the only one."""
        if key := key_of(request):
            return key.center_id
        centers = access.center_rows(cast(User, request.user))
        named = [center.pk for center in centers if center.code == request.query_params.get("center")]
        return next(iter(named or [center.pk for center in centers]), None)

    def perform_authentication(self, request: Request) -> None:
        """Look at the limit first, so that every answer bears what is left, and nobody tries keys without end."""
        super().check_throttles(request)
        super().perform_authentication(request)

    def check_permissions(self, request: Request) -> None:
        """Look at the method first: what an address does not have is nobody's to be allowed."""
        if request.user.is_authenticated and request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """It was looked at before."""

    def visible(self, rows: QuerySet) -> QuerySet:
        """Keep the rows of the centers that this request may read, or write to as its method does."""
        seen = set(reach(self.request, Action.READ))
        needed = self.needs.get(self.request.method or "")
        if needed in Action.values:
            seen |= set(reach(self.request, Action(needed)))
        return rows.filter(center_id__in=seen)


def refuse_unreadable_body(request: Request) -> None:
    """Refuse a body that would be taken for none, or for another: without its length, or compressed."""
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        told = gettext("Send the body with its Content-Length, not in chunks.")
        raise Refused(411, "length_required", told)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        told = gettext("Send the body as it is, without Content-Encoding.")
        raise Refused(415, "unsupported_media_type", told)


def _wrong_value(values: list[str]) -> str:
    """Say what no parameter may be, whatever it means."""
    if len(values) > 1:
        return gettext("Give this parameter once.")
    if not values[0]:
        return gettext("Give this parameter a value, or leave it out.")
    if "\x00" in values[0] or "\ufffd" in values[0]:  # what cannot be read comes as the latter
        return gettext("This is not a text in UTF-8 without NUL.")
    return ""


@lru_cache(maxsize=2 * len(settings.LANGUAGES))
def description(language: str, renderer: Callable[[], BaseRenderer]) -> bytes:
    """The description of the API as it is sent: it is the same for everybody, and takes seconds to make."""
    with translation.override(language):
        described = SchemaGenerator().get_schema(request=None, public=True)
        return cast(bytes, renderer().render(described, renderer_context={}))


class Description(SpectacularAPIView):
    """The description of the API, to generate clients from."""

    def _get_schema_response(self, request: Request) -> HttpResponse:
        renderer = request.accepted_renderer
        name = self._get_filename(request, "")
        return HttpResponse(
            description(spoken(), type(renderer)),  # type: ignore[arg-type]
            content_type=renderer.media_type,
            headers={"Content-Disposition": content_disposition_header(False, name) or "inline"},
        )


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
                "limit": {"requests": caller(request._request).limit, "seconds": WINDOW},
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


class Receipt(RegistryView):
    """What became of a request that you sent with an Idempotency-Key."""

    needs = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="read_receipt",
        parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH, description="The Idempotency-Key")],
        responses={
            200: OpenApiResponse(RECEIPT, description="What was answered"),
            **refusals(_404="You sent no request with this key, or nothing was kept of it: send it again."),
        },
    )
    def get(self, request: Request, key: str) -> Response:
        """Read what was answered, for 90 days."""
        row = idempotency.receipt(request, key)
        if row is None:
            raise Http404
        return Response(
            {
                "key": row.key,
                "answered_at": row.created_at,
                "status": row.status,
                "headers": row.headers,
                "body": json.loads(bytes(row.body)) if row.body else None,
            }
        )
