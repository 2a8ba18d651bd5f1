"""The programs of PostgreSQL that copy it, and where the database is to them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tqdm import tqdm

from registry.backup.manifest import BackupError
from registry.database import embedded, roles


def address(database: str | None = None, *, owner: bool = True) -> str:
    """Where the database is: on the embedded server as owner, elsewhere as the login of DATABASE_OWNER_URL."""
    if settings.EMBEDDED:
        server = embedded.Embedded.at(settings.EMBEDDED)
        server.ensure()
        return server.address(
            roles.OWNER if owner else "postgres", database or settings.DATABASES["default"]["NAME"]
        )
    given = settings.DATABASES["default"]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    login = {key: given[name] for key, name in names.items() if given.get(name)}
    more = {key: value for key, value in given["OPTIONS"].items() if key not in ("options", "pool")}
    return make_conninfo(**{**more, **login, **({"dbname": database} if database else {})})


@contextmanager
def running(
    name: str, *options: str, database: str | None = None, server_version: int, **pipes: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of PostgreSQL beside us on a database, as its owner; where either side fails, both end."""
    login: dict[str, Any] = dict(conninfo_to_dict(address(database)))
    # not in the list of processes, which others see
    secret = {"PGPASSWORD": str(login.pop("password"))} if "password" in login else {}
    command = [
        _found(name, server_version),
        *options,
        f"--role={roles.OWNER}",
        f"--dbname={make_conninfo(**login)}",
    ]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stderr=errors, env={**os.environ, **secret}, **pipes)
        try:
            yield process
        except BrokenPipeError:
            pass  # it ended first, and says why
        except BaseException:
            process.kill()  # before its input ends, which it would take for the end of what was to come
            _end(process)
            raise
        if _end(process):
            errors.seek(0)
            raise BackupError(_first_error(name, errors.read().decode(errors="replace")))


def _end(process: subprocess.Popen[bytes]) -> int:
    """Close our ends of its pipes, and wait; give its exit code."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    return process.wait()


def _found(name: str, server_version: int) -> str:
    """Find a program of the server's own version, else the one of the embedded server."""
    major = server_version // 10_000
    for path in (f"/usr/lib/postgresql/{major}/bin/{name}", shutil.which(name)):
        if path and Path(path).exists() and _major(path) == major:
            return path
    return str(embedded.programs(None) / name)


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _first_error(program: str, said: str) -> str:
    """The first line of an error; the lines after it may quote rows."""
    lines = [line for line in said.splitlines() if "error:" in line]
    return (lines or [f"{program}: it failed"])[0]


def bar(what: str, unit: str) -> tqdm:
    """Show how far it is, to a person at a terminal."""
    return tqdm(desc=what, unit=unit, unit_scale=True, disable=None, leave=False)


def fsync(folder: Path) -> None:
    """Let the name of a file outlive a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
