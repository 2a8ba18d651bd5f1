"""What came when: the rows of a case by their time, whatever their order in the case.

A date, or the published interval that stands in for one, is an interval of days. The latest of several is the one that
can have been latest, as for the last contact; where two can have been as late, it is the more exact one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cases import endpoints
from cases.vocabulary import VitalStatus
from registry.dates import PartialDate

# Stands for day 0 where no resection has a date: published intervals are still in order among themselves.
_DAY_0 = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was: the first and the last day that it can have been, and the day that stands for it."""

    earliest: date
    latest: date
    imputed: date

    @property
    def recency(self) -> tuple[date, date]:
        """What to compare to find the latest."""
        return self.latest, self.earliest


def moment(document: Any, on: PartialDate | None, days: int | None = None) -> Moment | None:
    """A date, or so many days after the index resection; None when neither is known."""
    if on is not None:
        return Moment(on.earliest, on.latest, on.imputed())
    if days is None:
        return None
    resected_on = document.index.operated_on if document.index else None
    at = (resected_on.imputed() if resected_on else _DAY_0) + timedelta(days=days)
    return Moment(at, at, at)


def of_visit(document: Any, visit: Any) -> Moment | None:
    """When a visit was."""
    return moment(document, visit.visit_on, endpoints.in_days(visit.months_after_resection))


def of_recurrence(document: Any, recurrence: Any) -> Moment | None:
    """When a recurrence was detected."""
    return moment(document, recurrence.detected_on, endpoints.in_days(recurrence.months_after_resection))


def recurrences(document: Any) -> list[Any]:
    """The recurrences, the earliest first; those without any time at the end."""
    placed = [(of_recurrence(document, one), one) for one in document.recurrences]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0].imputed if pair[0] else date.max)]


def last_visit(document: Any) -> Any:
    """The latest visit that found the patient alive; of those without any time, the last row."""
    alive = [v for v in reversed(document.follow_ups) if v.vital_status in (VitalStatus.ALIVE, None)]

    def recency(visit: Any) -> tuple[date, date]:
        at = of_visit(document, visit)
        return at.recency if at else (date.min, date.min)

    return max(alive, key=recency, default=None)


def recurrence_after(document: Any, visit: Any) -> Any:
    """The latest recurrence that is not known to be before a visit; None when there is none.

    One without any time is not taken for later than a visit that has its own.
    """
    seen = of_visit(document, visit)
    later = [
        one
        for one in recurrences(document)
        if seen is None or ((at := of_recurrence(document, one)) and at.latest >= seen.earliest)
    ]
    return later[-1] if later else None


def lost_since(document: Any) -> Any:
    """The first visit that found the patient lost, and after which there is no sign of life; None if not lost."""
    signs = [at for on, days in document.signs_of_life if (at := moment(document, on, days))]
    last = max(signs, key=lambda at: at.recency, default=None)
    placed = [(of_visit(document, v), v) for v in document.follow_ups if v.vital_status == VitalStatus.LOST]
    standing = [(at, visit) for at, visit in placed if not (at and last and at.latest < last.earliest)]
    return min(standing, key=lambda pair: pair[0].imputed if pair[0] else date.max, default=(None, None))[1]
