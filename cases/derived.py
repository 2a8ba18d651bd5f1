"""What follows from a case and is therefore never typed: levels, extents, scores, stage, age.

Pure properties of the document's forms, computed once for each document. None means "cannot be known".
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cases import endpoints
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    LEVEL_OF_SEGMENT,
    CharlsonItem,
    Grade,
    Level,
    MetastasisStage,
    NodeStage,
    OperationType,
    Organ,
    Segment,
    Sex,
    Symptom,
    TumorStage,
)

SEGMENT_ORDER: dict[str, int] = {str(segment): place for place, segment in enumerate(Segment, start=1)}
LEVEL_ORDER: dict[str, int] = {str(level): place for place, level in enumerate(Level)}
_NAME_OF_PLACE = {place: segment for segment, place in SEGMENT_ORDER.items()}

# Charlson 1987, J Chronic Dis 40:373: weight of each item; the index tumor is not an item.
CHARLSON_WEIGHT: dict[str, int] = {
    **dict.fromkeys(map(str, CharlsonItem), 1),
    CharlsonItem.NONE: 0,
    **dict.fromkeys(
        (
            CharlsonItem.HEMIPLEGIA,
            CharlsonItem.RENAL,
            CharlsonItem.DIABETES_END_ORGAN,
            CharlsonItem.OTHER_TUMOR,
        ),
        2,
    ),
    CharlsonItem.SEVERE_LIVER: 3,
    CharlsonItem.METASTATIC_OTHER_TUMOR: 6,
    CharlsonItem.AIDS: 6,
}

# Two items of one disease: only the graver counts.
CHARLSON_GRAVER: dict[str, str] = {
    CharlsonItem.DIABETES: CharlsonItem.DIABETES_END_ORGAN,
    CharlsonItem.MILD_LIVER: CharlsonItem.SEVERE_LIVER,
    CharlsonItem.OTHER_TUMOR: CharlsonItem.METASTATIC_OTHER_TUMOR,
}

NOT_MULTIVISCERAL = frozenset({Organ.NONE, Organ.GALLBLADDER, Organ.GONADAL})


def t_category(size_mm: float) -> str:
    """AJCC 8 T category of a largest diameter in mm: 50, 100 and 150 mm are the upper limits of T1, T2, T3."""
    for limit_mm, category in ((50, TumorStage.T1), (100, TumorStage.T2), (150, TumorStage.T3)):
        if size_mm <= limit_mm:
            return str(category)
    return str(TumorStage.T4)


def stage_group(t: str | None, n: str | None, m: str | None, grade: str | None) -> str | None:
    """AJCC 8 group, retroperitoneum: N1 M0 is IIIB there (IV in trunk and limbs).

    None when a component is unknown (an unknown grade is not taken for grade 1).
    """
    if m == MetastasisStage.M1:
        return "IV"
    if m is None or n in (None, NodeStage.NX) or t in (None, TumorStage.TX):
        return None
    if n == NodeStage.N1:
        return "IIIB"
    if grade == Grade.G1:
        return "IA" if t == TumorStage.T1 else "IB"
    if grade in (Grade.G2, Grade.G3):
        return {"T1": "II", "T2": "IIIA"}.get(str(t), "IIIB")
    return None


def egfr_ml_min(creatinine_umol_l: float, age_years: float, sex: str) -> float:
    """CKD-EPI 2021 without race (Inker, N Engl J Med 385:1737), in mL/min/1.73 m2."""
    female = sex == Sex.FEMALE
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine_umol_l / 88.4 / kappa
    value = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age_years
    return value * (1.012 if female else 1)


def completed_years(born: date, on: date) -> int:
    """Age on a day, as people count it; born on 29 February, one is a year older on 1 March where there is none."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


