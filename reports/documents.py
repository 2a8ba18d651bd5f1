"""Report content to documents: PDF, standalone HTML, plain text and JSON. Same content, same bytes.

Nothing here reads the database, the clock or the fonts of the machine. The content is in English; a document is printed
in the language that is named, whoever asks for it.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import pikepdf
import typst
from django.template.loader import render_to_string
from django.utils.formats import get_format
from django.utils.translation import gettext, ngettext, override, pgettext

from reports import content as contents
from reports import drawings, figures, plaintext, printing, speech
from reports.content import ReportContent
from reports.printed import PrintedReport

_TYPST = Path(__file__).parent / "templates" / "reports" / "report.typ"
ENGLISH = speech.Voice.language
REGIONS = {"uk": "UA"}
Paper = Literal["a4", "us-letter"]


class Translated(speech.Voice):
    """A language of the catalogs, once it is active."""

    def __init__(self, language: str) -> None:
        self.language, self.region = language, REGIONS.get(language, language.upper())
        self.decimal = get_format("DECIMAL_SEPARATOR", language)
        self.thousands = "," if self.decimal == "." else " "

    def text(self, english: str, context: str = "") -> str:
        return pgettext(context, english) if context else gettext(english)

    def many(self, one: str, many: str, n: int) -> str:
        return ngettext(one, many, n)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Print in this language."""
    voice = speech.Voice() if language == speech.Voice.language else Translated(language)
    with override(language), speech.spoken(voice):
        yield


@lru_cache(maxsize=2)  # composing prints it for its digest, and mails it
def pdf(content: ReportContent, language: str = ENGLISH, paper: Paper = "a4") -> bytes:
    """Typeset the report as tagged, accessible PDF (PDF/UA-1)."""
    svgs = {name: svg.decode() for name, svg in svg_figures(content, language).items()}
    with speaking(language):
        report = json.dumps(dataclasses.asdict(printing.printed(content)))
    inputs = {"report": report, "figures": json.dumps(svgs), "paper": paper}
    document = typst.compile(
        _TYPST.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=inputs,
        pdf_standards="ua-1",
        timestamp=datetime.combine(content.as_of, time(), tzinfo=UTC),
    )
    if not isinstance(document, bytes):
        raise TypeError("typst gave no document.")
    return _packed(document) if contents.is_since(content, "1.3") else document


def _packed(document: bytes) -> bytes:
    """Put the many small objects of a tagged document into compressed streams; equal documents give equal bytes."""
    packed = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as pdf:
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return packed.getvalue()


def html(content: ReportContent, language: str = ENGLISH) -> str:
    """Write one file that needs nothing else: styles and figures are inside."""
    pictures = {
        name: f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
        for name, svg in svg_figures(content, language).items()
    }
    with speaking(language):
        scrolls = contents.is_since(content, "1.4")
        return page(printing.printed(content), pictures=pictures, mail=False, scrolls=scrolls)


@lru_cache(maxsize=2)
def svg_figures(content: ReportContent, language: str = ENGLISH) -> dict[str, bytes]:
    """Draw every figure, by its name."""
    with speaking(language):
        return {name: make("svg") for name, make in drawings.drawn(content).items()}


def forget() -> None:
    """Draw and print anew, though the same content was printed a moment ago."""
    svg_figures.cache_clear()
    pdf.cache_clear()


def figures_archive(content: ReportContent, language: str = ENGLISH) -> bytes:
    """Put every figure into a ZIP file, in the order of the report, dated with its data cut."""
    packed = io.BytesIO()
    day = content.as_of
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, svg) in enumerate(svg_figures(content, language).items(), 1):
            entry = zipfile.ZipInfo(
                f"figure-{number}-{name.replace('_', '-')}.svg", (day.year, day.month, day.day, 0, 0, 0)
            )
            archive.writestr(entry, svg, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def text(content: ReportContent, language: str = ENGLISH) -> str:
    """Write the report as plain text."""
    with speaking(language):
        return plaintext.plain_text(printing.printed(content))


def to_json(content: ReportContent, language: str = ENGLISH) -> str:
    """Write the content for machines: as it is stored, in English."""
    return contents.to_json(content, indent=2) + "\n"


def page(report: PrintedReport, *, pictures: dict[str, str], mail: bool, scrolls: bool = False) -> str:
    """Fill the template; the pictures say where each figure is to be found.

    On a phone a figure is as wide as the page, or keeps its size and `scrolls`, so that its words can be read.
    """
    context = {"report": report, "pictures": pictures, "mail": mail, "scrolls": scrolls}
    return render_to_string("reports/report.html", context)


@cache
def _fonts() -> typst.Fonts:
    """Our own fonts and the ones inside typst; never those of the machine, which would change the bytes."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(figures.FONTS)]
    )
