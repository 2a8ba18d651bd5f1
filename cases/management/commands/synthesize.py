"""`manage.py synthesize N`: synthetic cases in synthetic centers, for demonstrations and measurements."""

import sys
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from cases import synthesis
from registry.models import Center


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10_000_000):
        raise ArgumentTypeError("write a whole number from 1 to 10000000")
    return int(text)


class Command(BaseCommand):
    """Fill synthetic centers."""

    help = "Save N synthetic cases (source=synthetic; never part of a clinical report). The same seed adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("count", type=_positive, metavar="N", help="how many cases")
        add(
            "--centers",
            type=_positive,
            default=5,
            metavar="K",
            help="over how many centers (SYN001, SYN002 ...)",
        )
        add(
            "--seed",
            type=_positive,
            default=synthesis.SEED,
            metavar="S",
            help="the same seed, the same cases",
        )
        add(
            "--until",
            type=date.fromisoformat,
            default=synthesis.UNTIL,
            help="last day of the synthetic world",
        )

    def handle(self, *, count: int, centers: int, seed: int, until: date, **options: Any) -> None:
        if centers > 999:
            raise CommandError("At most 999 centers.", returncode=2)
        places = [_center(number) for number in range(1, centers + 1)]
        with tqdm(total=count, unit="case", disable=not sys.stderr.isatty()) as bar:
            added = synthesis.fill(count, places, seed=seed, until=until, progress=bar.update)
        self.stdout.write(f"{added} new synthetic cases in {centers} centers; {count - added} were there.")


def _center(number: int) -> Center:
    known = {"name": f"Synthetic center {number}", "country": "ZZ"}
    return Center.objects.get_or_create(code=f"SYN{number:03d}", defaults=known)[0]
