"""Curves for readers who may not see the cases behind them: no exact times, no steps of few events. Pure.

A curve is shown at the ticks of its axis, and there only where each kind of event grew by none or by enough. Where one
curve counts only patients of another (deaths of the disease among all deaths), the two would give back the patients
between them: a tick at which both could be read is shown only where these, too, grew by none or by enough.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, TypeVar, overload

from reports import remarks
from reports.content import (
    CurveTable,
    Estimate,
    MeanTime,
    Outcome,
    OutcomeColumn,
    OutcomeCurve,
    OutcomeEstimate,
    Prognosis,
    Quantile,
    RiskColumn,
    Survival,
)
from reports.small_numbers import COMPLEMENT, Sizes, is_small, to_five
from reports.wording import DAYS_PER_MONTH

LEAST_PATIENTS = 10
OVERALL = "overall_survival"
# Whose events are all among those of which other curve.
WITHIN = {
    "disease_specific_survival": (OVERALL,),
    "disease_free_survival": (OVERALL,),
    "local_recurrence": ("disease_free_survival",),
    "distant_metastasis": ("disease_free_survival",),
}

Curve = TypeVar("Curve", CurveTable, OutcomeCurve)
Counts = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Readable:
    """What readers can take from a coarse curve: its steps, and the months at which they know it to be exact."""

    steps: tuple[int, ...]
    events: dict[int, int]  # by month


class Coarse:
    """Makes the curves of one report coarse, in the order in which they are given to it."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes, self._threshold = sizes, sizes.threshold
        self._readable: dict[str, Readable] = {}

    def survival(self, found: Survival) -> Survival:
        """Keep the curve at the ticks of its axis, and there only the steps that hold enough deaths."""
        n = self._sizes.shown(found.n)
        if (found.n or 0) < LEAST_PATIENTS or is_small(found.events, self._threshold):
            note = remarks.FEW_DEATHS.format(patients=LEAST_PATIENTS, deaths=self._threshold)
            return replace(withhold(found, note), n=n)
        months = [e.months for e in found.estimates]
        read = [
            self._read(OVERALL, curve, [column.months for column in columns], months)
            for curve, columns in zip(found.curves, found.risk_table, strict=True)
        ]
        if len(read) == 1:  # estimates are those of everybody, and so is a single curve
            self._readable[OVERALL] = read[0]
        return replace(
            found,
            n=n,
            events=None,
            show_until_days=_whole_months(found.show_until_days),
            curves=tuple(_at(curve, one.steps) for curve, one in zip(found.curves, read, strict=True)),
            risk_table=tuple(tuple(self._column(c) for c in columns) for columns in found.risk_table),
            estimates=tuple(_estimate(e, is_read=self.can_read(OVERALL, e.months)) for e in found.estimates),
            median=_in_months(found.median),
            follow_up=_in_months(found.follow_up),
            note=remarks.COARSE,
        )

    def outcome(self, found: Outcome) -> Outcome:
        """The same for an endpoint with one curve; sizes are not told, other endpoints have nearly the same."""
        read = Readable(steps=(), events={})
        if found.curves:
            ticks = [column.months for column in found.risk_table[0]]
            read = self._read(found.name, found.curves[0], ticks, [e.months for e in found.estimates])
        is_few = (found.n or 0) < LEAST_PATIENTS or is_small(found.events, self._threshold)
        if is_few or (found.events and not read.steps):
            return replace(
                found,
                n=None,
                events=None,
                competing=None,
                show_until_days=0.0,
                curves=(),
                risk_table=(),
                estimates=(),
                median=None,
                follow_up=None,
                note=remarks.OUTCOME_WITHHELD.format(patients=LEAST_PATIENTS, events=self._threshold),
            )
        self._readable[found.name] = read
        coarse = replace(
            found,
            n=None,
            events=None,
            competing=None,
            show_until_days=_whole_months(found.show_until_days),
            curves=tuple(_at(curve, read.steps) for curve in found.curves),
            risk_table=tuple(tuple(self._outcome_column(c) for c in columns) for columns in found.risk_table),
            estimates=tuple(
                _outcome_estimate(e, is_read=self.can_read(found.name, e.months)) for e in found.estimates
            ),
            median=_in_months(found.median),
            follow_up=_in_months(found.follow_up),
        )
        return to_the_end(coarse)

    def prognosis(self, found: Prognosis, exact: Survival) -> Prognosis:
        """Keep what the shown estimates give anyway, and times in whole months."""
        fixed = {e.months * DAYS_PER_MONTH: e.months for e in exact.estimates}
        past = {day for day, months in fixed.items() if self.can_read(OVERALL, months)}
        others = {row.since_days for row in found.onward} - set(
            fixed
        )  # the landmark, which is no time of the table
        past |= {day for day in others if self._splits(exact, day)}
        return replace(
            found,
            means=tuple(_mean(row) for row in found.means if row.months * DAYS_PER_MONTH in past),
            onward=tuple(
                replace(row, alive=to_five(row.alive), at_risk=to_five(row.at_risk))
                for row in found.onward
                if row.since_days in past and row.months * DAYS_PER_MONTH in past
            ),
            note=remarks.ONLY_SHOWN_TIMES,
        )

    def can_read(self, name: str, month: int) -> bool:
        """Tell whether readers know the exact curve at a month."""
        return name in self._readable and month in self._readable[name].events

    def _splits(self, exact: Survival, day: float) -> bool:
        """Tell whether a day divides the deaths between two steps into none or enough on either side."""
        if not exact.curves or OVERALL not in self._readable:
            return False
        steps = [step * DAYS_PER_MONTH for step in self._readable[OVERALL].steps]
        deaths = [_so_far(exact.curves[0], end)[0] for end in (*(step for step in steps if step <= day), day)]
        after = _so_far(exact.curves[0], next((step for step in steps if step > day), inf))[0]
        early, late = deaths[-1] - (deaths[-2] if len(deaths) > 1 else 0), after - deaths[-1]
        return not is_small(early, self._threshold) and not is_small(late, self._threshold)

    def _read(
        self, name: str, curve: CurveTable | OutcomeCurve, ticks: Iterable[int], months: Iterable[int]
    ) -> Readable:
        """Find the months at which a curve is read: at ticks with enough events since, and as long as none follows."""
        ticks = set(ticks) - {0}
        others = [self._readable[other] for other in WITHIN.get(name, ()) if other in self._readable]
        met = [0] * len(others)  # when each other curve and this one could last be read together
        last: Counts = (0,) * len(_so_far(curve, 0.0))
        steps: list[int] = []
        events = {0: 0}
        for month in sorted({*ticks, *months}):
            now = _so_far(curve, month * DAYS_PER_MONTH)
            gains = [n - before for n, before in zip(now, last, strict=True)]
            if any(gains) and (month not in ticks or any(is_small(n, self._threshold) for n in gains)):
                continue
            together = [i for i, other in enumerate(others) if month in other.events]
            between = [
                others[i].events[month] - others[i].events[met[i]] - (now[0] - events[met[i]])
                for i in together
            ]
            if any(is_small(abs(n), self._threshold) for n in between):
                continue
            if any(gains):
                steps.append(month)
            last, events[month] = now, now[0]
            for i in together:
                met[i] = month
        return Readable(steps=tuple(steps), events=events)

    def _column(self, column: RiskColumn) -> RiskColumn:
        small = is_small(column.censored, self._threshold) or is_small(column.died, self._threshold)
        return replace(
            column,
            at_risk=to_five(column.at_risk),
            censored=None if small else to_five(column.censored),
            died=None if small else to_five(column.died),
            hidden=f"<{self._threshold}" if small else "",
        )

    def _outcome_column(self, column: OutcomeColumn) -> OutcomeColumn:
        counts = (column.censored, column.events, column.competing)
        small = any(is_small(n, self._threshold) for n in counts)
        censored, events, competing = (None if small else to_five(n) for n in counts)
        return replace(
            column,
            at_risk=to_five(column.at_risk),
            censored=censored,
            events=events,
            competing=competing,
            hidden=f"<{self._threshold}" if small else "",
        )


