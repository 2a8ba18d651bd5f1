"""Dates in, days out: what a case contributes to survival, whatever the cut.

Day 0 is the index resection. Partial dates are imputed here and nowhere else (middle of the month, 1 July)
and counted; an imputed day never stands before the resection. A published interval without dates counts
30.4375 days a month. What a cut does with these days is decided in reports/cohorts.py.

A document remembers its `death_time`, `signs_of_life` and `last_alive_day` (cases/derived.py): ask it for these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from math import ceil
from typing import Any

from cases.vocabulary import (
    ComplicationOutcome,
    ComplicationType,
    ConsentBasis,
    DischargeTo,
    GraftStatus,
    GrossResult,
    IntraoperativeEvent,
    Margin,
    Origin,
    PresentationType,
    RecurrenceKind,
    ResectionType,
    TimeQualifier,
    VitalStatus,
)
from registry.dates import PartialDate

DAYS_PER_MONTH = 30.4375
EARLY_DAYS = 90
# A contact older than 14 months is stale: data query X-55 asks for news, reports count it.
STALE_MONTHS = 14
STALE_DAYS = int(STALE_MONTHS * DAYS_PER_MONTH)
NO_LIMIT = 10**6  # days

# A date and, where a publication gives no date, the days that it prints.
Sign = tuple[PartialDate | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One case's days from the index resection; None where nothing is known."""

    in_main_curve: bool
    origin_on: date | None
    followed_days: int | None
    death_days: int | None
    death_is_dated: bool
    death_cause: str
    recurrence_days: int | None
    recurrence_kind: str
    local_recurrence_days: int | None
    distant_metastasis_days: int | None
    graft_occlusion_days: int | None
    graft_removal_days: int | None
    made_disease_free: bool
    days_from_diagnosis: int | None
    diagnosis_is_dated: bool
    imputed_dates: int
    last_contact_on: date | None
    last_contact_precision: str
    is_followed: bool


@dataclass(frozen=True, slots=True)
class DeathTime:
    """When the patient died, in days from the resection: as imputed, and the first and last day it can have been.

    `not_after` is the last day of the date itself, counted like `day` from the imputed resection: later signs of
    life cannot move the death beyond it. `on` is the date that says so.
    """

    day: int
    earliest: int
    latest: int
    not_after: int
    on: PartialDate | None = None

    @property
    def is_dated(self) -> bool:
        return self.earliest == self.latest


# --- days ----------------------------------------------------------------------------------------


def day(document: Any, on: PartialDate | None, months: float | None = None) -> int | None:
    """Days from the index resection to a date, or to a published interval in months; None if unknowable."""
    origin = document.index.operated_on if document.index else None
    if on is not None and origin is not None:
        return max(0, (on.imputed() - origin.imputed()).days)
    return None if document.index is None else in_days(months)


def in_days(months: float | None) -> int | None:
    """A published interval in days."""
    return None if months is None else round(months * DAYS_PER_MONTH)


@cache
def days_of(months: float) -> int:
    """The most days that so many months can have: what a date that many months later is not beyond."""
    return ceil(months * DAYS_PER_MONTH)


def onset_day(document: Any, complication: Any) -> int | None:
    """Day a complication began; negative when it surely began before the resection (after an earlier operation)."""
    origin, on = document.index.operated_on if document.index else None, complication.onset_on
    if on is None or origin is None:
        return complication.onset_days_after_resection
    days = (on.imputed() - origin.imputed()).days
    return days if on.surely_before(origin) else max(0, days)


def onset_span(document: Any, complication: Any) -> tuple[int, int] | None:
    """First and last day a complication can have begun, as precisely as its date is known."""
    origin, on = document.index.operated_on if document.index else None, complication.onset_on
    if on is None or origin is None:
        days = complication.onset_days_after_resection
        return None if days is None else (days, days)
    if on.surely_before(origin):
        return (on.earliest - origin.latest).days, (on.latest - origin.earliest).days
    return _span(origin, on)


