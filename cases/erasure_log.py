"""Withdrawals and erasures as lines of a file outside the database, so that a restored backup can learn of them.

A backup is older than some of the wishes of patients. Each wish, and the taking back of one, is a line of JSON that is
written last before it is committed; `manage.py erasures reapply` carries out in a restored copy what its moment did
not know.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

TAKE_BACK = "take_back"  # the effect of a line which says that a withdrawal was entered by mistake


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a patient wanted, with the database's own numbers and moments: nothing here tells of health."""

    center: str
    case_id: int
    patient_id: int
    registered_at: (
        str  # of the case, to the microsecond: it tells the case from another one of the same number
    )
    number_digest: str
    effect: str
    withdrawn_on: str
    basis: str
    reason: str
    at: str
    by: int | None
    center_id: int | None = None  # its number stays when it gets another code; older lines have none

    @property
    def first_saved(self) -> datetime:
        """When the case was registered."""
        return datetime.fromisoformat(self.registered_at)

    @property
    def moment(self) -> datetime:
        """When it was carried out."""
        return datetime.fromisoformat(self.at)


def number_digest(center_id: int, case_number: str, *, secret: str | None = None) -> str:
    """What stands for a case number that is to be recognized, and not to be known."""
    told = f"{center_id} {case_number}"
    return salted_hmac("cases.tombstone", told, secret=secret, algorithm="sha256").hexdigest()


def number_digests(center_id: int, case_number: str) -> list[str]:
    """All that may stand for it: under the present secret key and those before."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [number_digest(center_id, case_number, secret=secret) for secret in secrets]


def add(wish: Wish) -> None:
    """Write a line and wait until it lies on the disk; ValidationError where that cannot be done."""
    path = Path(settings.ERASURE_LOG)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, json.dumps(asdict(wish), ensure_ascii=False, sort_keys=True).encode() + b"\n")
    except OSError as error:
        told = gettext(
            "The log of erasures cannot be written ({why}); nothing was changed. Tell whoever runs the registry."
        )
        raise ValidationError(told.format(why=error.strerror)) from None


def _append(path: Path, line: bytes) -> None:
    """Add a line whole or not at all: half of one, of a disk that is full, would spoil the next."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # nobody else adds what would be cut off below; closing lets go
        length = os.fstat(handle).st_size
        try:
            while line:
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, length)
            raise
    finally:
        os.close(handle)


def read(path: Path) -> Iterator[Wish]:
    """Read the lines of a log; ValueError names the line that is none."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield Wish(**json.loads(line))
            except (ValueError, TypeError):
                raise ValueError(f"line {number} is no line of a log of erasures.") from None
