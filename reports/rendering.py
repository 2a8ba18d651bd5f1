"""Which documents a report has, of which type, and how each is made of its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports import documents
from reports.content import ReportContent


@dataclass(frozen=True, kw_only=True)
class Document:
    """One kind of document; a browser shows it or keeps it."""

    media_type: str
    make: Callable[[ReportContent, str], bytes | str]  # of the content, in a language
    is_shown: bool = True


DOCUMENTS: dict[str, Document] = {
    "report.pdf": Document(media_type="application/pdf", make=documents.pdf),
    "report.html": Document(media_type="text/html; charset=utf-8", make=documents.html),
    "report.json": Document(media_type="application/json", make=documents.to_json, is_shown=False),
}
