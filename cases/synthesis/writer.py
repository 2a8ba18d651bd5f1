"""How a center writes: thoroughly or not, to the day or to the month, and now and then without an answer."""

from __future__ import annotations

import random
from datetime import date
from functools import lru_cache
from typing import Any

from cases.forms import TYPES
from cases.synthesis import odds
from cases.synthesis.course import Course
from registry.dates import PartialDate

WRITTEN_CONSENT_FROM = date(2018, 5, 25).toordinal()
REASON_FOR_ABSENCE = 0.05
IMPLAUSIBLE = 0.01


@lru_cache(maxsize=32768)
def day_of(ordinal: int) -> PartialDate:
    """The day of an ordinal."""
    return PartialDate.parse(date.fromordinal(ordinal).isoformat())


@lru_cache(maxsize=4096)
def month_of(ordinal: int) -> PartialDate:
    """The month of an ordinal."""
    return PartialDate.parse(date.fromordinal(ordinal).isoformat()[:7])


class Writer:
    """Writes one case. A thorough one answers all that a complete case needs; the other what a draft has."""

    def __init__(self, course: Course, rng: random.Random, *, thorough: bool) -> None:
        self.course, self.u, self.thorough = course, rng.random, thorough
        self.on = month_of if rng.random() < 0.04 else day_of
        self.curative = not course.metastatic or rng.random() < 0.3
        self.creatinine = round(55 + 50 * rng.random(), 1)
        self.gauss, self.lognormal = rng.gauss, rng.lognormvariate

    def form(self, model: type, answers: dict[str, Any], if_thorough: dict[str, Any] | None = None) -> Any:
        """A form with its answers; the answers of a thorough writer are sometimes a reason for absence."""
        if self.thorough and if_thorough:
            u = self.u
            if u() < REASON_FOR_ABSENCE * len(if_thorough):
                absent = list(if_thorough)[int(u() * len(if_thorough))]
                del if_thorough[absent]
                answers["missing"] = {absent: odds.REASON.draw(u())}
            answers |= if_thorough
        return TYPES[model](**answers)
