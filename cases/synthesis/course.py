"""The course of one synthetic patient: what truly happened, drawn from a generator of random numbers.

Days are ordinals. A course never contradicts itself, so the document written from it is always valid.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from cases.synthesis import odds

FIRST_DAY = 728_294  # 1 January 1995
# Median survival of about five and a half years and median time to recurrence of two, exponential, before factors
# (5-year survival 50 to 55% and disease-free survival 6 to 17%: Wachtel 2015, Bertrand 2024).
DEATH_HAZARD = math.log(2) / (5.6 * 365)
RECURRENCE_HAZARD = math.log(2) / (2.1 * 365)
HAZARD_OF = {"R1": 1.4, "R2": 4.0, "G3": 1.6, "G1": 0.5}
EARLY_DEATH = 0.025
UPPER = frozenset({"infradiaphragmatic", "supradiaphragmatic", "intracardial"})
CHEST = frozenset({"supradiaphragmatic", "intracardial"})
LIVER = UPPER | {"retrohepatic"}


@dataclass(slots=True)
class Course:
    """The facts of one patient; days from 1 January of year 1, as `date.toordinal` counts."""

    sex: str
    age_days: int
    operated: int
    run: tuple[str, ...]
    size_mm: int
    grade: str
    margin: str
    metastatic: bool
    neoadjuvant: bool
    circumferential: bool
    method: str
    organs: Any
    clavien_dindo: str
    complication: str
    died: int
    recurred: int
    last_seen: int
    lost: bool
    early_death: bool

    @property
    def segments(self) -> frozenset[str]:
        return frozenset(self.run)

    @property
    def upper(self) -> bool:
        return bool(UPPER & self.segments)

    @property
    def at_liver(self) -> bool:
        return bool(LIVER & self.segments)


def draw(rng: random.Random, until: int) -> Course:
    """Draw one course that ends, or is still going on, at `until`."""
    u = rng.random
    # Registries grow: later years bring more cases.
    operated = FIRST_DAY + int((until - 120 - FIRST_DAY) * math.sqrt(u()))
    run = odds.RUNS.draw(u())
    margin, grade = odds.MARGIN.draw(u()), odds.GRADE.draw(u())
    circumferential = u() < 0.8
    organs = odds.ORGANS.draw(u())
    hazard = HAZARD_OF.get(margin, 1.0) * HAZARD_OF.get(grade, 1.0) * (1.5 if UPPER & set(run) else 1.0)
    early = u() < EARLY_DEATH
    died = operated + (1 + int(u() * 60) if early else 95 + int(rng.expovariate(DEATH_HAZARD * hazard)))
    recurred = operated + 95 + int(rng.expovariate(RECURRENCE_HAZARD * hazard))
    lost = u() < 0.08
    stale = u() < 0.05
    seen_until = until - int(u() * 300) - (700 if stale else 0)
    if lost:
        seen_until = operated + 100 + int(u() * max(1, until - operated - 100))
    seen_until = max(seen_until, min(until, operated + 100))
    return Course(
        sex=odds.SEX.draw(u()),
        age_days=int(365.25 * min(84.0, max(20.0, rng.gauss(57, 12)))),
        operated=operated,
        run=run,
        size_mm=min(380, max(18, int(rng.lognormvariate(4.5, 0.45)))),
        grade=grade,
        margin=margin,
        metastatic=u() < 0.12,
        neoadjuvant=u() < 0.12,
        circumferential=circumferential,
        method=(odds.OF_A_TUBE if circumferential else odds.OF_THE_WALL).draw(u()),
        organs=organs,
        clavien_dindo="V" if early else odds.CLAVIEN_DINDO.draw(u()) if u() < 0.42 else "",
        complication=odds.COMPLICATION.draw(u()),
        died=died if died <= seen_until else 0,
        recurred=recurred if recurred < min(died, seen_until) else 0,
        last_seen=min(seen_until, died),
        lost=lost and died > seen_until,
        early_death=early,
    )