def coarse(survival: Survival, sizes: Sizes) -> Survival:
    """Make the curves of overall survival coarse by themselves."""
    return Coarse(sizes).survival(survival)


def withhold(survival: Survival, note: str) -> Survival:
    """Keep nothing but what it would be, and why it is not shown."""
    return replace(
        survival,
        n=None,
        events=None,
        show_until_days=0.0,
        curves=(),
        risk_table=(),
        estimates=(),
        median=None,
        follow_up=None,
        note=note,
    )


def _so_far(curve: CurveTable | OutcomeCurve, day: float) -> Counts:
    """Count the events until a day, each kind for itself."""
    place = bisect_right(curve.time_days, day)
    if isinstance(curve, CurveTable):
        return (sum(curve.died[:place]),)
    return sum(curve.had_event[:place]), sum(curve.had_competing[:place])


def _at(curve: Curve, steps: tuple[int, ...]) -> Curve:
    """Keep the value of the curve at its steps, and no count."""
    days = tuple(month * DAYS_PER_MONTH for month in steps)
    picked = [bisect_right(curve.time_days, day) - 1 for day in days]
    none = tuple(0 for _ in days)
    heights, counts = _names(curve)
    kept: dict[str, Any] = {
        name: tuple(getattr(curve, name)[i] for i in picked) for name in (heights, "lower", "upper")
    }
    kept |= dict.fromkeys(counts, none)
    kept |= dict.fromkeys(
        ("n", "events", "competing") if isinstance(curve, OutcomeCurve) else ("n", "events")
    )
    return replace(curve, time_days=days, **kept)


