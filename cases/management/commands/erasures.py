"""Withdrawals and erasures of patients: carry out in a restored copy what happened after its backup was made.

The log is ERASURE_LOG, one line for each wish; `manage.py restore` calls this before anybody comes in.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cases import erasure_log, reapplying


class Command(BaseCommand):
    """Exit codes: 0 all that the log tells is carried out; 2 it cannot be read, or something could not be done."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        reapply = actions.add_parser(
            "reapply", help="Carry out what the log tells, where it is not done yet."
        )
        reapply.add_argument(
            "file", type=Path, nargs="?", help="another log than ERASURE_LOG", default=settings.ERASURE_LOG
        )

    def handle(self, *, action: str, file: Path, **_: Any) -> None:
        """Do it."""
        try:
            outcome = reapplying.reapply(erasure_log.read(file))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.", returncode=2) from None
        except ValueError as error:
            raise CommandError(f"{file}: {error}", returncode=2) from None
        told = ", ".join(f"{n} {effect}" for effect, n in sorted(outcome.done.items())) or "nothing"
        self.stdout.write(f"Log of erasures {file}: {told} carried out again.")
        if outcome.errors:
            said = "\n".join(outcome.errors)
            raise CommandError(
                f"{file}: all else is carried out; mend this and do it again:\n{said}", returncode=2
            )
