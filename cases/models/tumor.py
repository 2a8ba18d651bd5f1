"""What: the tumor with its seven segments, its stage, and the therapy around the operation."""

from django.db import models

from cases.models.base import Form
from cases.vocabulary import (
    Growth,
    HepaticVein,
    Level,
    MetastasisSite,
    MetastasisStage,
    NodeStage,
    Organ,
    Origin,
    PresentationType,
    Recist,
    Regimen,
    Segment,
    SegmentSource,
    Setting,
    StoppedReason,
    TherapyModality,
    Thrombus,
    ThrombusSite,
    TumorStage,
    VeinInvolvement,
)
from registry.audit import audited
from registry.fields import ANY, Coded, CodedSet, Flag, Measurement, PartialDateField, Text

DRUGS = frozenset({"chemo", "targeted", "immuno"})
GIVEN = frozenset(TherapyModality) - {TherapyModality.NONE_GIVEN}


@audited
class Tumor(Form):
    """Levels, extents and counts are derived from the segments; a bare level number is never accepted."""

    name, title = "tumor", "Tumor and stage"

    segments = CodedSet(
        Segment,
        "Segments involved",
        "Of the seven segments of the vena cava, caudal to cranial (Rusin 2021)",
        need="R",
        term="SCT 64131007",
    )
    segments_source = Coded(SegmentSource, "Segments known from", "Imaging, or seen at operation")
    reported_level = Coded(
        Level,
        "Level as published",
        "For a published case whose segments are not printed; the level in words, never a number",
        only_if=("/citation", ANY),
    )
    extends_to_iliac_veins = Flag(
        "Extends into the iliac veins",
        "A graft may have to be bifurcated",
        only_if=("segments", frozenset({"infrarenal"})),
    )
    growth_pattern = Coded(
        Growth, "Growth pattern", "Inside the lumen, outwards from the wall, or both (Rusin 2021)", need="R"
    )
    max_diameter_mm = Measurement(
        "Largest diameter",
        "Longest of imaging and specimen",
        unit="mm",
        possible=(3, 500),
        plausible=(15, 300),
        need="R",
    )
    craniocaudal_length_mm = Measurement(
        "Craniocaudal length", unit="mm", possible=(3, 600), plausible=(10, 300)
    )
    multifocal = Flag("Multifocal", term="OMOP 36769933")
    bland_thrombus = Coded(Thrombus, "Bland thrombus", "Thrombus without tumor", need="C")
    bland_thrombus_extent = CodedSet(
        ThrombusSite,
        "Extent of bland thrombus",
        only_if=("bland_thrombus", frozenset({"below_tumor", "above_tumor", "both"})),
    )
    renal_vein_left_involved = Coded(VeinInvolvement, "Left renal vein involved", need="C")
    renal_vein_right_involved = Coded(VeinInvolvement, "Right renal vein involved", need="C")
    hepatic_veins_involved = CodedSet(HepaticVein, "Hepatic veins involved", need="C")
    adjacent_organs_suspected = CodedSet(Organ, "Adjacent organs suspected", "On imaging")
    metastasis_at_diagnosis = Flag("Metastasis at diagnosis", need="R")
    metastasis_sites = CodedSet(
        MetastasisSite,
        "Sites of metastasis",
        need="R",
        only_if=("metastasis_at_diagnosis", frozenset({"true"})),
    )
    c_t = Coded(TumorStage, "cT", "AJCC 8, retroperitoneum", need="C")
    c_n = Coded(NodeStage, "cN", "AJCC 8, retroperitoneum", need="C")
    c_m = Coded(MetastasisStage, "cM", "AJCC 8, retroperitoneum", need="C")
    origin_certainty = Coded(
        Origin,
        "Certainty of origin",
        "A retroperitoneal tumor invading the vena cava is not eligible",
        need="R",
    )
    presentation_type = Coded(
        PresentationType, "Presented as", "Recurrent cases stay out of the main survival curve", need="R"
    )

    class Meta(Form.Meta):
        # One a segment: row security lets no index look into a list, but takes one of just the rows that have it.
        indexes = [
            models.Index(
                fields=["center", "case"],
                condition=models.Q(segments__contains=[segment.value]),
                name=f"cases_tumor_{segment.value}",
            )
            for segment in Segment
        ]


@audited
class Therapy(Form):
    """One course of one therapy, before, after or instead of an operation."""

    name, title, repeats = "therapies", "Therapy", True

    setting = Coded(Setting, "Setting", need="R")
    modality = Coded(TherapyModality, "Modality", need="R")
    started_on = PartialDateField("Started", need="R")
    ended_on = PartialDateField("Ended", need="C")
    regimen = Coded(Regimen, "Regimen", need="C", only_if=("modality", frozenset({"chemo"})))
    regimen_text = Text(
        "Regimen in words",
        "Where no code fits",
        max_length=120,
        only_if=("modality", DRUGS),
        offers="regimen",
    )
    cycles = Measurement("Cycles", possible=(0, 30), plausible=(0, 8), only_if=("modality", DRUGS))
    rt_dose_gy = Measurement(
        "Radiation dose",
        unit="Gy",
        possible=(0, 100),
        plausible=(40, 66),
        decimals=1,
        need="C",
        only_if=("modality", frozenset({"rt"})),
    )
    rt_fractions = Measurement(
        "Fractions", possible=(0, 60), plausible=(1, 40), need="C", only_if=("modality", frozenset({"rt"}))
    )
    recist = Coded(Recist, "Response (RECIST)", only_if=("modality", GIVEN))
    stopped_reason = Coded(StoppedReason, "Reason to stop", only_if=("modality", GIVEN))
