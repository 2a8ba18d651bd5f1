"""Tumor board and team (L-02, L-06, L-07, L-18, L-19, L-22, L-25) in every verdict, on both sides of each threshold."""

from datetime import timedelta

import pytest

from cases.rulebook import engine
from cases.rulebook.algorithm_board import longest_wait_days
from tests.cases.rulebook_reading import AS_OF, NA, NO, OPEN, RULES, YES, case, operated, read_one

PAPER_ONLY = {"operations": [{"operation_type": "index_resection", "intent": "curative"}]}


def met(on="2020-02-20", *, sarcoma=True, **answers):
    known = {"held_on": on, "is_sarcoma_mdt": sarcoma}
    return {name: value for name, value in known.items() if value is not None} | answers


def boards(*meetings, **forms):
    return operated(mdt_meetings=list(meetings), **forms)


def team(*specialties, segments=(), operation=None, **forms):
    known = {"team": list(specialties)} if specialties else {}
    tumor = {"tumor": {"segments": list(segments)}} if segments else {}
    return operated(operation={**known, **(operation or {})}, **tumor, **forms)


def ring(*specialties, segments=(), **operation):
    return team(*specialties, segments=segments, operation={"resection_type": "circumferential", **operation})


def risk(*meetings, grade=None, mm=None, biopsy=None, **tumor):
    size = {"max_diameter_mm": mm} if mm else {}
    forms = {"pathology": [{"fnclcc_grade": grade}]} if grade else {}
    forms |= {"biopsies": [{"grade": biopsy}]} if biopsy else {}
    return boards(*meetings, tumor={**size, **tumor}, **forms)


def small(*meetings, **answers):
    return risk(*meetings, **{"grade": "G2", "mm": 100, "c_m": "M0", **answers})


def irradiated(*meetings, setting="neoadjuvant", modality="rt"):
    return boards(*meetings, therapies=[{"setting": setting, "modality": modality}])


def metastatic(*meetings, intent="curative", **tumor):
    return operated(
        operation={"intent": intent} if intent else {},
        mdt_meetings=list(meetings),
        tumor=tumor or {"metastasis_at_diagnosis": True},
    )


def back(*meetings, on=("2022-01-10",), **forms):
    rows = [{"detected_on": one} if one else {"kind": "local"} for one in on]
    return boards(*meetings, recurrences=rows, **forms)


def came_back(*meetings):
    return {**risk(*meetings, grade="G3"), "recurrences": [{"detected_on": "2022-01-10"}]}


DISCUSSED = met(perioperative_chemo_discussed=True)
NOT_DISCUSSED = met(perioperative_chemo_discussed=False)
UNOPERATED = {"diagnosis": {"diagnosis_on": "2020-01-10"}}

