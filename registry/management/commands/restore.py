"""Bring a backup back into an empty database, whole or not at all, and compare every table with what was backed up.

What patients wanted after the backup was made, their erasures above all, is carried out again in the copy before
anybody comes in: the log of erasures (ERASURE_LOG, or --erasures) tells. With --drill the backup is restored beside
the registry, which is not touched: the copy is compared, migrated, checked, its audit trail verified, a person signs
in, and it is dropped again. Do that every week.
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
        log = parser.add_mutually_exclusive_group()
        log.add_argument(
            "--erasures", type=Path, metavar="FILE", default=settings.ERASURE_LOG, help="the log of erasures"
        )
        log.add_argument(
            "--no-erasures", action="store_true", help="there is no log, because no patient has withdrawn yet"
        )

    def handle(
        self,
        *,
        file: Path,
        key: Path,
        into: str | None,
        drill: bool,
        erasures: Path,
        no_erasures: bool,
        **_: Any,
    ) -> None:
        """Do it; exit code 2 says what to mend."""
        started = time.monotonic()
        try:
            secret = keys.identity(key)
            if not (drill or no_erasures or erasures.is_file()):
                raise BackupError(
                    f"{erasures}: there is no log of erasures. Copy it from where it is kept, so that no erased patient"
                    " comes back; only if no patient ever withdrew, say --no-erasures."
                )
            if drill:
                manifest = proving.drill(file, secret, database=DRILL)
            else:
                database = into or settings.DATABASES["default"]["NAME"]
                manifest = restoring.restore(file, secret, into=database)
                proving.manage(database, "migrate", "--verbosity", "0")
                if not no_erasures:
                    proving.manage(database, "erasures", "reapply", str(erasures.resolve()))
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
