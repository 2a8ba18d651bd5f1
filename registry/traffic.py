"""Each request as one line of the log and one count: by route, status and time, with the number of who asked."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from registry import logs, metrics

logger = logging.getLogger(__name__)


class TrafficMiddleware:
    """Measure and note each request, and answer /metrics to who may ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.path == metrics.PATH and metrics.is_on():
            return metrics.answer(request)
        request.number = number = uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        begun, mark = time.perf_counter(), logs.REQUEST.set(number)
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - begun
            route = logs.route_of(request)
            metrics.note(request.method or "", route, response.status_code, seconds)
            fields = {
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(seconds * 1000),
                **who(request),
            }
            logger.info("request", extra={"fields": fields})
            return response
        finally:
            logs.REQUEST.reset(mark)


def who(request: HttpRequest) -> dict[str, Any]:
    """The number of the person, and of the key that was shown; asks the database nothing."""
    machine = getattr(request, "machine", None)
    if machine is not None:
        return {"key": machine.pk, "person": machine.user_id}
    person = getattr(getattr(request, "_cached_user", None), "pk", None)
    return {} if person is None else {"person": person}
