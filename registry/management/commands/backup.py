"""Write an encrypted backup of everything into a folder: rows, audit trail, reports, mails.

Once: `manage.py backup --new-key KEYFILE` makes the pair of keys. Keep KEYFILE off this machine, and set BACKUP_KEY to
the public key that is printed; with it backups are made here, and without KEYFILE nobody reads them.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry import signs
from registry.backup import keys, making
from registry.backup.manifest import BackupError


class Command(BaseCommand):
    """Make a key, or a backup."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask where to."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "folder", nargs="?", type=Path, help="folder for the backup, on another disk if you can"
        )
        what.add_argument(
            "--new-key", type=Path, metavar="KEYFILE", help="write a new secret key to this file"
        )

    def handle(self, *, folder: Path | None, new_key: Path | None, **_: Any) -> None:
        """Do it; exit code 2 says what to mend."""
        try:
            if new_key is not None:
                self.stdout.write(f"Set BACKUP_KEY={keys.new_key(new_key)}")
                self.stdout.write(f"Keep {new_key} off this machine: without it no backup can be read.")
            elif folder is not None:
                self._make(folder)
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from None

    def _make(self, folder: Path) -> None:
        if not settings.BACKUP_KEY:
            raise BackupError("Set BACKUP_KEY first: manage.py backup --new-key KEYFILE prints it.")
        file, manifest = making.make(folder, keys.recipient(settings.BACKUP_KEY))
        signs.leave(signs.BACKUP)
        self.stdout.write(
            f"{file}: {manifest.rows:,} rows of {len(manifest.tables)} tables, {file.stat().st_size:,} bytes"
        )
