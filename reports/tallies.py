"""Verdicts of a rule as counts, and what readers may see of those of other centers. Pure.

Others' counts are shown as in a report for outsiders: a page can be read again tomorrow, or for another year, and
subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reports.coarse_survival import LEAST_PATIENTS
from reports.disclosure import LEAST_CENTERS
from reports.proportions import clopper_pearson
from reports.small_numbers import COMPLEMENT, is_exposed, mark_of, shown, to_five

COUNTED = ("concordant", "deviation", "justified", "not_assessable")


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many cases got each verdict of a rule; None where a count is withheld, with the mark that stands for it."""

    concordant: int | None = 0
    deviation: int | None = 0
    justified: int | None = 0
    not_assessable: int | None = 0
    marks: tuple[tuple[str, str], ...] = ()
    is_rounded: bool = False

    def _sum(self, *names: str) -> int | None:
        counts = [getattr(self, name) for name in names]
        return None if None in counts else sum(counts)

    @property
    def judged(self) -> int | None:
        """Those of whom the rule could say something."""
        return self._sum("concordant", "deviation", "justified")

    @property
    def applicable(self) -> int | None:
        """Those of whom the rule asks something."""
        return self._sum(*COUNTED)

    @property
    def share(self) -> float | None:
        """The concordant of the judged, approximate where these are rounded.

        None if nobody was judged, or it would tell a withheld count.
        """
        return self.concordant / self.judged if self.judged and self.concordant is not None else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its exact interval; none of rounded counts, of which nothing is exact."""
        if self.is_rounded or not self.judged or self.concordant is None:
            return None
        return clopper_pearson(self.concordant, self.judged)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One's own centers, or all others: how many cases were read, and what every rule (or year) found in them.

    `is_shown` is False where others are too few for any figure.
    """

    cases: int = 0
    centers: int = 0
    is_shown: bool = True
    tallies: dict[Any, Tally]


def withhold(others: Side, wholes: dict[Any, tuple[int, int]], *, threshold: int) -> Side:
    """Keep what can point at no patient of another center: nothing of few centers or few cases, no small count.

    `wholes` are the centers with judged cases behind single tallies, and the cases that these are part of (those of a
    year), where they are not all of the side.
    """
    if not are_enough(others.centers, others.cases):
        return Side(is_shown=False, tallies={})
    tallies = {}
    for key, tally in others.tallies.items():
        centers, cases = wholes.get(key, (others.centers, others.cases))
        tallies[key] = _withheld(tally, cases, threshold) if are_enough(centers, cases) else NOTHING
    return replace(others, cases=to_five(others.cases), tallies=tallies)


def are_enough(centers: int, cases: int) -> bool:
    """Tell whether figures of so many centers and cases may be shown at all."""
    return centers >= LEAST_CENTERS and cases >= LEAST_PATIENTS


NOTHING = Tally(concordant=None, deviation=None, justified=None, not_assessable=None)


def _withheld(tally: Tally, cases: int, threshold: int) -> Tally:
    counts = [getattr(tally, name) for name in COUNTED]
    not_applicable = max(
        0, cases - sum(counts)
    )  # the fifth part of all cases: it, too, would give a count back
    if is_exposed([*counts, not_applicable], cases, threshold):
        return replace(NOTHING, marks=tuple((name, COMPLEMENT) for name in COUNTED), is_rounded=True)
    marks = tuple(
        (name, mark) for name, n in zip(COUNTED, counts, strict=True) if (mark := mark_of(n, threshold))
    )
    seen = {name: shown(n, threshold) for name, n in zip(COUNTED, counts, strict=True)}
    return Tally(**seen, marks=marks, is_rounded=True)
