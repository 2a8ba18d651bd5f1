"""Log lines without values: ids, kinds and places, never what a person typed, a database held or an error said.

What this program says of itself is written so already. What libraries say is cut: errors to their kind, requests to
their route, tracebacks to files and functions, since an error's own words (PostgreSQL's DETAIL) may be a patient's.
Loads nothing of Django: the web server uses it, too.
"""

import json
import logging
import logging.config
import time
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any

OURS = ("registry", "cases", "reports")
REQUEST: ContextVar[str] = ContextVar("request", default="")  # the id of the request that is being answered


def config(*, level: str, form: str) -> dict[str, Any]:
    """The configuration of `logging` for every process: one line an event on standard error, `line` or `json`."""
    formatter = {"line": "registry.logs.Line", "json": "registry.logs.JSONLine"}[form]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # it tells of each request's path; ours tells of the route (traffic.py)
            "django.server": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            "pikepdf": {"level": "WARNING"},  # it tells that it logs
        },
    }


def told(record: logging.LogRecord) -> str:
    """What a record says, without anything that is not known to be harmless."""
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    if record.name.startswith("django.") and hasattr(record, "request"):
        status = getattr(record, "status_code", "")
        return f"{record.name.rpartition('.')[2]} {status} {route_of(record.request)}"
    if record.name.startswith("django.security"):
        return f"refused {record.name.rpartition('.')[2]}"
    args = record.args
    if isinstance(args, dict):  # Celery's, of a task that failed
        plain = {name: _kind(value) for name, value in args.items()}
        plain |= {name: "" for name in ("traceback", "args", "kwargs", "return_value") if name in plain}
        if record.exc_info and isinstance(record.exc_info, tuple) and record.exc_info[0] and "exc" in plain:
            plain["exc"] = record.exc_info[0].__name__
        args = plain
    elif args:
        args = tuple(_kind(value) for value in args)
    try:
        return str(record.msg) % args if args else _kind(record.msg)
    except (TypeError, ValueError):
        return _kind(record.msg)


def _kind(value: Any) -> Any:
    return type(value).__name__ if isinstance(value, BaseException) else value


def route_of(request: Any) -> str:
    """The pattern of a request's address, never the address: it may hold the number of a case or a search."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name or match.route) if match is not None else "-"


def frames(error: BaseException, trace: TracebackType | None) -> Iterator[str]:
    """Where an error comes from: its kind, and each file, line and function, the causes first."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from frames(cause, cause.__traceback__)
    code = getattr(error, "sqlstate", None)
    yield f"{type(error).__module__}.{type(error).__qualname__}" + (f" sqlstate={code}" if code else "")
    for frame, line in traceback.walk_tb(trace):
        yield f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_name}"


class Line(logging.Formatter):
    """One event as a line of text; the places of an error follow on lines of their own."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Say it."""
        return "\n".join([self._line(record), *_places(record)])

    def _line(self, record: logging.LogRecord) -> str:
        event = told(record).replace("\r", " ").replace("\n", " ")
        said = " ".join([event, *(f"{name}={value}" for name, value in _more(record).items())])
        return f"{self.formatTime(record)} {record.levelname} {record.name} {said}"


class JSONLine(Line):
    """One event as one line of JSON (RFC 8259), whatever it holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Say it."""
        said = {
            "at": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "event": told(record),
            **_more(record),
        }
        if places := list(_places(record)):
            said["error"] = places
        return json.dumps(said, ensure_ascii=False)


def _more(record: logging.LogRecord) -> dict[str, Any]:
    """The fields that a record brings along, and the request that it belongs to."""
    fields = dict(getattr(record, "fields", {}))
    # Django tells of a refused request when it is over for all middleware
    if request := REQUEST.get() or getattr(getattr(record, "request", None), "number", ""):
        fields.setdefault("request", request)
    return fields


def _places(record: logging.LogRecord) -> Iterator[str]:
    if record.exc_info and isinstance(record.exc_info, tuple) and record.exc_info[1]:
        yield from frames(record.exc_info[1], record.exc_info[2])
