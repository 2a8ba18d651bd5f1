"""The audit trail on one page: everything that was changed or read, by whom and why; and whether the chain holds."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any, cast
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from cases.admin.trail_filters import LABELS, NAMES, Asked, kinds, tables
from cases.admin.trail_told import Line, lines
from registry import access
from registry.access import Action
from registry.admin import site
from registry.audit import whole_trail
from registry.chain import heads, reading
from registry.chain.models import Fault, Read
from registry.formulas import guarded
from registry.history import DOORS
from registry.models import AuditCheck, AuditLink, AuditSeal, User

PER_PAGE = 25
MOST_ROWS, CHUNK = 20_000, 500
COLUMNS = ("sequence", "at", "by", "door", "center", "case", "table", "done", "reason", "changes")


def page(request: HttpRequest) -> HttpResponse:
    """Show the newest of what is asked for, page by page; nothing is counted."""
    user = _auditor(request)
    asked = Asked.of(request, request.GET.dict())
    with _seen(user):
        links = asked.narrowed(user)
        if before := _number(request.GET.get("before", "")):
            links = links.filter(sequence__lt=before)
        found = list(links.defer("salt", "digest", "link")[: PER_PAGE + 1])
        told = lines(found[:PER_PAGE])
    given = {name: value for name, value in asked.given.items() if value}
    context = {
        **site.each_context(request),
        "title": gettext("Audit trail"),
        "fields": list(_fields(user, asked)),
        "lines": told,
        "query": urlencode(given),
        "given": given,
        "is_narrowed": bool(given),
        "is_later": bool(before),
        "older": f"?{urlencode({**given, 'before': found[PER_PAGE - 1].sequence})}"
        if len(found) > PER_PAGE
        else "",
        "newest": f"?{urlencode(given)}",
        "state": _state() if _is_of_all(user) else None,
        "most": MOST_ROWS,
    }
    return TemplateResponse(request, "cases/admin/audit.html", context, status=422 if asked.wrong else 200)


def file(request: HttpRequest) -> HttpResponseBase:
    """Give what is asked for as CSV, the newest first; that it was taken out is noted in the trail, too."""
    user = _auditor(request)
    if request.method != "POST":
        raise Http404
    asked = Asked.of(request, request.POST.dict())
    with _seen(user):
        links = asked.narrowed(user)[:MOST_ROWS]
        counts: Counter[int | None] = Counter()
        written = _written(links, counts)
    reading.note(Read.TRAIL, by=user, door="admin", counts=counts, form="csv")
    name = f"audit-trail-{timezone.now():%Y-%m-%d}.csv"
    return FileResponse(written, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _auditor(request: HttpRequest) -> User:
    if not access.may_somewhere(request.user, Action.READ_AUDIT):
        raise PermissionDenied(gettext("The audit trail is for the center lead and the auditor."))
    return cast(User, request.user)


def _is_of_all(user: User) -> bool:
    return access.may_everywhere(user, Action.READ_AUDIT)


def _seen(user: User) -> AbstractContextManager[None]:
    """Whoever audits the whole registry sees what belongs to no center, too."""
    return whole_trail() if _is_of_all(user) else nullcontext()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


# --- the filters -----------------------------------------------------------------------------------------------------


def _fields(user: User, asked: Asked) -> Iterator[dict[str, Any]]:
    def field(
        name: str, label: str, options: dict[str, str] | None = None, kind: str = "text"
    ) -> dict[str, Any]:
        every = [("", gettext("all"))]
        shown = None if options is None else [*every, *options.items()]
        wrong = asked.wrong.get(name, "")
        return {
            "name": name,
            "label": label,
            "options": shown,
            "kind": kind,
            "value": asked.given[name],
            "wrong": wrong,
        }

    centers = {center.code: center.short for center in access.center_rows(user, Action.READ_AUDIT)}
    yield field("case", gettext("Case number"))
    yield field("person", gettext("User name"))
    yield field("center", gettext("Center"), centers)
    yield field("table", gettext("What"), tables())
    yield field("label", gettext("Done"), {label: kinds()[label] for label in LABELS})
    yield field("door", gettext("By which way"), {door: str(said) for door, said in DOORS.items()})
    yield field("since", gettext("From"), kind="date")
    yield field("until", gettext("To"), kind="date")


# --- the chain -------------------------------------------------------------------------------------------------------


def _state() -> dict[str, Any]:
    """How far the chain reaches, and what was found when it was last looked through."""
    checked = AuditCheck.objects.order_by("-pk").first()
    head = heads.present()
    return {
        "sealed": AuditSeal.objects.order_by("-pk").first(),
        "head": head,
        "line": head.line() if head else "",
        "checked": checked,
        "wrong": [
            {"table": table, "number": number, "fault": Fault(kind).label}
            for table, number, kind in (checked.first if checked else [])[:10]
        ],
    }


# --- the file --------------------------------------------------------------------------------------------------------


def _written(links: QuerySet[AuditLink], counts: Counter[int | None]) -> IO[bytes]:
    """Write row by row to disk, a part of the links at a time."""
    written: Any = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    text = io.TextIOWrapper(
        written, encoding="utf-8-sig", newline=""
    )  # the mark tells Excel that it is UTF-8
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    every = links.defer("salt", "digest", "link").iterator(chunk_size=CHUNK)
    while part := list(islice(every, CHUNK)):
        counts.update(link.center_id for link in part)
        writer.writerows([guarded(value) for value in _row(line)] for line in lines(part))
    text.flush()
    text.detach()
    written.seek(0)
    return cast(IO[bytes], written)


def _row(line: Line) -> tuple[str, ...]:
    fields = line.change.fields if line.change else ()
    changes = "; ".join(f"{one.name}: {one.before} → {one.after}" for one in fields) or line.note
    return (
        *(str(line.sequence), f"{line.at:%Y-%m-%dT%H:%M:%SZ}", line.by, line.door, line.center),
        *(line.case_number, line.table, line.done, line.reason, changes),
    )


site.add_page("audit/", page, "audit_trail")
site.add_page("audit/trail.csv", file, "audit_trail_file")

__all__ = ["NAMES", "file", "page"]
