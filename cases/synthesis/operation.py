"""What is written of the operation and its specimen."""

from __future__ import annotations

from typing import Any

from cases.derived import t_category
from cases.forms import TYPES
from cases.models import Operation, Pathology, Reconstruction, VeinHandling
from cases.synthesis import odds
from cases.synthesis.course import CHEST
from cases.synthesis.writer import IMPLAUSIBLE, Writer

GROSS_RESULT = {"R2": "macroscopic_residue"}


def operation(w: Writer) -> Any:
    """The index resection with its reconstruction and veins."""
    course, u = w.course, w.u
    loss = min(50_000, max(100, int(w.lognormal(6.7, 0.7))))
    minutes = min(1200, max(95, int(w.gauss(300, 80) + 40 * len(course.run))))
    if u() < IMPLAUSIBLE:
        minutes = 75
    chest = bool(CHEST & course.segments)
    bypass = "cardiopulmonary" if chest else "venovenous" if course.upper and u() < 0.4 else "none"
    answers = {
        "operation_type": "index_resection",
        "operated_on": w.on(course.operated),
        "intent": "curative" if w.curative else "palliative",
        "approach": (odds.APPROACH_TO_THE_CHEST if chest else odds.APPROACH).draw(u()),
        "bypass": odds.codes(bypass),
        "resection_type": "circumferential" if course.circumferential else "tangential_wall",
        "resected_segments": course.segments,
        "gross_result": GROSS_RESULT.get(course.margin, "complete"),
        "skin_to_skin_min": minutes,
        "blood_loss_ml": loss,
        "reconstruction": reconstruction(w),
        "veins": veins(w),
    }
    steps = odds.STEPS_AT_LIVER if course.at_liver else odds.STEPS_BELOW_LIVER
    return w.form(
        Operation,
        answers,
        {
            "urgency": "elective",
            "exposure_steps": odds.STEPS_TO_THE_HEART if chest else steps.draw(u()),
            "pringle_used": course.at_liver and u() < 0.7,
            "vascular_exclusion": "total_hepatic_exclusion" if course.upper else "infrahepatic_clamp",
            "tee_used": chest or u() < 0.2,
            "team": odds.TEAM.draw(u()) | odds.codes("cardiac") if chest else odds.TEAM.draw(u()),
            "organs_resected": course.organs,
            "tumor_rupture": u() < 0.02,
            "rbc_units": loss // 500,
            "ffp_units": loss // 900,
            "platelet_units": 1 if loss > 4000 else 0,
            "intraop_events": odds.EVENTS.draw(u()),
        },
    )


def reconstruction(w: Writer) -> Any:
    """What became of the vena cava."""
    method, u = w.course.method, w.u
    answers: dict[str, Any] = {"ivc_method": method}
    more: dict[str, Any] = {"av_fistula": method == "tube_graft" and u() < 0.08}
    if method == "ligation":
        answers["no_reconstruction_reason"] = odds.WHY_NOT.draw(u())
    elif method == "patch":
        answers["material"] = odds.PATCH_MATERIAL.draw(u())
    elif method != "primary_closure":
        own = method == "autologous_tube"
        answers["material"] = "autologous_vein" if own else odds.GRAFT_MATERIAL.draw(u())
        answers["diameter_mm"] = 30.0 if u() < IMPLAUSIBLE else odds.DIAMETER_MM.draw(u())
        more["length_mm"] = 40 + 25 * len(w.course.run) + int(u() * 30)
        if not own:
            more["ringed"] = u() < 0.78
    return w.form(Reconstruction, answers, more)


def veins(w: Writer) -> tuple[Any, ...]:
    """Both renal veins, where the segment of their mouths was resected."""
    course, u = w.course, w.u
    if "interrenal" not in course.segments:
        return ()
    graft = course.method in ("tube_graft", "bifurcated_graft", "autologous_tube")
    if not course.circumferential:
        left = right = "preserved"
    else:
        left = "reimplanted_graft" if graft and u() < 0.45 else "ligated"
        right = "reimplanted_graft" if graft else "reimplanted_ivc"
    if "right_kidney" in course.organs:
        right = "with_nephrectomy"
    vein = TYPES[VeinHandling]
    return (vein(vein="left_renal", handling=left), vein(vein="right_renal", handling=right))


def pathology(w: Writer) -> Any:
    """The specimen."""
    course, u = w.course, w.u
    size = course.size_mm
    return w.form(
        Pathology,
        {
            "reported_on": w.on(course.operated + 8 + int(u() * 20)),
            "histology": "leiomyosarcoma",
            "margin": course.margin,
            "fnclcc_grade": "GX" if course.neoadjuvant else course.grade,
            "specimen_length_mm": size,
        },
        {
            "mitoses_per_10hpf": float(min(300, int(w.lognormal(2.2, 0.8)))),
            "p_t": t_category(size),
            "p_n": "N0",
            "p_m": "M1" if course.metastatic else "M0",
        },
    )
