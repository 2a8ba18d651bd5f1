"""What the algorithm's rules work out from several answers: days passed, early events, veins, surveillance.

Days come from `cases.endpoints`, so that published cases with intervals instead of dates are read like all others.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cases.endpoints import (
    EARLY_DAYS,
    days_after,
    days_of,
    death_day,
    died_within,
    is_dead,
    onset_day,
    onset_span,
)
from cases.rulebook.facts import derived
from cases.rulebook.terms import HEPATIC_VEINS
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    THROMBOEMBOLIC,
    ClavienDindo,
    ComplicationType,
    DiseaseStatus,
    Handling,
    Region,
    Vein,
)
from registry.dates import PartialDate

LIVER_AND_LUNG = frozenset({Region.ABDOMEN, Region.CHEST})
GRADE_II = CLAVIEN_DINDO_RANK[ClavienDindo.II]


def documented(answer: object, days_passed: int | None, within_days: int) -> bool | None:
    """An absent answer is a gap in documentation after so long; before, and where no day is known, it is open."""
    if answer is not None:
        return True
    return False if days_passed is not None and days_passed > within_days else None


@derived(
    "days since the resection (or the diagnosis, if not resected)",
    "index.operated_on",
    "diagnosis.diagnosis_on",
    "as_of",
    of_case=True,
)
def days_passed(case: Any, row: Any, as_of: date) -> int | None:
    """Days that have surely passed; a published case without dates was followed at least so long, or it is unknown."""
    diagnosed_on = case.diagnosis.diagnosis_on if case.diagnosis else None
    begun = case.index.operated_on if case.index else diagnosed_on
    if begun is not None:
        return (as_of - begun.latest).days
    known = [d for d in (case.last_alive_day, death_day(case)) if d is not None]
    followed = max(known, default=0)
    return followed if followed > EARLY_DAYS else None


@derived(
    "whether the patient died", "death", "follow_ups.vital_status", "discharge.discharge_to", of_case=True
)
def died(case: Any, row: Any, as_of: date) -> bool:
    """Whether any form says that the patient died."""
    return is_dead(case)


@derived("life or death on day 90", "death.died_on", "follow_ups.visit_on")
def early_death(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether the patient died within 90 days; None when not followed so far, or the date of death is too coarse."""
    return died_within(case, EARLY_DAYS)


def early_complications(case: Any) -> list[tuple[Any, bool]] | None:
    """The complications that may belong to the first 90 days, and whether they surely do; None if nothing is said."""
    spans = [(c, onset_span(case, c)) for c in case.complications]
    early = [
        (c, span is not None and span[1] <= EARLY_DAYS)
        for c, span in spans
        if span is None or (span[1] >= 0 and span[0] <= EARLY_DAYS)
    ]
    said_none = case.discharge is not None and case.discharge.no_complication_90d
    return early if early or said_none else None


def _told(case: Any, events: list[Any]) -> dict[str, str]:
    """Days (from the resection) and grades of events, by their types."""
    found: dict[str, list[tuple[int, str]]] = {}
    for event in events:
        on, grade = onset_day(case, event), event.clavien_dindo
        found.setdefault(event.type or "", []).append((on or 0, f"{on} ({grade})" if grade else f"{on}"))
    return {kind: ", ".join(said for _, said in sorted(found[kind])) for kind in sorted(found)}


@derived(
    "days and grades of thromboembolic events",
    "complications",
    "index.operated_on",
    codes=(ComplicationType, None),
)
def thromboembolic_events(case: Any, row: Any, as_of: date) -> dict[str, str]:
    """Each such event that surely belongs to the first 90 days: an answer is given to these, and not to the next."""
    early = early_complications(case) or ()
    return _told(case, [c for c, surely in early if surely and c.type in THROMBOEMBOLIC])


@derived(
    "days and grades of complications above grade II",
    *("complications", "index.operated_on"),
    codes=(ComplicationType, None),
)
def severe_events(case: Any, row: Any, as_of: date) -> dict[str, str]:
    """Each such complication that surely belongs to the first 90 days."""
    early = early_complications(case) or ()
    rank = CLAVIEN_DINDO_RANK.get
    return _told(case, [c for c, surely in early if surely and rank(c.clavien_dindo, 0) > GRADE_II])


@derived("complications with their days", "complications", codes=ComplicationType)
def early_thromboembolism(case: Any, row: Any, as_of: date) -> frozenset[str] | None:
    """Embolism and thrombosis of a deep vein, the vena cava or the graft within 90 days; None while a day is open."""
    found = early_complications(case)
    if found is None:
        return None
    events = [(c.type, surely) for c, surely in found if c.type in THROMBOEMBOLIC]
    seen = frozenset(kind for kind, surely in events if surely)
    return seen if seen or not events else None


