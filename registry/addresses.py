"""Addresses end with a slash: who reads without it is led there, who sends something is told."""

from django.http import HttpRequest
from django.middleware import common


class CommonMiddleware(common.CommonMiddleware):
    """Django's, but for what is sent: a redirect is mostly followed by a GET, whose 200 looks as if it were saved."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and super().should_redirect_with_slash(request)
