"""How long a session lasts, and what it opens before the second factor is set up.

Half an hour without a click ends it, and so do twelve hours, whatever was done (SESSION_IDLE_MINUTES, SESSION_HOURS).
The other sessions of a person end when the password or the second factor changes (`User` in models.py).
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from registry import access, second_factor

SINCE = "signed_in_at"
PAGES = "/admin/"


@receiver(user_logged_in, dispatch_uid="registry.sessions")
def note_begin(request: HttpRequest, **_: Any) -> None:
    """Note when the session began."""
    request.session[SINCE] = int(time.time())


class SessionMiddleware:
    """Ends sessions that are too old, and leads people without the required second factor to its page.

    For everything but the pages of the administration such a person has not signed in: no API, no document opens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return access.or_later(request, lambda: self._bounded(request))

    def _bounded(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and is_over(request):
            logout(request)
        if request.user.is_authenticated and second_factor.is_missing(request.user):
            if not request.path.startswith(PAGES):
                request.user = AnonymousUser()
            elif request.path not in open_pages():
                return HttpResponseRedirect(reverse("second_factor"))
        return self.get_response(request)


def is_over(request: HttpRequest) -> bool:
    """Tell whether a session is too old; of one that does not say when it began, nobody knows."""
    return time.time() - request.session.get(SINCE, 0) > settings.SESSION_HOURS * 3600


def open_pages() -> tuple[str, ...]:
    """What is open before the second factor is set up: its page, the words of scripts, and the way out."""
    return reverse("second_factor"), reverse("admin:jsi18n"), reverse("admin:logout"), reverse("admin:login")