EXAMPLES = [
    ("L-02/0", YES, boards(met())),
    ("L-02/0", YES, boards(met("2020-03-10"))),
    ("L-02/0", OPEN, boards(met(sarcoma=False), met("2020-03"))),
    ("L-02/0", YES, boards(met("2020-03", phase="pre_treatment"))),
    ("L-02/0", NO, boards(met("2020-03", phase="post_operative"))),
    ("L-02/0", NO, boards(met("2020", phase="recurrence"))),
    ("L-02/0", YES, boards(met("2020-02", phase="post_operative"))),
    ("L-02/0", YES, boards(met(None, phase="pre_biopsy"))),
    ("L-02/0", YES, boards(met(None, phase="pre_treatment"))),
    ("L-02/0", YES, {**UNOPERATED, "mdt_meetings": [met()]}),
    ("L-02/0", YES, {**UNOPERATED, "mdt_meetings": [met(phase="pre_treatment")]}),
    ("L-02/0", YES, {**PAPER_ONLY, "mdt_meetings": [met(phase="pre_treatment")]}),
    ("L-02/0", NO, boards(met("2020-03-11"))),
    ("L-02/0", NO, boards(met("2020-03-11", phase="pre_treatment"))),
    ("L-02/0", NO, boards(met(sarcoma=False))),
    ("L-02/0", NO, boards(met(None, phase="post_operative"))),
    ("L-02/0", NO, {**UNOPERATED, "mdt_meetings": [met(phase="recurrence")]}),
    ("L-02/0", OPEN, boards()),
    ("L-02/0", OPEN, boards(met(None))),
    ("L-02/0", OPEN, boards(met(sarcoma=None))),
    ("L-02/0", OPEN, {**PAPER_ONLY, "mdt_meetings": [met()]}),
    ("L-06/0", YES, team("cardiac", "vascular", segments=["supradiaphragmatic"])),
    ("L-06/0", YES, team("cardiac", segments=["intracardial"])),
    ("L-06/0", NO, team("thoracic", segments=["infradiaphragmatic", "supradiaphragmatic"])),
    ("L-06/0", NO, team("vascular", segments=["intracardial"], operation={"bypass": ["cardiopulmonary"]})),
    ("L-06/0", NA, team("vascular", segments=["infradiaphragmatic"])),
    ("L-06/0", OPEN, team(segments=["intracardial"], operation={"bypass": ["cardiopulmonary"]})),
    ("L-06/0", OPEN, team("cardiac")),
    ("L-07/0", YES, ring("vascular", segments=["infrarenal"])),
    ("L-07/0", YES, ring("vascular", "hpb_transplant", segments=["retrohepatic"])),
    ("L-07/0", YES, ring("vascular", "hpb_transplant")),
    ("L-07/0", NO, ring("hpb_transplant", "surgical_oncology", segments=["infrarenal"])),
    ("L-07/0", NO, ring("vascular", segments=["retrohepatic"])),
    ("L-07/0", NO, ring("vascular", segments=["suprarenal"], resected_segments=["infradiaphragmatic"])),
    ("L-07/0", YES, ring("vascular", segments=["suprarenal", "supradiaphragmatic"])),
    ("L-07/0", NO, ring("urology")),
    ("L-07/0", NA, team("urology", operation={"resection_type": "tangential_wall"})),
    ("L-07/0", OPEN, ring(segments=["infrarenal"])),
    ("L-07/0", OPEN, ring("vascular")),
    ("L-07/0", OPEN, team("vascular")),
    ("L-18/0", YES, risk(DISCUSSED, grade="G3")),
    ("L-18/0", YES, risk(NOT_DISCUSSED, DISCUSSED, mm=101)),
    ("L-18/0", NO, risk(NOT_DISCUSSED, grade="G3")),
    ("L-18/0", NO, risk(NOT_DISCUSSED, grade="GX", biopsy="G3")),
    ("L-18/0", NO, risk(NOT_DISCUSSED, grade="G2", biopsy="G3")),
    ("L-18/0", NO, came_back(NOT_DISCUSSED, met("2022-02-01", phase="recurrence", perioperative_chemo_discussed=True))),
    ("L-18/0", NO, came_back(NOT_DISCUSSED, met("2022-01-10", perioperative_chemo_discussed=True))),
    ("L-18/0", YES, came_back(met("2020-04-01", phase="post_operative", perioperative_chemo_discussed=True))),
    ("L-18/0", YES, came_back(met(None, phase="post_operative", perioperative_chemo_discussed=True))),
    ("L-18/0", YES, came_back(met("2022-01-09", perioperative_chemo_discussed=True))),
    ("L-18/0", YES, risk(met(None, perioperative_chemo_discussed=True), grade="G3")),
    ("L-18/0", OPEN, came_back(met(None, perioperative_chemo_discussed=True))),
    ("L-18/0", OPEN, came_back(met("2022", perioperative_chemo_discussed=True))),
    ("L-18/0", OPEN, came_back(NOT_DISCUSSED, met("2022", perioperative_chemo_discussed=True))),
    ("L-18/0", OPEN, {**risk(met("2021-06", perioperative_chemo_discussed=True), grade="G3"),
                      "recurrences": [{"detected_on": "2022-01-10"}, {"detected_on": "2021"}]}),
    ("L-18/0", OPEN, risk(met(phase="recurrence", perioperative_chemo_discussed=True), grade="G3")),
    # The grade of what came back is not that of the tumor that the board had before it.
    ("L-18/0", NA, {**small(NOT_DISCUSSED), "pathology": [{"fnclcc_grade": "G2"}, {"fnclcc_grade": "G3"}]}),
    ("L-18/0", NA, {**small(NOT_DISCUSSED), "biopsies": [{"grade": "G3", "performed_on": "2022-01-10"}]}),
    ("L-18/0", NO, {**small(NOT_DISCUSSED), "biopsies": [{"grade": "G3", "performed_on": "2020"}]}),
    ("L-18/0", NO, small(NOT_DISCUSSED, mm=101)),
    ("L-18/0", NO, small(NOT_DISCUSSED, c_m="M1")),
    ("L-18/0", NO, small(NOT_DISCUSSED, metastasis_at_diagnosis=True)),
    ("L-18/0", NA, small(NOT_DISCUSSED)),
    ("L-18/0", NA, small(NOT_DISCUSSED, c_m=None, metastasis_at_diagnosis=False)),
    ("L-18/0", NA, {**UNOPERATED, "tumor": {"max_diameter_mm": 120}}),
    ("L-18/0", OPEN, small(grade="G3")),
    ("L-18/0", OPEN, risk(met(), grade="G3")),
    ("L-18/0", OPEN, small(NOT_DISCUSSED, grade="GX")),
    ("L-18/0", OPEN, small(NOT_DISCUSSED, mm=None)),
    ("L-18/0", OPEN, small(NOT_DISCUSSED, c_m=None)),
    ("L-19/0", YES, irradiated(met(decision="rt"))),
    ("L-19/0", YES, irradiated(met(decision="surgery"), met(decision="neoadjuvant"))),
    ("L-19/0", NO, irradiated(met(decision="surgery"))),
    ("L-19/0", NO, irradiated(met(decision="systemic"))),
    ("L-19/0", NO, irradiated(met(decision="surgery"), met("2022-02-01", decision="rt", phase="recurrence"))),
    ("L-19/0", NO, {**irradiated(met(decision="surgery"), met("2022-02-01", decision="rt")),
                    "recurrences": [{"detected_on": "2022-01-10"}]}),
    ("L-19/0", NA, irradiated(met(decision="surgery"), modality="chemo")),
    ("L-19/0", NA, irradiated(met(decision="surgery"), setting="adjuvant")),
    ("L-19/0", NA, boards()),
    ("L-19/0", OPEN, irradiated()),
    ("L-19/0", OPEN, irradiated(met())),
    ("L-22/0", YES, metastatic(met(decision="surgery"))),
    ("L-22/0", YES, metastatic(met(decision="systemic", sarcoma=False), c_m="M1")),
    ("L-22/0", YES, metastatic(met(), met(decision="surgery"))),
    ("L-22/0", NO, metastatic(met())),
    ("L-22/0", NO, metastatic(met("2020-03-11", decision="surgery"))),
    ("L-22/0", NO, metastatic(met("2020", decision="surgery", phase="post_operative"))),
    ("L-22/0", NA, metastatic(met(), metastasis_at_diagnosis=False)),
    ("L-22/0", NA, metastatic(met(), c_m="M0")),
    ("L-22/0", NA, metastatic(met(), intent="palliative")),
    ("L-22/0", OPEN, metastatic()),
    ("L-22/0", OPEN, metastatic(met(None, decision="surgery"))),
    ("L-22/0", OPEN, metastatic(met(), growth_pattern="mixed")),
    ("L-22/0", OPEN, metastatic(met(), intent=None)),
    ("L-25/0", YES, back(met("2022-01-10"))),
    ("L-25/0", YES, back(met("2022-02-21"))),
    ("L-25/0", YES, back(met("2022-01", sarcoma=False))),
    ("L-25/0", YES, back(met("2022-01-20"), met(None, phase="recurrence"))),
    ("L-25/0", NO, back(met("2020-02-01"), on=["2021-01-10", "2026-06-20"])),
    ("L-25/0", NO, back(met("2022-02-22"))),
    ("L-25/0", NO, back(met("2022-01-09"))),
    ("L-25/0", NO, back(met("2022-01-20"), on=["2022-01-10", "2024-05-01"])),
    ("L-25/0", NO, back(met("2022-01-20"), on=["2022-01-10", "2026-05-18"])),
    ("L-25/0", OPEN, back(met("2022-01-20"), on=["2022-01-10", "2026-05-19"])),
    ("L-25/0", OPEN, back(met("2020-02-01"), met(None, phase="recurrence"))),
    ("L-25/0", OPEN, back(met("2020-02-01"), met(None))),
    # Who dies before a board is late waits for none.
    ("L-25/0", YES, back(met("2020-02-01"), death={"died_on": "2022-02-21"})),
    ("L-25/0", NO, back(met("2020-02-01"), death={"died_on": "2022-02-22"})),
    ("L-25/0", YES, back(met("2020-02-01"), death={"died_on": "2022-01"})),
    ("L-25/0", OPEN, back(met("2020-02-01"), death={"died_on": "2022-02"})),
    ("L-25/0", OPEN, back(met("2020-02-01"), death={"cause_category": "disease"})),
    ("L-25/0", OPEN, {"recurrences": [{"detected_on": "2022-01-10"}], "mdt_meetings": [met("2020-02-01")],
                      "death": {"months_after_resection": 30.0}}),
    ("L-25/0", OPEN, back(met("2020-02-01"), follow_ups=[{"visit_on": "2023-01-10", "vital_status": "dead"}])),
    ("L-25/0", NO, back(met("2020-02-01"), on=["2021-01-10", "2022-01-10"], death={"died_on": "2022-01-20"})),
    ("L-25/0", NO, back(met(None, phase="pre_treatment"))),
    ("L-25/0", NA, boards(met())),
    ("L-25/0", OPEN, back()),
    ("L-25/0", OPEN, back(met("2022-01-10"), on=[None])),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


SEVERITIES = [
    ("L-02/0", "major", boards(met(sarcoma=False))),
    ("L-06/0", "major", team("thoracic", segments=["intracardial"])),
    ("L-07/0", "minor", ring("urology")),
    ("L-18/0", "info", risk(NOT_DISCUSSED, grade="G3")),
    ("L-19/0", "info", irradiated(met(decision="surgery"))),
    ("L-22/0", "minor", metastatic(met())),
    ("L-25/0", "info", back(met("2022-02-22"))),
]


@pytest.mark.parametrize(("rule", "severity", "forms"), SEVERITIES)
def test_severity(rule, severity, forms):
    finding = read_one(rule, forms)

    assert (finding.verdict, finding.severity) == (NO, severity)


@pytest.mark.parametrize(
    ("death", "days"),
    [
        ({"died_on": "2022-01-11"}, 1),
        ({"died_on": "2022-01"}, 0),  # at the earliest before the recurrence was detected
        ({"cause_category": "disease"}, 0),  # on an unknown day
    ],
)
def test_who_died_has_waited_for_a_board_at_least_until_the_first_day_of_death_that_is_possible(death, days):
    document = case(**back(met("2020-02-01"), death=death))

    assert longest_wait_days.work_out(document, document.index, AS_OF, within_weeks=0) == days


def test_a_recurrence_that_may_still_be_discussed_says_the_same_every_day_until_it_is_late():
    document = case(**back(met("2022-01-20"), on=["2022-01-10", "2026-06-20"]))
    said = [
        engine.judge(RULES["L-25/0"], document, AS_OF + timedelta(days=days))[0].as_json()
        for days in (0, 1, 32, 33)
    ]

    assert said[0] == said[1] == said[2]
    assert (said[2]["verdict"], said[3]["verdict"]) == (OPEN, NO)
