"""A drill: the backup is restored beside the registry, the copy proved, and dropped."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pyrage import x25519

from registry import access, audit, environment, second_factor
from registry.backup import programs
from registry.backup.manifest import BackupError, Manifest
from registry.backup.restoring import NotEmptyError, restore
from registry.database import embedded, roles
from registry.models import Membership, User


def drill(file: Path, key: x25519.Identity, *, database: str) -> Manifest:
    """Restore a backup beside the registry, prove the copy, and drop it: rows, migrations, a person who signs in."""
    try:
        manifest = restore(file, key, into=database)
        for command in PROOFS:
            manage(database, *command)
    except NotEmptyError:  # what is there is not ours to drop
        raise
    except BaseException:
        drop(database)
        raise
    drop(database)
    return manifest


# What a copy must pass; `signing_in` is below.
PROOFS = (
    ("migrate", "--verbosity", "0"),
    ("check", "--database", "default", "--fail-level", "ERROR"),
    ("audit", "verify"),
    ("shell", "--verbosity", "0", "--command", "from registry.backup import proving; proving.signing_in()"),
)


def manage(database: str, *command: str) -> None:
    """Run a management command on another database of the same server."""
    program = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
    done = subprocess.run(program, env=_environment(database), capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join(filter(None, (done.stdout.strip(), done.stderr.strip()))) or "it failed"
        raise BackupError(f"The copy {database} fails at `manage.py {' '.join(command)}`:\n{said}")


def signing_in() -> None:
    """Make an administrator in a copy, sign in with a password, and open the first page of the admin."""
    name, password = f"drill-{secrets.token_hex(4)}", secrets.token_urlsafe(20)
    with audit.because(door="command", reason="restore drill"):
        person = User.objects.create_user(name, password=password, is_staff=True)
        Membership.objects.create(user=person, role=access.Role.REGISTRY_ADMIN)
        device = second_factor.begin(person)  # where it is required, nothing opens without
        if not second_factor.confirm(person, f"{TOTP(device.bin_key).token():06}"):
            raise BackupError("no second factor can be set up")
    if authenticate(username=name, password=password) != person:
        raise BackupError("nobody can sign in")
    browser = Client(SERVER_NAME=urlsplit(settings.PUBLIC_URL).hostname or "localhost")
    browser.force_login(person)
    if browser.get(reverse("admin:index"), secure=True).status_code != HTTPStatus.OK:
        raise BackupError("the admin does not open")


def _environment(database: str) -> dict[str, str]:
    """Of this process, but for the database."""
    if settings.EMBEDDED:
        sockets = embedded.Embedded.at(settings.EMBEDDED).sockets
        logins = {
            name: make_conninfo(host=str(sockets), user=role, dbname=database)
            for name, role in _LOGINS.items()
        }
    else:
        given = {name: environment.text(name) or environment.text("DATABASE_URL") for name in _LOGINS}
        logins = {name: make_conninfo(url, dbname=database) for name, url in given.items()}
    return {**os.environ, **logins}


_LOGINS = {"DATABASE_URL": roles.APP, "DATABASE_OWNER_URL": roles.OWNER}


END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' AND pg_has_role(usesysid, 'USAGE')
"""


def drop(database: str) -> None:
    """Drop a database of the registry, whoever of the registry's roles is connected to it.

    DROP DATABASE sends autovacuum away by itself; told to use force, it refuses, for that is the superuser's.
    """
    with psycopg.connect(programs.address("postgres"), autocommit=True) as server:
        if not settings.EMBEDDED:
            server.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(roles.OWNER)))
        server.execute(END_SESSIONS, [database])
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
