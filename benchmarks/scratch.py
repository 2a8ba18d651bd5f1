"""A registry of its own for measurements: its database lies under var/bench and is empty at the start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"


def prepare() -> None:
    """Empty the folder, migrate, and start Django on it. With DATABASE_URL, measure that (empty) database."""
    sys.path.insert(0, str(ROOT))
    os.environ["VAR_FOLDER"] = str(FOLDER)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    manage("migrate", "--verbosity", "0")
    import django

    django.setup()


def manage(*arguments: str) -> str:
    """Run a management command in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def owner() -> Any:
    """Connect as the role that owns the tables, past row security: to see and to copy what was written."""
    import psycopg
    from django.conf import settings
    from django.db import connection

    connection.ensure_connection()  # keeps an embedded server running meanwhile
    given = connection.get_connection_params()
    names = {key: given[key] for key in ("host", "port", "dbname", "user", "password") if given.get(key)}
    if settings.EMBEDDED:
        names["user"] = "reg_owner"
    return psycopg.connect(**names, options="-c role=reg_owner", autocommit=True)


def center(code: str) -> Any:
    """Make a center."""
    from registry.models import Center

    return Center.objects.create(code=code, name=code, country="UA", timezone="UTC", language="en")
