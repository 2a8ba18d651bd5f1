"""Published series of resected tumors, for context: never a target, and never a test against a center.

Read from series.csv: what abstracts and papers print, and where each was seen. An empty cell was not printed there.
Reports name the publication, or where it is kept for good; a copy elsewhere is noted as the place where it was seen.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reports.content import PublishedRate, PublishedSeries

YEARS = (1, 3, 5, 10)
_FILE = Path(__file__).with_name("series.csv")


@cache
def published() -> tuple[PublishedSeries, ...]:
    """List the series that print survival at one of the years, the largest first."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        found = [_series(row) for row in csv.DictReader(lines)]
    return tuple(sorted((one for one in found if any(one.at_years)), key=lambda one: -one.n))


def texts() -> Iterator[str]:
    """The words of the file that are told in other languages; citations stay as they are."""
    for one in published():
        yield from (text for text in (one.period, one.remark) if any(letter.isalpha() for letter in text))


def _series(row: dict[str, str]) -> PublishedSeries:
    return PublishedSeries(
        citation=row["citation"],
        source=row["doi_or_url"],
        n=int(row["n"]),
        period=row["period"].replace("-", "–"),
        at_years=tuple(_rate(row[f"os_{year}y"]) for year in YEARS),
        remark=row["remark"],
    )


def _rate(printed: str) -> PublishedRate | None:
    """Read 52.0, or the range of a review, 25-78."""
    if not printed:
        return None
    low, _, high = printed.partition("-")
    return PublishedRate(low=float(low), high=float(high or low))
