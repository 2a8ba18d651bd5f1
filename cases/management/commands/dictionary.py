"""`manage.py dictionary`: the data dictionary for machines, for REDCap or for people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases import dictionary


class Command(BaseCommand):
    """Print the data dictionary."""

    help = "Print the data dictionary: fields, codes, units, ranges. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=dictionary.FORMATS, default="markdown")

    def handle(self, *, format: str, **options: Any) -> None:
        self.stdout.write(dictionary.FORMATS[format](), ending="")
