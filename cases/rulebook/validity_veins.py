"""Validity of the veins that entered the resected part (X-37 to X-41)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import each
from cases.rulebook.terms import HEPATIC_VEINS, REIMPLANTED, RENAL_VEINS
from cases.vocabulary import (
    GRAFTS,
    ComplicationTreatment,
    ComplicationType,
    ExposureStep,
    Handling,
    Organ,
    Segment,
    Severity,
    Vein,
)

KIDNEYS = frozenset({Organ.RIGHT_KIDNEY, Organ.LEFT_KIDNEY})
LIVER_MOBILIZED = frozenset(
    {
        ExposureStep.PIGGYBACK_MOBILIZATION,
        ExposureStep.RIGHT_LIVER_MOBILIZATION,
        ExposureStep.HANGING_MANEUVER,
    }
)


@derived("organs resected", "operations.organs_resected")
def last_kidney_removed(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether this operation, after those before it in the list, leaves no kidney; None while organs are unknown."""
    if row.organs_resected is None:
        return None
    gone: frozenset[str] = frozenset()
    for operation in case.operations:
        lost = (operation.organs_resected or frozenset()) & KIDNEYS
        if operation is row:
            return bool(lost) and gone | lost == KIDNEYS
        gone |= lost
    return False


@derived("treatment that replaces the kidneys", "complications", "operations.veins")
def kidneys_replaced(case: Any, row: Any, as_of: date) -> bool:
    """Whether a kidney was autotransplanted in some operation, or dialysis is recorded."""
    return any(Handling.AUTOTRANSPLANT in o.handling_of.values() for o in case.operations) or any(
        c.type == ComplicationType.DIALYSIS or ComplicationTreatment.DIALYSIS in (c.treatment or ())
        for c in case.complications
    )


def _liver_freed(exposure_steps: frozenset[str] | None, ex_vivo_liver: bool | None) -> bool | None:
    if ex_vivo_liver or (exposure_steps or frozenset()) & LIVER_MOBILIZED:
        return True
    return None if exposure_steps is None else False


RULES = (
    Rule(
        id="X-37",
        title="Both renal veins accounted for",
        asks="both renal veins have a row that says how they were handled",
        when="the interrenal segment was resected",
        severity=Severity.ERROR,
        severities="error (of a complete case only: a draft is saved without)",
        scope=each("operations"),
        needs_to_apply=("resected_segments",),
        applies=lambda resected_segments: Segment.INTERRENAL in resected_segments,
        needs_to_judge=("handling_of",),
        expects=lambda handling_of: handling_of.keys() >= RENAL_VEINS,
        says="The interrenal segment was resected; add a row for each renal vein and how it was handled.",
        only_to_complete=True,
        **LOGIC,
    ),
    Rule(
        id="X-38",
        title="Right renal vein ligated",
        asks="the right kidney was removed",
        when="the right renal vein was ligated",
        severity=Severity.QUERY,
        scope=each("veins"),
        needs_to_apply=("vein", "handling"),
        applies=lambda vein, handling: vein == Vein.RIGHT_RENAL and handling == Handling.LIGATED,
        needs_to_judge=("operation.organs_resected",),
        at="handling",
        expects=lambda organs_resected: Organ.RIGHT_KIDNEY in organs_resected,
        says="The right renal vein was ligated and the right kidney kept (resected: {organs_resected}); this kidney"
        " has no collateral drainage: confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-39",
        title="Reimplanted into a graft that exists",
        asks="the operation used a tube graft",
        when="a vein was reimplanted into the graft",
        severity=Severity.ERROR,
        scope=each("veins"),
        needs_to_apply=("handling",),
        applies=lambda handling: handling == Handling.REIMPLANTED_GRAFT,
        needs_to_judge=("reconstruction.ivc_method",),
        at="handling",
        expects=lambda ivc_method: ivc_method in GRAFTS,
        says="A vein was reimplanted into the graft, yet the method is {ivc_method}; correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-39",
        title="Removed with a kidney that was removed",
        asks="that kidney is among the organs resected",
        when="a renal vein was removed with the kidney",
        severity=Severity.ERROR,
        scope=each("veins"),
        needs_to_apply=("vein", "handling"),
        applies=lambda vein, handling: vein in RENAL_VEINS and handling == Handling.WITH_NEPHRECTOMY,
        needs_to_judge=("operation.organs_resected",),
        at="vein",
        expects=lambda vein, organs_resected: vein.replace("_renal", "_kidney") in organs_resected,
        says="The {vein} was removed with its kidney, which is not among the organs resected ({organs_resected});"
        " correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-40",
        title="A kidney remains",
        asks="a kidney was autotransplanted or dialysis is recorded",
        when="both kidneys were removed, in one operation or in several",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_apply=(last_kidney_removed,),
        applies=lambda last_kidney_removed: last_kidney_removed,
        needs_to_judge=(kidneys_replaced,),
        at="last_kidney_removed",
        expects=lambda kidneys_replaced: kidneys_replaced,
        says="Both kidneys were removed without autotransplantation or dialysis; correct the organs or add what is"
        " missing.",
        **LOGIC,
    ),
    Rule(
        id="X-41",
        title="Liver freed for hepatic veins",
        asks="the liver was mobilized or resected ex vivo",
        when="a hepatic vein was reimplanted or reconstructed",
        severity=Severity.QUERY,
        scope=each("veins"),
        needs_to_apply=("vein", "handling"),
        applies=lambda vein, handling: vein in HEPATIC_VEINS and handling in REIMPLANTED,
        needs_to_judge=("operation.exposure_steps?", "operation.ex_vivo_liver?"),
        at="handling",
        expects=_liver_freed,
        says="The {vein} was reimplanted without mobilization of the liver (steps: {exposure_steps}); confirm or"
        " correct.",
        **LOGIC,
    ),
)
