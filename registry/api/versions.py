"""Versions in headers: a reader gets one, a writer must say which one they read, so nobody overwrites unseen work."""

import re
from typing import NoReturn

from django.utils.translation import gettext
from rest_framework.request import Request

from registry.api.problems import Refused

_VERSION = re.compile(r'"(\d{1,9})"', re.ASCII)
# What RFC 9110 takes: any version, or tags separated by commas.
_MATCH = re.compile(r'\*|(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*')


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def version_read(request: Request) -> int:
    """The version that `If-Match` names: 428 without one, 400 for what is none, 412 for no version of ours."""
    version = _VERSION.fullmatch(_tag(request))
    if version is None:
        raise _no_tag(412)
    return int(version[1])


def refuse_unless_seen(request: Request, current: str) -> None:
    """Refuse a request whose If-Match is missing, or is not the ETag of what is there now."""
    if _tag(request) != current:
        refuse_changed(current)


def refuse_changed(current: str) -> NoReturn:
    """Answer 412 with the ETag of what is there now."""
    told = gettext("It changed since you read it; read it again.")
    raise Refused(412, "stale_version", told, headers={"ETag": current})


def _tag(request: Request) -> str:
    """The tag that was sent. A proxy that compresses makes a tag weak, as in W/"3": the version is the same."""
    sent = request.headers.get("If-Match")
    if sent is None:
        raise Refused(
            428, "version_required", gettext("Send If-Match with the ETag that you got when you read it.")
        )
    if not _MATCH.fullmatch(sent.strip()):
        raise _no_tag(400)
    return sent.strip().removeprefix("W/")


def _no_tag(status: int) -> Refused:
    told = gettext('If-Match must be one ETag of a read, such as "3" with its quotes.')
    return Refused(status, "unknown_version", told)


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
