"""Groups of codes, and facts, that rules of several files share."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.facts import derived
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import Handling, Vein

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
# How long after the resection what was found may still be on its way into the registry.
RECORDED_WITHIN = Threshold("within_days", "Time to record it", 90, "d")


@derived("death form", "death", of_case=True)
def death_recorded(case: Any, row: Any, as_of: date) -> bool:
    """Whether the case has a death form."""
    return case.death is not None
