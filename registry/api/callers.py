"""Who calls the API, found out before the transaction of the request begins.

So every request is counted, whatever becomes of its transaction, and nothing is received from strangers.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from registry import access, clock, keys
from registry.api import limits
from registry.api.problems import PREFIX

SCHEMES = ("bearer", "api-key")


class CallerMiddleware:
    """Find the key that a request shows, and count the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        return access.or_later(request, lambda: self._counted(request))

    def _counted(self, request: HttpRequest) -> HttpResponse:
        text = shown(request)
        request.at = at = clock.now()  # type: ignore[attr-defined]
        request.machine = machine = keys.recognize(text, at=at) if text else None  # type: ignore[attr-defined]
        if text is not None:  # what a key that is not in force asks for is refused later, with the reason
            request.centers = (machine.center_id,) if machine and not keys.refusal(machine, at=at) else ()  # type: ignore[attr-defined]
        request.rate = limits.counted(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def shown(request: HttpRequest) -> str | None:
    """The text that stands where a key should; None for who shows none."""
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return text.strip() if scheme.lower() in SCHEMES else None


def is_known(request: HttpRequest) -> bool:
    """Whether this is somebody's key, in force, or somebody who has signed in."""
    machine: Any = getattr(request, "machine", None)
    at: Any = getattr(request, "at", None)
    return bool(machine and not keys.refusal(machine, at=at)) or request.user.is_authenticated
