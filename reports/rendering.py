"""Which documents a report has, of which type, and how each is made of its content."""

from __future__ import annotations

import hashlib
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


def digests(content: ReportContent) -> dict[str, str]:
    """SHA-256 of each document in English: what a report looked like, not only what it says."""
    return {
        name: hashlib.sha256(_bytes(document.make(content, documents.ENGLISH))).hexdigest()
        for name, document in DOCUMENTS.items()
    }


def _bytes(document: bytes | str) -> bytes:
    return document if isinstance(document, bytes) else document.encode()
