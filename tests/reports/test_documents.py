"""What the documents of the founding cohort say, that they are the same each time, and that nothing leaks into them."""

import email
import io
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from email import policy

import pikepdf
import pytest

from reports import documents, letters
from reports.content import Note
from reports.letters import Envelope
from tests.reports.handmade import founding_content

ENVELOPE = Envelope(
    sender="Registry <registry@example.org>",
    recipient="ada@example.org",
    message_id="<report-1-2-abc@example.org>",
    written_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)
# Every figure that the founding abstract prints, as the report writes it.
SAYS = (
    "87.5%", "75.0%", "62.5%", "38.7-98.1", "31.5-93.1", "22.9-86.1", "not reached",
    "(160-320)", "(250-500)", "18-22", "25.0%; 95% CI 3.2-65.1", "(0 of 8, upper 95% bound 36.9%)",
)  # fmt: skip


@pytest.fixture(scope="module")
def content():
    return founding_content()


@pytest.fixture(scope="module")
def message(content):
    return email.message_from_bytes(
        letters.mail(letters.letter(content), ENVELOPE).whole, policy=policy.default
    )


@pytest.fixture(scope="module")
def pdf_text(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(documents.pdf(content))
    found = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    return found.replace("–", "-")


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("figure", SAYS)
def test_text_says_the_founding_figures(content, figure):
    assert figure in words(documents.text(content))


@pytest.mark.parametrize("figure", SAYS)
def test_pdf_says_the_founding_figures(pdf_text, figure):
    assert figure in words(pdf_text)


def test_pdf_numbers_its_pages_and_repeats_its_cut(pdf_text):
    pages = [page for page in pdf_text.split("\f") if page.strip()]

    for n, page in enumerate(pages, start=1):
        assert f"{n} of {len(pages)}" in page
        assert "Data cut 22 November 2026" in words(page)


def test_same_content_same_bytes(content):
    pdf = documents.pdf(content)
    documents.forget()
    assert pdf == documents.pdf(founding_content())
    assert documents.html(content) == documents.html(founding_content())
    assert documents.to_json(content) == documents.to_json(founding_content())
    again = letters.mail(letters.letter(founding_content()), ENVELOPE).whole
    assert letters.mail(letters.letter(content), ENVELOPE).whole == again


def test_pdf_is_tagged_and_identified(content):
    with pikepdf.open(io.BytesIO(documents.pdf(content))) as pdf, pdf.open_metadata() as told:
        assert pdf.Root.StructTreeRoot.K
        assert pdf.Root.MarkInfo.Marked
        assert "/ID" in pdf.trailer
        assert told["pdfuaid:part"] == "1"


def test_a_report_of_an_earlier_version_is_printed_as_it_was(content):
    """Version 1.2 did not pack its objects: the bytes whose digest was kept."""
    plain = documents.pdf(replace(content, methods=replace(content.methods, report_version="1.2")))

    assert b"/StructTreeRoot" in plain
    assert len(documents.pdf(content)) < 0.6 * len(plain)


def test_html_needs_nothing_else(content):
    html = documents.html(content)

    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "<script" not in html
    assert "data:image/svg+xml;base64," in html


def test_mail_has_text_html_picture_and_pdf(message):
    types = [part.get_content_type() for part in message.walk() if not part.is_multipart()]

    assert types == ["text/plain", "text/html", "image/png", "application/pdf"]
    html = message.get_body(("html",)).get_content()
    picture = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html
    assert 'style="' in html


def test_mail_keeps_its_identity(message):
    assert message["Message-ID"] == ENVELOPE.message_id
    assert message["To"] == ENVELOPE.recipient
    assert message["Auto-Submitted"] == "auto-generated"


def test_hostile_text_stays_text(content):
    hostile = replace(
        content, notes=(Note(title="<script>alert(1)</script>", text="#panic() $x$ @a *b* \\ [c]"),)
    )

    html = documents.html(hostile)

    assert "<script>" not in html
    assert documents.pdf(hostile).startswith(b"%PDF")


def test_a_report_without_patients_can_be_printed(content):
    empty = replace(
        content, headlines=(), flow=(), patients=(), operations=(), complications=None, early_events=None,
        survival=None, rules=(), missing=(), notes=(), operated_from=None, operated_to=None, banner="",
    )  # fmt: skip

    assert documents.pdf(empty).startswith(b"%PDF")
    assert "Operated" not in documents.html(empty)
    assert letters.letter(empty).pictures == {}
