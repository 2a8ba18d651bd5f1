"""What the rules on diagnosis and staging work out: imaging, tissue and days before the resection."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.facts import derived
from cases.rulebook.terms import all_of, any_of, is_neoadjuvant
from cases.vocabulary import BiopsyType, Modality, Region

BELLY = frozenset({Region.ABDOMEN, Region.PELVIS})
TRUNK = BELLY | {Region.CHEST}
ECHOCARDIOGRAPHY = frozenset({Modality.TTE, Modality.TEE})
DAYS_PER_WEEK = 7


# --- imaging before the resection ----------------------------------------------------------------


def _is_placed(case: Any, study: Any) -> bool:
    """Whether it is known that a study that may have come before the resection did; undated ones may have not."""
    return case.index is None or (case.index.operated_on is not None and study.performed_on is not None)


def _stages(study: Any) -> tuple[frozenset[str], frozenset[str]]:
    """What a study stages for sure, and what it may have staged: belly by contrast CT or MRI, chest by CT."""
    regions = study.regions if study.regions is not None else TRUNK
    if study.modality == Modality.MRI:
        found, open_to = regions & BELLY, frozenset[str]()
    elif study.modality == Modality.CT:
        with_contrast = study.contrast is True
        found = regions & (TRUNK if with_contrast else TRUNK - BELLY)
        open_to = regions & BELLY if study.contrast is None else frozenset()
    else:
        return frozenset(), frozenset() if study.modality else TRUNK
    return (found, open_to) if study.regions is not None else (frozenset(), found | open_to)


@derived("staging by contrast CT or MRI, and CT of the chest", "imaging", "index.operated_on", codes=Region)
def regions_not_staged(case: Any, row: Any, as_of: date) -> frozenset[str] | None:
    """Regions that no imaging before the resection staged; None without imaging, or while a detail of it is open."""
    if not case.imaging:
        return None
    staged, may_be = set[str](), set[str]()
    for study in case.imaging_before:
        found, open_to = _stages(study)
        may_be |= found | open_to
        if _is_placed(case, study):
            staged |= found
    lacking = TRUNK - staged
    return lacking - may_be or (None if lacking else frozenset())


@derived("days from the staging of the abdomen to the resection", "imaging.performed_on", "index.operated_on")
def staging_age_days(case: Any, row: Any, as_of: date, within_weeks: int) -> int | None:
    """The fewest days that can lie between the last CT or MRI of the abdomen and the resection.

    None where all that is known is older than that many weeks, and a study without date or regions may be younger.
    """
    if row.operated_on is None:
        return None
    ages, may_be = list[int](), list[int]()
    for study in case.imaging_before:
        on, regions = study.performed_on, study.regions
        if study.modality in (Modality.CT, Modality.MRI) and (regions is None or Region.ABDOMEN in regions):
            age = 0 if on is None else max(0, (row.operated_on.earliest - on.latest).days)
            (may_be if on is None or regions is None else ages).append(age)
    youngest, limit = min(ages, default=None), within_weeks * DAYS_PER_WEEK
    if youngest is not None and youngest > limit and any(age <= limit for age in may_be):
        return None
    return youngest


def _shown_before(case: Any, modalities: frozenset[str]) -> bool | None:
    """Whether one of these was done before the resection; None without any imaging."""
    if not case.imaging:
        return None
    return any_of(
        _is_placed(case, study) or None for study in case.imaging_before if study.modality in modalities
    )


@derived("MRI before the resection", "imaging")
def mri_before(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether an MRI was done before the resection."""
    return _shown_before(case, frozenset({Modality.MRI}))


@derived("echocardiography before the resection", "imaging")
def echo_before(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether the heart was seen by ultrasound before the resection."""
    return _shown_before(case, ECHOCARDIOGRAPHY)


# --- tissue before treatment -----------------------------------------------------------------------


def _begun(case: Any) -> list[Any]:
    """The dates at which treatment began: neoadjuvant therapy and the resection."""
    dates = [course.started_on for course in case.therapies if is_neoadjuvant(course)]
    return [on for on in (*dates, case.index.operated_on) if on is not None]


@derived(
    "core needle biopsy before treatment, reviewed by a sarcoma pathologist",
    *("biopsies", "therapies", "index.operated_on"),
)
def core_biopsy(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether there was one; None without any biopsy on record."""
    if not case.biopsies:
        return None
    begun = _begun(case)
    return any_of(_is_timely_core(biopsy, begun) for biopsy in case.biopsies)


def _is_timely_core(biopsy: Any, begun: list[Any]) -> bool | None:
    on = biopsy.performed_on
    return all_of(
        (
            None if biopsy.type is None else biopsy.type == BiopsyType.CORE_NEEDLE,
            biopsy.sarcoma_pathologist_review,
            None if on is None else not any(on.surely_after(start) for start in begun),
        )
    )


@derived("neoadjuvant therapy before any histology", "therapies", "biopsies")
def untested_neoadjuvant(case: Any, row: Any, as_of: date) -> bool:
    """Whether neoadjuvant therapy was given though no biopsy but cytology can have come before it."""
    courses = [course for course in case.therapies if is_neoadjuvant(course)]
    starts = [course.started_on for course in courses if course.started_on]
    tissue = [
        biopsy
        for biopsy in case.biopsies
        if biopsy.type != BiopsyType.FNA
        and not (biopsy.performed_on and any(biopsy.performed_on.surely_after(start) for start in starts))
    ]
    return bool(courses) and not tissue


@derived("diagnosis after the resection", "diagnosis.diagnosis_on", "index.operated_on")
def diagnosed_after(case: Any, row: Any, as_of: date) -> bool:
    """Whether the diagnosis surely came after the resection."""
    diagnosed_on = case.diagnosis.diagnosis_on if case.diagnosis else None
    return bool(diagnosed_on and row.operated_on and diagnosed_on.surely_after(row.operated_on))


@derived("days from the diagnosis to the resection", "diagnosis.diagnosis_on", "index.operated_on")
def days_to_surgery(case: Any, row: Any, as_of: date) -> int | None:
    """Days between two dates that are both known to the day."""
    diagnosed_on = case.diagnosis.diagnosis_on if case.diagnosis else None
    if diagnosed_on is None or row.operated_on is None:
        return None
    exact = diagnosed_on.precision == row.operated_on.precision == "day"
    return (row.operated_on.earliest - diagnosed_on.earliest).days if exact else None
