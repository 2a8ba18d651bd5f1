"""Whom to tell of a vulnerability: /.well-known/security.txt, as RFC 9116 says it."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

PATH = ".well-known/security.txt"
GOOD_FOR = timedelta(days=30)  # it is written at each look; whoever kept a copy looks again then


def security_txt(request: HttpRequest) -> HttpResponse:
    """Name the contact of this installation; an installation that names nobody has no such page."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = (
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {timezone.now() + GOOD_FOR:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
        f"Canonical: {settings.PUBLIC_URL}/{PATH}",
    )
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