@derived(
    "complications with their days and grades",
    *("complications", "death.died_on", "discharge.no_complication_90d"),
    codes=ClavienDindo,
)
def highest_early_grade(case: Any, row: Any, as_of: date) -> str | None:
    """The highest Clavien-Dindo grade within 90 days, or "none"; None while it is open whether it exceeds grade II.

    A death within 90 days is grade V.
    """
    died_early = died_within(case, EARLY_DAYS) if is_dead(case) else False
    if died_early:
        return str(ClavienDindo.V)
    found = early_complications(case)
    if found is None:
        return None
    highest, may_exceed = 0, died_early is None
    for complication, surely in found:
        rank = CLAVIEN_DINDO_RANK.get(complication.clavien_dindo)
        if surely and rank is not None:
            highest = max(highest, rank)
        elif rank is None or rank > GRADE_II:
            may_exceed = True
    if may_exceed and highest <= GRADE_II:
        return None
    return next((grade for grade, rank in CLAVIEN_DINDO_RANK.items() if rank == highest), "none")


# --- veins of the index resection ----------------------------------------------------------------


@derived("handling of the right renal vein", "operations.veins", codes=Handling)
def right_renal(case: Any, row: Any, as_of: date) -> str | None:
    """What was done with the right renal vein."""
    return row.handling_of.get(Vein.RIGHT_RENAL)


@derived("handling of the left renal vein", "operations.veins", codes=Handling)
def left_renal(case: Any, row: Any, as_of: date) -> str | None:
    """What was done with the left renal vein."""
    return row.handling_of.get(Vein.LEFT_RENAL)


@derived("handling of the hepatic veins", "operations.veins", codes=(Vein, Handling))
def hepatic_handling(case: Any, row: Any, as_of: date) -> dict[str, str] | None:
    """What was done with each hepatic vein; None without any row."""
    return {vein: how for vein, how in row.handling_of.items() if vein in HEPATIC_VEINS and how} or None


# --- surveillance --------------------------------------------------------------------------------


@derived("visits", "follow_ups.disease_status", "follow_ups.visit_on", "index.operated_on")
def visits_without_disease(case: Any, row: Any, as_of: date, window_months: int) -> int | None:
    """How many visits found no evidence of disease after the first window; None without any visit."""
    return len(_visits_without_disease(case, window_months)) if case.follow_ups else None


def _visits_without_disease(case: Any, window_months: int) -> list[Any]:
    """Visits without evidence of disease, but those that may have come before the first window had passed."""
    found = [visit for visit in case.follow_ups if visit.disease_status == DiseaseStatus.NED]
    spans = [(visit, days_after(case, visit.visit_on, visit.months_after_resection)) for visit in found]
    return [visit for visit, span in spans if span is None or span[0] >= days_of(window_months)]


@derived("dates of visits and imaging", "follow_ups.visit_on", "imaging.performed_on")
def visits_without_imaging(
    case: Any, row: Any, as_of: date, window_months: int, late_window_months: int, late_after_months: int
) -> tuple[str, ...] | None:
    """Visits without evidence of disease that no imaging of liver and lungs supports; None while a date is missing."""
    windows = (days_of(window_months), days_of(late_window_months), days_of(late_after_months))
    visits = [visit.visit_on for visit in _visits_without_disease(case, window_months)]
    studies = [s for s in case.imaging if s.performed_on is not None and s.regions]
    if row.operated_on is None or None in visits:
        return None
    return tuple(str(on) for on in visits if not _imaged(on, row.operated_on, studies, windows))


def _imaged(
    visit_on: PartialDate, operated_on: PartialDate, studies: list[Any], windows: tuple[int, int, int]
) -> bool:
    """Whether studies after the resection and within the window before the visit cover abdomen and chest.

    `windows` are the days at first, the days later on, and when that begins.
    """
    at_first, later, late_after = windows
    late = (visit_on.earliest - operated_on.latest).days > late_after
    window = timedelta(days=later if late else at_first)
    seen: frozenset[str] = frozenset()
    for study in studies:
        on = study.performed_on
        after_resection = on.latest > operated_on.earliest
        if after_resection and on.latest >= visit_on.earliest - window and on.earliest <= visit_on.latest:
            seen |= study.regions
    return seen >= LIVER_AND_LUNG
