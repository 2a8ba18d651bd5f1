"""Diagnosis and staging before the resection, from guidance and series: L-01, L-01b, L-03 to L-05 and L-23."""

from __future__ import annotations

from cases.rulebook.algorithm_workup_facts import (
    DAYS_PER_WEEK,
    core_biopsy,
    days_to_surgery,
    diagnosed_after,
    echo_before,
    mri_before,
    regions_not_staged,
    staging_age_days,
    untested_neoadjuvant,
)
from cases.rulebook.authority import JIM_2024, UK_2024, literature, proposal
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import NEAR_THE_HEART, all_of, any_of, neoadjuvant_given
from cases.rulebook.thresholds import Threshold
from cases.vocabulary import DiagnosisBasis, Firmness, Growth, Intent, Segment, Severity, Symptom, Thrombus

FROM_RETROHEPATIC = frozenset(Segment) - {Segment.INFRARENAL, Segment.INTERRENAL, Segment.SUPRARENAL}
FROM_INFRADIAPHRAGMATIC = FROM_RETROHEPATIC - {Segment.RETROHEPATIC}
TO_THE_LUNGS = frozenset({Symptom.DYSPNEA, Symptom.PE})
ON_THE_SPECIMEN = frozenset({DiagnosisBasis.SURGICAL_SPECIMEN, DiagnosisBasis.AUTOPSY})


def _needs_mri(segments: frozenset[str] | None, bland_thrombus: str | None) -> bool | None:
    return any_of(
        (
            None if segments is None else bool(segments & FROM_RETROHEPATIC),
            None if bland_thrombus is None else bland_thrombus != Thrombus.NONE,
        )
    )


def _needs_echo(segments: frozenset[str] | None, symptoms: frozenset[str] | None) -> bool | None:
    return any_of(
        (
            None if segments is None else bool(segments & FROM_INFRADIAPHRAGMATIC),
            None if symptoms is None else bool(symptoms & TO_THE_LUNGS),
        )
    )


def _heart_seen(echo_before: bool, segments: frozenset[str] | None, tee_used: bool | None) -> bool | None:
    """Before the resection, and near the heart during it as well."""
    return all_of((echo_before, tee_used)) if _is_near_the_heart(segments) else echo_before


def _is_near_the_heart(segments: frozenset[str] | None) -> bool:
    return bool(segments and segments & NEAR_THE_HEART)


