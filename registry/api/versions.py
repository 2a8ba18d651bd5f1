"""Versions in headers: a reader gets one, a writer must say which one they read, so nobody overwrites unseen work."""

import re
from typing import NoReturn

from django.utils.translation import gettext
from rest_framework.request import Request

from registry.api.problems import Refused

# A proxy that compresses makes a tag weak, as in W/"3": the version is the same.
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)
# What RFC 9110 takes: any version, or tags separated by commas.
_MATCH = re.compile(r'\*|(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*')


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def version_read(request: Request) -> int:
    """The version that `If-Match` names: 428 without one, 400 for what is none, 412 for no version of ours."""
    sent = request.headers.get("If-Match")
    if sent is None:
        raise Refused(
            428, "version_required", gettext("Send If-Match with the ETag that you got when you read it.")
        )
    tag = _TAG.fullmatch(sent.strip())
    if tag is None:
        raise Refused(
            412 if _MATCH.fullmatch(sent.strip()) else 400,
            "unknown_version",
            gettext('If-Match must be one ETag of a read, such as "3" with its quotes.'),
        )
    return int(tag[1])


def refuse_unless_read(request: Request, current: int) -> None:
    """Refuse a request whose If-Match is missing, or names another version than the one that is there now."""
    if version_read(request) != current:
        refuse_stale(current)


def refuse_stale(current: int | None) -> NoReturn:
    """Answer 412 with the version that is there now."""
    raise Refused(
        412,
        "stale_version",
        gettext("It is now at version {version}; read it again and repeat your change.").format(
            version=current
        ),
        headers={"ETag": etag(current)} if current else {},
    )
