"""JSON taken at its word: what two readers could understand in two ways is refused, never guessed.

UTF-8 only, one value for each key, no NUL, no lone surrogate, finite numbers, bounded size, depth and count.
"""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext
from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import _MediaType

from registry.api.problems import Refused

MOST_BYTES = 2**20
MOST_LEVELS = 20
MOST_VALUES = 20_000
LONGEST_KEY = 100
LONGEST_NUMBER = 40
HOLDERS = frozenset({dict, list})


class StrictJSONParser(BaseParser):
    """The only reader of request bodies: `application/json` in UTF-8, up to 1 MiB."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read one JSON value, or refuse with a sentence that says why."""
        charset = _MediaType(media_type or "").params.get("charset", "utf-8")
        if charset.lower().replace("-", "") != "utf8":
            raise Refused(415, "unsupported_media_type", gettext("Send JSON in UTF-8."))
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise Refused(413, "too_large", gettext("A request has at most {n} bytes.").format(n=MOST_BYTES))
        return loads(body)


def loads(body: bytes) -> Any:
    """Read one JSON value from bytes; `Refused` (400) says what is wrong with it."""
    text = text_of(body)
    try:
        value = READER.decode(text)
    except json.JSONDecodeError as error:
        refuse_syntax(error)
    except RecursionError:
        refuse_depth()
    inspect(value, is_escaped="\\u" in text)  # nothing else makes a NUL or half a pair of a text in UTF-8
    return value


def text_of(body: bytes) -> str:
    """Read UTF-8 without a mark at its beginning, which other readers than this one might take for a sign."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("not_utf8", gettext("The text is not UTF-8 (byte {n}).").format(n=error.start + 1))
    if text.startswith("\ufeff"):
        _refuse("not_json", gettext("The text begins with a byte order mark; save it as UTF-8 without one."))
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            told = gettext("The key '{key}' stands twice in one object; keep one.")
            _refuse("repeated_key", told.format(key=_short(key)))
        seen.add(key)
    raise AssertionError("unreachable")


def _no_constant(name: str) -> NoReturn:
    _refuse("not_a_number", gettext("{value} is not a JSON number.").format(value=name))


def _finite(text: str) -> float:
    if len(text) > LONGEST_NUMBER or not math.isfinite(number := float(text)):
        _refuse("not_a_number", gettext("A number is too large or has too many digits."))
    return number


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        _refuse("not_a_number", gettext("A number is too large or has too many digits."))
    return int(text)


# Reads JSON with all of that; what it cannot see while reading, `inspect` looks for afterwards.
READER = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
)


def inspect(value: Any, *, is_escaped: bool = True) -> None:
    """Walk the value without recursion: depth, count, keys and, if the text had any `\\u`, texts."""
    holders, level, count = [[value]], 0, 0
    while holders:
        if level >= MOST_LEVELS:  # what it holds is one level below
            refuse_depth()
        below = []
        for holder in holders:
            count += len(holder)
            if count > MOST_VALUES:
                _refuse("too_many_values", gettext("A request has at most {n} values.").format(n=MOST_VALUES))
            below += _held(holder, is_escaped)
        holders, level = below, level + 1


def _held(holder: Any, is_escaped: bool) -> list[Any]:
    """The filled objects and lists in this one, after a look at its keys and texts."""
    if isinstance(holder, dict):
        if is_escaped or max(map(len, holder)) > LONGEST_KEY:
            for key in holder:
                _inspect_key(key, is_escaped)
        holder = holder.values()
    if is_escaped:
        for item in holder:
            if isinstance(item, str):
                _inspect_text(item)
    return [item for item in holder if type(item) in HOLDERS and item]


def _inspect_key(key: str, is_escaped: bool) -> None:
    if is_escaped:
        _inspect_text(key)
    if len(key) > LONGEST_KEY:
        told = gettext("The key '{key}' is longer than any key here.")
        _refuse("unknown_key", told.format(key=_short(key)))


def _inspect_text(text: str) -> None:
    if "\x00" in text:
        _refuse("nul", gettext("A text holds a NUL character (\\u0000); leave it out."))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        _refuse(
            "lone_surrogate",
            gettext("A text holds half of a surrogate pair (\\ud800 to \\udfff alone); leave it out."),
        )


def _short(key: str) -> str:
    return key.encode("utf-8", "replace").decode()[:40]


def refuse_syntax(error: json.JSONDecodeError) -> NoReturn:
    """Say where the text is no JSON."""
    told = gettext("This is not JSON: {reason} in line {line}, column {column}.")
    _refuse("not_json", told.format(reason=error.msg, line=error.lineno, column=error.colno))


def refuse_depth() -> NoReturn:
    """Say how deep objects and lists may be."""
    told = gettext("Objects and lists are nested at most {n} levels deep.")
    _refuse("too_deep", told.format(n=MOST_LEVELS))


def _refuse(code: str, detail: str) -> NoReturn:
    raise Refused(400, code, detail)
