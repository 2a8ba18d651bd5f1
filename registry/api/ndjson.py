"""Many JSON documents in one body: one a line (NDJSON), or the elements of an array.

In NDJSON each line stands for itself, so that a bad one is no other's refusal; an array is read as a whole. Whatever
came, it is handed on as lines, so that whoever works on it holds one document at a time.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from django.utils.translation import gettext
from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import _MediaType

from registry import uploads
from registry.api import strict_json
from registry.api.problems import Refused

NDJSON = "application/x-ndjson"
MOST_BYTES = uploads.MOST_BODY
MOST_DOCUMENTS = 10_000
WINDOWS = (2**16, strict_json.MOST_BYTES)  # how much of an array is looked at for the end of an element
NEARLY = 12  # signs: what is cut off there may be the rest of a word or an escape

_BLANK = re.compile(r"[ \t\n\r]*")
_LINE = re.compile(rb"\S[^\n]*")


@dataclass(slots=True)
class Lines:
    """Documents as they came, one a line."""

    content: bytes
    count: int

    def forget(self) -> None:
        """Let go of them: a request and its view hold each other, and Python sees too late how much they hold."""
        self.content = b""

    def __iter__(self) -> Iterator[bytes]:
        """Give one document after the other; blank lines are none."""
        return _lines(self.content)

    def __len__(self) -> int:
        return self.count


def _lines(content: bytes) -> Iterator[bytes]:
    return (found[0] for found in _LINE.finditer(content))


class LinesParser(BaseParser):
    """`application/x-ndjson`: a document on each line, which is read later and by itself."""

    media_type = NDJSON

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Receive the lines."""
        content = _received(stream, media_type, parser_context)
        return Lines(content, sum(1 for _ in _bounded(_lines(content))))


class ArrayParser(BaseParser):
    """`application/json`: one array of documents; strict as a whole."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Receive an array, and make each element a line."""
        text = strict_json.text_of(_received(stream, media_type, parser_context))
        elements = list(_bounded(_elements(text)))
        return Lines("\n".join(elements).encode(), len(elements))


def _received(stream: IO[bytes], media_type: str | None, context: Mapping[str, Any] | None) -> bytes:
    """Read the body, whole or not at all: a line that broke must not pass for the end of the documents."""
    charset = _MediaType(media_type or "").params.get("charset", "utf-8")
    if charset.lower().replace("-", "") != "utf8":
        raise Refused(415, "unsupported_media_type", gettext("Send JSON in UTF-8."))
    body = stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Refused(413, "too_large", gettext("A request has at most {n} bytes.").format(n=MOST_BYTES))
    announced = context["request"].META.get("CONTENT_LENGTH") if context else None
    if announced and len(body) < int(announced):
        told = gettext("The request ended before it was complete; nothing was saved. Send it again.")
        raise Refused(400, "cut_short", told)
    return body


def _bounded(documents: Iterable[Any]) -> Iterator[Any]:
    """Go on as long as there are no more documents than a request may have: what is beyond is not even looked at."""
    number = 0
    for number, document in enumerate(documents, start=1):
        if number > MOST_DOCUMENTS:
            told = gettext("A request has at most {n} documents; send the others in another one.")
            raise Refused(413, "too_many_documents", told.format(n=MOST_DOCUMENTS))
        yield document
    if not number:
        raise Refused(400, "no_documents", gettext("The request has no documents."))


def _elements(text: str) -> Iterator[str]:
    """Each element of an array on a line of its own: between its texts, a line break is a blank."""
    at, mark = _after_blanks(text, 0)
    if mark != "[":
        told = gettext("Send an array of documents, or one document a line as application/x-ndjson.")
        raise Refused(400, "not_an_array", told)
    at, mark = _after_blanks(text, at + 1)
    number, is_over = 0, mark == "]"
    while not is_over:
        number += 1
        end = _end_of_element(text, at, number)
        yield text[at:end].replace("\n", " ").replace("\r", " ")
        at, mark = _after_blanks(text, end)
        if mark not in ("]", ","):
            _no_array("Expecting ',' delimiter", text, at, number)
        is_over = mark == "]"
        at, _ = (at, mark) if is_over else _after_blanks(text, at + 1)
    at, mark = _after_blanks(text, at + 1)
    if mark:
        _no_array("Extra data", text, at, number)


def _after_blanks(text: str, at: int) -> tuple[int, str]:
    """Where the next sign stands, and which it is."""
    found = _BLANK.match(text, at)
    at = found.end() if found else at
    return at, text[at : at + 1]


def _end_of_element(text: str, at: int, number: int) -> int:
    """Find where an element ends, looking at no more of it than a document may have."""
    for size in WINDOWS:
        window = text[at : at + size]
        try:
            value, length = strict_json.READER.raw_decode(window)
            strict_json.inspect(value)
        except json.JSONDecodeError as error:
            if not _may_go_on(error, window, len(text) - at):
                _no_array(error.msg, text, at + error.pos, number)
        except RecursionError:
            strict_json.refuse_depth()
        except Refused as refused:
            _refuse(refused, number)
        else:
            return at + length
    told = gettext("A document has at most {n} bytes.").format(n=strict_json.MOST_BYTES)
    return _refuse(Refused(413, "too_large", told), number)


def _may_go_on(error: json.JSONDecodeError, window: str, left: int) -> bool:
    """Whether it is no JSON only because it goes on behind the window."""
    is_cut = len(window) < left
    return is_cut and (error.msg.startswith("Unterminated") or error.pos >= len(window) - NEARLY)


def _no_array(reason: str, text: str, at: int, number: int) -> NoReturn:
    try:
        strict_json.refuse_syntax(json.JSONDecodeError(reason, text, at))
    except Refused as refused:
        _refuse(refused, number)


def _refuse(refused: Refused, number: int) -> NoReturn:
    """Say in which document of the array it is."""
    told = gettext("Document {n}: {reason}").format(n=number, reason=refused.detail)
    raise Refused(refused.status_code, refused.code, told) from None
