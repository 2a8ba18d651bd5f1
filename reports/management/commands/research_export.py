"""Write a de-identified data set for research into a file, and note for what and to whom it goes."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from registry.models import User
from reports import research
from reports.management.commands.report import day


class Command(BaseCommand):
    """Exit code 2 says what to mend."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for all that is noted."""
        parser.add_argument("--purpose", required=True, help="what the recipient wants to find out")
        parser.add_argument("--recipient", required=True, help="person and institution")
        parser.add_argument(
            "--by", required=True, metavar="USERNAME", help="the data manager who hands it out"
        )
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.zip")
        parser.add_argument("--as-of", type=day, help="follow patients up to this day, not to today")

    def handle(
        self,
        *,
        purpose: str,
        recipient: str,
        by: str,
        out: Path,
        as_of: date | None,
        **_: Any,
    ) -> None:
        """Do it."""
        person = User.objects.filter(username=by, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no account {by}.", returncode=2)
        if out.exists():
            raise CommandError(f"{out} is there already.", returncode=2)
        told: dict[str, Any] = {
            "purpose": purpose,
            "recipient": recipient,
            "as_of": as_of,
        }
        try:
            export = research.make(**told, by=person, door="command")
            out.write_bytes(research.fetch(export, by=person, door="command"))
        except (ValidationError, PermissionDenied) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)])), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}.", returncode=2) from None
        self.stdout.write(
            f"{out}: {export.rows} patients, {export.dropped} left out; SHA-256 {export.digest}"
        )
