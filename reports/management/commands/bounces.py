"""Note mails that came back: `manage.py bounces /var/mail/bounces`; from the pipe of a mail server, `bounces -`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import bounces
from reports.bounces import Found


class Command(BaseCommand):
    """Read, note, count."""

    help = (
        "Read delivery status notifications (RFC 3464) from a file, a Maildir or standard input (-), and note the "
        "mails that came back. What is read stays where it is and may be read again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "source", help="a file (one message, or mbox), a Maildir, or - for standard input"
        )

    def handle(self, *, source: str, **options: Any) -> None:
        """Run. What is forged or no failure is counted and nothing else: a mail server must not send it back."""
        if not settings.BOUNCE_ADDRESS:
            raise CommandError("BOUNCE_ADDRESS is not set, so no mail comes back here.", returncode=2)
        raw = [sys.stdin.buffer.read()] if source == "-" else self._read(Path(source))
        counts = Counter(bounces.take(message) for message in raw)
        self.stdout.write(", ".join(f"{found.value}: {counts[found]}" for found in Found))

    def _read(self, path: Path) -> list[bytes]:
        if not path.exists():
            raise CommandError(f"There is no {path}.", returncode=2)
        if path.is_dir() and not all((path / name).is_dir() for name in ("cur", "new")):
            raise CommandError(f"{path} is no Maildir: it has no folders cur and new.", returncode=2)
        try:
            return list(bounces.messages(path))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error
