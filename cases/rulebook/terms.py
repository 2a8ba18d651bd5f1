"""Groups of codes, and facts, that rules of several files share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from cases import chronology, endpoints
from cases.rulebook.facts import derived
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import GRAFTS, Handling, IvcMethod, Segment, Setting, TherapyModality, Vein

RENAL_VEINS = frozenset({Vein.LEFT_RENAL, Vein.RIGHT_RENAL})
HEPATIC_VEINS = frozenset(
    {Vein.HEPATIC_RIGHT, Vein.HEPATIC_MIDDLE, Vein.HEPATIC_LEFT, Vein.ACCESSORY_HEPATIC}
)
REIMPLANTED = frozenset(
    {
        Handling.REIMPLANTED_GRAFT,
        Handling.REIMPLANTED_IVC,
        Handling.INTERPOSITION,
        Handling.RECONSTRUCTED_ATRIUM,
    }
)
NEAR_THE_HEART = frozenset({Segment.SUPRADIAPHRAGMATIC, Segment.INTRACARDIAL})
# After these the blood's way back needs protection, or the absence of it a reason.
NEEDS_ANTITHROMBOTIC = GRAFTS | {IvcMethod.PATCH, IvcMethod.LIGATION}
# How long after the resection what was found may still be on its way into the registry.
RECORDED_WITHIN = Threshold("within_days", "Time to record it", 90, "d")


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of several answers is yes; None if none is and one is unknown."""
    found = list(answers)
    return True if True in found else None if None in found else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether all answers are yes; None if none is no and one is unknown."""
    found = list(answers)
    return False if False in found else None if None in found else True


@derived("death form", "death", of_case=True)
def death_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether the case has a death form."""
    return case.death is not None


@derived(
    "whether contact is still expected",
    *("follow_ups.vital_status", "follow_ups.visit_on", "death", "consent.basis", "case.citation"),
)
def contact_expected(case: Any, row: Any, as_of: date) -> bool:
    """Whether the patient is neither dead, lost, withdrawn nor known from a publication alone."""
    return is_awaited(case)


def is_awaited(case: Any) -> bool:
    """Whether the patient is neither dead, lost, withdrawn nor known from a publication alone."""
    return endpoints.is_followed(case) and chronology.lost_since(case) is None


@derived("neoadjuvant therapy", "therapies", of_case=True)
def neoadjuvant_given(case: Any, row: Any, as_of: date) -> bool:
    """Whether a therapy before the resection is recorded, other than that there was none."""
    return any(is_neoadjuvant(course) for course in case.therapies)


def is_neoadjuvant(course: Any) -> bool:
    """Whether a course of therapy was given before the resection."""
    return course.setting == Setting.NEOADJUVANT and course.modality != TherapyModality.NONE_GIVEN