def days_after(document: Any, on: PartialDate | None, months: float | None) -> tuple[int, int] | None:
    """First and last day after the resection that a date, or a published interval, can mean; None if unknowable."""
    origin = document.index.operated_on if document.index else None
    if on is not None and origin is not None:
        return _span(origin, on)
    days = None if document.index is None else in_days(months)
    return None if days is None else (days, days)


def _span(origin: PartialDate, on: PartialDate) -> tuple[int, int]:
    return max(0, (on.earliest - origin.latest).days), max(0, (on.latest - origin.earliest).days)


# --- death ---------------------------------------------------------------------------------------


def is_dead(document: Any) -> bool:
    """Whether any form says that the patient died."""
    return (
        document.death is not None
        or any(IntraoperativeEvent.DEATH in (o.intraop_events or ()) for o in document.operations)
        or bool(document.discharge and document.discharge.discharge_to == DischargeTo.DIED)
        or any(visit.vital_status == VitalStatus.DEAD for visit in document.follow_ups)
        or any(c.outcome == ComplicationOutcome.DEATH for c in document.complications)
    )


def death_time(document: Any) -> DeathTime | None:
    """When the patient died, from the best source there is; None for the living and for a death without any time.

    The death form counts first, then a death during an operation, a discharge as dead, and last a visit that found
    the patient dead, which is the latest that the death can have been.
    """
    if document.index is None:
        return None
    return _death_as_recorded(document) or _death_in_hospital(document) or _death_heard_of(document)


def _death_as_recorded(document: Any) -> DeathTime | None:
    form, origin = document.death, document.index.operated_on
    if form is None:
        return None
    if form.died_on is not None and origin is not None:
        return _at(origin, form.died_on)
    days = in_days(form.months_after_resection)
    if days is None:
        return None
    as_printed = form.time_qualifier in (None, TimeQualifier.EXACT)
    return DeathTime(days, days, *((days, days) if as_printed else (NO_LIMIT, NO_LIMIT)))


def _death_in_hospital(document: Any) -> DeathTime | None:
    origin, discharge = document.index.operated_on, document.discharge
    for operation in document.operations:
        if IntraoperativeEvent.DEATH in (operation.intraop_events or ()):
            if operation is document.index:
                return DeathTime(0, 0, 0, 0)
            if origin is not None and operation.operated_on is not None:
                return _at(origin, operation.operated_on)
    if discharge is None or discharge.discharge_to != DischargeTo.DIED:
        return None
    known = origin is not None and discharge.discharged_on is not None
    return _at(origin, discharge.discharged_on) if known else None


def _death_heard_of(document: Any) -> DeathTime | None:
    origin, heard = document.index.operated_on, []
    for visit in document.follow_ups:
        if visit.vital_status != VitalStatus.DEAD:
            continue
        if visit.visit_on is not None and origin is not None:
            at = _at(origin, visit.visit_on)
            heard.append(replace(at, earliest=0))
        elif (days := in_days(visit.months_after_resection)) is not None:
            heard.append(DeathTime(days, 0, days, days))
    return min(heard, key=lambda at: at.day, default=None)


def _at(origin: PartialDate, on: PartialDate) -> DeathTime:
    since = origin.imputed()
    return DeathTime(
        max(0, (on.imputed() - since).days), *_span(origin, on), max(0, (on.latest - since).days), on
    )


def death_day(document: Any) -> int | None:
    """Day of death; None for the living and for a death without any time."""
    at = document.death_time
    return None if at is None else at.day


def died_within(document: Any, days: int) -> bool | None:
    """Whether the patient died within so many days; None where dates are too coarse or contact ended before."""
    at = document.death_time
    if at is not None and at.latest <= days:
        return True
    if at is not None and at.earliest > days:
        return False
    lived = document.last_alive_day
    return False if lived is not None and lived >= days else None


# --- life ----------------------------------------------------------------------------------------