class OperationView:
    """What follows from one operation."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    @cached_property
    def multivisceral(self) -> bool | None:
        return None if self.organs_resected is None else bool(self.organs_resected - NOT_MULTIVISCERAL)

    @cached_property
    def handling_of(self) -> dict[str, str | None]:
        """Handling by vein, for the veins that have a row."""
        return {row.vein: row.handling for row in self.veins if row.vein}


class CaseView:
    """What follows from the whole case."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    death_time = cached_property(endpoints.death_time)
    signs_of_life = cached_property(endpoints.signs_of_life)
    last_alive_day = cached_property(endpoints.last_alive_day)

    @cached_property
    def index(self) -> Any:
        """The index resection, time zero of survival; None when the case has none."""
        return next((o for o in self.operations if o.operation_type == OperationType.INDEX_RESECTION), None)

    @cached_property
    def reconstruction(self) -> Any:
        return self.index.reconstruction if self.index else None

    @cached_property
    def specimen(self) -> Any:
        """The pathology of the resection: the first report."""
        return self.pathology[0] if self.pathology else None

    @cached_property
    def imaging_before(self) -> tuple[Any, ...]:
        """Imaging that may have come before the index resection: all that did not surely come after it."""
        on = self.index.operated_on if self.index else None
        return tuple(
            study
            for study in self.imaging
            if on is None or study.performed_on is None or not study.performed_on.surely_after(on)
        )

    @cached_property
    def segments(self) -> frozenset[str] | None:
        return self.tumor.segments if self.tumor else None

    @cached_property
    def touched_segments(self) -> frozenset[str] | None:
        """Segments involved or resected; None when neither is recorded."""
        resected = self.index.resected_segments if self.index else None
        return (
            None
            if self.segments is None and resected is None
            else (self.segments or frozenset()) | (resected or frozenset())
        )

    @cached_property
    def n_segments(self) -> int | None:
        return None if self.segments is None else len(self.segments)

    @cached_property
    def cranial_extent(self) -> str | None:
        return None if self.segments is None else _NAME_OF_PLACE[max(SEGMENT_ORDER[s] for s in self.segments)]

    @cached_property
    def caudal_extent(self) -> str | None:
        return None if self.segments is None else _NAME_OF_PLACE[min(SEGMENT_ORDER[s] for s in self.segments)]

    @cached_property
    def level_set(self) -> frozenset[str] | None:
        """Every level touched (a patient counts in each)."""
        return None if self.segments is None else frozenset(str(LEVEL_OF_SEGMENT[s]) for s in self.segments)

    @cached_property
    def level(self) -> str | None:
        """The most cranial level touched; as published where segments are not printed."""
        if self.segments is not None:
            return str(LEVEL_OF_SEGMENT[self.cranial_extent])  # type: ignore[index]
        return self.tumor.reported_level if self.tumor else None

    @cached_property
    def size_category(self) -> str | None:
        """T1 to T4 by the largest diameter of the tumor."""
        size_mm = self.tumor.max_diameter_mm if self.tumor else None
        return None if size_mm is None else t_category(size_mm)

    @cached_property
    def incidental(self) -> bool | None:
        symptoms = self.presentation.symptoms if self.presentation else None
        return None if symptoms is None else Symptom.INCIDENTAL in symptoms

    @cached_property
    def bmi_kg_m2(self) -> float | None:
        form = self.presentation
        if form is None or form.height_cm is None or form.weight_kg is None:
            return None
        return round(form.weight_kg / (form.height_cm / 100) ** 2, 1)

    @cached_property
    def charlson_score(self) -> int | None:
        items = self.presentation.charlson_items if self.presentation else None
        if items is None:
            return None
        return sum(CHARLSON_WEIGHT[item] for item in items if CHARLSON_GRAVER.get(item) not in items)

    @cached_property
    def age_at_resection_years(self) -> int | None:
        """Completed years at the index resection (by the middle of partial dates), or as published."""
        patient, on = self.patient, self.index.operated_on if self.index else None
        if patient is None:
            return None
        if patient.born_on is None or on is None:
            return patient.age_at_resection_years
        return completed_years(patient.born_on.imputed(), on.imputed())

    @cached_property
    def egfr_preop_ml_min(self) -> float | None:
        creatinine = self.presentation.creatinine_preop_umol_l if self.presentation else None
        sex, age = (self.patient.sex if self.patient else None), self.age_at_resection_years
        if creatinine is None or age is None or sex not in (Sex.FEMALE, Sex.MALE):
            return None
        return round(egfr_ml_min(creatinine, age, sex), 1)

    @cached_property
    def clinical_stage(self) -> str | None:
        """By the grade of the specimen, or of a biopsy where the specimen has none (GX after treatment)."""
        if self.tumor is None:
            return None
        grades = [self.specimen.fnclcc_grade if self.specimen else None, *(b.grade for b in self.biopsies)]
        grade = next((g for g in grades if g not in (None, Grade.GX)), None)
        return stage_group(self.tumor.c_t, self.tumor.c_n, self.tumor.c_m, grade)

    @cached_property
    def highest_clavien_dindo(self) -> str | None:
        """The highest grade of any complication; None when there is none, or none is graded."""
        grades = [c.clavien_dindo for c in self.complications if c.clavien_dindo]
        return max(grades, key=CLAVIEN_DINDO_RANK.__getitem__) if grades else None

    @cached_property
    def undersizing_ratio(self) -> float | None:
        """Graft diameter over the native one above the tumor, both in mm, by the last imaging before the resection."""
        graft = self.reconstruction.diameter_mm if self.reconstruction else None
        measured = [study for study in self.imaging_before if study.ivc_diameter_cranial_mm]
        if graft is None or not measured:
            return None
        return round(graft / max(measured, key=self._how_late).ivc_diameter_cranial_mm, 2)

    def _how_late(self, study: Any) -> tuple[bool, date]:
        """Order of imaging before the resection: what may have come after it goes first, what has no date before."""
        on, operated_on = study.performed_on, self.index.operated_on if self.index else None
        if on is None:
            return False, date.min
        return operated_on is not None and on.latest <= operated_on.earliest, on.latest
