"""Dates in, days out: what a case contributes to survival, whatever the cut.

Day 0 is the index resection. Partial dates are imputed here and nowhere else (middle of the month, 1 July)
and counted; an imputed day never stands before the resection. A published interval without dates counts
30.4375 days a month. What a cut does with these days is decided in reports/cohorts.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cases.vocabulary import Origin, PresentationType, VitalStatus
from registry.dates import PartialDate

DAYS_PER_MONTH = 30.4375
EARLY_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One case's days from the index resection; None where nothing is known."""

    in_main_curve: bool
    origin_on: date | None
    followed_days: int | None
    death_days: int | None
    death_cause: str
    recurrence_days: int | None
    recurrence_kind: str
    imputed_dates: int


def day(document: Any, on: PartialDate | None, months: float | None = None) -> int | None:
    """Days from the index resection to a date, or to a published interval in months; None if unknowable."""
    origin = document.index.operated_on if document.index else None
    if on is not None and origin is not None:
        return max(0, (on.imputed() - origin.imputed()).days)
    return None if months is None or document.index is None else round(months * DAYS_PER_MONTH)


def earliest_day(document: Any, on: PartialDate | None) -> int | None:
    """The fewest days that the two dates, as precisely as known, leave between them."""
    origin = document.index.operated_on if document.index else None
    return None if on is None or origin is None else max(0, (on.earliest - origin.latest).days)


def onset_day(document: Any, complication: Any) -> int | None:
    """Day a complication began."""
    found = day(document, complication.onset_on)
    return complication.onset_days_after_resection if found is None else found


def death_day(document: Any) -> int | None:
    """Day of death; None for the living and for a death without any time."""
    return (
        day(document, document.death.died_on, document.death.months_after_resection)
        if document.death
        else None
    )


def last_alive_day(document: Any) -> int | None:
    """The last day with a sign of life, the day of the resection included."""
    if document.index is None:
        return None
    days = [
        day(document, visit.visit_on, visit.months_after_resection)
        for visit in document.follow_ups
        if visit.vital_status in (VitalStatus.ALIVE, None)
    ]
    days += [day(document, r.detected_on, r.months_after_resection) for r in document.recurrences]
    days += [day(document, o.operated_on) for o in document.operations]
    days += [day(document, s.performed_on) for s in document.imaging]
    days += [day(document, t.started_on) for t in document.therapies]
    if document.discharge and document.discharge.discharge_to not in (None, "died"):
        days.append(day(document, document.discharge.discharged_on))
    withdrawn = _withdrawn_day(document)
    known = [d for d in days if d is not None and d >= 0]
    latest = max(known, default=None)
    return latest if withdrawn is None or latest is None else min(latest, withdrawn)


def _withdrawn_day(document: Any) -> int | None:
    return day(document, document.consent.withdrawn_on) if document.consent else None


def in_main_curve(document: Any) -> bool:
    """An index resection of an eligible, primary tumor: the population of the main survival curve."""
    tumor = document.tumor
    if document.index is None:
        return False
    if tumor is None:
        return True
    return tumor.origin_certainty != Origin.RETROPERITONEAL_INVADING and tumor.presentation_type in (
        None,
        PresentationType.PRIMARY,
    )


def observe(document: Any, *, published: bool = False) -> Observation:
    """Reduce a case to its days.

    A publication that gives no time says nothing about the days after the operation, so such a case is not
    followed; a registered patient was alive when the operation was recorded and counts from day 0.
    """
    index = document.index
    died, alive = death_day(document), last_alive_day(document)
    if published and not document.follow_ups:
        alive = None
    first = min(
        (
            r
            for r in document.recurrences
            if day(document, r.detected_on, r.months_after_resection) is not None
        ),
        key=lambda r: day(document, r.detected_on, r.months_after_resection) or 0,
        default=None,
    )
    dates = [index.operated_on] if index else []
    dates += [document.death.died_on] if document.death else []
    dates += [visit.visit_on for visit in document.follow_ups] + [r.detected_on for r in document.recurrences]
    return Observation(
        in_main_curve=in_main_curve(document),
        origin_on=index.operated_on.imputed() if index and index.operated_on else None,
        followed_days=alive,
        death_days=None if died is None else max(died, alive or 0),
        death_cause=(document.death.cause_category or "") if document.death else "",
        recurrence_days=day(document, first.detected_on, first.months_after_resection) if first else None,
        recurrence_kind=(first.kind or "") if first else "",
        imputed_dates=sum(1 for on in dates if on is not None and on.precision != "day"),
    )


def columns(seen: Observation) -> dict[str, Any]:
    """The observation as its row's columns."""
    return {name: getattr(seen, name) for name in Observation.__slots__}


def strata(document: Any) -> dict[str, str]:
    """What curves are split by; an unknown answer is an empty text."""
    index, rebuilt, specimen = document.index, document.reconstruction, document.specimen
    operated_on = index.operated_on if index else None
    return {
        "sex": (document.patient.sex if document.patient else None) or "",
        "level": document.level or "",
        "growth_pattern": (document.tumor.growth_pattern if document.tumor else None) or "",
        "margin": (specimen.margin if specimen else None) or "",
        "grade": (specimen.fnclcc_grade if specimen else None) or "",
        "resection_type": (index.resection_type if index else None) or "",
        "ivc_method": (rebuilt.ivc_method if rebuilt else None) or "",
        "material": (rebuilt.material if rebuilt else None) or "",
        "era": f"{operated_on.earliest.year // 10 * 10}s" if operated_on else "",
    }
