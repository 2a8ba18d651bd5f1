"""The identity vault: draw keys, open every identity without showing it, bring all under the newest keys.

Exit codes: 0 all is well; 1 some identities do not open, and their cases are named by id; 2 there is no vault.
"""

import base64
import secrets
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases import matching
from cases.models import Case, HeldIdentity
from registry import access
from registry.environment import KEY_BYTES
from registry.vault import keyring, rotating
from registry.vault.rotating import Result


class Command(BaseCommand):
    """Keys and what lies under them."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("new-key", help="Print a key for VAULT_KEYS and one for VAULT_SEARCH_KEY.")
        actions.add_parser("check", help="Open every identity, show none, say under which keys they lie.")
        actions.add_parser("rotate", help="Bring every identity under the newest keys, while people work.")

    def handle(self, *, action: str, **_: Any) -> None:
        """Do it."""
        if action == "new-key":
            self.stdout.write(f"VAULT_KEYS={datetime.now(UTC):%Y%m%d}:{_drawn()}")
            self.stdout.write(f"VAULT_SEARCH_KEY={_drawn()}")
            self.stdout.write(
                "Keep both apart from the database and its backups: without them no identity opens."
            )
            return
        if not keyring.is_on():
            told = "There is no vault: set VAULT_KEYS and VAULT_SEARCH_KEY (manage.py vault new-key prints some)."
            raise CommandError(told, returncode=2)
        result = rotating.check() if action == "check" else self._rotated()
        self._tell(result)
        if result.unreadable:
            sys.exit(1)

    def _rotated(self) -> Result:
        """Renew all, and look anew who is alike: marks of two keys were not compared meanwhile.

        Also where there was nothing to renew: an earlier run may have ended before it looked.
        """
        result = rotating.rotate()
        with access.everywhere():
            held = HeldIdentity.objects.values("case")
            for case in Case.objects.filter(pk__in=held).select_related("center").order_by("pk"):
                matching.look(case)
        return result

    def _tell(self, result: Result) -> None:
        under = ", ".join(f"{count} under {key}" for key, count in sorted(result.keys.items()))
        self.stdout.write(f"{result.looked_at} identities ({under or 'none'}); {result.renewed} renewed.")
        for case_id in result.unreadable:
            self.stdout.write(f"Case #{case_id}: its identity does not open.")


def _drawn() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
