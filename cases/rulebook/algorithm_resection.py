"""Resection, reconstruction and the ranges of the founding series: S-08 to S-13 and S-16."""

from __future__ import annotations

from cases.rulebook.algorithm_facts import days_passed, hepatic_handling, left_renal, right_renal
from cases.rulebook.authority import seed
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import REIMPLANTED
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import (
    PROSTHETIC_GRAFTS,
    GrossResult,
    Handling,
    HepaticVein,
    Intent,
    IvcMethod,
    Margin,
    Material,
    Organ,
    ResectionType,
    Segment,
    Severity,
    Vein,
)

KEEPS_THE_KIDNEY = frozenset(
    {
        Handling.REIMPLANTED_GRAFT,
        Handling.REIMPLANTED_IVC,
        Handling.INTERPOSITION,
        Handling.PRESERVED,
        Handling.AUTOTRANSPLANT,
    }
)
NOT_DIVIDED = frozenset({Handling.PRESERVED, Handling.NOT_EXPOSED})
VEIN_OF = {
    HepaticVein.RIGHT: Vein.HEPATIC_RIGHT,
    HepaticVein.MIDDLE: Vein.HEPATIC_MIDDLE,
    HepaticVein.LEFT: Vein.HEPATIC_LEFT,
    HepaticVein.ACCESSORY: Vein.ACCESSORY_HEPATIC,
}
MAIN_HEPATIC = frozenset({Vein.HEPATIC_RIGHT, Vein.HEPATIC_MIDDLE, Vein.HEPATIC_LEFT})
MARGIN_DUE = Threshold("due_days", "Margin due after", 90, "d")


# --- S-08: radical -------------------------------------------------------------------------------


def _margin_due(
    intent: str, gross_result: str | None, margin: str | None, days_passed: int | None, due_days: int
) -> bool:
    """Of a curative resection, once the margin is there or the days have passed; a visible residue needs no margin."""
    if intent != Intent.CURATIVE:
        return False
    known = margin is not None or gross_result == GrossResult.MACROSCOPIC_RESIDUE
    return known or days_passed is None or days_passed > due_days


def _radical(gross_result: str | None, margin: str | None) -> bool | None:
    if gross_result == GrossResult.MACROSCOPIC_RESIDUE or margin == Margin.R2:
        return False
    return None if gross_result is None or margin in (None, Margin.RX) else True


def _radical_strictly(gross_result: str | None, margin: str | None) -> bool | None:
    return False if margin == Margin.R1 else _radical(gross_result, margin)


# --- S-10 and S-11: veins ------------------------------------------------------------------------


def _a_kidney_kept(resected_segments: frozenset[str], organs_resected: frozenset[str] | None) -> bool | None:
    if Segment.INTERRENAL not in resected_segments:
        return False
    if organs_resected is None:
        return None
    return not organs_resected >= {Organ.RIGHT_KIDNEY, Organ.LEFT_KIDNEY}


def _vein_kept(kidney: str, handling: str | None, organs_resected: frozenset[str]) -> bool | None:
    """Whether the renal vein of a kept kidney still drains it; True for a kidney that was removed."""
    if kidney in organs_resected:
        return True
    return None if handling is None else handling in KEEPS_THE_KIDNEY


def _renal_veins_kept(
    right_renal: str | None, left_renal: str | None, organs_resected: frozenset[str]
) -> bool | None:
    sides = (
        _vein_kept(Organ.RIGHT_KIDNEY, right_renal, organs_resected),
        _vein_kept(Organ.LEFT_KIDNEY, left_renal, organs_resected),
    )
    return False if False in sides else None if None in sides else True


def _renal_severity(right_renal: str | None, organs_resected: frozenset[str]) -> Severity:
    right = _vein_kept(Organ.RIGHT_KIDNEY, right_renal, organs_resected)
    return Severity.MAJOR if right is False else Severity.MINOR


def _hepatic_veins_at_stake(
    hepatic_veins_involved: frozenset[str] | None, resected_segments: frozenset[str] | None
) -> bool | None:
    if (hepatic_veins_involved or frozenset()) - {HepaticVein.NONE}:
        return True
    if Segment.INFRADIAPHRAGMATIC in (resected_segments or ()):
        return True
    return None if hepatic_veins_involved is None or resected_segments is None else False