def signs_of_life(document: Any) -> list[Sign]:
    """Every dated sign that the patient lived: what last contact, follow-up and imputed dates are taken from."""
    signs: list[Sign] = [
        (visit.visit_on, in_days(visit.months_after_resection))
        for visit in document.follow_ups
        if visit.vital_status in (VitalStatus.ALIVE, None)
    ]
    signs += [(r.detected_on, in_days(r.months_after_resection)) for r in document.recurrences]
    signs += [(c.onset_on, c.onset_days_after_resection) for c in document.complications]
    dates = [o.operated_on for o in document.operations]
    dates += [study.performed_on for study in document.imaging]
    dates += [biopsy.performed_on for biopsy in document.biopsies]
    for treatment in document.therapies:
        dates += (treatment.started_on, treatment.ended_on)
    for treatment in document.antithrombotics:
        dates += (treatment.started_on, treatment.stopped_on)
    if (discharge := document.discharge) is not None:
        dates.append(discharge.readmitted_on)
        if discharge.discharge_to not in (None, DischargeTo.DIED):
            dates.append(discharge.discharged_on)
    signs += [(on, None) for on in dates]
    return [(on, days) for on, days in signs if on is not None or days is not None]


def last_contact(document: Any) -> PartialDate | None:
    """The last dated sign of life, read as late as the dates allow; of two as late, the more exact one."""
    dated = [on for on, _ in document.signs_of_life if on is not None]
    return max(dated, key=lambda on: (on.latest, on.earliest), default=None)


def is_followed(document: Any) -> bool:
    """Whether news is expected: the patient is not dead, agrees to it, and is not known from a publication alone."""
    no_more = (ConsentBasis.REFUSED, ConsentBasis.WITHDRAWN)
    has_left = document.consent is not None and document.consent.basis in no_more
    return not has_left and not document.citation and not is_dead(document)


def last_alive_day(document: Any) -> int | None:
    """The last day with a sign of life, the day of the resection included."""
    if document.index is None:
        return None
    origin = document.index.operated_on
    since = origin.imputed() if origin else None
    latest: int | None = None
    for on, printed in document.signs_of_life:
        days = printed if on is None or since is None else max(0, (on.imputed() - since).days)
        if days is not None and (latest is None or days > latest):
            latest = days
    return _at_most(latest, withdrawal_day(document))


def withdrawal_day(document: Any) -> int | None:
    """The day on which consent was withdrawn: what is known until then stays, and the patient is censored there."""
    return day(document, document.consent.withdrawn_on) if document.consent else None


# --- the observation -----------------------------------------------------------------------------


def in_main_curve(document: Any) -> bool:
    """The population of the main curve: an index resection, curative or palliative, of an eligible, primary tumor.

    An index operation at which nothing was resected is none.
    """
    tumor = document.tumor
    if document.index is None or document.index.resection_type == ResectionType.NONE:
        return False
    if tumor is None:
        return True
    return tumor.origin_certainty != Origin.RETROPERITONEAL_INVADING and tumor.presentation_type in (
        None,
        PresentationType.PRIMARY,
    )


def made_disease_free(document: Any) -> bool:
    """Whether the resection left no known tumor: radical as in S-08 (all visible tumor out, R0 or R1), no metastasis.

    Only those are at risk of a recurrence; who is not known to be free of tumor is not counted as free.
    """
    specimen, tumor = document.specimen, document.tumor
    return (
        document.index is not None
        and document.index.gross_result == GrossResult.COMPLETE
        and specimen is not None
        and specimen.margin in (Margin.R0, Margin.R1)
        and tumor is not None
        and tumor.metastasis_at_diagnosis is False
    )


def days_from_diagnosis(document: Any) -> int | None:
    """Days from the diagnosis to the index resection; 0 for one made on the specimen, None where a date is unknown."""
    origin = document.index.operated_on if document.index else None
    on = document.diagnosis.diagnosis_on if document.diagnosis else None
    return None if origin is None or on is None else max(0, (origin.imputed() - on.imputed()).days)


def _diagnosis_is_dated(document: Any) -> bool:
    on = document.diagnosis.diagnosis_on if document.diagnosis else None
    return on is not None and on.precision == "day"


