"""Validity of the operation itself (X-30 to X-36, X-57)."""

from __future__ import annotations

from datetime import date

from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX, each
from cases.vocabulary import (
    MINIMALLY_INVASIVE,
    OPEN_APPROACHES,
    Approach,
    Bypass,
    ExposureStep,
    Segment,
    Severity,
)

CHEST_OPENED = frozenset({Approach.STERNOTOMY, Approach.THORACOABDOMINAL, Approach.RIGHT_THORACOTOMY})
THROUGH_DIAPHRAGM = frozenset({ExposureStep.DIAPHRAGM_INCISION, ExposureStep.INTRAPERICARDIAL_CONTROL})
CHEST_SEGMENTS = frozenset({Segment.SUPRADIAPHRAGMATIC, Segment.INTRACARDIAL})
NEAR_HEART = CHEST_SEGMENTS | {Segment.INFRADIAPHRAGMATIC}
LITTLE_LOSS_ML, FEW_UNITS, GREAT_LOSS_ML = 100, 2, 3000
FIRST_YEAR = date(1980, 1, 1)


def _way_to_the_heart(approach: frozenset[str], exposure_steps: frozenset[str] | None) -> bool | None:
    if approach & CHEST_OPENED:
        return True
    return None if exposure_steps is None else bool(exposure_steps & THROUGH_DIAPHRAGM)


def _pringle_fits(
    pringle_total_min: int, pringle_used: bool | None, skin_to_skin_min: int | None
) -> bool | None:
    if pringle_used is False or (skin_to_skin_min is not None and pringle_total_min > skin_to_skin_min):
        return False
    return None if pringle_used is None else True


def _loss_fits_units(blood_loss_ml: int, rbc_units: int) -> bool:
    if blood_loss_ml < LITTLE_LOSS_ML:
        return rbc_units <= FEW_UNITS
    return blood_loss_ml <= GREAT_LOSS_ML or rbc_units > 0


RULES = (
    Rule(
        id="X-30",
        title="Minimally invasive or open",
        asks="laparoscopic or robotic surgery with an open incision is recorded as converted",
        when="the approach is laparoscopic or robotic",
        severity=Severity.QUERY,
        scope=each("operations"),
        needs_to_apply=("approach",),
        applies=lambda approach: bool(approach & MINIMALLY_INVASIVE),
        expects=lambda approach: not approach & OPEN_APPROACHES or Approach.CONVERTED in approach,
        says="The approach ({approach}) joins minimally invasive and open surgery; add 'converted', confirm a hybrid"
        " approach, or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-31",
        title="Circulatory arrest needs the heart-lung machine",
        asks="cardiopulmonary bypass is recorded too",
        when="there was hypothermic circulatory arrest",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_apply=("bypass",),
        applies=lambda bypass: Bypass.HYPOTHERMIC_ARREST in bypass,
        expects=lambda bypass: Bypass.CARDIOPULMONARY in bypass,
        says="Hypothermic arrest without cardiopulmonary bypass (bypass: {bypass}); add the bypass or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-32",
        title="Way to the segments above the diaphragm",
        asks="the chest was opened, or the diaphragm or pericardium from below",
        when="a segment above the diaphragm was resected",
        severity=Severity.QUERY,
        scope=each("operations"),
        needs_to_apply=("resected_segments",),
        applies=lambda resected_segments: bool(resected_segments & CHEST_SEGMENTS),
        needs_to_judge=("approach", "exposure_steps?"),
        expects=_way_to_the_heart,
        says="Segments above the diaphragm were resected ({resected_segments}) with no way there (approach:"
        " {approach}; steps: {exposure_steps}); confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-33",
        title="Heart-lung machine without upper segments",
        asks="an upper segment (infradiaphragmatic or above) is involved or resected",
        when="cardiopulmonary bypass was used",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_apply=("bypass",),
        applies=lambda bypass: Bypass.CARDIOPULMONARY in bypass,
        needs_to_judge=("case.touched_segments",),
        at="bypass",
        expects=lambda touched_segments: bool(touched_segments & NEAR_HEART),
        says="Cardiopulmonary bypass was used, yet no upper segment is involved or resected ({touched_segments});"
        " confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-34",
        title="Pringle time",
        asks="a Pringle maneuver was used, and not for longer than the operation",
        when="a Pringle time above 0 is given",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_apply=("pringle_total_min",),
        applies=lambda pringle_total_min: pringle_total_min > 0,
        needs_to_judge=("pringle_used?", "skin_to_skin_min?"),
        at="pringle_total_min",
        expects=_pringle_fits,
        says="Pringle time is {pringle_total_min}, Pringle used: {pringle_used}, operating time: {skin_to_skin_min};"
        " correct what is wrong.",
        **LOGIC,
    ),
    Rule(
        id="X-35",
        title="Clamping, bypass and arrest within the operation",
        asks="none of these times is longer than the operation",
        when="the operating time is given",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_apply=("skin_to_skin_min", "ivc_clamp_min?", "bypass_min?", "arrest_min?"),
        applies=lambda ivc_clamp_min, bypass_min, arrest_min: (
            ivc_clamp_min is not None or bypass_min is not None or arrest_min is not None
        ),
        at="skin_to_skin_min",
        expects=lambda skin_to_skin_min, ivc_clamp_min, bypass_min, arrest_min: (
            max(ivc_clamp_min or 0, bypass_min or 0, arrest_min or 0) <= skin_to_skin_min
        ),
        says="Clamping ({ivc_clamp_min}), bypass ({bypass_min}) or arrest ({arrest_min}) is longer than the operation"
        " ({skin_to_skin_min}); correct what is wrong.",
        **LOGIC,
    ),
    Rule(
        id="X-36",
        title="Blood loss fits the transfusion",
        asks="under 100 mL at most 2 red-cell units are given, above 3000 mL at least one",
        severity=Severity.QUERY,
        scope=each("operations"),
        needs_to_judge=("blood_loss_ml", "rbc_units"),
        expects=_loss_fits_units,
        says="Blood loss is {blood_loss_ml} with {rbc_units} red-cell units; confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-57",
        title="Resection before 1980",
        asks="the resection was in 1980 or later",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_judge=("operated_on",),
        expects=lambda operated_on: not operated_on.surely_before(FIRST_YEAR),
        says="Operated ({operated_on}) before 1980; confirm or correct the date.",
        **LOGIC,
    ),
)
