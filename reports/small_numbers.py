"""What readers who may not see the cases are shown of a count, and what they can know from it. Pure.

The rule of Hospital Episode Statistics: 0 stays 0, a small count is "<5", any other is rounded to the nearest 5. What
is shown is a function of classes of counts, so another report, of a patient more, subtracts to a multiple of 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

COMPLEMENT = "[c]"  # withheld, because it would give another count back
BASE = 5

Bounds = tuple[float, float]  # the least and the most that a count can be


def is_small(n: int | None, threshold: int) -> bool:
    """Tell whether a count points at single patients."""
    return n is not None and 0 < n < threshold


def to_five(n: float | None) -> int:
    """Round to the nearest 5."""
    return BASE * round((n or 0) / BASE)


def shown(n: int | None, threshold: int) -> int | None:
    """Give what readers see of a count: None where it is small."""
    if n is None or is_small(n, threshold):
        return None
    return max(to_five(n), _least_shown(threshold)) if n else 0


def mark_of(n: int | None, threshold: int) -> str:
    """Say what stands in the place of a small count; nothing where a number does."""
    return f"<{threshold}" if n is None or is_small(n, threshold) else ""


def stand_in(n: int, threshold: int) -> int:
    """Give the number that calculations take for a count: what is shown, and one for all small ones."""
    found = shown(n, threshold)
    return threshold // 2 if found is None else found


def bounds(seen: int | None, hidden: str, threshold: int) -> Bounds:
    """Say what readers know of a count from what they see of it."""
    if seen is None:
        return (
            (1, int(hidden[1:]) - 1) if hidden[:1] == "<" else (0, inf)
        )  # the threshold may have been another
    if not seen:
        return (0, 0)
    half = BASE // 2
    return (threshold if seen == _least_shown(threshold) else seen - half, seen + half)


def _least_shown(threshold: int) -> int:
    return BASE * -(-threshold // BASE)


def is_exposed(counts: Sequence[int], whole: int | None, threshold: int) -> bool:
    """Tell whether readers could work out a small one of the counts, from what they see of these and of their sum.

    So they could, too, where all are small: of 8 in two lines, 4 and 4. Where it is so, all must be withheld.
    """
    small = [is_small(n, threshold) for n in counts]
    if any(small) and max(counts) < threshold:
        return True
    seen = [known(n, threshold) for n in counts]
    least, most = known(whole, threshold)
    low, high = sum(low for low, _ in seen), sum(high for _, high in seen)
    return any(
        max(own[0], least - (high - own[1])) == min(own[1], most - (low - own[0]))
        for is_asked, own in zip(small, seen, strict=True)
        if is_asked
    )


def known(n: int | None, threshold: int) -> Bounds:
    """Say what readers know of a count when they are shown what they may see of it."""
    return bounds(shown(n, threshold), "" if n is None else mark_of(n, threshold), threshold)
