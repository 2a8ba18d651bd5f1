"""Reconstruction and what protects it, from series: L-09 to L-13 and L-15."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.algorithm_facts import left_renal, right_renal
from cases.rulebook.algorithm_resection import KEEPS_THE_KIDNEY, NOT_DIVIDED
from cases.rulebook.authority import literature
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import NEEDS_ANTITHROMBOTIC, all_of, any_of
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import (
    PROSTHETIC_GRAFTS,
    Agent,
    Collaterals,
    Firmness,
    Handling,
    IvcMethod,
    Material,
    NoReconstructionReason,
    Occlusion,
    Organ,
    Segment,
    Severity,
)

SYNTHETIC = frozenset({Material.PTFE, Material.EPTFE, Material.DACRON})
CONTAMINATING = frozenset({Organ.DUODENUM, Organ.PANCREAS, Organ.COLON, Organ.SMALL_BOWEL})


@derived("complete occlusion of the vena cava", "imaging", "operations.reconstruction")
def occlusion_documented(case: Any, row: Any, as_of: date) -> bool:
    """Whether imaging before the resection, or the reason against a reconstruction, says that the vein was closed."""
    if row.reconstruction.no_reconstruction_reason == NoReconstructionReason.CHRONIC_OCCLUSION:
        return True
    return any(study.lumen_occlusion == Occlusion.COMPLETE for study in case.imaging_before)


@derived("antithrombotic plan", "antithrombotics", of_case=True)
def plan_written(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether an agent and its intended duration are recorded, or that none is given; None without any row."""
    if not case.antithrombotics:
        return None
    return any(
        plan.agent == Agent.NONE or (plan.agent is not None and plan.planned_duration is not None)
        for plan in case.antithrombotics
    )


# --- L-13: renal veins ---------------------------------------------------------------------------


def _divided(
    handling: str | None, kidney: str, organs: frozenset[str] | None, resected: frozenset[str] | None
) -> bool | None:
    """Whether the vein of a kidney that stays was divided; a vein outside the resected segments has no row."""
    if handling in NOT_DIVIDED or handling == Handling.WITH_NEPHRECTOMY or kidney in (organs or ()):
        return False
    if handling is None:
        return None if resected is None or Segment.INTERRENAL in resected else False
    return None if organs is None else True


def _a_vein_divided(
    right_renal: str | None,
    left_renal: str | None,
    organs_resected: frozenset[str] | None,
    resected_segments: frozenset[str] | None,
) -> bool | None:
    return any_of(
        (
            _divided(right_renal, Organ.RIGHT_KIDNEY, organs_resected, resected_segments),
            _divided(left_renal, Organ.LEFT_KIDNEY, organs_resected, resected_segments),
        )
    )


def _has_way_out(handling: str | None, kidney: str, organs: frozenset[str]) -> bool:
    """Whether a kidney, if it stays, keeps its vein or has another."""
    undivided = handling is None or handling in NOT_DIVIDED
    removed = handling == Handling.WITH_NEPHRECTOMY or kidney in organs
    return undivided or removed or handling in KEEPS_THE_KIDNEY


def _right_drained(right_renal: str | None, organs_resected: frozenset[str]) -> bool:
    """The right kidney has no way out but its vein."""
    return _has_way_out(right_renal, Organ.RIGHT_KIDNEY, organs_resected)


def _left_drained(left_renal: str | None, organs_resected: frozenset[str]) -> bool:
    """The left kidney has its vein, or what flows by the left adrenal or the gonadal vein."""
    by_collaterals = not organs_resected >= {Organ.LEFT_ADRENAL, Organ.GONADAL}
    return by_collaterals or _has_way_out(left_renal, Organ.LEFT_KIDNEY, organs_resected)


def _kidneys_drained(
    right_renal: str | None,
    left_renal: str | None,
    organs_resected: frozenset[str],
    resected_segments: frozenset[str] | None,
) -> bool | None:
    """Rows of both veins are needed where their segment was resected."""
    if not (_right_drained(right_renal, organs_resected) and _left_drained(left_renal, organs_resected)):
        return False
    sides = ((right_renal, Organ.RIGHT_KIDNEY), (left_renal, Organ.LEFT_KIDNEY))
    return all_of(
        None if _divided(how, kidney, organs_resected, resected_segments) is None else True
        for how, kidney in sides
    )


