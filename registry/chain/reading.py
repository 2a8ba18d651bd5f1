"""Noting what was read and taken out: who, when, of which center, how much. Ids and counts, nothing of what it said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.db import connection

from registry.chain.arms import READINGS
from registry.chain.models import Read

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from registry.models import User

# Not by the ORM: it reads back what it wrote, and a reading of the whole registry lies in no center's scope.
NOTED = f"""
  INSERT INTO {READINGS} (at, center_id, by_id, door, what, case_id, number, count, note)
  SELECT now(), center, %s, %s, %s, %s, %s, n, %s FROM unnest(%s::bigint[], %s::int[]) AS noted (center, n)
"""  # nosec B608  # names of ours


def note(
    what: Read,
    *,
    by: User | AnonymousUser,
    door: str,
    counts: Mapping[int | None, int],
    case_id: int | None = None,
    number: int | None = None,
    form: str = "",
) -> None:
    """Note that so much of each center was read; None is the registry as a whole. Of nothing, nothing is noted."""
    if not counts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            NOTED, [by.pk, door, what.value, case_id, number, form, list(counts), list(counts.values())]
        )


def of_case(case: object, *, by: User | AnonymousUser, door: str, form: str = "") -> None:
    """Note that one case was read."""
    center, pk = case.center_id, case.pk  # type: ignore[attr-defined]
    note(Read.CASE, by=by, door=door, counts={center: 1}, case_id=pk, form=form)


def of_cases(cases: Iterable[object], *, by: User | AnonymousUser, door: str, form: str = "") -> None:
    """Note that a list of cases was read, by center."""
    counts = Counter[int | None](case.center_id for case in cases)  # type: ignore[attr-defined]
    note(Read.CASES, by=by, door=door, counts=counts, form=form)


def of_report(report: object, *, by: User | AnonymousUser, door: str, form: str) -> None:
    """Note that one report was read."""
    center, pk = report.center_id, report.pk  # type: ignore[attr-defined]
    note(Read.REPORT, by=by, door=door, counts={center: 1}, number=pk, form=form)


def of_research(export: object, *, by: User | AnonymousUser, door: str) -> None:
    """Note that a data set for research was fetched."""
    note(Read.RESEARCH, by=by, door=door, counts={None: 1}, number=export.pk, form="zip")  # type: ignore[attr-defined]


def of_survival(center: object, *, by: User | AnonymousUser, door: str, form: str) -> None:
    """Note that an estimate was taken out as a file: of a center, or without one of all."""
    pk = None if center is None else center.pk  # type: ignore[attr-defined]
    note(Read.SURVIVAL, by=by, door=door, counts={pk: 1}, form=form)
