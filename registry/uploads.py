"""Files that people upload: bounded before they are kept, and received before a transaction waits for them."""

from collections.abc import Callable
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from registry import access
from registry.api import callers

REST_OF_FORM = 2**20  # what a form may hold beside its file
LARGE_BODY = 2**18  # of the API: from here on it is received beforehand
MOST_BODY = 64 * 2**20
IN_MEMORY = 2 * 2**20


class Bounded(FileUploadHandler):
    """Keeps no file larger than a request may be. The rest is read and dropped, so that the browser gets its answer."""

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.is_hopeless = content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE + REST_OF_FORM

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.is_hopeless or self.received > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self.request.upload_is_too_large = True  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave it to the handler that keeps the file."""


def is_too_large(request: HttpRequest) -> bool:
    """Tell whether a file of this request was dropped for its size."""
    return getattr(request, "upload_is_too_large", False)


class ReceiveMiddleware:
    """Receive what is large before the request's transaction begins: a slow line would let it time out.

    Of the API, that is a large body that comes with a key in force or from somebody who has signed in; its parsers say
    what is too large.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return access.or_later(request, lambda: self._received(request))

    def _received(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            if request.content_type == "multipart/form-data":
                with suppress(UnreadablePostError):  # the line is gone, and nobody hears an answer
                    request.POST  # noqa: B018 (reading it is what receives the files)
        elif _is_large(request):
            with SpooledTemporaryFile(max_size=IN_MEMORY) as received:
                _receive(request, received)
                return self.get_response(request)
        return self.get_response(request)


def _is_large(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) <= LARGE_BODY:
        return False
    return callers.is_known(request)


def _receive(request: HttpRequest, received: Any) -> None:
    """Let the body be read from a file of ours from now on; what is beyond the limit stays where it is."""
    with suppress(UnreadablePostError):  # the parser sees that it is short
        while received.tell() <= MOST_BODY and (part := request.read(2**16)):
            received.write(part)
    received.seek(0)
    request.received = request._stream = received  # type: ignore[attr-defined]
    request._read_started = False  # type: ignore[attr-defined]
