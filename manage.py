#!/usr/bin/env python
"""Run a management command; those that change the schema, copy it whole or erase connect as the role that owns it."""

import os
import sys

OWNER_COMMANDS = {
    "backup",
    "restore",
    "migrate",
    "makemigrations",
    "sqlmigrate",
    "showmigrations",
    "squashmigrations",
}
OWNERS_ACTIONS = [["audit", "erase"], ["vault", "check"], ["vault", "rotate"]]


def main() -> None:
    """Say which kind of process this is, then hand over to Django; say in a sentence what it cannot start with."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
    is_owners = command in OWNER_COMMANDS or sys.argv[1:3] in OWNERS_ACTIONS
    os.environ["REGISTRY_PROCESS"] = "owner" if is_owners else "command"
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit("Django is not here: use .venv/bin/python manage.py, after make setup.")
    from registry.refusals import sentence

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if not (said := sentence(error)):
            raise
        print(f"{os.path.basename(sys.argv[0])} {command}: {said}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
