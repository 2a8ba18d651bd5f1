"""Ask a register of deaths: write who is to be asked about, take in the days of death that come back.

Exit codes: 0 done; 1 some lines were refused, each with its reason; 2 the call or a file cannot be used.
"""

import csv
import io
import os
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

import pyrage
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from pyrage import x25519

from cases import linkage
from registry import clock
from registry.models import User


class Command(BaseCommand):
    """Out and back."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what to do, and who answers for it."""
        actions = parser.add_subparsers(dest="action", required=True)
        out = actions.add_parser("export", help="Write pseudonyms and identities of patients not known dead.")
        out.add_argument(
            "--purpose", required=True, help="what for, and which register; kept with each reading"
        )
        out.add_argument("--out", required=True, type=Path, metavar="FILE", help="closed to other accounts")
        out.add_argument("--key", metavar="AGE1...", help="public key of the register: the file is encrypted")
        back = actions.add_parser("import", help="Record deaths: CSV with the columns pseudonym and died_on.")
        back.add_argument("file", type=Path)
        back.add_argument(
            "--learned-on",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="day of the register's answer; today",
        )
        for action in (out, back):
            action.add_argument(
                "--by", required=True, metavar="USERNAME", help="the data manager who does it"
            )

    def handle(self, *, action: str, by: str, **options: Any) -> None:
        """Do it."""
        person = User.objects.filter(username=by, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no account {by}.", returncode=2)
        try:
            if action == "export":
                self._export(person, **options)
            else:
                self._import(person, **options)
        except (ValidationError, PermissionDenied) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)])), returncode=2) from None
        except OSError as error:
            told = ": ".join(filter(None, (error.filename, error.strerror)))
            raise CommandError(f"{told}.", returncode=2) from None

    def _export(self, person: User, *, purpose: str, out: Path, key: str | None, **_: Any) -> None:
        reader = _recipient(key) if key else None
        file = os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        try:
            with file:
                rows = linkage.take_out(purpose=purpose, by=person)
                text = io.StringIO()
                writer = csv.DictWriter(text, linkage.OUT, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                content = text.getvalue().encode()
                file.write(pyrage.encrypt(content, [reader]) if reader else content)
        except BaseException:  # no half of it is left behind
            out.unlink()
            raise
        self.stdout.write(f"{out}: {len(rows)} patients; each reading is in the audit trail.")

    def _import(self, person: User, *, file: Path, learned_on: date | None, **_: Any) -> None:
        count = {"recorded": 0, "known": 0, "refused": 0}
        day = learned_on or clock.now().date()
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                for line in linkage.take_in(lines, learned_on=day, by=person):
                    count[line.verdict] += 1
                    if line.verdict == "refused":
                        self.stdout.write(f"line {line.number}: {' '.join(line.reasons)}")
        except UnicodeDecodeError:
            told = f"{file}: from some line on this is no CSV in UTF-8; before it {_told(count)}."
            raise CommandError(told, returncode=2) from None
        self.stdout.write(_told(count))
        if count["refused"]:
            sys.exit(1)


def _told(count: dict[str, int]) -> str:
    return ", ".join(f"{n} {verdict}" for verdict, n in count.items())


def _recipient(key: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise CommandError("--key must be a public key of age (age1...).", returncode=2) from None
