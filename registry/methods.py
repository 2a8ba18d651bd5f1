"""What is refused before anybody looks who asks: methods that no page knows, and programs that do not encrypt.

Django's pages would take a DELETE or PUT for a GET; the API says of each of its addresses what it takes. Browsers are
led from http to https. A program is not: it would send its key in the clear each time, and nobody would notice.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from registry.api.problems import PREFIX, in_the_clear

OF_PAGES = ("GET", "HEAD", "POST")


class MethodMiddleware:
    """Refuse what no page knows, and what a program sends in the clear."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.path.startswith(PREFIX):
            if settings.SECURE_SSL_REDIRECT and not request.is_secure():
                return in_the_clear()
        elif request.method not in OF_PAGES:
            return HttpResponseNotAllowed(OF_PAGES)
        return self.get_response(request)
