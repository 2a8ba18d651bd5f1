"""Typed readers of environment variables: what is malformed stops the start and names itself.

A file `.env` in the project folder fills in what the environment leaves unset; `NAME_FILE` may hold the path
of a file with the value of `NAME`, so that secrets need not stand in the environment.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def load(path: Path) -> None:
    """Read `NAME=value` lines; the environment wins over the file."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def text(name: str, default: str = "") -> str:
    """Read a string; an empty one counts as unset."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {path}.") from error
    return os.environ.get(name) or default


def flag(name: str, default: bool = False) -> bool:
    """Read yes or no."""
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be one of true or false, not {value!r}.")
    return value in TRUE


def number(name: str, default: int, *, least: int = 0) -> int:
    """Read a whole number that is not below `least`."""
    value = text(name) or str(default)
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def one_of(name: str, choices: Collection[str], *, default: str) -> str:
    """Read one of a few words."""
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def address(name: str) -> str:
    """Read a bare mail address; unset is allowed."""
    value = text(name)
    if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+", value):
        raise ImproperlyConfigured(
            f"{name} must look like bounces@registry.example.org, with no more than 20 characters before the @, "
            f"not {value!r}."
        )
    return value


def words(name: str, default: str = "") -> list[str]:
    """Read a list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


KEY_BYTES = 32


def key(name: str) -> bytes:
    """Read a key of 32 bytes in base64; unset is allowed, and empty then."""
    value = text(name)
    return _key(value) or _wrong_key(name, "32 bytes in base64") if value else b""


def keys(name: str) -> dict[str, bytes]:
    """Read keys as `id:base64`, separated by commas, the newest first; unset is allowed."""
    found: dict[str, bytes] = {}
    for word in words(name):
        key_id, _, value = word.partition(":")
        is_named = re.fullmatch(r"[a-z0-9-]{1,20}", key_id) and key_id not in found
        found[key_id] = (is_named and _key(value)) or _wrong_key(
            name, "id:key, separated by commas: each id once, each key 32 bytes in base64"
        )
    return found


def _key(value: str) -> bytes:
    try:
        found = base64.b64decode(value, validate=True)
    except binascii.Error:
        return b""
    return found if len(found) == KEY_BYTES else b""


def _wrong_key(name: str, form: str) -> NoReturn:
    """Say what is wanted, and not what was given: it is a secret."""
    raise ImproperlyConfigured(f"{name} must be {form}; `manage.py vault new-key` prints one.")


def secret(name: str, kept_in: Path) -> str:
    """Read a secret, or make one at the first start and keep it in a file that only this account can read."""
    if value := text(name):
        return value
    try:
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        with open(
            os.open(kept_in, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return kept_in.read_text(encoding="ascii")
