"""Let go of what was kept long enough, as the scheduler does each night; --dry-run counts it and removes nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reports import retention


class Command(BaseCommand):
    """The days stand in KEEP_..._DAYS."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask whether to remove anything."""
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        """Do it."""
        found = retention.due()
        removed = {} if dry_run else retention.let_go()
        for one in found:
            n = one.count if dry_run else removed[one.name]
            self.stdout.write(f"{one.name:15} kept {one.days:4} days: {n} {'due' if dry_run else 'gone'}")