RULES = (
    Rule(
        id="L-01",
        title="Staging of abdomen, pelvis and chest",
        asks="before the resection, abdomen and pelvis are imaged by contrast CT or MRI and the chest by CT",
        when="the index resection was meant to cure",
        severity=Severity.MAJOR,
        scope=INDEX,
        needs_to_apply=("intent",),
        applies=lambda intent: intent == Intent.CURATIVE,
        needs_to_judge=(regions_not_staged,),
        expects=lambda regions_not_staged: not regions_not_staged,
        says="Not staged before the resection: {regions_not_staged}.",
        **literature(
            f"{UK_2024}: cross-sectional imaging of the primary and CT of the chest before radical treatment",
            f"{JIM_2024}: multiphase CT of chest, abdomen and pelvis",
            firmness=Firmness.A,
            since=2025,
        ),
    ),
    Rule(
        id="L-01b",
        edition=2,
        title="Staging not older than {within_weeks} weeks",
        asks="the last CT or MRI of the abdomen is at most {within_weeks} weeks old at the resection",
        when="the index resection was meant to cure",
        severity=Severity.INFO,
        scope=INDEX,
        thresholds=(Threshold("within_weeks", "Age of the staging", 8, "wk"),),
        needs_to_apply=("intent",),
        applies=lambda intent: intent == Intent.CURATIVE,
        needs_to_judge=(staging_age_days,),
        expects=lambda staging_age_days, within_weeks: staging_age_days <= within_weeks * DAYS_PER_WEEK,
        says="The abdomen was last staged {staging_age_days} days before the resection.",
        **proposal(2026),
    ),
    Rule(
        id="L-03",
        title="Core needle biopsy before treatment",
        asks="a core needle biopsy, reviewed by a sarcoma pathologist, precedes any treatment",
        when="the index resection was meant to cure; a purely intravasal tumor is excepted, as its biopsy may be"
        " unsafe, unless neoadjuvant therapy was given",
        severity=lambda untested_neoadjuvant: Severity.MAJOR if untested_neoadjuvant else Severity.MINOR,
        severities="minor (major if neoadjuvant therapy was given before any histology)",
        scope=INDEX,
        needs_to_apply=("intent", "tumor.growth_pattern?", neoadjuvant_given),
        applies=lambda intent, growth_pattern, neoadjuvant_given: (
            intent == Intent.CURATIVE and (growth_pattern != Growth.INTRAVASAL or neoadjuvant_given)
        ),
        needs_to_judge=(core_biopsy, untested_neoadjuvant),
        expects=lambda core_biopsy: core_biopsy,
        says="No core needle biopsy with review by a sarcoma pathologist precedes treatment (neoadjuvant therapy before"
        " any histology: {untested_neoadjuvant}).",
        **literature(
            UK_2024,
            "SEOM 2020 (doi 10.1007/s12094-020-02534-0): biopsy is mandatory before treatment",
            "done in 68% (VLFDC 2020)",
            firmness=Firmness.A,
            since=2025,
        ),
    ),
    Rule(
        id="L-04",
        title="MRI of a high or thrombosed tumor",
        asks="an MRI precedes the resection (a three-dimensional reconstruction, which would do as well, has no field)",
        when="the tumor reaches the retrohepatic segment or beyond, or there is bland thrombus",
        severity=Severity.INFO,
        needs_to_apply=("tumor.segments?", "tumor.bland_thrombus?"),
        applies=_needs_mri,
        needs_to_judge=(mri_before,),
        expects=lambda mri_before: mri_before,
        says="No MRI is recorded before the resection (segments: {segments}, bland thrombus: {bland_thrombus}).",
        **literature(
            f"{JIM_2024}: MRI if locally advanced or thrombus", "Tuxun 2021", firmness=Firmness.C, since=2025
        ),
    ),
    Rule(
        id="L-05",
        title="Echocardiography before and during the resection",
        asks="echocardiography precedes the resection; near the heart it is done during it as well, through the"
        " esophagus",
        when="the tumor reaches the infradiaphragmatic segment or beyond, or caused dyspnea or pulmonary embolism",
        severity=lambda segments: Severity.MAJOR if _is_near_the_heart(segments) else Severity.MINOR,
        severities="minor (major if a supradiaphragmatic or intracardial segment is involved)",
        scope=INDEX,
        needs_to_apply=("tumor.segments?", "presentation.symptoms?"),
        applies=_needs_echo,
        needs_to_judge=(echo_before, "tee_used?"),
        expects=_heart_seen,
        says="Echocardiography before the resection: {echo_before}, during it: {tee_used} (segments: {segments},"
        " symptoms: {symptoms}).",
        **literature(
            "case experience (Reddy 2010, Tuxun 2021: atrial mass shown by echocardiography) and physiology",
            firmness=Firmness.C,
            since=2022,
        ),
    ),
    Rule(
        id="L-23",
        edition=2,
        title="Resection within {most_days} days of the diagnosis",
        asks="at most {most_days} days pass from the diagnosis to the resection",
        when="the diagnosis was made before the resection and no neoadjuvant therapy was given",
        severity=Severity.INFO,
        scope=INDEX,
        thresholds=(Threshold("most_days", "From diagnosis to resection", 90, "d"),),
        needs_to_apply=(neoadjuvant_given, "diagnosis.diagnosis_basis?", diagnosed_after),
        applies=lambda neoadjuvant_given, diagnosis_basis, diagnosed_after: (
            not (neoadjuvant_given or diagnosed_after or diagnosis_basis in ON_THE_SPECIMEN)
        ),
        needs_to_judge=(days_to_surgery,),
        expects=lambda days_to_surgery, most_days: days_to_surgery <= most_days,
        says="The resection followed {days_to_surgery} days after the diagnosis.",
        **proposal(2026),
    ),
)
