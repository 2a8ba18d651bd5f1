"""Which language a person reads: their own choice, else the browser's wish, else English; a machine's wish alone.

Whatever is stored, and whatever a task or command writes, is English: only what is shown follows the reader. The one
exception are sentences about the rows of an imported file (docs/decisions/0009).
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers


class LanguageMiddleware:
    """Answer each request in the language of its reader, and say in which. Stands after the one that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        own = chosen_by(request.user)
        with translation.override(own or translation.get_language_from_request(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        if not own:
            patch_vary_headers(response, ("Accept-Language",))
        return response


def chosen_by(user: Any) -> str:
    """The language that a person chose; empty for who chose none, for nobody and for what is no longer offered."""
    return offered(getattr(user, "language", ""))


def offered(language: str) -> str:
    """The language of ours that is meant by a tag such as uk-UA; empty for one that is not offered."""
    base = language.partition("-")[0]
    return base if base in dict(settings.LANGUAGES) else ""


def spoken() -> str:
    """The language of the present request."""
    return offered(translation.get_language() or "") or settings.LANGUAGE_CODE
