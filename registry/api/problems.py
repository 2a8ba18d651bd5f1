"""What went wrong, as RFC 9457 says it: one shape for every refusal, with a sentence and a pointer for each error."""

import logging
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import is_valid_path
from django.utils.translation import gettext, gettext_lazy
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from registry import disk

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SHOWN_AT_MOST = 100
PASSING = frozenset({401, 403, 404, 408, 429})  # who may see or do what, and how often, changes
TYPE = "urn:ivc-registry:problem:"
PREFIX = "/api/"
NOTHING_HERE = gettext_lazy("There is nothing at this address that you may see.")
BUSY = gettext_lazy("The registry is busy. Please try again.")
SOON = {"Retry-After": "5"}


class Told(Protocol):
    """One thing wrong in a document: where, which, in words, how badly."""

    pointer: str
    code: str
    message: str
    severity: str


class Refused(exceptions.APIException):
    """A refusal with its status, its code, one sentence, and what is wrong in the document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[Told] = (),
        headers: dict[str, str] | None = None,
    ):
        super().__init__(detail, code)
        self.status_code, self.code, self.headers = status, code, headers or {}
        self.errors = [as_error(error) for error in errors]


def as_error(told: Told) -> dict[str, str]:
    """One entry of `errors`, the same for refusals and for warnings."""
    return {"pointer": told.pointer, "code": told.code, "message": told.message, "severity": told.severity}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of an API view; None leaves what nobody foresaw to the server's error page."""
    known = _translate(error, context.get("view"))
    if known is None:
        return None
    body = problem(known.status_code, known.code, str(known.detail), known.errors)
    return Response(body, known.status_code, headers=known.headers, content_type=MEDIA_TYPE)


def problem(
    status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The body of a refusal."""
    body: dict[str, Any] = {
        "type": f"{TYPE}{code}",
        "title": gettext(HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "errors": (errors or [])[:SHOWN_AT_MOST],
    }
    if errors and len(errors) > SHOWN_AT_MOST:
        more = gettext("{n} errors were found; these are the first {shown}.")
        body["detail"] += " " + more.format(n=len(errors), shown=SHOWN_AT_MOST)
    return body


def code_of(response: Any) -> str:
    """The code of a refusal; empty for another answer."""
    body = getattr(response, "data", None)
    if response.status_code < 400 or not isinstance(body, dict):
        return ""
    return str(body.get("type", "")).removeprefix(TYPE)


def _translate(error: Exception, view: Any) -> Refused | None:
    match error:
        case Refused():
            return error
        case exceptions.ValidationError():
            return _parameters(error)
        case exceptions.APIException() if not isinstance(error, exceptions.NotFound):
            return _framework(error, view)
        case OperationalError():
            return _later(error)
        case OSError() if disk.is_full(error):
            return _later(error)
    return next((make(error) for kind, make in SIMPLE.items() if isinstance(error, kind)), None)


def _later(error: BaseException | None) -> Refused:
    """Ask the client to come back, and say why."""
    if disk.is_full(error):
        logger.error("disk_full error=%s", type(error).__name__)
        return Refused(503, "disk_full", str(disk.FULL), headers=disk.LATER)
    logger.warning("database_busy error=%s", type(error).__name__)
    return Refused(503, "busy", str(BUSY), headers=SOON)


SIMPLE: dict[type[Exception], Callable[[Any], Refused]] = {
    Http404: lambda _: Refused(404, "not_found", str(NOTHING_HERE)),
    exceptions.NotFound: lambda _: Refused(404, "not_found", str(NOTHING_HERE)),
    # it was there when the view looked, and was erased before it could write
    ObjectDoesNotExist: lambda _: Refused(404, "not_found", str(NOTHING_HERE)),
    PermissionDenied: lambda error: Refused(
        403, "permission_denied", str(error) or gettext("You may not do this.")
    ),
    ValidationError: lambda error: Refused(400, "invalid_parameter", " ".join(error.messages)),
    RequestDataTooBig: lambda _: Refused(413, "too_large", gettext("The request is too large.")),
    SuspiciousOperation: lambda _: Refused(400, "bad_request", gettext("The request cannot be read.")),
}


def _framework(error: exceptions.APIException, view: Any) -> Refused:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    return Refused(error.status_code, str(error.default_code), _sentence(error, view), headers=headers)


def _sentence(error: exceptions.APIException, view: Any) -> str:
    """What the framework refuses, with the remedy that it leaves out."""
    match error:
        case exceptions.NotAuthenticated():
            return gettext("Send your key, as in Authorization: Bearer ivcr_..., or sign in.")
        case exceptions.MethodNotAllowed():
            told = gettext("{method} is not for this address, which takes: {methods}.")
            return told.format(method=view.request.method, methods=", ".join(view.allowed_methods))
        case exceptions.UnsupportedMediaType():
            kinds = ", ".join(parser.media_type for parser in view.get_parsers())
            return gettext("Name the kind of the body, as in Content-Type: {kinds}.").format(kinds=kinds)
        case exceptions.NotAcceptable():
            kinds = ", ".join(renderer.media_type for renderer in view.get_renderers())
            return gettext("The answer comes as {kinds}, which Accept has to allow.").format(kinds=kinds)
    return str(error.detail)


def _parameters(error: exceptions.ValidationError) -> Refused:
    """Wrong query parameters: they have a name where errors in a document have a pointer."""
    said = error.detail if isinstance(error.detail, dict) else {"": error.detail}
    refused = Refused(400, "invalid_parameter", gettext("The address has a parameter that cannot be used."))
    refused.errors = [
        {"parameter": str(name), "code": str(getattr(text, "code", "invalid")), "message": str(text)}
        for name, texts in said.items()
        for text in texts
    ]
    return refused


# --- outside of any view: addresses that do not exist, and errors nobody foresaw ---------------------------------


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 in the language of the caller: a problem for programs, a page for people."""
    if not request.path.startswith(PREFIX):
        return defaults.page_not_found(request, exception)
    told = str(NOTHING_HERE)
    if not request.path.endswith("/") and is_valid_path(f"{request.path}/"):
        told = gettext("Addresses end with a slash: {address}").format(address=f"{request.path}/")
    return _bare(404, "not_found", told)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 likewise; what happened is in the log and nowhere else.

    What the layers outside of the request's transaction could not write, for want of room, is a 503 as everywhere.
    """
    if disk.is_full(error := sys.exception()):
        return busy(request, error)
    if not request.path.startswith(PREFIX):
        return defaults.server_error(request)
    return _bare(
        500,
        "server_error",
        gettext("Something went wrong here. Nothing was saved; it has been written to the log."),
    )


def busy(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Answer 503 likewise, when the database gave up or a disk was full outside of a view."""
    told = _later(error)
    if not request.path.startswith(PREFIX):
        return HttpResponse(f"{told.detail}\n", status=503, headers=told.headers)
    return _bare(503, told.code, str(told.detail), headers=told.headers)


def in_the_clear() -> HttpResponse:
    """Answer 403 to a program that does not encrypt; to lead it to https would hide that its key is known by now."""
    told = gettext(
        "Nothing is taken over http. Use https, and have the key revoked if you sent one: it was readable."
    )
    return _bare(403, "not_encrypted", told)


def _bare(status: int, code: str, detail: str, **options: Any) -> HttpResponse:
    return JsonResponse(problem(status, code, detail), status=status, content_type=MEDIA_TYPE, **options)
