"""Addresses of pages end with a slash: who reads without it is led there, who sends something is told.

And the address of whoever asks: behind as many proxies as `PROXIES` says.
"""

import ipaddress

from django.http import HttpRequest
from django.middleware import common
from rest_framework.throttling import BaseThrottle


def address_of(request: HttpRequest | None) -> str | None:
    """Where a request comes from; None when nobody can say, or when a proxy hands on what is no address."""
    if request is None:
        return None
    try:
        return str(ipaddress.ip_address(str(BaseThrottle().get_ident(request)).strip()))  # type: ignore[arg-type]
    except ValueError:
        return None


class CommonMiddleware(common.CommonMiddleware):
    """Django's, but for what is sent: a redirect is mostly followed by a GET, whose 200 looks as if it were saved."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and super().should_redirect_with_slash(request)
