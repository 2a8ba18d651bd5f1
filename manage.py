#!/usr/bin/env python
"""Run a management command; commands that change the schema connect as the role that owns it."""

import os
import sys

SCHEMA_COMMANDS = {
    "migrate",
    "makemigrations",
    "sqlmigrate",
    "showmigrations",
    "squashmigrations",
}


def main() -> None:
    """Say which kind of process this is, then hand over to Django."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
    os.environ["REGISTRY_PROCESS"] = "owner" if command in SCHEMA_COMMANDS else "command"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
