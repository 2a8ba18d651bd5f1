"""A course written down as a case document, as completely as its center writes."""

from __future__ import annotations

import random
from datetime import date
from functools import lru_cache
from typing import Any

from cases.derived import t_category
from cases.forms import TYPES, CaseDocument
from cases.models import (
    Antithrombotic,
    Biopsy,
    Complication,
    Consent,
    Death,
    Diagnosis,
    Discharge,
    FollowUp,
    ImagingStudy,
    MdtMeeting,
    Operation,
    Pathology,
    Patient,
    Presentation,
    Reconstruction,
    Recurrence,
    Therapy,
    Tumor,
    VeinHandling,
)
from cases.synthesis import odds
from cases.synthesis.course import CHEST, Course
from registry.dates import PartialDate

WRITTEN_CONSENT_FROM = date(2018, 5, 25).toordinal()
REASON_FOR_ABSENCE = 0.05
IMPLAUSIBLE = 0.01
_MARGIN_OF_GROSS = {"R2": "macroscopic_residue"}
_NONE = odds.codes("none")


@lru_cache(maxsize=32768)
def _day(ordinal: int) -> PartialDate:
    return PartialDate.parse(date.fromordinal(ordinal).isoformat())


@lru_cache(maxsize=4096)
def _month(ordinal: int) -> PartialDate:
    return PartialDate.parse(date.fromordinal(ordinal).isoformat()[:7])


