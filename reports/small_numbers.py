"""The rule for small numbers: which counts and sizes are shown, and what goes with a withheld one. Pure.

Readers know the rule, so nothing of it may depend on how large a withheld count is.
"""

from __future__ import annotations

from reports.content import FlowStep

COMPLEMENT = "[c]"


def is_small(n: int | None, threshold: int) -> bool:
    """Tell whether a count points at single patients."""
    return n is not None and 0 < n < threshold


def withheld(counts: list[int], threshold: int) -> dict[int, str]:
    """Say which counts of a whole with a known sum are withheld, and as what.

    "<5" stands for 1 to 4. A single one takes the next line that holds 5 or more with it as "[c]": the next by place,
    because a choice by size would itself be a clue. What marks and sum would still give away is "[c]" as a whole.
    """
    hidden = {i: f"<{threshold}" for i, n in enumerate(counts) if is_small(n, threshold)}
    if len(hidden) == 1:
        (small,) = hidden
        following = (*range(small + 1, len(counts)), *range(small))
        partner = next((i for i in following if counts[i] >= threshold), None)
        if partner is not None:
            hidden[partner] = COMPLEMENT
    if hidden and _is_exposed(counts, hidden, threshold):
        return dict.fromkeys(range(len(counts)), COMPLEMENT)
    return hidden


def _is_exposed(counts: list[int], hidden: dict[int, str], threshold: int) -> bool:
    """Tell whether the sum of the hidden counts and what their marks say leave only one way to fill the gaps."""
    gap = sum(counts[i] for i in hidden)
    if COMPLEMENT in hidden.values():
        return gap == 1 + threshold
    return len(hidden) == 1 or gap in (len(hidden), (threshold - 1) * len(hidden))


class Sizes:
    """How many patients stand behind a number: not shown when few, or when few short of a size that is shown."""

    def __init__(self, flow: tuple[FlowStep, ...], threshold: int) -> None:
        self.shown_sizes = tuple(step.n for step in flow if step.n is not None)
        self.threshold = threshold

    def left(self, n: int | None, *wholes: int | None) -> int:
        """Count who is missing to a size that is shown, if they are few; else 0."""
        sizes = (*wholes, *self.shown_sizes)
        gaps = (abs(size - n) for size in sizes if size is not None and n is not None)
        return next((gap for gap in gaps if is_small(gap, self.threshold)), 0)

    def shown(self, n: int | None) -> int | None:
        """Give the size where it may be shown."""
        return None if is_small(n, self.threshold) or self.left(n) else n


def mark_of(n: int | None, of: int | None, threshold: int) -> str:
    """Say what stands for a count that is small, or has a small complement; nothing where it is shown."""
    if n is None or is_small(n, threshold):
        return f"<{threshold}"
    return COMPLEMENT if of is not None and is_small(of - n, threshold) else ""


def to_five(n: int | None) -> int:
    """Round to the nearest 5."""
    return 5 * round((n or 0) / 5)
