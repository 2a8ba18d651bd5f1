"""Report content to mail: text, HTML with the figures inside, and the PDF. Rendered once, then addressed.

Same letter and envelope, same bytes: a repeated delivery is the same to the last one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from functools import cache, cached_property

import css_inline

from reports import documents, drawings, plaintext, printing, speech
from reports.content import ReportContent
from reports.printed import PrintedReport

_LINE = b"\r\n"


class _Whole(UnstructuredHeader):
    """A header that stays on its line: Python would encode a long address, and no mail program decodes it there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Whole)  # type: ignore[arg-type]
_POLICY = SMTP.clone(header_factory=_headers, cte_type="7bit")


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who gets a mail, from whom, under which permanent Message-ID, when it was written, and how to get no more."""

    sender: str
    recipient: str
    message_id: str
    written_at: datetime
    leave: str = ""  # where one click ends what this mail is one of (RFC 8058)


def subject(content: ReportContent, language: str = documents.ENGLISH) -> str:
    """Name report and cut, as a mail's subject does."""
    with documents.speaking(language):
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

    @cached_property
    def written(self) -> tuple[bytes, bytes]:
        """What the head says of the body, and the body: text and HTML with the figures inside, and the PDF.

        There is no reader in it, so it is written and kept once for all of them.
        """
        message = EmailMessage(policy=_POLICY)
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        html_part = message.get_payload()[1]  # type: ignore[index]
        for name, picture in self.pictures.items():
            html_part.add_related(  # type: ignore[union-attr]
                picture, "image", "png", cid=f"<{_cid(name)}>", filename=f"{name}.png", disposition="inline"
            )
        if self.pdf:
            message.add_attachment(self.pdf, maintype="application", subtype="pdf", filename=self.pdf_name)
        _fix_boundaries(message, self.text.encode(), self.html.encode(), *self.pictures.values(), self.pdf)
        kind, end, body = message.as_bytes().partition(_LINE * 2)
        return kind + end, body


@dataclass(frozen=True, kw_only=True)
class Message:
    """A finished message: what is the reader's own, up to the empty line, and what all readers get."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        """As a mail server gets it."""
        return self.head + self.body


def letter(content: ReportContent, language: str = documents.ENGLISH) -> Letter:
    """Render the parts of a mail."""
    with documents.speaking(language):
        report = printing.printed(content)
        mailed = printing.for_mail(report)
        every = drawings.drawn(content)
        pictures = {figure.name: every[figure.name]("png") for figure in mailed.every_figure}
        return Letter(
            subject=_subject(content, report),
            text=plaintext.plain_text(report),
            html=_inliner().inline(
                documents.page(mailed, pictures={name: f"cid:{_cid(name)}" for name in pictures}, mail=True)
            ),
            pictures=pictures,
            pdf=documents.pdf(content, language),
            pdf_name=f"survival-report-{content.as_of.isoformat()}.pdf",
        )


def plain_letter(subject: str, text: str, html: str) -> Letter:
    """A mail without a report."""
    return Letter(subject=subject, text=text, html=_inliner().inline(html))


def mail(parts: Letter, envelope: Envelope) -> Message:
    """Address a letter: the head is the reader's own, the body the same for all."""
    head = EmailMessage(policy=_POLICY)
    head["Subject"] = parts.subject
    head["From"] = envelope.sender
    head["To"] = envelope.recipient
    head["Date"] = format_datetime(envelope.written_at)
    head["Message-ID"] = envelope.message_id
    head["Auto-Submitted"] = "auto-generated"
    if envelope.leave:
        head["List-Unsubscribe"] = f"<{envelope.leave}>"
        head["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    kind, body = parts.written
    return Message(head=head.as_bytes().removesuffix(_LINE) + kind, body=body)


def readdressed(head: bytes, envelope: Envelope) -> bytes:
    """Put the head of a finished message under the address, name and date of another envelope; the rest stays."""
    again = message_from_bytes(head, policy=_POLICY)
    again.replace_header("To", envelope.recipient)
    again.replace_header("Date", format_datetime(envelope.written_at))
    again.replace_header("Message-ID", envelope.message_id)
    return again.as_bytes()


def _fix_boundaries(message: EmailMessage, *said: bytes) -> None:
    """Take the boundaries between parts from what is said, because Python's own are random."""
    stem = hashlib.sha256(b"".join(said)).hexdigest()[:40]
    for n, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{n}_{stem}")


def _cid(name: str) -> str:
    return f"{name}@report"


@cache
def _inliner() -> css_inline.CSSInliner:
    """Put styles on the elements, as mail programs want them; rules for small screens cannot move there and stay."""
    return css_inline.CSSInliner(keep_at_rules=True, minify_css=True, load_remote_stylesheets=False)