class Writer:
    """Writes one case. A thorough one answers all that a complete case needs; the other what a draft has."""

    def __init__(self, course: Course, rng: random.Random, *, thorough: bool) -> None:
        self.course, self.u, self.thorough = course, rng.random, thorough
        self.on = _month if rng.random() < 0.04 else _day
        self.curative = not course.metastatic or rng.random() < 0.3
        self.creatinine = round(55 + 50 * rng.random(), 1)
        self.gauss, self.lognormal = rng.gauss, rng.lognormvariate

    def document(self, number: str) -> Any:
        """Write the whole case."""
        return CaseDocument(
            case_number=number,
            citation="",
            note="",
            patient=self.patient(),
            consent=self.consent(),
            presentation=self.presentation(),
            diagnosis=self.diagnosis(),
            imaging=self.imaging(),
            biopsies=self.biopsies(),
            mdt_meetings=self.mdt_meetings(),
            tumor=self.tumor(),
            therapies=self.therapies(),
            operations=(self.operation(),),
            pathology=(self.pathology(),),
            complications=self.complications(),
            discharge=self.discharge(),
            antithrombotics=self.antithrombotics(),
            follow_ups=self.follow_ups(),
            recurrences=self.recurrences(),
            death=self.death(),
        )

    def _form(self, model: type, answers: dict[str, Any], if_thorough: dict[str, Any] | None = None) -> Any:
        """A form with its answers; the answers of a thorough writer are sometimes a reason for absence."""
        if self.thorough and if_thorough:
            u = self.u
            if u() < REASON_FOR_ABSENCE * len(if_thorough):
                absent = list(if_thorough)[int(u() * len(if_thorough))]
                del if_thorough[absent]
                answers["missing"] = {absent: odds.REASON.draw(u())}
            answers |= if_thorough
        return TYPES[model](**answers)

    # --- before the operation --------------------------------------------------------------------

    def patient(self) -> Any:
        born = _month(self.course.operated - self.course.age_days)
        country = odds.COUNTRY.draw(self.u()) if self.thorough else None
        return TYPES[Patient](born_on=born, sex=self.course.sex, country_residence=country)

    def consent(self) -> Any:
        operated, agreed = self.course.operated, odds.codes("registry", "reports")
        answers: dict[str, Any]
        if operated < WRITTEN_CONSENT_FROM:
            answers = {"basis": "waiver_retrospective", "scopes": agreed}
        else:
            signed = _day(operated - 1 - int(self.u() * 20))
            answers = {"basis": "written", "scopes": agreed, "signed_on": signed, "form_version": "2.1"}
        return self._form(Consent, answers, {"ethics_ref": "EB 2016/114"})

    def presentation(self) -> Any:
        u = self.u
        return self._form(
            Presentation,
            {"symptoms": odds.SYMPTOMS.draw(u()), "asa": odds.ASA.draw(u())},
            {
                "collaterals": self.collaterals,
                "ecog": odds.ECOG.draw(u()),
                "creatinine_preop_umol_l": self.creatinine,
            },
        )

    @property
    def collaterals(self) -> str:
        ligated = self.course.method == "ligation"
        return "well_developed" if ligated else odds.COLLATERALS.draw(self.u())

    def diagnosis(self) -> Any:
        return TYPES[Diagnosis](
            diagnosis_on=self.on(self.course.operated - 25 - int(self.u() * 60)),
            diagnosis_basis="biopsy" if self.biopsied else "surgical_specimen",
            icd10="C49.4",
        )

    @property
    def biopsied(self) -> bool:
        """Two in three (VLFDC 2020), and all who are treated before the operation; the same answer each time."""
        return self.course.neoadjuvant or self.course.size_mm % 3 > 0

    def imaging(self) -> tuple[Any, ...]:
        course, u = self.course, self.u
        before = self._form(
            ImagingStudy,
            {
                "modality": "ct",
                "performed_on": self.on(course.operated - 4 - int(u() * 50)),
                "regions": odds.CENTERS_AND_REGIONS,
            },
            {"lumen_occlusion": odds.OCCLUSION.draw(u()), "ivc_diameter_cranial_mm": round(18 + 12 * u(), 1)},
        )
        if not self.thorough or course.early_death:
            return (before,)
        after = TYPES[ImagingStudy](
            modality="ct",
            performed_on=self.on(course.last_seen),
            regions=odds.CENTERS_AND_REGIONS,
            result="disease" if course.recurred else "no_disease",
        )
        return (before, after)

    def biopsies(self) -> tuple[Any, ...]:
        if not self.biopsied:
            return ()
        u = self.u
        return (
            self._form(
                Biopsy,
                {
                    "type": odds.BIOPSY.draw(u()),
                    "performed_on": self.on(self.course.operated - 90 - int(u() * 20)),
                },
                {"done_at": "own_center" if u() < 0.7 else "other", "sarcoma_pathologist_review": u() < 0.75},
            ),
        )

    def mdt_meetings(self) -> tuple[Any, ...]:
        if self.u() < 0.12:
            return ()
        return (
            self._form(
                MdtMeeting,
                {
                    "held_on": self.on(self.course.operated - 3 - int(self.u() * 20)),
                    "is_sarcoma_mdt": self.u() < 0.8,
                    "phase": "pre_treatment",
                },
                {
                    "specialties": odds.codes(
                        "surgical_oncology", "radiology", "medical_oncology", "pathology"
                    ),
                    "intent": "curative" if self.curative else "palliative",
                    "decision": "neoadjuvant" if self.course.neoadjuvant else "surgery",
                },
            ),
        )

    def tumor(self) -> Any:
        course, u = self.course, self.u
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
        return self._form(
            Tumor,
            answers,
            {
                "bland_thrombus": odds.THROMBUS.draw(u()),
                "renal_vein_left_involved": odds.INVOLVED.draw(u()),
                "renal_vein_right_involved": odds.INVOLVED.draw(u()),
                "hepatic_veins_involved": _NONE,
                "c_t": t_category(course.size_mm),
                "c_n": "N0",
                "c_m": "M1" if course.metastatic else "M0",
            },
        )

    def therapies(self) -> tuple[Any, ...]:
        if not self.course.neoadjuvant:
            return ()
        started = self.course.operated - 85
        return (
            TYPES[Therapy](
                setting="neoadjuvant",
                modality="chemo",
                started_on=self.on(started),
                ended_on=self.on(started + 50),
                regimen="doxorubicin_dacarbazine",
                cycles=3,
            ),
        )

    # --- the operation ---------------------------------------------------------------------------

    def operation(self) -> Any:
        course, u = self.course, self.u
        loss = max(100, int(self.lognormal(6.7, 0.7)))
        minutes = min(1200, max(95, int(self.gauss(300, 80) + 40 * len(course.run))))
        if u() < IMPLAUSIBLE:
            minutes = 75
        chest = bool(CHEST & course.segments)
        bypass = "cardiopulmonary" if chest else "venovenous" if course.upper and u() < 0.4 else "none"
        answers = {
            "operation_type": "index_resection",
            "operated_on": self.on(course.operated),
            "intent": "curative" if self.curative else "palliative",
            "approach": (odds.APPROACH_TO_THE_CHEST if chest else odds.APPROACH).draw(u()),
            "bypass": odds.codes(bypass),
            "resection_type": "circumferential" if course.circumferential else "tangential_wall",
            "resected_segments": course.segments,
            "gross_result": _MARGIN_OF_GROSS.get(course.margin, "complete"),
            "skin_to_skin_min": minutes,
            "blood_loss_ml": loss,
            "reconstruction": self.reconstruction(),
            "veins": self.veins(),
        }
        steps = odds.STEPS_AT_LIVER if course.at_liver else odds.STEPS_BELOW_LIVER
        return self._form(
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

    def reconstruction(self) -> Any:
        method, u = self.course.method, self.u
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
            more["length_mm"] = 40 + 25 * len(self.course.run) + int(u() * 30)
            if not own:
                more["ringed"] = u() < 0.78
        return self._form(Reconstruction, answers, more)

    def veins(self) -> tuple[Any, ...]:
        course, u = self.course, self.u
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

    def pathology(self) -> Any:
        course, u = self.course, self.u
        size = course.size_mm
        return self._form(
            Pathology,
            {
                "reported_on": self.on(course.operated + 8 + int(u() * 20)),
                "histology": "leiomyosarcoma",
                "margin": course.margin,
                "fnclcc_grade": "GX" if course.neoadjuvant else course.grade,
                "specimen_length_mm": size,
            },
            {
                "mitoses_per_10hpf": float(int(self.lognormal(2.2, 0.8))),
                "p_t": t_category(size),
                "p_n": "N0",
                "p_m": "M1" if course.metastatic else "M0",
            },
        )

    # --- afterwards ------------------------------------------------------------------------------

    def complications(self) -> tuple[Any, ...]:
        course, u = self.course, self.u
        grade = course.clavien_dindo
        if not grade:
            return ()
        kind = "multiorgan_failure" if grade == "V" else course.complication
        onset = course.died if grade == "V" else course.operated + int(u() * 25)
        outcome = "death" if grade == "V" else "resolved"
        return (
            self._form(
                Complication,
                {"type": kind, "onset_on": self.on(onset), "clavien_dindo": grade},
                {"treatment": odds.TREATMENT[grade], "outcome": outcome},
            ),
        )

    def discharge(self) -> Any:
        course, u = self.course, self.u
        dead = course.early_death
        left = (
            course.died if dead else course.operated + 7 + int(u() * 12) + (10 if course.clavien_dindo else 0)
        )
        answers = {
            "no_complication_90d": not course.clavien_dindo,
            "discharged_on": self.on(left),
            "discharge_to": "died" if dead else "home",
        }
        more = {
            "icu_days": min(20, int(self.lognormal(0.7, 0.6))),
            "readmitted_30d": not dead and u() < 0.08,
            "readmitted_90d": not dead and u() < 0.1,
            "creatinine_discharge_umol_l": round(self.creatinine * (1.0 + 0.3 * u()), 1),
        }
        if more["readmitted_30d"]:
            more["readmitted_90d"] = True
        return self._form(Discharge, answers, more)

    def antithrombotics(self) -> tuple[Any, ...]:
        course, u = self.course, self.u
        if course.early_death or course.method == "primary_closure":
            return ()
        return (
            self._form(
                Antithrombotic,
                {"agent": odds.AGENT.draw(u()), "started_on": self.on(course.operated + 2)},
                {"intent": "graft_patency", "planned_duration": odds.PLANNED.draw(u())},
            ),
        )

    def follow_ups(self) -> tuple[Any, ...]:
        course = self.course
        if course.early_death:
            return ()
        first, last = course.operated + 85, course.last_seen
        if course.died and last == course.died:
            last -= 5
        days = (
            [first]
            if last - first < 30
            else [first, last]
            if last - first < 700
            else [first, (first + last) // 2, last]
        )
        return tuple(self._visit(day, is_last=day == days[-1]) for day in days)

    def _visit(self, day: int, *, is_last: bool) -> Any:
        course, u = self.course, self.u
        lost = is_last and course.lost
        grafted = course.method in ("tube_graft", "bifurcated_graft", "autologous_tube")
        diseased = course.metastatic or course.margin == "R2" or (course.recurred and course.recurred <= day)
        late = day > course.operated + 200
        graft = ("occluded" if late and course.size_mm % 5 == 0 else "patent") if grafted else "no_graft"
        answers = {
            "visit_on": self.on(day),
            "contact_type": "phone" if lost else "clinic",
            "vital_status": "lost" if lost else "alive",
            "disease_status": None if lost else "AWD" if diseased else "NED",
        }
        creatinine = round(self.creatinine * (0.95 + 0.25 * u()), 1)
        return self._form(FollowUp, answers, {"graft_status": graft, "creatinine_umol_l": creatinine})

    def recurrences(self) -> tuple[Any, ...]:
        course, u = self.course, self.u
        if not course.recurred:
            return ()
        kind, sites = odds.RECURRENCE.draw(u())
        treated = odds.codes("surgery") if kind == "local" and u() < 0.5 else odds.codes("systemic")
        return (
            self._form(
                Recurrence,
                {"detected_on": self.on(course.recurred), "kind": kind, "sites": sites},
                {"detected_by": "routine_imaging", "proof": "imaging", "treatment": treated},
            ),
        )

    def death(self) -> Any:
        course = self.course
        if not course.died:
            return None
        diseased = course.recurred or course.metastatic or course.margin == "R2"
        cause = (
            "treatment_related"
            if course.early_death
            else odds.DEATH_CAUSE.draw(self.u())
            if diseased
            else "other"
        )
        return TYPES[Death](died_on=self.on(course.died), cause_category=cause, source="chart")
