"""Decrypt a backup into an empty database, and compare what is there then."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import IO, Any

import psycopg
import pyrage
from django.conf import settings
from psycopg.conninfo import make_conninfo
from pyrage import x25519
from tqdm import tqdm

from registry.backup import programs
from registry.backup.manifest import BackupError, Manifest, counted
from registry.chain.models import AuditSeal
from registry.database import roles

_LONGEST_MANIFEST = 1 << 20
# A seal knows by the numbers of transactions which events came late; here they have other numbers. After this one, what
# was not sealed yet in the moment of the backup is taken by the next.
RESEALED = """
    INSERT INTO registry_auditseal (sealed_at, sequence, oldest, newest, reached)
    SELECT clock_timestamp(), sequence, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, NULL, reached
    FROM registry_auditseal ORDER BY id DESC LIMIT 1
"""


class NotEmptyError(BackupError):
    """There is something in the way that is not ours to drop."""


def restore(file: Path, key: x25519.Identity, *, into: str) -> Manifest:
    """Bring a backup back into a database without tables, whole or not at all; BackupError unless it is the same.

    Grants, triggers and the queue are put back by `manage.py migrate` afterwards.
    """
    _prepare(into)
    address = programs.address(into)
    with psycopg.connect(address) as connected:
        version = connected.info.server_version
        if connected.execute(
            "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1"
        ).fetchone():
            raise NotEmptyError(
                f"The database {into} is not empty; nothing was changed. Name another with --into, or drop it first."
            )
    options = ("--single-transaction", "--exit-on-error", "--no-owner")
    running = programs.running(
        "pg_restore", *options, database=into, server_version=version, stdin=subprocess.PIPE
    )
    with running as process, programs.bar("restoring", "B") as bar:
        assert process.stdin is not None  # asked for above
        sink = _Sink(process.stdin, bar, server_version=version)
        _decrypt(file, key, sink)
        manifest = sink.manifest()
    with (
        psycopg.connect(address, options=f"-c role={roles.OWNER}") as connected,
        connected.cursor() as cursor,
    ):
        cursor.execute("ANALYZE")
        found = Manifest(made_at="", server_version=0, tables=counted(cursor))
        if differs := manifest.differences(found):
            raise BackupError(
                f"The restored database {into} is not what was backed up: {', '.join(differs)} differ."
            )
        if AuditSeal._meta.db_table in found.tables:
            cursor.execute(RESEALED)
    return manifest


def _prepare(database: str) -> None:
    """Make roles and database where they are missing, as the login or as the owner it may act for."""
    server = programs.address("postgres", owner=False)
    try:
        try:
            roles.make(server, database=database, can_login=bool(settings.EMBEDDED))
        except psycopg.errors.InsufficientPrivilege:
            as_owner = make_conninfo(server, options=f"-c role={roles.OWNER}")
            roles.make(as_owner, database=database, can_login=False)
    except psycopg.Error as error:
        raise BackupError(f"The database {database} cannot be made: {str(error).splitlines()[0]}") from None


def _decrypt(file: Path, key: x25519.Identity, sink: _Sink) -> None:
    try:
        with file.open("rb") as source:
            pyrage.decrypt_io(source, sink, [key])
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            raise BackupError(f"{file} is damaged: it cannot be decrypted to its end.") from None
        raise BackupError(f"{file}: {error.strerror}.") from None
    except pyrage.DecryptError:
        raise BackupError(f"{file} cannot be decrypted with this key, or is damaged.") from None


class _Sink(io.RawIOBase):
    """Keeps the first line, and gives what follows to a program."""

    def __init__(self, rest: IO[bytes], bar: tqdm, *, server_version: int) -> None:
        self.head, self.is_past, self.rest, self.bar = b"", False, rest, bar
        self.server_version = server_version

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        """Take a piece."""
        data = bytes(piece)
        self.bar.update(len(data))
        if not self.is_past:
            self.head += data
            line, newline, data_after = self.head.partition(b"\n")
            if not newline:
                if len(self.head) > _LONGEST_MANIFEST:
                    raise BackupError("This is no backup of the registry.")
                return len(data)
            self.head, self.is_past = line, True
            self._accept(self.manifest())
            self.rest.write(data_after)
        else:
            self.rest.write(data)
        return len(data)

    def flush(self) -> None:
        """The program's end is flushed when it is closed."""

    def _accept(self, manifest: Manifest) -> None:
        was, now = manifest.server_version // 10_000, self.server_version // 10_000
        if was > now:
            raise BackupError(
                f"This backup was made on PostgreSQL {was}; this server is {now}: use {was} or newer."
            )

    def manifest(self) -> Manifest:
        """Read the first line."""
        return Manifest.read(self.head)
