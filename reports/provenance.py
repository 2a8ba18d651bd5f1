"""What a report was made from and with: a digest of the cases read, the versions of program and libraries."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection

from cases.models import Case
from reports import cohorts
from reports.cohorts import Cut

_LIBRARIES = ("numpy", "statsmodels", "matplotlib", "typst", "django")
_CHUNK = 10_000


def data_digest(cut: Cut) -> str:
    """SHA-256 over center, number and version of every case of the cut, in that order: equal cases, equal digest."""
    seen = hashlib.sha256(f"{cut.source} {cut.as_of.isoformat()}\n".encode())
    rows = (
        Case.objects.filter(pk__in=cohorts.observations(cut).values("case_id"))
        .order_by("center__code", "case_number")
        .values_list("center__code", "case_number", "version")
    )
    for center, number, case_version in rows.iterator(chunk_size=_CHUNK):
        seen.update(f"{center}\t{number}\t{case_version}\n".encode())
    return seen.hexdigest()


@cache
def code_version() -> str:
    """Version of the project, with the revision where the source is a git checkout."""
    base = Path(settings.BASE_DIR)
    project = tomllib.loads((base / "pyproject.toml").read_text())["project"]
    revision = _revision(base / ".git")
    return f"{project['version']}+{revision[:10]}" if revision else str(project["version"])


def _revision(git: Path) -> str:
    """Read the revision from the files of git; empty in a source archive or a worktree."""
    head = git / "HEAD"
    if not head.is_file():
        return ""
    said = head.read_text().strip()
    if not said.startswith("ref: "):
        return said
    name = said.removeprefix("ref: ")
    if (git / name).is_file():
        return (git / name).read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def software() -> tuple[str, ...]:
    """Name the versions that can change a figure or a byte."""
    server = connection.pg_version  # type: ignore[attr-defined]
    return (
        f"Python {platform.python_version()}",
        f"PostgreSQL {server // 10000}.{server % 10000}",
        *(f"{name} {version(name)}" for name in _LIBRARIES),
    )
