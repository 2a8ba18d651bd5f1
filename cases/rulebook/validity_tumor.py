"""Validity of the tumor and its stage (X-14 to X-21)."""

from __future__ import annotations

from cases.derived import SEGMENT_ORDER, t_category
from cases.rulebook.authority import AJCC, LOGIC, PROPOSAL
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX, each
from cases.vocabulary import (
    GrossResult,
    Intent,
    MetastasisStage,
    Segment,
    SegmentSource,
    Severity,
    TumorStage,
)
from registry.dates import PartialDate

LONGEST_SEGMENT_MM = 100  # a segment of the vena cava is about 30 to 100 mm long (our proposal)


def _contiguous(segments: frozenset[str]) -> bool:
    places = [SEGMENT_ORDER[segment] for segment in segments]
    return max(places) - min(places) + 1 == len(places)


def _heart_reached_through_vein(segments: frozenset[str]) -> bool:
    if Segment.INTRACARDIAL in segments and Segment.SUPRADIAPHRAGMATIC not in segments:
        return False
    return Segment.SUPRADIAPHRAGMATIC not in segments or Segment.INFRADIAPHRAGMATIC in segments


def _staging_before(performed_on: PartialDate | None, resected_on: PartialDate | None) -> bool:
    return performed_on is None or resected_on is None or not performed_on.surely_after(resected_on)


RULES = (
    Rule(
        id="X-14",
        title="Neighboring segments",
        asks="the segments involved are neighbors, without a gap",
        severity=Severity.QUERY,
        scope=each("tumor"),
        needs_to_judge=("segments",),
        expects=_contiguous,
        says="The segments involved ({segments}) leave a gap; confirm a multifocal tumor or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-15",
        title="Heart reached through the vein",
        asks="a tumor in the heart also involves the supradiaphragmatic segment, and this one the infradiaphragmatic",
        severity=Severity.QUERY,
        scope=each("tumor"),
        needs_to_judge=("segments",),
        expects=_heart_reached_through_vein,
        says="The segments involved ({segments}) reach the heart or chest without the segment below; confirm or"
        " correct.",
        **LOGIC,
    ),
    Rule(
        id="X-16",
        title="Imaging agrees with operation",
        asks="the cranial extent on imaging is at most one segment from that seen at operation",
        when="the segments are known from the operation and imaging before it gives a cranial extent",
        severity=Severity.QUERY,
        scope=each("imaging"),
        needs_to_apply=(
            "finding_cranial_extent",
            "tumor.segments_source",
            "performed_on?",
            "index.operated_on as resected_on?",
        ),
        applies=lambda segments_source, performed_on, resected_on: (
            segments_source == SegmentSource.OPERATION and _staging_before(performed_on, resected_on)
        ),
        needs_to_judge=("case.cranial_extent",),
        at="finding_cranial_extent",
        expects=lambda finding_cranial_extent, cranial_extent: (
            abs(SEGMENT_ORDER[finding_cranial_extent] - SEGMENT_ORDER[cranial_extent]) <= 1
        ),
        says="Imaging gives the cranial extent as {finding_cranial_extent}, the operation as {cranial_extent}; confirm"
        " or correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-17",
        title="Resection covers the tumor",
        asks="the resected segments cover those involved",
        when="the gross result is complete",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_apply=("gross_result",),
        applies=lambda gross_result: gross_result == GrossResult.COMPLETE,
        needs_to_judge=("resected_segments", "tumor.segments"),
        expects=lambda resected_segments, segments: segments <= resected_segments,
        says="The resection is complete, yet the resected segments ({resected_segments}) do not cover those involved"
        " ({segments}); confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-18",
        title="Length fits the segments",
        asks="the craniocaudal length is at most 100 mm for each segment involved",
        severity=Severity.QUERY,
        scope=each("tumor"),
        needs_to_judge=("craniocaudal_length_mm", "segments"),
        expects=lambda craniocaudal_length_mm, segments: (
            craniocaudal_length_mm <= LONGEST_SEGMENT_MM * len(segments)
        ),
        says="A craniocaudal length of {craniocaudal_length_mm} is long for the segments involved ({segments});"
        " confirm or correct.",
        **PROPOSAL,
    ),
    Rule(
        id="X-19",
        title="pT fits the specimen",
        asks="pT is that of the specimen's largest axis (5, 10 and 15 cm)",
        when="pT can be assessed",
        severity=Severity.QUERY,
        scope=each("pathology"),
        needs_to_apply=("p_t",),
        applies=lambda p_t: p_t != TumorStage.TX,
        needs_to_judge=("specimen_length_mm",),
        at="p_t",
        expects=lambda p_t, specimen_length_mm: p_t == t_category(specimen_length_mm),
        says="pT ({p_t}) does not fit a largest axis of {specimen_length_mm}; confirm or correct one of the two.",
        **AJCC,
    ),
    Rule(
        id="X-20",
        title="cM and metastasis agree",
        asks="cM1 is given exactly when there was metastasis at diagnosis",
        severity=Severity.ERROR,
        scope=each("tumor"),
        needs_to_judge=("c_m", "metastasis_at_diagnosis"),
        expects=lambda c_m, metastasis_at_diagnosis: (c_m == MetastasisStage.M1) == metastasis_at_diagnosis,
        says="cM ({c_m}) contradicts metastasis at diagnosis ({metastasis_at_diagnosis}); correct one of the two.",
        **AJCC,
    ),
    Rule(
        id="X-21",
        title="Curative intent despite metastasis",
        asks="a resection with metastasis at diagnosis is not called curative without a reason",
        when="there was metastasis at diagnosis",
        severity=Severity.QUERY,
        scope=INDEX,
        needs_to_apply=("tumor.metastasis_at_diagnosis",),
        applies=lambda metastasis_at_diagnosis: metastasis_at_diagnosis,
        needs_to_judge=("intent",),
        expects=lambda intent: intent != Intent.CURATIVE,
        says="The intent is {intent} although there was metastasis at diagnosis; confirm with the reason or correct.",
        **LOGIC,
    ),
)
