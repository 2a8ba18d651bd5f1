"""What a report says of hazard ratios, as plain data; part of reports/content.py."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HazardRatio:
    """A hazard ratio with limits, and the patients and deaths it was estimated from."""

    ratio: float
    lower: float
    upper: float
    p_value: float
    patients: int
    events: int


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One factor: who is compared with whom, and the ratio by this factor alone and together with the others."""

    heading: str
    compared: str
    reference: str
    compared_n: int
    compared_events: int
    reference_n: int
    reference_events: int
    alone: HazardRatio | None
    together: HazardRatio | None


# Why there is no ratio of all factors together: too few events, no finite estimate, or too many patients to fit.
Refusal = Literal["", "events", "infinite", "size"]


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Cox regressions of overall survival, stratified by center; `complete` patients have every factor recorded."""

    level: float
    followed: int
    complete: int
    complete_events: int
    events_needed: int
    centers: int
    hazards: tuple[Hazard, ...]
    refusal: Refusal
