"""Which factors go with overall survival: hazard ratios of the factors that were chosen beforehand, where events allow.

The factors and what each compares are fixed here, before any data are seen, and none is dropped for what it shows. A
model takes ten events for each of its ratios (Peduzzi 1995, J Clin Epidemiol 48:1503).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db.models import Count, F

from cases.vocabulary import Grade, Growth, Level, Margin, TumorStage
from reports import cohorts, cox, strata
from reports.cohorts import DIED, Cut
from reports.cox import NotEstimableError
from reports.estimates import LEVEL
from reports.regression_content import Hazard, HazardRatio, Refusal, Regression
from reports.remarks import mark

EVENTS_EACH = 10


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A stratum of the observations with two sides; what is on neither is not known."""

    stratum: str
    compared: frozenset[str]
    compared_label: str
    reference: frozenset[str]
    reference_label: str

    def side(self, code: str) -> int | None:
        """1 for who is compared, 0 for the reference, None for not known."""
        return 1 if code in self.compared else 0 if code in self.reference else None


FACTORS = (
    Factor(
        stratum="growth_pattern",
        compared=frozenset({Growth.INTRAVASAL, Growth.MIXED}),
        compared_label=mark("within the lumen, or mixed"),
        reference=frozenset({Growth.EXTRAVASAL}),
        reference_label=mark("outside the lumen"),
    ),
    Factor(
        stratum="margin",
        compared=frozenset({Margin.R1, Margin.R2}),
        compared_label=mark("R1 or R2"),
        reference=frozenset({Margin.R0}),
        reference_label=mark("R0"),
    ),
    Factor(
        stratum="grade",
        compared=frozenset({Grade.G3}),
        compared_label=mark("grade 3"),
        reference=frozenset({Grade.G1, Grade.G2}),
        reference_label=mark("grade 1 or 2"),
    ),
    Factor(
        stratum="size",
        compared=frozenset({TumorStage.T3, TumorStage.T4}),
        compared_label=mark("more than 10 cm"),
        reference=frozenset({TumorStage.T1, TumorStage.T2}),
        reference_label=mark("10 cm or less"),
    ),
    Factor(
        stratum="level",
        compared=frozenset({Level.UPPER}),
        compared_label=mark("upper"),
        reference=frozenset({Level.LOWER, Level.MIDDLE}),
        reference_label=mark("lower or middle"),
    ),
)
EVENTS_NEEDED = EVENTS_EACH * len(FACTORS)


@dataclass(frozen=True, slots=True)
class Counted:
    """Patients of one center with the same factors who left on one day, and how many of them died on it."""

    center: int
    sides: tuple[int | None, ...]
    day: int
    deaths: int
    everybody: int


def regression(cut: Cut) -> Regression | None:
    """Estimate every factor alone and all together; None where no factor alone has its ten events."""
    counted = _counted(cut)
    places = range(len(FACTORS))
    if all(sum(row.deaths for row in _known(counted, place)) < EVENTS_EACH for place in places):
        return None
    alone = [_alone(_known(counted, place), place) for place in places]
    complete = [row for row in counted if None not in row.sides]
    together, refusal = _together(complete)
    return Regression(
        level=LEVEL,
        followed=sum(row.everybody for row in counted),
        complete=sum(row.everybody for row in complete),
        complete_events=sum(row.deaths for row in complete),
        events_needed=EVENTS_NEEDED,
        centers=len({row.center for row in counted}),
        hazards=tuple(
            _hazard(counted, place, alone[place], together[place] if together else None) for place in places
        ),
        refusal=refusal,
    )


def _counted(cut: Cut) -> list[Counted]:
    """Count the followed by center, factors and day, in one query; no patient is loaded."""
    codes = [factor.stratum for factor in FACTORS]
    rows = (
        cohorts.followed(cut)
        .values("center_id", *codes, day=F("days"))
        .annotate(deaths=Count("case_id", filter=DIED), everybody=Count("case_id"))
        .order_by("center_id", *codes, "day")
        .values_list("center_id", *codes, "day", "deaths", "everybody")
    )
    return [
        Counted(
            center,
            tuple(factor.side(code) for factor, code in zip(FACTORS, found, strict=True)),
            *counts,
        )
        for center, *found, counts in (
            (center, *rest[: len(codes)], rest[len(codes) :]) for center, *rest in rows
        )
    ]


def _known(counted: list[Counted], place: int) -> list[Counted]:
    """Those in whom one factor is known."""
    return [row for row in counted if row.sides[place] is not None]


def _alone(known: list[Counted], place: int) -> HazardRatio | None:
    """One factor by itself."""
    if sum(row.deaths for row in known) < EVENTS_EACH:
        return None
    try:
        return _fitted(known, [place])[0]
    except NotEstimableError:
        return None


def _together(complete: list[Counted]) -> tuple[list[HazardRatio] | None, Refusal]:
    """All factors in one model, or why there is none."""
    if sum(row.deaths for row in complete) < EVENTS_NEEDED:
        return None, "events"
    if sum(row.everybody for row in complete) > cox.MOST_PATIENTS:
        return None, "size"
    try:
        return _fitted(complete, list(range(len(FACTORS)))), ""
    except NotEstimableError:
        return None, "infinite"


def _fitted(rows: list[Counted], places: list[int]) -> list[HazardRatio]:
    """Fit the factors at these places, each center with a baseline of its own."""
    deaths = [row.deaths for row in rows]
    found = cox.fit(
        [row.day for row in rows],
        deaths,
        [row.everybody - row.deaths for row in rows],
        [[float(row.sides[place] or 0) for place in places] for row in rows],
        strata=[row.center for row in rows],
        level=LEVEL,
    )
    return [
        HazardRatio(
            ratio=math.exp(found.log_ratio[i]),
            lower=math.exp(found.lower[i]),
            upper=math.exp(found.upper[i]),
            p_value=float(found.p_value[i]),
            patients=found.patients,
            events=found.events,
        )
        for i in range(len(places))
    ]


def _hazard(
    counted: list[Counted], place: int, alone: HazardRatio | None, together: HazardRatio | None
) -> Hazard:
    factor = FACTORS[place]

    def sums(side: int) -> tuple[int, int]:
        own = [row for row in counted if row.sides[place] == side]
        return sum(row.everybody for row in own), sum(row.deaths for row in own)

    (compared_n, compared_events), (reference_n, reference_events) = sums(1), sums(0)
    return Hazard(
        heading=strata.WORDS[factor.stratum].title,
        compared=factor.compared_label,
        reference=factor.reference_label,
        compared_n=compared_n,
        compared_events=compared_events,
        reference_n=reference_n,
        reference_events=reference_events,
        alone=alone,
        together=together,
    )