def _names(curve: CurveTable | OutcomeCurve) -> tuple[str, tuple[str, ...]]:
    """What the heights of a curve are called, and its counts at each time."""
    if isinstance(curve, CurveTable):
        return "survival", ("at_risk", "died", "censored")
    return "estimate", ("at_risk", "had_event", "had_competing", "censored")


Drawn = TypeVar("Drawn", Survival, Outcome)


def to_the_end(drawn: Drawn) -> Drawn:
    """Go on flat after the last step that is shown, as between two steps."""
    start = 0.0 if isinstance(drawn, Outcome) and drawn.kind == "incidence" else 1.0
    return replace(drawn, curves=tuple(_flat(c, drawn.show_until_days, start) for c in drawn.curves))


def _flat(curve: Curve, until: float, start: float) -> Curve:
    if curve.time_days and curve.time_days[-1] >= until:
        return curve
    return replace(curve, time_days=(*curve.time_days, until), **_longer(curve, start))


def _longer(curve: CurveTable | OutcomeCurve, start: float) -> dict[str, Any]:
    """Repeat the last value of the curve and of its limits; nobody is counted there."""
    heights, counts = _names(curve)
    first = {heights: start, "lower": None, "upper": None}
    held = {name: getattr(curve, name) for name in (*first, *counts)}
    return {name: (*was, was[-1] if was else first[name]) for name, was in held.items() if name in first} | {
        name: (*held[name], 0) for name in counts
    }


def _in_months(time: Quantile | None) -> Quantile | None:
    """Round to whole months: a median is the day of one patient's death or last visit."""
    if time is None:
        return None
    return Quantile(
        days=_whole_months(time.days), lower=_whole_months(time.lower), upper=_whole_months(time.upper)
    )


def _mean(row: MeanTime) -> MeanTime:
    return replace(
        row,
        at_risk=to_five(row.at_risk),
        days=_whole_months(row.days),
        lower=_whole_months(row.lower),
        upper=_whole_months(row.upper),
    )


@overload
def _whole_months(days: float) -> float: ...
@overload
def _whole_months(days: None) -> None: ...
def _whole_months(days: float | None) -> float | None:
    return None if days is None else round(days / DAYS_PER_MONTH) * DAYS_PER_MONTH


def _estimate(estimate: Estimate, *, is_read: bool) -> Estimate:
    """Keep the times at which the coarse curve is exact: others would show the steps between."""
    if is_read and estimate.survival is not None:
        return replace(estimate, at_risk=to_five(estimate.at_risk), died=to_five(estimate.died))
    return Estimate(
        months=estimate.months,
        at_risk=None,
        died=None,
        survival=None,
        lower=None,
        upper=None,
        hidden=COMPLEMENT,
    )


def _outcome_estimate(estimate: OutcomeEstimate, *, is_read: bool) -> OutcomeEstimate:
    if is_read and estimate.estimate is not None:
        return replace(
            estimate,
            at_risk=to_five(estimate.at_risk),
            events=to_five(estimate.events),
            competing=to_five(estimate.competing),
        )
    return OutcomeEstimate(
        months=estimate.months,
        at_risk=None,
        events=None,
        competing=None,
        estimate=None,
        lower=None,
        upper=None,
        hidden=COMPLEMENT,
    )
