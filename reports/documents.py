"""Report content to documents: PDF, standalone HTML, mail and JSON. Same content, same bytes.

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
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from email import message_from_bytes
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import css_inline
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


class _Whole(UnstructuredHeader):
    """A header that stays on its line: Python would encode a long address, and no mail program decodes it there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Whole)  # type: ignore[arg-type]
_POLICY = SMTP.clone(header_factory=_headers)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who gets a mail, from whom, under which permanent Message-ID, when it was written, and how to get no more."""

    sender: str
    recipient: str
    message_id: str
    written_at: datetime
    leave: str = ""  # where one click ends what this mail is one of (RFC 8058)


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
    """Typeset the report as tagged, accessible PDF (PDF/UA-1), dated with its data cut."""
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
    return document


def html(content: ReportContent, language: str = ENGLISH) -> str:
    """Write one file that needs nothing else: styles and figures are inside."""
    pictures = {
        name: f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
        for name, svg in svg_figures(content, language).items()
    }
    with speaking(language):
        return _html(printing.printed(content), pictures=pictures, mail=False)


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


def subject(content: ReportContent, language: str = ENGLISH) -> str:
    """Name report and cut, as a mail's subject does."""
    with speaking(language):
        return _subject(content, printing.printed(content))


def _subject(content: ReportContent, report: PrintedReport) -> str:
    return speech.say(
        "Survival report, {scope}: data cut {day}", scope=speech.told_scope(content.scope), day=report.cut
    )


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail says: rendered once, addressed to one or many."""

    subject: str
    text: str
    html: str
    pictures: dict[str, bytes] = field(default_factory=dict)  # PNG by the name of the figure
    pdf: bytes = b""
    pdf_name: str = ""


def letter(content: ReportContent, language: str = ENGLISH) -> Letter:
    """Render the parts of a mail."""
    with speaking(language):
        report = printing.printed(content)
        pictures = {name: make("png") for name, make in drawings.drawn(content).items()}
        return Letter(
            subject=_subject(content, report),
            text=plaintext.plain_text(report),
            html=_inliner().inline(
                _html(report, pictures={name: f"cid:{_cid(name)}" for name in pictures}, mail=True)
            ),
            pictures=pictures,
            pdf=pdf(content, language),
            pdf_name=f"survival-report-{content.as_of.isoformat()}.pdf",
        )


def plain_letter(subject: str, text: str, html: str) -> Letter:
    """A mail without a report."""
    return Letter(subject=subject, text=text, html=_inliner().inline(html))


def mail(parts: Letter, envelope: Envelope) -> bytes:
    """Build the finished message: text and HTML with the figures inside, and the PDF attached, where there are any.

    It is built once and stored, so that a repeated delivery is the same to the last byte. Part boundaries come from the
    Message-ID because Python's own are random.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = parts.subject
    message["From"] = envelope.sender
    message["To"] = envelope.recipient
    message["Date"] = format_datetime(envelope.written_at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    if envelope.leave:
        message["List-Unsubscribe"] = f"<{envelope.leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parts.text)
    message.add_alternative(parts.html, subtype="html")
    html_part = message.get_payload()[1]  # type: ignore[index]
    for name, picture in parts.pictures.items():
        html_part.add_related(  # type: ignore[union-attr]
            picture, "image", "png", cid=f"<{_cid(name)}>", filename=f"{name}.png", disposition="inline"
        )
    if parts.pdf:
        message.add_attachment(parts.pdf, maintype="application", subtype="pdf", filename=parts.pdf_name)
    _fix_boundaries(message, envelope.message_id)
    return message.as_bytes()


def readdressed(message: bytes, envelope: Envelope) -> bytes:
    """Put a finished message under the address, name and date of another envelope; everything else stays."""
    again = message_from_bytes(message, policy=_POLICY)
    again.replace_header("To", envelope.recipient)
    again.replace_header("Date", format_datetime(envelope.written_at))
    again.replace_header("Message-ID", envelope.message_id)
    return again.as_bytes()


def _fix_boundaries(message: EmailMessage, message_id: str) -> None:
    stem = base64.b32encode(message_id.encode()).decode().rstrip("=")[-40:]
    multiparts = [part for part in message.walk() if part.is_multipart()]
    for n, part in enumerate(multiparts):
        part.set_boundary(f"=_{n}_{stem}")


def _html(report: PrintedReport, *, pictures: dict[str, str], mail: bool) -> str:
    """Fill the template; the pictures say where each figure is to be found."""
    return render_to_string("reports/report.html", {"report": report, "pictures": pictures, "mail": mail})


def _cid(name: str) -> str:
    return f"{name}@report"


@cache
def _inliner() -> css_inline.CSSInliner:
    """Put styles on the elements, as mail programs want them; rules for small screens cannot move there and stay."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@cache
def _fonts() -> typst.Fonts:
    """Our own fonts and the ones inside typst; never those of the machine, which would change the bytes."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(figures.FONTS)]
    )
