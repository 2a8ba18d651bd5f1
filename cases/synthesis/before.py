"""What is written of a patient before the operation."""

from __future__ import annotations

from typing import Any

from cases.derived import t_category
from cases.forms import TYPES
from cases.models import (
    Biopsy,
    Consent,
    Diagnosis,
    ImagingStudy,
    MdtMeeting,
    Patient,
    Presentation,
    Therapy,
    Tumor,
)
from cases.synthesis import odds
from cases.synthesis.writer import WRITTEN_CONSENT_FROM, Writer, day_of, month_of


def patient(w: Writer) -> Any:
    """Who: month of birth and sex."""
    born = month_of(w.course.operated - w.course.age_days)
    country = odds.COUNTRY.draw(w.u()) if w.thorough else None
    return TYPES[Patient](born_on=born, sex=w.course.sex, country_residence=country)


def consent(w: Writer) -> Any:
    """A waiver for the years before written consent."""
    operated, agreed = w.course.operated, odds.codes("registry", "reports")
    answers: dict[str, Any]
    if operated < WRITTEN_CONSENT_FROM:
        answers = {"basis": "waiver_retrospective", "scopes": agreed}
    else:
        signed = day_of(operated - 1 - int(w.u() * 20))
        answers = {"basis": "written", "scopes": agreed, "signed_on": signed, "form_version": "2.1"}
    return w.form(Consent, answers, {"ethics_ref": "EB 2016/114"})


def presentation(w: Writer) -> Any:
    """Symptoms and fitness."""
    u = w.u
    return w.form(
        Presentation,
        {"symptoms": odds.SYMPTOMS.draw(u()), "asa": odds.ASA.draw(u())},
        {
            "collaterals": collaterals(w),
            "ecog": odds.ECOG.draw(u()),
            "creatinine_preop_umol_l": w.creatinine,
        },
    )


def collaterals(w: Writer) -> str:
    """Well developed where the vein was tied."""
    ligated = w.course.method == "ligation"
    return "well_developed" if ligated else odds.COLLATERALS.draw(w.u())


def diagnosis(w: Writer) -> Any:
    """When and how it was proved."""
    return TYPES[Diagnosis](
        diagnosis_on=w.on(w.course.operated - 25 - int(w.u() * 60)),
        diagnosis_basis="biopsy" if biopsied(w) else "surgical_specimen",
        icd10="C49.4",
    )


def biopsied(w: Writer) -> bool:
    """Two in three (VLFDC 2020), and all who are treated before the operation; the same answer each time."""
    return w.course.neoadjuvant or w.course.size_mm % 3 > 0


def imaging(w: Writer) -> tuple[Any, ...]:
    """Staging, and for thorough centers the last surveillance."""
    course, u = w.course, w.u
    before = w.form(
        ImagingStudy,
        {
            "modality": "ct",
            "performed_on": w.on(course.operated - 4 - int(u() * 50)),
            "regions": odds.CHEST_TO_PELVIS,
        },
        {"lumen_occlusion": odds.OCCLUSION.draw(u()), "ivc_diameter_cranial_mm": round(18 + 12 * u(), 1)},
    )
    if not w.thorough or course.early_death:
        return (before,)
    after = TYPES[ImagingStudy](
        modality="ct",
        performed_on=w.on(course.last_seen),
        regions=odds.CHEST_TO_PELVIS,
        result="disease" if course.recurred else "no_disease",
    )
    return (before, after)


def biopsies(w: Writer) -> tuple[Any, ...]:
    """One biopsy, if any."""
    if not biopsied(w):
        return ()
    u = w.u
    return (
        w.form(
            Biopsy,
            {
                "type": odds.BIOPSY.draw(u()),
                "performed_on": w.on(w.course.operated - 90 - int(u() * 20)),
            },
            {"done_at": "own_center" if u() < 0.7 else "other", "sarcoma_pathologist_review": u() < 0.75},
        ),
    )


def mdt_meetings(w: Writer) -> tuple[Any, ...]:
    """The meeting before treatment, for most."""
    if w.u() < 0.12:
        return ()
    return (
        w.form(
            MdtMeeting,
            {
                "held_on": w.on(w.course.operated - 3 - int(w.u() * 20)),
                "is_sarcoma_mdt": w.u() < 0.8,
                "phase": "pre_treatment",
            },
            {
                "specialties": odds.codes("surgical_oncology", "radiology", "medical_oncology", "pathology"),
                "intent": "curative" if w.curative else "palliative",
                "decision": "neoadjuvant" if w.course.neoadjuvant else "surgery",
            },
        ),
    )


def tumor(w: Writer) -> Any:
    """The tumor and its clinical stage."""
    course, u = w.course, w.u
    answers = {
        "segments": course.segments,
        "growth_pattern": odds.GROWTH.draw(u()),
        "max_diameter_mm": course.size_mm,
        "metastasis_at_diagnosis": course.metastatic,
        "origin_certainty": odds.ORIGIN.draw(u()),
        "presentation_type": odds.PRESENTED.draw(u()),
    }
    if course.metastatic:
        answers["metastasis_sites"] = odds.codes("lung")
    return w.form(
        Tumor,
        answers,
        {
            "bland_thrombus": odds.THROMBUS.draw(u()),
            "renal_vein_left_involved": odds.INVOLVED.draw(u()),
            "renal_vein_right_involved": odds.INVOLVED.draw(u()),
            "hepatic_veins_involved": odds.NONE,
            "c_t": t_category(course.size_mm),
            "c_n": "N0",
            "c_m": "M1" if course.metastatic else "M0",
        },
    )


def therapies(w: Writer) -> tuple[Any, ...]:
    """Neoadjuvant chemotherapy, if any."""
    if not w.course.neoadjuvant:
        return ()
    started = w.course.operated - 85
    return (
        TYPES[Therapy](
            setting="neoadjuvant",
            modality="chemo",
            started_on=w.on(started),
            ended_on=w.on(started + 50),
            regimen="doxorubicin_dacarbazine",
            cycles=3,
        ),
    )
