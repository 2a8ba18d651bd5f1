"""Checks of a deployment: that the algorithm in force can be built from the rules of this release."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db import connection

from cases import versions
from cases.models import AlgorithmVersion


def check_algorithm(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Build the version in force, and name what it sets that no rule has any more (`check --database default`)."""
    if not databases or AlgorithmVersion._meta.db_table not in connection.introspection.table_names():
        return []
    row = AlgorithmVersion.objects.filter(state=AlgorithmVersion.State.ACTIVE).first()
    try:
        left = versions.left_out(row) if row else []
        versions.active()
    except Exception as error:
        told = f"The algorithm in force cannot be built: {error}"
        hint = "No case can be saved. Go back to the release before, and put a new version in force."
        return [Error(told, hint=hint, obj=row, id="cases.E001")]
    if not left:
        return []
    told = f"The algorithm in force has numbers that this release no longer has: {', '.join(left)}."
    hint = "They are left out. Draft a version for this release, and put it in force."
    return [Warning(told, hint=hint, obj=row, id="cases.W001")]
