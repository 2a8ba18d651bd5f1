"""Description, access and exposure: S-01 to S-07 of the founding paper."""

from __future__ import annotations

from cases.rulebook.algorithm_facts import days_passed, documented
from cases.rulebook.authority import CLAMP_FREE, MINIMALLY_INVASIVE_REPORTS, seed
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import RECORDED_WITHIN
from cases.vocabulary import (
    MINIMALLY_INVASIVE,
    Approach,
    ExposureStep,
    Origin,
    Segment,
    Severity,
    VascularExclusion,
)

LOWER_THREE = frozenset({Segment.INFRARENAL, Segment.INTERRENAL, Segment.SUPRARENAL})
BEHIND_LIVER = frozenset({Segment.RETROHEPATIC, Segment.INFRADIAPHRAGMATIC, Segment.SUPRADIAPHRAGMATIC})


def _access_severity(segments: frozenset[str]) -> Severity:
    return Severity.INFO if segments == {Segment.INFRARENAL} else Severity.MINOR


def _piggyback(exposure_steps: frozenset[str] | None, ex_vivo_liver: bool | None) -> bool | None:
    if ex_vivo_liver:
        return True
    return None if exposure_steps is None else ExposureStep.PIGGYBACK_MOBILIZATION in exposure_steps


def _inflow_closed(
    pringle_used: bool | None, vascular_exclusion: str | None, ex_vivo_liver: bool | None
) -> bool | None:
    if pringle_used or ex_vivo_liver or vascular_exclusion == VascularExclusion.TOTAL_HEPATIC_EXCLUSION:
        return True
    return None if pringle_used is None and vascular_exclusion is None else False


def _inflow_severity(touched_segments: frozenset[str]) -> Severity:
    only_retrohepatic = touched_segments & BEHIND_LIVER == {Segment.RETROHEPATIC}
    return Severity.MINOR if only_retrohepatic else Severity.MAJOR


RULES = (
    Rule(
        id="S-01",
        title="Segments recorded",
        asks="at least one of the seven segments is recorded within {within_days} days",
        when="the tumor arises from the vena cava",
        severity=Severity.MINOR,
        needs_to_apply=("tumor.origin_certainty?",),
        applies=lambda origin_certainty: origin_certainty != Origin.RETROPERITONEAL_INVADING,
        needs_to_judge=("tumor.segments?", days_passed.or_unknown),
        thresholds=(RECORDED_WITHIN,),
        expects=lambda segments, days_passed, within_days: documented(segments, days_passed, within_days),
        says="No segment of the vena cava is recorded {within_days} days on; record the segments involved.",
        **seed("division into 7 segments was applied"),
    ),
    Rule(
        id="S-02",
        title="Growth pattern recorded",
        asks="intravasal, extravasal or mixed growth is recorded within {within_days} days",
        when="every case",
        severity=Severity.MINOR,
        needs_to_judge=("tumor.growth_pattern?", days_passed.or_unknown),
        thresholds=(RECORDED_WITHIN,),
        expects=lambda growth_pattern, days_passed, within_days: documented(
            growth_pattern, days_passed, within_days
        ),
        says="The growth pattern is not recorded {within_days} days on; record it.",
        **seed("Intravasal ... extravasal ... mixed"),
    ),
    Rule(
        id="S-03",
        title="Open approach",
        asks="the tumor is approached by open surgery",
        when="an index resection was done",
        severity=Severity.INFO,
        scope=INDEX,
        needs_to_judge=("approach",),
        expects=lambda approach: not approach & MINIMALLY_INVASIVE or Approach.CONVERTED in approach,
        says="The approach was minimally invasive ({approach}); the founding series was open throughout. Such cases"
        " have been published since 2017 and are no error.",
        challenged_by=MINIMALLY_INVASIVE_REPORTS,
        **seed("In all the patients the open laparotomy approach"),
    ),
    Rule(
        id="S-04",
        title="Chevron incision for the lower segments",
        asks="the approach includes a bilateral subcostal (Chevron) incision",
        when="an index resection was done, and an infrarenal, interrenal or suprarenal segment is involved",
        severity=_access_severity,
        severities="minor (info if only the infrarenal segment is involved)",
        scope=INDEX,
        needs_to_apply=("tumor.segments",),
        applies=lambda segments: bool(segments & LOWER_THREE),
        needs_to_judge=("approach",),
        expects=lambda approach: Approach.CHEVRON in approach,
        says="The tumor involves {segments}; the approach was {approach}, not a Chevron incision.",
        **seed(
            "approach of a Chevron type ... guarantees an adequate visualization of its infra-, inter- and suprarenal"
            " segments"
        ),
    ),
    Rule(
        id="S-05",
        title="Staged dissection of the vena cava",
        asks="the vena cava is dissected in stages",
        when="an index resection was done, and an infrarenal, interrenal or suprarenal segment is involved",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("tumor.segments",),
        applies=lambda segments: bool(segments & LOWER_THREE),
        needs_to_judge=("exposure_steps",),
        expects=lambda exposure_steps: ExposureStep.STAGED_IVC_DISSECTION in exposure_steps,
        says="The tumor involves {segments}; the steps of exposure ({exposure_steps}) do not include staged dissection"
        " of the vena cava.",
        **seed("the staged dissection of IVC"),
    ),
    Rule(
        id="S-06",
        title="Piggyback mobilization of the liver",
        asks="the liver is mobilized by the piggyback technique, or resected ex vivo",
        when="a retrohepatic, infradiaphragmatic or supradiaphragmatic segment is involved or resected",
        severity=Severity.MAJOR,
        scope=INDEX,
        needs_to_apply=("case.touched_segments",),
        applies=lambda touched_segments: bool(touched_segments & BEHIND_LIVER),
        needs_to_judge=("exposure_steps?", "ex_vivo_liver?"),
        expects=_piggyback,
        says="Segments behind or above the liver are involved or resected ({touched_segments}); the steps of exposure"
        " ({exposure_steps}) do not include piggyback mobilization.",
        **seed(
            "The piggyback procedure of hepatic mobilization ... necessary parts on the stage of dissection in"
            " retrohepatic, infradiaphragmatic and supradiaphragmatic segments"
        ),
    ),
    Rule(
        id="S-07",
        title="Pringle maneuver",
        asks="a Pringle maneuver, total hepatic vascular exclusion or ex vivo resection is used",
        when="a retrohepatic, infradiaphragmatic or supradiaphragmatic segment is involved or resected",
        severity=_inflow_severity,
        severities="major (minor if of these only the retrohepatic segment)",
        scope=INDEX,
        needs_to_apply=("case.touched_segments",),
        applies=lambda touched_segments: bool(touched_segments & BEHIND_LIVER),
        needs_to_judge=("pringle_used?", "vascular_exclusion?", "ex_vivo_liver?"),
        expects=_inflow_closed,
        says="Segments behind or above the liver are involved or resected ({touched_segments}); Pringle used:"
        " {pringle_used}, vascular exclusion: {vascular_exclusion}. Resections without are published.",
        challenged_by=CLAMP_FREE,
        **seed("and Pringle maneuver constitute necessary parts"),
    ),
)
