"""A life table as a file: counts alone, with what was counted of whom, so that tables of several places add up.

What is added is what one place would have counted of all the patients, to the last bit. Tables of different questions,
definitions or cuts are never added, nor one center twice. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from reports.lifetable import LifeTable, LifeTableError

# What must be equal in files that are added.
SAME = ("endpoint", "definition", "stratum", "source", "era", "as_of")


@dataclass(frozen=True, kw_only=True)
class GroupCounts:
    """One group by day, rising: events of each cause, censored, and late entries (at risk from the next day on)."""

    group: str
    time_days: tuple[int, ...]
    events: tuple[tuple[int, ...], ...]
    censored: tuple[int, ...]
    entered: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LifeTableFile:
    """Counts by group and day; `definition` is the digest of the endpoint (reports/endpoints.py)."""

    schema_version: Literal["1.0"] = "1.0"
    endpoint: str
    definition: str
    stratum: str
    source: str
    era: str
    as_of: date
    centers: tuple[str, ...]
    groups: tuple[GroupCounts, ...]


_ADAPTER: TypeAdapter[LifeTableFile] = TypeAdapter(LifeTableFile)


def counts_of(table: LifeTable) -> tuple[GroupCounts, ...]:
    """The counts of a table, groups in the order of their labels; a group of nobody is left out."""
    ordered = table.select(sorted(table.groups, key=str))
    return tuple(
        GroupCounts(
            group=str(label),
            time_days=tuple(ordered.time[span].tolist()),
            events=tuple(tuple(row[span].tolist()) for row in ordered.events),
            censored=tuple(ordered.censored[span].tolist()),
            entered=tuple(ordered.entered[span].tolist()),
        )
        for label, span in zip(ordered.groups, ordered.spans(), strict=True)
        if span.start < span.stop
    )


def life_table(file: LifeTableFile) -> LifeTable:
    """The table of a file; LifeTableError where its counts are impossible."""
    if not file.groups:
        return LifeTable.from_arrays([], [])
    causes = {len(group.events) for group in file.groups}
    if len(causes) != 1 or causes == {0}:
        raise LifeTableError("every group needs the same number of causes", field="events")
    if any(len(row) != len(group.time_days) for group in file.groups for row in group.events):
        raise LifeTableError("every day needs a count of each cause", field="events")
    cells = [(place, group) for place, group in enumerate(file.groups)]
    return LifeTable.from_counts(
        [place for place, group in cells for _ in group.time_days],
        [day for group in file.groups for day in group.time_days],
        [[n for group in file.groups for n in group.events[cause]] for cause in range(causes.pop())],
        [n for group in file.groups for n in group.censored],
        [n for group in file.groups for n in group.entered],
        groups=[group.group for group in file.groups],
    )


def merge(files: Sequence[LifeTableFile]) -> LifeTableFile:
    """Add files, in whatever order; ValueError says what differs, or which center is in two of them."""
    first = files[0]
    for name in SAME:
        values = {str(getattr(file, name)) for file in files}
        if len(values) > 1:
            raise ValueError(f"Files of different {name} are not added: {', '.join(sorted(values))}.")
    centers = [center for file in files for center in file.centers]
    twice = sorted({center for center in centers if centers.count(center) > 1})
    if twice:
        raise ValueError(f"Nobody is counted twice, and several files hold {', '.join(twice)}.")
    tables = [life_table(file) for file in files if file.groups]
    groups = counts_of(reduce(LifeTable.__add__, tables)) if tables else ()
    return replace(first, centers=tuple(sorted(centers)), groups=groups)


def to_json(file: LifeTableFile) -> str:
    """Write it, with a fixed order of keys: equal tables give equal text."""
    return _ADAPTER.dump_json(file, indent=1).decode()


def from_json(text: bytes | str) -> LifeTableFile:
    """Read what `to_json` wrote; ValueError names the place of anything else."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(f"{place}: {first['msg']}.") from None
