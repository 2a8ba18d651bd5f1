"""Give a person a role from the command line: the first administrator, who then appoints the others in the admin."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from registry.access import Role
from registry.audit import because
from registry.models import Center, Membership, User


class Command(BaseCommand):
    """Whoever may run commands on the server may do this; the audit trail says that it was done so."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask who, what and where."""
        parser.add_argument("username", help="Name to sign in with; a new one is asked for a password.")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--center", metavar="CODE", help="Where; without it, in the whole registry.")

    def handle(self, *, username: str, role: str, center: str | None, **_: Any) -> None:
        """Make the person if new, and the membership if missing."""
        try:
            with transaction.atomic(), because(door="command", reason="appoint"):
                place = Center.objects.get(code=center) if center else None
                user = User.objects.filter(username=username).first()
                membership = Membership(user=user, role=role, center=place)
                membership.full_clean(exclude=() if user else ("user",))  # before anybody types a password
                membership.user = user or _new(username)
                membership.save()
        except Center.DoesNotExist:
            known = ", ".join(Center.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"There is no center {center}. Centers: {known}.", returncode=2) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        self.stdout.write(f"{membership}.")


def _new(username: str) -> User:
    if not sys.stdin.isatty():
        told = "The password of a new person is typed, and here is no terminal. Run this in one."
        raise CommandError(told, returncode=2)
    user = User(username=username, is_staff=True)
    password = getpass("Password: ")
    validate_password(password, user)
    if getpass("The same again: ") != password:
        raise CommandError("The two passwords differ. Nobody was appointed: try again.", returncode=2)
    user.set_password(password)
    user.full_clean()
    user.save()
    return user
