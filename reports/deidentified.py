"""De-identified rows for research: generalized in a fixed order until nobody stands out, and only then dropped. Pure.

What somebody could know of a patient from outside (age, sex, hospital, year, procedure) must be alike in at least k
rows: k-anonymity (Sweeney 2002, doi 10.1142/S0218488502001648). Rows whose group is too small are made coarser step by
step, `STEPS`, all of a group at once, so that a group that is large enough is never broken up; a generalized row covers
what it was, so a patient is never among fewer than k. What is left over in the end is dropped, and counted.

Dates are days from the resection: intervals are all that survival needs. Pseudonyms and names of centers are made with
a key of each export.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases.pseudonym import RANDOM_ALPHABET

K = 5
LEAST_CENTERS = 3  # among fewer, a name that is replaced is no secret
QUASI = ("age_band", "sex", "center", "year", "procedure")
ANY, MERGED, RARE, UNKNOWN = "any", "merged", "rare", "unknown"
OLDEST = 90
PSEUDONYM_LENGTH = 16

Row = dict[str, Any]
Step = tuple[str, str, Callable[[str], str]]


def age_band(years: int | None, width: int = 5) -> str:
    """The band of an age in completed years: 55-59, and 90+ for all beyond."""
    if years is None:
        return UNKNOWN
    if years >= OLDEST:
        return f"{OLDEST}+"
    low = years // width * width
    return f"{low}-{low + width - 1}"


def _wider_age(band: str) -> str:
    """55-59 becomes 50-59; unknown and 90+ stay."""
    low, dash, _ = band.partition("-")
    return age_band(int(low), 10) if dash else band


def _any_age(band: str) -> str:
    low = band.partition("-")[0].rstrip("+")
    if not low.isdigit():
        return ANY
    return "0-59" if int(low) < 60 else "60+"


def _resection(procedure: str) -> str:
    return procedure.partition(" + ")[0]


def _period(year: str) -> str:
    return f"{int(year) // 5 * 5}-{int(year) // 5 * 5 + 4}" if year.isdigit() else year


# In this order, whatever the data: where a row comes from and what exactly was done goes before when, and age last.
STEPS: tuple[Step, ...] = (
    ("center", "the center is merged", lambda center: MERGED),
    ("procedure", "the procedure is the kind of resection alone", _resection),
    ("year", "the year is a period of five", _period),
    ("age_band", "age bands are ten years wide", _wider_age),
    ("procedure", "the procedure is left out", lambda procedure: ANY),
    ("age_band", "age is below 60, or 60 and more", _any_age),
    ("year", "the year is left out", lambda year: ANY),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The rows that may be handed out, how many rows each step touched, and how many had to be dropped."""

    rows: list[Row]
    steps: tuple[tuple[str, int], ...]
    dropped: int


def deidentified(rows: Sequence[Row], *, categories: Iterable[str], k: int = K) -> Outcome:
    """Generalize, drop, and merge rare categories; every row has the columns `QUASI`."""
    given = [dict(row) for row in rows]
    if len({row["center"] for row in given}) < LEAST_CENTERS:
        for row in given:
            row["center"] = MERGED
    steps = []
    for column, told, coarser in STEPS:
        rare = [row for row, size in _sized(given) if size < k]
        for row in rare:
            row[column] = coarser(row[column])
        steps.append((told, len(rare)))
    kept = [row for row, size in _sized(given) if size >= k]
    for column in categories:
        _merge_rare(kept, column, k)
    return Outcome(rows=kept, steps=tuple(steps), dropped=len(given) - len(kept))


def smallest_group(rows: Sequence[Row]) -> int:
    """The size of the smallest group of rows that are alike in what somebody could know; 0 of none."""
    return min(Counter(map(quasi, rows)).values(), default=0)


def quasi(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What somebody could know of a patient from outside."""
    return tuple(row[name] for name in QUASI)


def _sized(rows: Sequence[Row]) -> list[tuple[Row, int]]:
    sizes = Counter(map(quasi, rows))
    return [(row, sizes[quasi(row)]) for row in rows]


def _merge_rare(rows: Sequence[Row], column: str, k: int) -> None:
    """Call the categories that fewer than k rows have `rare`, and add the next rarest until that has k rows, too."""
    sizes = Counter(row[column] for row in rows if row[column] is not None)
    rarest = sorted(sizes, key=lambda code: (sizes[code], code))
    rare = [code for code in rarest if sizes[code] < k]
    if not rare:
        return
    for code in rarest[len(rare) :]:
        if sum(sizes[one] for one in rare) >= k:
            break
        rare.append(code)
    for row in rows:
        if row[column] in rare:
            row[column] = RARE


# --- names that belong to one export ---------------------------------------------------------------------------------


def pseudonym(key: bytes, registry_id: str) -> str:
    """What a patient is called in the export of this key: 80 bits of an HMAC-SHA-256, in Crockford's base 32."""
    digest = hmac.new(key, f"patient {registry_id}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:10])
    return "".join(RANDOM_ALPHABET[number >> 5 * place & 31] for place in range(PSEUDONYM_LENGTH))


def center_names(key: bytes, codes: Iterable[str]) -> dict[str, str]:
    """What centers are called in the export of this key: C01, C02 ... in an order that says nothing."""
    order = sorted(set(codes), key=lambda code: hmac.digest(key, f"center {code}".encode(), "sha256"))
    return {code: f"C{place:02}" for place, code in enumerate(order, 1)}
