"""Synthetic cases: seeded, realistic, of any number, for demonstrations and measurements; not patients.

The same seed gives the same cases in the same centers. Documents are made one at a time, so that memory does
not grow with their number, and go through intake like all others, marked as synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from cases import intake
from cases.synthesis import course, writing
from cases.synthesis.writer import Writer
from cases.vocabulary import Source

if TYPE_CHECKING:
    from registry.models import Center

SEED = 20_211
UNTIL = date(2026, 6, 30)
THOROUGH = 0.6
BATCH = 500


def documents(
    count: int, *, seed: int = SEED, stream: int = 0, until: date = UNTIL, thorough: float = THOROUGH
) -> Iterator[Any]:
    """Make case documents; `stream` gives other ones of the same seed, `thorough` is the share of complete ones."""
    last_day = until.toordinal()
    for number in range(1, count + 1):
        rng = random.Random(((seed * 1009 + stream) << 32) + number)  # noqa: S311 - reproducible, not secret
        writer = Writer(course.draw(rng, last_day), rng, thorough=rng.random() < thorough)
        yield writing.document(writer, f"S{seed}-{number:07d}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many cases a center gets, and which stream of documents."""

    center: Any
    count: int
    stream: int


def shares(count: int, centers: list[Center]) -> list[Share]:
    """Share cases out: a few centers see many, most see few (weights 1, 1/2, 1/3 ...)."""
    weights = [1 / (place + 1) for place in range(len(centers))]
    bounds = [round(count * sum(weights[:place]) / sum(weights)) for place in range(len(centers) + 1)]
    return [
        Share(center=center, count=bounds[place + 1] - bounds[place], stream=place)
        for place, center in enumerate(centers)
    ]


def fill(
    count: int,
    centers: list[Center],
    *,
    seed: int = SEED,
    until: date = UNTIL,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Save synthetic cases in these centers, batch by batch; answer how many were new."""
    added = 0
    for share in shares(count, centers):
        made = documents(share.count, seed=seed, stream=share.stream, until=until)
        while batch := [intake.Submission(document=document) for document in islice(made, BATCH)]:
            receipts = intake.save_cases(
                batch, center=share.center, by=None, source=Source.SYNTHETIC, door="synthesis", as_of=until
            )
            added += sum(receipt.verdict == "new" for receipt in receipts)
            progress(len(batch))
    return added
