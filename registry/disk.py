"""A disk without room, of the database or of this machine: told to whoever sends, and by /readyz, until there is some.

Nothing of a request is saved then. What only reads goes on as long as the database does; a reading of cases has to be
noted, and is refused as well.
"""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import statvfs
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext_lazy

FULL = gettext_lazy(
    "The registry has no room left on its disk, and nothing was saved. Please try again later."
)
LATER = {"Retry-After": "30"}
TOLD_FOR_S = 60  # after the last time that something found no room
LEAST = 32 * 2**20  # bytes; PostgreSQL asks for 16 MiB at a time
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_found_at: list[float] = []  # when, in this process, something found no room the last time


def is_full(error: BaseException | None) -> bool:
    """Whether this error says that there is no room, here or in the database; remembered for /readyz."""
    of_database = getattr(getattr(error, "__cause__", None), "sqlstate", "")
    found = getattr(error, "errno", None) in _NO_ROOM or of_database == "53100"
    if found:
        _found_at[:] = [time.monotonic()]
    return found


@contextmanager
def or_not() -> Iterator[None]:
    """Do without what is only noted beside a request, if there is no room for it; stands outside of transactions."""
    try:
        yield
    except OperationalError as error:
        if not is_full(error):
            raise


def state() -> str:
    """What /readyz tells: `ok`, or `full` while something finds no room, or would."""
    has_told = bool(_found_at) and time.monotonic() - _found_at[0] < TOLD_FOR_S
    return "full" if has_told or any(_left(place) < LEAST for place in _places()) else "ok"


def _places() -> set[Path]:
    """What lies on this machine: mails and logs of ours, and the embedded database."""
    return {place for place in (settings.VAR, settings.EMBEDDED) if place and place.exists()}


def _left(place: Path) -> int:
    found = statvfs(place)
    return found.f_bavail * found.f_frsize
