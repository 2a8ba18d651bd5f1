"""Dump and count the same moment, and encrypt both as they come."""

from __future__ import annotations

import io
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pyrage
from django.db import connection, transaction
from pyrage import x25519
from tqdm import tqdm

from registry.backup import programs
from registry.backup.manifest import BackupError, Manifest, counted
from registry.database import roles

LEFT_OUT = "pgmq"  # the schema of the queue


def make(folder: Path, key: x25519.Recipient) -> tuple[Path, Manifest]:
    """Write a backup into a folder; it gets its name only when it is whole and on the disk."""
    now = datetime.now(UTC)
    target = folder / f"registry-{now:%Y%m%dT%H%M%SZ}.age"
    draft = target.with_suffix(".part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            manifest = _write(out, key, now)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
        programs.fsync(folder)
    except (OSError, pyrage.EncryptError) as error:
        raise BackupError(f"{folder}: {getattr(error, 'strerror', error)}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return target, manifest


def _write(out: IO[bytes], key: x25519.Recipient, now: datetime) -> Manifest:
    """Count and dump the same moment: pg_dump reads in the snapshot of this transaction."""
    connection.ensure_connection()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(f"SET LOCAL ROLE {roles.OWNER}")  # to whom row security hides nothing
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            server_version=connection.pg_version,  # type: ignore[attr-defined]
            tables=counted(cursor),
        )
        options = (
            "--format=custom",
            f"--exclude-schema={LEFT_OUT}",
            f"--snapshot={snapshot}",
            "--no-unlogged-table-data",
        )
        running = programs.running(
            "pg_dump", *options, server_version=manifest.server_version, stdout=subprocess.PIPE
        )
        with running as dump, programs.bar("dumping", "B") as bar:
            assert dump.stdout is not None  # asked for above
            pyrage.encrypt_io(_Stream(manifest.line(), dump.stdout, bar), out, [key])
    return manifest


class _Stream(io.RawIOBase):
    """A first line, and after it what a program gives."""

    def __init__(self, first: bytes, rest: IO[bytes], bar: tqdm) -> None:
        self.first, self.rest, self.bar = first, rest, bar

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        piece, self.first = (
            (self.first[:size], self.first[size:]) if self.first else (self.rest.read(size), b"")
        )
        self.bar.update(len(piece))
        return piece
