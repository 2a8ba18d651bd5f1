"""Kidneys, graft and tumor watched after the resection, from guidance and series: L-14, L-16 and L-20."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.endpoints import days_after, days_of, died_within
from cases.rulebook.algorithm_facts import days_passed, documented
from cases.rulebook.authority import TO_BE_CHECKED, literature
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import is_awaited
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import (
    GRAFTS,
    DischargeTo,
    Firmness,
    GraftStatus,
    Modality,
    Region,
    Severity,
    VitalStatus,
)

GRAFT_UNSEEN = frozenset({GraftStatus.NOT_ASSESSED, GraftStatus.NO_GRAFT, None})
SURVEYED = (Region.CHEST, Region.ABDOMEN, Region.PELVIS)
HALF_A_YEAR = Threshold("within_months", "Time after the resection", 6, "mo")


@derived("death by then", "death.died_on", "follow_ups.vital_status", "discharge.discharge_to")
def dead_by_then(case: Any, row: Any, as_of: date, within_months: int) -> bool:
    """Whether the patient surely died within so many months, or in hospital, so that nothing was left to be done."""
    if case.death_time is None:
        return bool(case.discharge and case.discharge.discharge_to == DischargeTo.DIED)
    return died_within(case, days_of(within_months)) is True


# --- kidneys and graft ---------------------------------------------------------------------------


@derived("creatinine after discharge", "follow_ups.creatinine_umol_l", "follow_ups.visit_on")
def creatinine_after_umol_l(case: Any, row: Any, as_of: date, within_months: int) -> float | None:
    """The first creatinine of a visit within so many months after the resection."""
    for visit in case.follow_ups:
        if visit.creatinine_umol_l is not None and _can_be_within(case, visit, within_months) is not False:
            return float(visit.creatinine_umol_l)
    return None


def _can_be_within(case: Any, visit: Any, months: int) -> bool | None:
    """Whether a visit can have been so early; None where it has no time."""
    span = days_after(case, visit.visit_on, visit.months_after_resection)
    return None if span is None else span[0] <= days_of(months)


def _kidneys_watched(
    creatinine_preop_umol_l: float | None,
    creatinine_discharge_umol_l: float | None,
    creatinine_after_umol_l: float | None,
    discharge_to: str | None,
    dead_by_then: bool,
    days_passed: int | None,
    within_months: int,
) -> bool | None:
    """Who died is asked only for what came before."""
    at_discharge = creatinine_discharge_umol_l is not None or discharge_to == DischargeTo.DIED
    later = creatinine_after_umol_l is not None or dead_by_then
    known = True if creatinine_preop_umol_l is not None and at_discharge and later else None
    return documented(known, days_passed, days_of(within_months))


@derived("graft seen early", "follow_ups.graft_status", "follow_ups.visit_on")
def graft_seen_early(case: Any, row: Any, as_of: date, within_months: int) -> bool | None:
    """Whether a visit within so many months tells how the graft was; None without visits, or while one has no time."""
    seen = [visit for visit in case.follow_ups if visit.graft_status not in GRAFT_UNSEEN]
    if not case.follow_ups:
        return None
    answers = [_can_be_within(case, visit, within_months) for visit in seen]
    return True if True in answers else None if None in answers else False


@derived("visits after CT that do not tell of the graft", "follow_ups.graft_status", "imaging")
def visits_without_graft(case: Any, row: Any, as_of: date) -> frozenset[str]:
    """Of each CT of the abdomen after the resection, the first visit from then on, if the graft was not assessed."""
    if row.operated_on is None:
        return frozenset()
    # Nobody can look at the graft of who has died or is lost.
    seen = [v for v in case.follow_ups if v.visit_on and v.vital_status in (VitalStatus.ALIVE, None)]
    visits = sorted(seen, key=lambda v: v.visit_on.earliest)
    found = set[str]()
    for study in case.imaging:
        on = study.performed_on
        if study.modality != Modality.CT or on is None or Region.ABDOMEN not in (study.regions or ()):
            continue
        if on.surely_after(row.operated_on):
            told = next((v for v in visits if v.visit_on.latest >= on.earliest), None)
            if told is not None and told.graft_status in GRAFT_UNSEEN:
                found.add(str(told.visit_on))
    return frozenset(found)


def _graft_watched(
    graft_seen_early: bool | None,
    visits_without_graft: frozenset[str],
    dead_by_then: bool,
    days_passed: int | None,
    within_months: int,
) -> bool | None:
    if visits_without_graft:
        return False
    if graft_seen_early is not False or dead_by_then:
        return True if dead_by_then else graft_seen_early
    return documented(None, days_passed, days_of(within_months))


# --- surveillance --------------------------------------------------------------------------------


@derived(
    "whether surveillance is due",
    *("follow_ups.vital_status", "consent.basis", "index.operated_on", "as_of"),
)
def is_surveyed(case: Any, row: Any, as_of: date, until_months: int) -> bool:
    """Whether the patient is alive, followed and not surely beyond these months; the cheap answer comes first."""
    on = row.operated_on
    return (on is None or (as_of - on.latest).days <= days_of(until_months)) and is_awaited(case)


@derived("last imaging of chest, abdomen and pelvis", "imaging.performed_on", "imaging.regions")
def surveyed_on(case: Any, row: Any, as_of: date) -> str | None:
    """The last day by which all three were imaged after the resection; None if they never were."""
    last = _surveyed(case, row)
    return None if last is None else str(last)


@derived("days since the last imaging", "imaging.performed_on", "imaging.regions", "follow_ups", "as_of")
def unsurveyed_days(case: Any, row: Any, as_of: date) -> int | None:
    """The fewest days since all three were imaged, or since the resection; None without any visit or date."""
    if not case.follow_ups or row.operated_on is None:
        return None
    return (as_of - (_surveyed(case, row) or row.operated_on.latest)).days


def _surveyed(case: Any, row: Any) -> date | None:
    last: dict[str, date] = {}
    for study in case.imaging:
        on = study.performed_on
        if on is not None and study.regions and row.operated_on and on.latest > row.operated_on.earliest:
            for region in study.regions:
                last[region] = max(on.latest, last.get(region, on.latest))
    return min((last[region] for region in SURVEYED), default=None) if last.keys() >= set(SURVEYED) else None


RULES = (
    Rule(
        id="L-14",
        edition=2,
        title="Creatinine before and after",
        asks="creatinine is measured before the resection, at discharge and within {within_months} months after the"
        " resection",
        when="an index resection was done",
        severity=Severity.MINOR,
        scope=INDEX,
        thresholds=(HALF_A_YEAR,),
        needs_to_judge=(
            "presentation.creatinine_preop_umol_l?",
            "discharge.creatinine_discharge_umol_l?",
            creatinine_after_umol_l.or_unknown,
            "discharge.discharge_to?",
            dead_by_then,
            days_passed.or_unknown,
        ),
        expects=_kidneys_watched,
        says="Creatinine before the resection: {creatinine_preop_umol_l}, at discharge: {creatinine_discharge_umol_l},"
        " within {within_months} months: {creatinine_after_umol_l}.",
        **literature(
            "TARPSWG follow-up protocols (NCT03480399: creatinine at baseline, 4 and 12 months)",
            firmness=Firmness.B,
            since=2019,
        ),
    ),
    Rule(
        id="L-16",
        edition=2,
        title="Patency of the graft imaged",
        asks="the graft is assessed within {within_months} months and with each surveillance CT of the abdomen",
        when="the vena cava was replaced by a graft",
        severity=Severity.MINOR,
        scope=INDEX,
        thresholds=(HALF_A_YEAR,),
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method in GRAFTS,
        needs_to_judge=(
            graft_seen_early.or_unknown,
            visits_without_graft,
            dead_by_then,
            days_passed.or_unknown,
        ),
        expects=_graft_watched,
        says="Graft assessed within {within_months} months: {graft_seen_early}; visits after CT that do not tell of it:"
        " {visits_without_graft}.",
        **literature(
            "late, silent thrombosis: 7 of 18 (Illuminati 2016), 13 of 33 infrahepatic, Hirohashi 2002 (firm for the"
            " need; the interval is our proposal)",
            firmness=Firmness.B,
            since=2017,
        ),
    ),
    Rule(
        id="L-20",
        title="Surveillance imaging",
        asks="chest, abdomen and pelvis are imaged every {interval_months} months (every 3 to 4 is better in the first"
        " {early_months}), at most {grace_days} days late",
        when="the patient is alive and followed, up to {until_months} months after the resection",
        severity=lambda unsurveyed_days, days_passed, serious_months, early_months: (
            Severity.MAJOR
            if unsurveyed_days > days_of(serious_months) and days_passed <= days_of(early_months)
            else Severity.MINOR
        ),
        severities="minor (major if long overdue in the early period)",
        scope=INDEX,
        at="surveyed_on",
        thresholds=(
            Threshold("interval_months", "Longest interval", 6, "mo"),
            Threshold("grace_days", "Days of grace", 60, "d"),
            Threshold("serious_months", "Serious without imaging for", 12, "mo"),
            Threshold("early_months", "Early period", 36, "mo"),
            Threshold("until_months", "Asked until", 60, "mo"),
        ),
        needs_to_apply=(is_surveyed,),
        applies=lambda is_surveyed: is_surveyed,
        needs_to_judge=(unsurveyed_days, surveyed_on.or_unknown, days_passed),
        expects=lambda unsurveyed_days, interval_months, grace_days: (
            unsurveyed_days <= days_of(interval_months) + grace_days
        ),
        says="Imaging of chest, abdomen and pelvis is overdue (last: {surveyed_on}).",
        **literature(
            f"ESMO-EURACAN-GENTURIS, Gronchi, Ann Oncol 2021;32:1348 {TO_BE_CHECKED}: every 3 to 4 months for 2 to 3"
            " years, every 6 months to 5 years, then yearly",
            "Rutkowski 2014: every 3 months",
            "EJSO 2023;49:1125 and Curr Oncol 2023;30:2781: no evidence that intensity changes survival",
            firmness=Firmness.A,
            since=2024,
        ),
    ),
)
