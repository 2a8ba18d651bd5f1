"""Pages are read and forms are sent: every other method is refused before anybody looks who asks.

Django's pages would take a DELETE or PUT for a GET. The API says of each of its addresses what it takes.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from registry.api.problems import PREFIX

OF_PAGES = ("GET", "HEAD", "POST")


class MethodMiddleware:
    """Refuse what no page knows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.method not in OF_PAGES and not request.path.startswith(PREFIX):
            return HttpResponseNotAllowed(OF_PAGES)
        return self.get_response(request)