RULES = (
    Rule(
        id="L-09",
        title="Ligation only with collaterals",
        asks="the vein was completely occluded or collaterals are well developed",
        when="the vena cava was ligated",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.LIGATION,
        needs_to_judge=("presentation.collaterals?", occlusion_documented),
        expects=lambda collaterals, occlusion_documented: any_of(
            (occlusion_documented, None if collaterals is None else collaterals == Collaterals.WELL_DEVELOPED)
        ),
        says="The vena cava was ligated; collaterals: {collaterals}, complete occlusion: {occlusion_documented}.",
        conflicts_with=("S-09",),
        **literature(
            "Hollenbeck 2003: 11 ligations, severe edema in 11% after ligation and repair",
            "J Vasc Surg Venous 2024",
            "World J Surg 2020",
            firmness=Firmness.B,
            since=2025,
        ),
    ),
    Rule(
        id="L-10",
        title="Ringed prosthesis",
        asks="the graft is ringed",
        when="a tube graft of expanded PTFE was used",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method", "reconstruction.material?"),
        applies=lambda ivc_method, material: all_of(
            (ivc_method == IvcMethod.TUBE_GRAFT, None if material is None else material == Material.EPTFE)
        ),
        needs_to_judge=("reconstruction.ringed",),
        expects=lambda ringed: ringed,
        says="The graft of expanded PTFE has no rings.",
        **literature(
            "VLFDC 2020: 70 of 90 ringed; PTFE patent in 97% at 1 and 92% at 5 years, others in 73% (meeting version)",
            firmness=Firmness.B,
            since=2021,
        ),
    ),
    Rule(
        id="L-11",
        edition=2,
        title="Graft smaller than the native vein",
        asks="the native diameters are recorded, and the graft measures {smallest_ratio} to {largest_ratio} of the vein"
        " above the tumor",
        when="a tube graft was used",
        severity=Severity.INFO,
        scope=INDEX,
        thresholds=(
            Threshold("smallest_ratio", "Smallest ratio to the native vein", 0.4, up_to="largest_ratio"),
            Threshold("largest_ratio", "Largest ratio to the native vein", 1.0),
        ),
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.TUBE_GRAFT,
        needs_to_judge=("case.undersizing_ratio", "reconstruction.diameter_mm?"),
        at="diameter_mm",
        expects=lambda undersizing_ratio, smallest_ratio, largest_ratio: (
            smallest_ratio <= undersizing_ratio <= largest_ratio
        ),
        says="The graft ({diameter_mm}) measures {undersizing_ratio} of the native vein; {smallest_ratio} to"
        " {largest_ratio} is expected.",
        conflicts_with=("S-13",),
        **literature("Pantoja 2020: 0.6 on average, 92% patent", firmness=Firmness.C, since=2021),
    ),
    Rule(
        id="L-12",
        title="Prosthesis in a contaminated field",
        asks="the graft is biological (a reason for another one has no field)",
        when="a graft was used, and duodenum, pancreas, colon or small bowel were resected with it",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method", "organs_resected?"),
        applies=lambda ivc_method, organs_resected: all_of(
            (
                ivc_method in PROSTHETIC_GRAFTS,
                None if organs_resected is None else bool(organs_resected & CONTAMINATING),
            )
        ),
        needs_to_judge=("reconstruction.material",),
        expects=lambda material: None if material == Material.OTHER else material not in SYNTHETIC,
        says="A graft of {material} lies where bowel or pancreas was resected (organs resected: {organs_resected}).",
        **literature("World J Surg Oncol 2009;7:3", firmness=Firmness.C, since=2010),
    ),
    Rule(
        id="L-13",
        title="Way out for the blood of a kept kidney",
        asks="a divided right renal vein is reconstructed or its kidney removed or transplanted; a left one may be"
        " ligated where the left adrenal or the gonadal vein stays",
        when="a renal vein was divided and its kidney kept",
        severity=lambda right_renal, organs_resected: (
            Severity.MINOR if _right_drained(right_renal, organs_resected) else Severity.MAJOR
        ),
        severities="major (minor on the left)",
        scope=INDEX,
        needs_to_apply=(
            right_renal.or_unknown,
            left_renal.or_unknown,
            "organs_resected?",
            "resected_segments?",
        ),
        applies=_a_vein_divided,
        expects=_kidneys_drained,
        says="A kidney was kept whose vein was divided (right: {right_renal}, left: {left_renal}; organs resected:"
        " {organs_resected}).",
        conflicts_with=("S-10",),
        **literature(
            "Arch Surg 1976;111:1081, Indian J Surg 2020, Brasoveanu 2021: kidney preserved on left collaterals",
            "a Korean patch case reimplants the right vein",
            firmness=Firmness.B,
            since=2022,
        ),
    ),
    Rule(
        id="L-15",
        title="Antithrombotic plan written",
        asks="an agent and its intended duration are recorded, or that none is given: whether there is a plan,"
        " never which",
        when="the vena cava was replaced, patched or ligated",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("reconstruction.ivc_method",),
        applies=lambda ivc_method: ivc_method in NEEDS_ANTITHROMBOTIC,
        needs_to_judge=(plan_written,),
        expects=lambda plan_written: plan_written,
        says="The vein was treated by {ivc_method}, and no antithrombotic agent with its intended duration is"
        " recorded.",
        **literature(
            "no consensus found; one center gives warfarin for life and aspirin (J Gastrointest Surg 2013)",
            firmness=Firmness.C,
            since=2014,
        ),
    ),
)