def observe(document: Any, *, published: bool = False) -> Observation:
    """Reduce a case to its days.

    A publication that gives no time says nothing about the days after the operation, so such a case is not
    followed; a registered patient was alive when the operation was recorded and counts from day 0. An imputed death
    is put off to the last sign of life as far as its date allows; a dated one ends the follow-up. Nothing happens after
    a withdrawal of consent: an imputed death would, so the patient is censored; what else was recorded came before.
    """
    index, at, seen = document.index, document.death_time, last_contact(document)
    alive = None if published and not document.follow_ups else document.last_alive_day
    if at is not None and not at.is_dated and at.earliest > 0:
        # Who died "in 2023" was alive when 2022 ended.
        alive = max(alive or 0, at.earliest - 1)
    died = None if at is None else min(max(at.day, alive or 0), at.not_after)
    withdrawn = withdrawal_day(document)
    if died is not None and withdrawn is not None and died > withdrawn:
        died = None
    end = withdrawn if died is None else died
    recurred, kind = _first_recurrence(document)
    return Observation(
        in_main_curve=in_main_curve(document),
        origin_on=index.operated_on.imputed() if index and index.operated_on else None,
        followed_days=_at_most(alive, end),
        death_days=died,
        death_is_dated=died is not None and at is not None and at.is_dated,
        death_cause=(document.death.cause_category or "") if document.death else "",
        recurrence_days=_at_most(recurred, end),
        recurrence_kind=kind,
        local_recurrence_days=_at_most(_first_recurrence(document, RecurrenceKind.LOCAL)[0], end),
        distant_metastasis_days=_at_most(_first_recurrence(document, RecurrenceKind.DISTANT)[0], end),
        graft_occlusion_days=_at_most(_graft_occlusion(document), end),
        graft_removal_days=_at_most(_first_seen(document, GraftStatus.REMOVED), end),
        made_disease_free=made_disease_free(document),
        days_from_diagnosis=days_from_diagnosis(document),
        diagnosis_is_dated=_diagnosis_is_dated(document),
        imputed_dates=_imputed_dates(document, at),
        last_contact_on=seen.latest if seen else None,
        last_contact_precision=seen.precision if seen else "",
        is_followed=not published and is_followed(document),
    )


def _at_most(days: int | None, limit: int | None) -> int | None:
    return days if days is None or limit is None else min(days, limit)


def _first_recurrence(document: Any, only: str | None = None) -> tuple[int | None, str]:
    found = [
        (days, place, r.kind or "")
        for place, r in enumerate(document.recurrences)
        if only in (None, r.kind)
        and (days := day(document, r.detected_on, r.months_after_resection)) is not None
    ]
    first = min(found, default=(None, 0, ""))
    return first[0], first[2]


def _first_seen(document: Any, status: str) -> int | None:
    """The first visit that found the graft so."""
    seen = [
        day(document, visit.visit_on, visit.months_after_resection)
        for visit in document.follow_ups
        if visit.graft_status == status
    ]
    return min((days for days in seen if days is not None), default=None)


def _graft_occlusion(document: Any) -> int | None:
    """The first day of a graft thrombosis, or of a visit that found the graft occluded."""
    found = [
        onset_day(document, complication)
        for complication in document.complications
        if complication.type == ComplicationType.GRAFT_THROMBOSIS and document.index is not None
    ]
    found.append(_first_seen(document, GraftStatus.OCCLUDED))
    return min((days for days in found if days is not None and days >= 0), default=None)


def _imputed_dates(document: Any, at: DeathTime | None) -> int:
    """How many dates lack a day: the signs of life from the resection on, and the date of the death."""
    origin = document.index.operated_on if document.index else None
    dates = [on for on, _ in document.signs_of_life if not (on and origin and on.surely_before(origin))]
    dates += [at.on] if at else []
    return sum(1 for on in dates if on is not None and on.precision != "day")


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
        "segment": document.cranial_extent or "",
        "size": document.size_category or "",
        "growth_pattern": (document.tumor.growth_pattern if document.tumor else None) or "",
        "margin": (specimen.margin if specimen else None) or "",
        "grade": (specimen.fnclcc_grade if specimen else None) or "",
        "resection_type": (index.resection_type if index else None) or "",
        "ivc_method": (rebuilt.ivc_method if rebuilt else None) or "",
        "material": (rebuilt.material if rebuilt else None) or "",
        "era": f"{operated_on.earliest.year // 10 * 10}s" if operated_on else "",
    }