def _hepatic_veins_kept(
    hepatic_handling: dict[str, str],
    hepatic_veins_involved: frozenset[str] | None,
    resected_segments: frozenset[str] | None,
) -> bool | None:
    """Each involved vein must have been seen; where their segment was resected, all three must be recorded."""
    divided = {vein: how for vein, how in hepatic_handling.items() if how not in NOT_DIVIDED}
    if any(how not in REIMPLANTED for how in divided.values()):
        return False
    involved = {VEIN_OF[code] for code in (hepatic_veins_involved or frozenset()) - {HepaticVein.NONE}}
    seen = {vein for vein, how in hepatic_handling.items() if how != Handling.NOT_EXPOSED}
    at_stake = MAIN_HEPATIC if Segment.INFRADIAPHRAGMATIC in (resected_segments or ()) else frozenset()
    return True if involved <= seen and at_stake <= hepatic_handling.keys() else None


# --- S-16 ----------------------------------------------------------------------------------------


def _within_seed(
    skin_to_skin_min: int | None,
    blood_loss_ml: int | None,
    shortest_min: int,
    longest_min: int,
    least_ml: int,
    most_ml: int,
) -> bool | None:
    time_outside = skin_to_skin_min is not None and not shortest_min <= skin_to_skin_min <= longest_min
    loss_outside = blood_loss_ml is not None and not least_ml <= blood_loss_ml <= most_ml
    if time_outside or loss_outside:
        return False
    return None if skin_to_skin_min is None or blood_loss_ml is None else True


