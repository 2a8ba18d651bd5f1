"""Print the rules of both rulebooks, as docs/algorithm.md or as JSON; needs no database."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases import pathway
from cases.rulebook import catalogue
from cases.rulebook.algorithm import ALGORITHM, LEFT_OUT
from cases.rulebook.validity import VALIDITY


class Command(BaseCommand):
    """`manage.py rules [--format markdown|json]`."""

    help = "Print the rules: what each asks, of whom, on what authority, and what it needs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["markdown", "json"], default="markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        books = (ALGORITHM, VALIDITY)
        if options["format"] == "json":
            self.stdout.write(json.dumps([catalogue.as_json(book) for book in books], indent=2))
        else:
            self.stdout.write(catalogue.as_markdown(books, pathway.PHASES, LEFT_OUT), ending="")
