"""Versions in headers: a reader gets one, a writer must say which one they read, so nobody overwrites unseen work."""

import re
from typing import NoReturn

from django.utils.translation import gettext
from rest_framework.request import Request

from registry.api.problems import Refused

_TAG = re.compile(r'"(\d{1,9})"', re.ASCII)


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def version_read(request: Request) -> int:
    """The version that `If-Match` names: 428 without one, 412 for what cannot be a version of ours."""
    sent = request.headers.get("If-Match")
    if sent is None:
        _ask_for_version()
    tag = _TAG.fullmatch(sent.strip())
    if tag is None:
        raise Refused(
            412,
            "unknown_version",
            gettext('If-Match must be one ETag of a read, such as "3" with its quotes.'),
        )
    return int(tag[1])


def refuse_unless_seen(request: Request, current: str) -> None:
    """Refuse a request whose If-Match is missing, or is not the ETag of what is there now."""
    sent = request.headers.get("If-Match")
    if sent is None:
        _ask_for_version()
    if sent.strip() != current:
        told = gettext("It changed since you read it; read it again.")
        raise Refused(412, "stale_version", told, headers={"ETag": current})


def _ask_for_version() -> NoReturn:
    raise Refused(
        428, "version_required", gettext("Send If-Match with the ETag that you got when you read it.")
    )


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
