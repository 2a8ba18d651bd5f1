"""The chain of the audit trail: seal what happened, verify all of it, print its head, erase for a reason."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from registry.chain import erasing, heads, sealing, verifying
from registry.chain.models import AuditLink


class Command(BaseCommand):
    """Exit codes: 0 nothing is wrong; 1 something is, and is named; 2 the call or a file cannot be used."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser(
            "seal", help="Put what happened into the chain; the scheduler does it every minute."
        )
        verify = actions.add_parser("verify", help="Look through all events, links and rows.")
        verify.add_argument(
            "--head", type=Path, metavar="FILE", help="Heads that were kept elsewhere, one a line."
        )
        actions.add_parser("head", help="Print the head of the chain, to be kept elsewhere.")
        erase = actions.add_parser("erase", help="Take away what events say, for good.")
        erase.add_argument("table", help="Table of the events, such as cases_caseevent.")
        erase.add_argument("events", nargs="+", type=int, metavar="EVENT", help="Their numbers (pgh_id).")
        erase.add_argument("--reason", required=True, help="Why, and who decided it; no names of patients.")

    def handle(self, *, action: str, **options: Any) -> None:
        """Do it."""
        getattr(self, f"_{action}")(**options)

    def _seal(self, **_: Any) -> None:
        self.stdout.write(f"{sealing.seal()} events sealed.")

    def _verify(self, *, head: Path | None, **_: Any) -> None:
        kept = _read(head) if head else []
        sealing.seal()
        with tqdm(
            total=AuditLink.objects.count() or None, unit="event", disable=not sys.stderr.isatty()
        ) as bar:
            result = verifying.verify(kept, progress=bar.update)
        verifying.note(result)
        for problem in result.problems:
            self.stdout.write(str(problem))
        if result.found > len(result.problems):
            self.stdout.write(f"... and {result.found - len(result.problems)} more.")
        if result.unreadable:
            self.stdout.write(f"{result.unreadable} events have columns that a migration removed.")
        self.stdout.write(result.sentence())
        if result.head:
            self.stdout.write(result.head.line())
        if not result.is_sound:
            sys.exit(1)

    def _head(self, **_: Any) -> None:
        if (present := heads.present()) is None:
            raise CommandError("Nothing is sealed yet: manage.py audit seal.", returncode=2)
        self.stdout.write(present.line())

    def _erase(self, *, table: str, events: list[int], reason: str, **_: Any) -> None:
        try:
            count = erasing.erase(table, events, reason)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"{count} events erased.")


def _read(path: Path) -> list[heads.Head]:
    try:
        return heads.read(path.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", returncode=2) from None
    except ValueError as error:
        raise CommandError(f"{path}: {error}", returncode=2) from None
