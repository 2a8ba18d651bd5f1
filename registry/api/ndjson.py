"""Many JSON documents in one body: one a line (NDJSON), or the elements of an array.

In NDJSON each line stands for itself, so that a bad one is no other's refusal; an array is read as a whole. Whatever
came, it is handed on as lines, so that whoever works on it holds one document at a time.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from django.utils.translation import gettext
from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import _MediaType

from registry.api import strict_json
from registry.api.problems import Refused

NDJSON = "application/x-ndjson"
MOST_BYTES = 64 * 2**20
MOST_DOCUMENTS = 10_000

_BLANK = re.compile(r"[ \t\n\r]*")


@dataclass(slots=True)
class Lines:
    """Documents as they came, one a line."""

    content: bytes

    def forget(self) -> None:
        """Let go of them: a request and its view hold each other, and Python sees too late how much they hold."""
        self.content = b""

    def __iter__(self) -> Iterator[bytes]:
        """Give one document after the other; blank lines are none."""
        return (line for line in io.BytesIO(self.content) if line.strip())

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
        return _counted(Lines(_received(stream, media_type, parser_context)))


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
        return _counted(Lines("\n".join(_elements(text)).encode()))


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


def _counted(lines: Lines) -> Lines:
    count = len(lines)
    if count > MOST_DOCUMENTS:
        told = gettext("A request has at most {n} documents; send the others in another one.")
        raise Refused(413, "too_many_documents", told.format(n=MOST_DOCUMENTS))
    if not count:
        raise Refused(400, "no_documents", gettext("The request has no documents."))
    return lines


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
    try:
        value, end = strict_json.READER.raw_decode(text, at)
        strict_json.inspect(value)
    except json.JSONDecodeError as error:
        _no_array(error.msg, text, error.pos, number)
    except RecursionError:
        strict_json.refuse_depth()
    except Refused as refused:
        _refuse(refused, number)
    return end


def _no_array(reason: str, text: str, at: int, number: int) -> NoReturn:
    try:
        strict_json.refuse_syntax(json.JSONDecodeError(reason, text, at))
    except Refused as refused:
        _refuse(refused, number)


def _refuse(refused: Refused, number: int) -> NoReturn:
    """Say in which document of the array it is."""
    told = gettext("Document {n}: {reason}").format(n=number, reason=refused.detail)
    raise Refused(400, refused.code, told) from None
