"""The gate for arrays of patients or counts: the impossible is refused with its row, the rest tallied.

Pure numpy, no Django. Messages name the row and the argument and never carry its value.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


class LifeTableError(ValueError):
    """Impossible input. ``row`` is its index in the arrays (from 0), ``field`` the argument at fault."""

    def __init__(self, reason: str, *, row: int | None = None, field: str | None = None) -> None:
        self.reason, self.row, self.field = reason, row, field
        where = "" if row is None else f"row {row} (counting from 0), "
        super().__init__(where + (f"{field}: " if field else "") + reason)


def refuse(bad: NDArray[np.bool_], field: str, reason: str) -> None:
    """Raise for the first row marked bad."""
    if bad.any():
        raise LifeTableError(reason, row=int(bad.argmax()), field=field)


def same_length(values: NDArray[Any], size: int, field: str) -> None:
    """Raise unless there is one value for each row."""
    if values.shape != (size,):
        raise LifeTableError(f"must have one value for each of the {size} rows", field=field)


def as_days(time: ArrayLike, field: str) -> NDArray[Any]:
    """Times as int64 where all are whole numbers, else float64."""
    values = np.asarray(time)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise LifeTableError("must be a one-dimensional array of numbers", field=field)
    if values.dtype.kind == "f":
        refuse(
            ~np.isfinite(values), field, "is missing or infinite; give the day of the event or last contact"
        )
    refuse(values < 0, field, "is negative; days count from the operation, which is day 0")
    whole = values.dtype.kind != "f" or bool(
        (values == np.floor(values)).all() and values.max(initial=0) < 2**53
    )
    return values.astype(np.int64 if whole else np.float64, copy=False)


def as_whole_numbers(values: ArrayLike, field: str, size: int) -> Counts:
    """Codes or counts as int64, one for each of the rows."""
    numbers = np.asarray(values)
    same_length(numbers, size, field)
    if numbers.dtype.kind not in "biuf":
        raise LifeTableError("must be whole numbers", field=field)
    if numbers.dtype.kind == "f":
        refuse(numbers != np.floor(numbers), field, "is not a whole number")
    return numbers.astype(np.int64, copy=False)


def as_positions(
    group: ArrayLike | None, groups: Sequence[Hashable] | None, size: int
) -> tuple[tuple[Hashable, ...], Counts]:
    """Group labels, and the position of each row's label among them."""
    if group is None:
        return tuple(groups or ("all",)), np.zeros(size, np.int64)
    if groups is not None:
        code = as_whole_numbers(group, "group", size)
        refuse((code < 0) | (code >= len(groups)), "group", f"is not a position in the {len(groups)} groups")
        return tuple(groups), code
    labels = np.asarray(group)
    same_length(labels, size, "group")
    axis, place = axis_of(labels)
    used = np.bincount(place, minlength=axis.size) > 0
    return tuple(axis[used].tolist()), (np.cumsum(used) - 1)[place]


def axis_of(values: NDArray[Any]) -> tuple[NDArray[Any], Counts]:
    """A rising axis that holds every value, and the place of each value on it.

    Small whole numbers are their own places, which spares the sort.
    """
    if values.dtype.kind == "i" and values.min(initial=0) >= 0:
        reach = int(values.max(initial=0)) + 1
        if reach <= 4 * values.size + 1_000:
            return np.arange(reach), values
    axis, place = np.unique(values, return_inverse=True)
    return axis, place


def tally(slot: Counts, cell: Counts, slots: int, cells: int) -> tuple[Counts, Counts]:
    """The cells in use, and how often each slot occurs in them: (M,), (slots, M)."""
    if slots * cells <= 8 * cell.size + 500_000:  # counters are few: one counting pass, no sort
        key = slot * cells
        key += cell
        planes = np.bincount(key, minlength=slots * cells).reshape(slots, cells)
        used = np.flatnonzero(planes.any(axis=0))
        return used, planes[:, used]
    keys, counts = np.unique(cell * slots + slot, return_counts=True)
    cell_of_key = keys // slots
    first = np.diff(cell_of_key, prepend=-1) > 0
    planes = np.zeros((slots, np.count_nonzero(first)), np.int64)
    planes[keys % slots, np.cumsum(first) - 1] = counts
    return cell_of_key[first], planes
