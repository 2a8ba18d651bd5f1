"""Bring a backup back into an empty database, whole or not at all, and compare every table with what was backed up.

With --drill it is restored beside the registry, which is not touched: the copy is compared, migrated, checked, its
audit trail verified, a person signs in, and it is dropped again. Do that every week.
"""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.backup import keys, proving, restoring
from registry.backup.manifest import BackupError

DRILL = "registry_drill"


class Command(BaseCommand):
    """Restore, or prove that it could be."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the backup and the secret key."""
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument(
            "--key", type=Path, required=True, metavar="KEYFILE", help="file with the secret key"
        )
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--into", metavar="DATABASE", help="name of another database than that of DATABASE_URL"
        )
        where.add_argument("--drill", action="store_true", help="restore a copy, prove it, drop it")

    def handle(self, *, file: Path, key: Path, into: str | None, drill: bool, **_: Any) -> None:
        """Do it; exit code 2 says what to mend."""
        started = time.monotonic()
        try:
            secret = keys.identity(key)
            if drill:
                manifest = proving.drill(file, secret, database=DRILL)
            else:
                database = into or settings.DATABASES["default"]["NAME"]
                manifest = restoring.restore(file, secret, into=database)
                proving.manage(database, "migrate", "--verbosity", "0")
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from None
        proved = (
            "; migrated, checked, audit trail verified, signed in, dropped again"
            if drill
            else f", now in {database}"
        )
        self.stdout.write(
            f"Backup of {manifest.made_at}: {manifest.rows:,} rows of {len(manifest.tables)} tables, each as it was"
            f"{proved} ({time.monotonic() - started:.0f} s)"
        )
