"""Which row is which in three versions of a list: the one begun with, and what two people made of it.

Rows have no names of their own. Equal rows are the same row wherever they stand; between them, rows that agree more
than they contradict each other are taken for one row that was changed; the rest came or went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

Step = tuple[int | None, int | None]
Answers = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One row with its place in each version; None where it is not."""

    base: int | None = None
    theirs: int | None = None
    mine: int | None = None


def slots(base: Sequence[Answers], theirs: Sequence[Answers], mine: Sequence[Answers]) -> list[Slot]:
    """Align three lists of rows; each version's rows keep their order, and rows that came stand where they came."""
    kept_theirs, new_theirs = _sorted_out(steps(base, theirs), len(base))
    kept_mine, new_mine = _sorted_out(steps(base, mine), len(base))
    found: list[Slot] = []
    for place in range(len(base) + 1):
        found += _came(theirs, new_theirs[place], mine, new_mine[place])
        if place in kept_theirs or place in kept_mine:
            found.append(Slot(base=place, theirs=kept_theirs.get(place), mine=kept_mine.get(place)))
    return found


def steps(before: Sequence[Answers], after: Sequence[Answers]) -> list[Step]:
    """Say in order what became of each row: (place, place) stayed, (place, None) went, (None, place) came."""
    found: list[Step] = []
    for kind, low, high, first, last in _equal_blocks(before, after):
        if kind == "equal":
            found += zip(range(low, high), range(first, last), strict=True)
        else:
            found += _changed(before, range(low, high), after, range(first, last))
    return found


def _equal_blocks(before: Sequence[Answers], after: Sequence[Answers]) -> list[Any]:
    seen: list[Answers] = []  # answers hold sets and cannot be hashed: equal rows get one number

    def number(row: Answers) -> int:
        if row not in seen:
            seen.append(row)
        return seen.index(row)

    numbers = [number(row) for row in before], [number(row) for row in after]
    return SequenceMatcher(None, *numbers, autojunk=False).get_opcodes()


def _sorted_out(found: list[Step], count: int) -> tuple[dict[int, int], list[list[int]]]:
    """The new place of each row that stayed, and for each place of the base the rows that came before it."""
    kept: dict[int, int] = {}
    came: list[list[int]] = [[] for _ in range(count + 1)]
    passed = 0
    for before, after in found:
        if before is None and after is not None:
            came[passed].append(after)
        if before is not None:
            passed = before + 1
            if after is not None:
                kept[before] = after
    return kept, came


def _came(
    theirs: Sequence[Answers], new_theirs: list[int], mine: Sequence[Answers], new_mine: list[int]
) -> list[Slot]:
    """Rows that came at one place: equal ones came once, all others are rows of their own."""
    found: list[Slot] = []
    blocks = _equal_blocks([theirs[place] for place in new_theirs], [mine[place] for place in new_mine])
    for kind, low, high, first, last in blocks:
        if kind == "equal":
            pairs = zip(new_theirs[low:high], new_mine[first:last], strict=True)
            found += [Slot(theirs=their_place, mine=my_place) for their_place, my_place in pairs]
        else:
            found += [Slot(theirs=place) for place in new_theirs[low:high]]
            found += [Slot(mine=place) for place in new_mine[first:last]]
    return found


# --- rows that are not equal ---------------------------------------------------------------------------------------


def _changed(before: Sequence[Answers], old: range, after: Sequence[Answers], new: range) -> list[Step]:
    """Pair the rows of two stretches in order so that they agree most on the whole (Needleman and Wunsch 1970)."""
    likeness = [[_likeness(before[i], after[j]) for j in new] for i in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
    found: list[Step] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            found.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((old[i], None))
            i += 1
        else:
            found.append((None, new[j]))
            j += 1
    found += [(place, None) for place in old[i:]]
    return [*found, *((None, place) for place in new[j:])]


def _likeness(one: Answers, other: Answers) -> float:
    """How much two rows agree; 0 when they are not one row: more than one more answer contradicts than agrees.

    An answer that only one of them has says nothing: forms are filled in over months.
    """
    both = one.keys() & other.keys()
    agreeing = sum(one[name] == other[name] for name in both)
    contradicting = len(both) - agreeing
    return (agreeing + 1) / (len(both) + 2) if contradicting <= agreeing + 1 else 0.0