RULES = (
    Rule(
        id="S-08",
        title="Radical resection (R0 or R1)",
        asks="the gross result is complete and the margin R0 or R1",
        when="the index resection was meant to cure and its margin is known or {due_days} days have passed",
        severity=Severity.MAJOR,
        thresholds=(MARGIN_DUE,),
        scope=INDEX,
        needs_to_apply=("intent", "gross_result?", "specimen.margin?", days_passed.or_unknown),
        applies=_margin_due,
        at="margin",
        expects=_radical,
        says="The resection was not radical (gross result: {gross_result}, margin: {margin}).",
        **seed("In 7 (87.5%) patients a radical intervention", "radical is not defined: the wide reading"),
    ),
    Rule(
        id="S-08b",
        title="Radical resection in the strict sense (R0)",
        asks="the gross result is complete and the margin R0",
        when="the index resection was meant to cure and is radical in the wide sense (S-08)",
        severity=Severity.INFO,
        scope=INDEX,
        thresholds=(MARGIN_DUE,),
        needs_to_apply=("intent", "gross_result?", "specimen.margin?", days_passed.or_unknown),
        applies=lambda intent, gross_result, margin, days_passed, due_days: (
            _margin_due(intent, gross_result, margin, days_passed, due_days)
            and _radical(gross_result, margin) is not False
        ),
        at="margin",
        expects=_radical_strictly,
        says="The margin is {margin}: radical in the wide sense of the founding paper, not in the strict one.",
        **seed("Radical tumoral excision", "radical is not defined: the strict reading"),
    ),
    Rule(
        id="S-09",
        title="Prosthesis after circumferential resection",
        asks="the vena cava is replaced by a tube or bifurcated graft",
        when="the resection was circumferential",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("resection_type",),
        applies=lambda resection_type: resection_type == ResectionType.CIRCUMFERENTIAL,
        needs_to_judge=("reconstruction.ivc_method", "presentation.collaterals?"),
        expects=lambda ivc_method: ivc_method in PROSTHETIC_GRAFTS,
        says="The resection was circumferential and the vein treated by {ivc_method} (collaterals: {collaterals})."
        " Ligation with good collaterals is accepted practice.",
        conflicts_with=("L-09",),
        **seed("with the IVC prosthesis", "8 of 8"),
    ),
    Rule(
        id="S-10",
        title="Renal veins of kept kidneys",
        asks="the renal vein of a kept kidney is reimplanted, interposed, preserved or autotransplanted",
        when="the interrenal segment was resected and a kidney kept",
        severity=_renal_severity,
        severities="major (minor on the left)",
        scope=INDEX,
        needs_to_apply=("resected_segments", "organs_resected?"),
        applies=_a_kidney_kept,
        needs_to_judge=(right_renal.or_unknown, left_renal.or_unknown),
        expects=_renal_veins_kept,
        says="The interrenal segment was resected and a kidney kept whose vein was not (right: {right_renal}, left:"
        " {left_renal}; organs resected: {organs_resected}). The left vein may be ligated where collaterals drain it.",
        conflicts_with=("L-13",),
        **seed("implantation, when needed, of renal ... veins"),
    ),
    Rule(
        id="S-11",
        edition=2,
        title="Hepatic veins reconstructed",
        asks="each divided hepatic vein is reimplanted or reconstructed",
        when="a hepatic vein is involved or the infradiaphragmatic segment was resected",
        severity=Severity.MAJOR,
        scope=INDEX,
        needs_to_apply=("tumor.hepatic_veins_involved?", "resected_segments?"),
        applies=_hepatic_veins_at_stake,
        needs_to_judge=(hepatic_handling,),
        expects=_hepatic_veins_kept,
        says="A hepatic vein was divided and not reconstructed ({hepatic_handling}).",
        **seed("or hepatic veins"),
    ),
    Rule(
        id="S-12",
        title="PTFE prosthesis",
        asks="the material is PTFE or expanded PTFE",
        when="a tube graft was used",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.TUBE_GRAFT,
        needs_to_judge=("reconstruction.material",),
        expects=lambda material: material in (Material.PTFE, Material.EPTFE),
        says="The graft is of {material}; the founding series used PTFE throughout. Other materials are published.",
        **seed("politetrafluoroethylene prosthesis ... Gore-tex", "8 of 8"),
    ),
    Rule(
        id="S-13",
        title="Prosthesis of {smallest_mm} to {largest_mm} mm",
        asks="the diameter is {smallest_mm} to {largest_mm} mm",
        when="a tube graft was used",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.TUBE_GRAFT,
        needs_to_judge=("reconstruction.diameter_mm", "case.undersizing_ratio?"),
        at="diameter_mm",
        thresholds=(
            Threshold("smallest_mm", "Smallest diameter", 18.0, "mm", up_to="largest_mm"),
            Threshold("largest_mm", "Largest diameter", 22.0, "mm"),
        ),
        expects=lambda diameter_mm, smallest_mm, largest_mm: smallest_mm <= diameter_mm <= largest_mm,
        says="The graft measures {diameter_mm} (ratio to the native vein: {undersizing_ratio}); {smallest_mm} to"
        " {largest_mm} mm is expected. The founding series used 18 to 22 mm, others 12 to 16.",
        conflicts_with=("L-11",),
        **seed("prosthesis of 18-22 mm in diameter"),
    ),
    Rule(
        id="S-16",
        title="Operating time and blood loss of the founding series",
        asks="{shortest_min} to {longest_min} minutes and {least_ml} to {most_ml} mL, no target: the eight patients of"
        " the founding series had 160 to 320 minutes and 250 to 500 mL",
        when="an index resection was done",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_judge=("skin_to_skin_min?", "blood_loss_ml?"),
        thresholds=(
            Threshold("shortest_min", "Shortest operating time", 160, "min", up_to="longest_min"),
            Threshold("longest_min", "Longest operating time", 320, "min"),
            Threshold("least_ml", "Least blood loss", 250, "mL", up_to="most_ml"),
            Threshold("most_ml", "Most blood loss", 500, "mL"),
        ),
        expects=_within_seed,
        says="Operating time {skin_to_skin_min}, blood loss {blood_loss_ml}; {shortest_min} to {longest_min} min and"
        " {least_ml} to {most_ml} mL are expected. The founding series had 160 to 320 min and 250 to 500 mL.",
        **seed("215 (160-320) min ... 305 (250-500) ml"),
    ),
)
