"""Keys of backups: the public one stands on the host, the secret one does not."""

from __future__ import annotations

import os
from pathlib import Path

import pyrage
from pyrage import x25519

from registry.backup.manifest import BackupError


def new_key(file: Path) -> str:
    """Write a new secret key that only its owner reads; give the public one."""
    secret = x25519.Identity.generate()
    public = str(secret.to_public())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"# public key: {public}\n{secret}\n")
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}.") from None
    return public


def recipient(text: str) -> x25519.Recipient:
    """Read a public key."""
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BackupError(
            "BACKUP_KEY must be the public key that `manage.py backup --new-key FILE` prints (age1...)."
        ) from None


def identity(file: Path) -> x25519.Identity:
    """Read a file with a secret key, as `new_key` or age-keygen writes it."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        (secret,) = (line for line in lines if line and not line.startswith("#"))
        return x25519.Identity.from_str(secret)
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}.") from None
    except (ValueError, pyrage.IdentityError):
        raise BackupError(f"{file} holds no secret key of age (AGE-SECRET-KEY-1...).") from None
