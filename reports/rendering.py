"""Which documents a report has, of which type, and how each is made of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from reports import documents, numbers
from reports.content import ReportContent


@dataclass(frozen=True, kw_only=True)
class Document:
    """One kind of document; a browser shows it or keeps it."""

    title: str | Promise
    media_type: str
    make: Callable[[ReportContent, str], bytes | str]  # of the content, in a language
    is_shown: bool = False
    is_proved: bool = False  # a digest of it is kept; the others print the same content in the same way


DOCUMENTS: dict[str, Document] = {
    "report.pdf": Document(
        title=gettext_lazy("PDF, A4"),
        media_type="application/pdf",
        make=documents.pdf,
        is_shown=True,
        is_proved=True,
    ),
    "report-letter.pdf": Document(
        title=gettext_lazy("PDF, US Letter"),
        media_type="application/pdf",
        make=partial(documents.pdf, paper="us-letter"),
        is_shown=True,
    ),
    "report.html": Document(
        title="HTML",
        media_type="text/html; charset=utf-8",
        make=documents.html,
        is_shown=True,
        is_proved=True,
    ),
    "report.json": Document(
        title="JSON", media_type="application/json", make=documents.to_json, is_proved=True
    ),
    "report.csv": Document(
        title=gettext_lazy("CSV of every number"),
        media_type="text/csv; charset=utf-8",
        make=lambda content, _: numbers.csv_table(content),
    ),
    "figures.zip": Document(
        title=gettext_lazy("figures as SVG"),
        media_type="application/zip",
        make=documents.figures_archive,
    ),
}


def digests(content: ReportContent) -> dict[str, str]:
    """SHA-256 of each document in English: what a report looked like, not only what it says."""
    return {
        name: hashlib.sha256(made(name, content)).hexdigest()
        for name, document in DOCUMENTS.items()
        if document.is_proved
    }


def made(name: str, content: ReportContent, language: str = documents.ENGLISH) -> bytes:
    """One document as a file."""
    document = DOCUMENTS[name].make(content, language)
    return document if isinstance(document, bytes) else document.encode()


def write(content: ReportContent, folder: Path) -> tuple[str, ...]:
    """Write all documents into a folder, in English; give their names."""
    for name in DOCUMENTS:
        (folder / name).write_bytes(made(name, content))
    return tuple(DOCUMENTS)
