"""Make a sandbox: a center to try programs with invented cases, under the same rules, and never in a report."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from registry.audit import because
from registry.models import Center


class Command(BaseCommand):
    """Whoever may run commands on the server may do this; the audit trail says that it was done so."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what it is called."""
        parser.add_argument("code", help="Code of the new center, 2 to 8 capital letters or digits.")
        parser.add_argument("name", help="Its name, such as 'Trials of Northern University Hospital'.")
        parser.add_argument("--country", required=True, help="Two capital letters, such as PL.")
        parser.add_argument(
            "--timezone", default="UTC", help="Whose day it is there; %(default)s without it."
        )

    def handle(self, *, code: str, name: str, country: str, timezone: str, **_: Any) -> None:
        """Make the center; one that is there already stays what it is."""
        if Center.objects.filter(code=code).exists():
            raise CommandError(f"There is a center {code} already. Give another code.", returncode=2)
        made = Center(code=code, name=name, country=country, timezone=timezone, is_sandbox=True)
        try:
            with because(door="command", reason="sandbox made"):
                made.full_clean()
                made.save()
        except ValidationError as error:
            told = [f"{field}: {one}" for field, found in error.message_dict.items() for one in found]
            raise CommandError(" ".join(told), returncode=2) from None
        self.stdout.write(
            f"{made}. Appoint who tries there, as in: manage.py appoint NAME coordinator --center {code}"
        )
