"""Validity of pathology, complications and follow-up (X-42 to X-55, X-58, X-59): every rule in every verdict."""

import pytest

from tests.cases.rulebook_reading import NA, NO, OPEN, RULES, YES, index, operated, read_one, rebuilt

PERSON = {"patient": {"born_on": "1960-05", "sex": "female"}}


def specimen(**answers):
    return {"pathology": [answers]}


def complication(death=None, **answers):
    return operated(complications=[answers], **({"death": death} if death else {}))


def visit(operation=None, **answers):
    return operated(operation=operation, follow_ups=[answers])


def grafted(*visits, complications=()):
    forms = operated(follow_ups=list(visits))
    return {**forms, "complications": list(complications)} if complications else forms


def kidney(before, after, **forms):
    first, last = {"creatinine_preop_umol_l": before}, {"creatinine_discharge_umol_l": after}
    return operated(presentation=first, discharge=last, **PERSON, **forms)


def with_method(method, **forms):
    return {**rebuilt(**({"ivc_method": method} if method else {"av_fistula": False})), **forms}


def graded(grade, *scores):
    names = ("fnclcc_differentiation", "fnclcc_mitosis_score", "fnclcc_necrosis_score")
    return specimen(fnclcc_grade=grade, **dict(zip(names, scores, strict=False)))


def treated(grade="G2", **therapy):
    return {**operated(therapies=[therapy]), **specimen(fnclcc_grade=grade)}


def reoperated(**answers):
    forms = {"operations": [{"operation_type": "reoperation_complication"}]}
    return {**forms, "complications": [answers]} if answers else forms


def died_of(cause, resection_type="circumferential", **forms):
    return operated(operation={"resection_type": resection_type}, death={"cause_category": cause}, **forms)


OPEN_GRAFT = {"visit_on": "2020-09", "graft_status": "patent"}
THROMBOSIS = {"type": "graft_thrombosis", "onset_on": "2020-03-20"}
NED = {"visit_on": "2022-01-10", "disease_status": "NED"}

EXAMPLES = [
    # --- pathology
    ("X-42/0", YES, {**operated(operation={"gross_result": "complete"}), **specimen(margin="R1")}),
    ("X-42/0", YES, {**operated(operation={"gross_result": "macroscopic_residue"}), **specimen(margin="R2")}),
    ("X-42/0", NO, {**operated(operation={"gross_result": "macroscopic_residue"}), **specimen(margin="R0")}),
    ("X-42/0", NO, {**operated(operation={"gross_result": "complete"}), **specimen(margin="R2")}),
    ("X-42/0", NA, specimen(margin="R2")),
    ("X-42/0", OPEN, operated(operation={"gross_result": "complete"})),
    ("X-43/0", YES, specimen(margin="R0", closest_margin_mm=0.5)),
    ("X-43/0", NO, specimen(margin="R0", closest_margin_mm=0.0)),
    ("X-43/0", NA, specimen(margin="R1", closest_margin_mm=0.0)),
    ("X-43/0", OPEN, specimen(margin="R0")),
    ("X-44/0", YES, graded("G1", 1, 1, 1)),
    ("X-44/0", YES, graded("G2", 2, 2, 1)),
    ("X-44/0", YES, graded("G3", 2, 2, 2)),
    ("X-44/0", NO, graded("G3", 2, 2, 1)),
    ("X-44/0", YES, graded("G2", 2, 1, 1)),
    ("X-44/0", NO, graded("G1", 2, 1, 1)),
    ("X-44/0", NA, graded("GX", 2)),
    ("X-44/0", OPEN, graded("G3", 2)),
    ("X-45/0", YES, treated("GX", setting="neoadjuvant")),
    ("X-45/0", NO, treated("G2", setting="neoadjuvant")),
    ("X-45/0", NO, {**operated(therapies=[{"setting": "neoadjuvant"}, {"setting": "adjuvant"}]),
                    **specimen(fnclcc_grade="G2")}),
    ("X-45/0", NA, treated("G2", setting="adjuvant")),
    *(("X-45/0", NO, treated(grade, setting="neoadjuvant")) for grade in ("G1", "G3")),
    ("X-45/0", NA, treated("G2", setting="neoadjuvant", modality="none_given")),
    # --- complications
    ("X-46/0", YES, complication({"died_on": "2020-06-08", "cause_category": "treatment_related"}, clavien_dindo="V")),
    ("X-46/0", NO, complication({"died_on": "2020-06-09", "cause_category": "treatment_related"}, clavien_dindo="V")),
    ("X-46/0", NO, complication({"died_on": "2020-06-01", "cause_category": "other"}, clavien_dindo="V")),
    ("X-46/0", NO, complication(clavien_dindo="V")),
    ("X-46/0", YES, complication({"died_on": "2020-06-01"}, clavien_dindo="V")),
    ("X-46/0", YES, complication({"died_on": "2020-06-01", "cause_category": "unknown"}, clavien_dindo="V")),
    ("X-46/0", NA, complication(clavien_dindo="IVb")),
    ("X-46/0", OPEN, complication(type="pe")),
    ("X-46/1", YES, complication({"died_on": "2020-06-01", "cause_category": "treatment_related"}, clavien_dindo="V")),
    ("X-46/1", NO, complication({"died_on": "2020-06-01", "cause_category": "treatment_related"}, clavien_dindo="IVb")),
    ("X-46/1", NA, complication({"died_on": "2021-06-01", "cause_category": "treatment_related"}, clavien_dindo="IVb")),
    ("X-46/1", OPEN, complication({"died_on": "2020", "cause_category": "treatment_related"}, clavien_dindo="IVb")),
    ("X-46/0", YES, complication({"died_on": "2020", "cause_category": "treatment_related"}, clavien_dindo="V")),
    ("X-46/1", OPEN, complication({"died_on": "2020-06-01", "cause_category": "treatment_related"}, type="pe")),
    ("X-47/0", YES, complication({"died_on": "2020-03-15"}, clavien_dindo="V")),
    ("X-47/0", NO, operated(death={"died_on": "2020-04-09"})),
    ("X-47/0", NO, operated(death={"died_on": "2020-03"})),
    ("X-47/0", NA, operated(death={"died_on": "2020-04-10"})),
    ("X-47/0", NA, operated(death={"died_on": "2021"})),
    ("X-47/0", OPEN, operated(death={"died_on": "2020"})),
    ("X-47/0", OPEN, operated(death={"died_on": "2020-04"})),
    ("X-47/0", OPEN, operated(death={"cause_category": "other"})),
    ("X-48/0", YES, reoperated(clavien_dindo="IIIb")),
    ("X-48/0", YES, reoperated(clavien_dindo="IIIa")),
    ("X-48/0", NO, reoperated(clavien_dindo="II")),
    ("X-48/0", NO, reoperated()),
    ("X-48/0", NA, operated()),
    ("X-48/0", OPEN, reoperated(type="bleeding")),
    ("X-49/0", YES, complication(type="dialysis", clavien_dindo="IVa")),
    ("X-49/0", NO, complication(type="aki", treatment=["dialysis"], clavien_dindo="IIIb")),
    ("X-49/0", NA, complication(type="aki", treatment=["drugs"], clavien_dindo="II")),
    ("X-49/0", OPEN, complication(type="dialysis")),
    ("X-50/0", YES, grafted({"visit_on": "2020-09", "graft_status": "occluded"}, complications=[THROMBOSIS])),
    ("X-50/0", NO, grafted(OPEN_GRAFT, complications=[THROMBOSIS])),
    ("X-50/0", NO, grafted({**OPEN_GRAFT, "visit_on": "2020-03-20"}, complications=[THROMBOSIS])),
    # The first later visit that looked at the graft tells.
    ("X-50/0", NO, grafted({"visit_on": "2020-05"}, OPEN_GRAFT, complications=[THROMBOSIS])),
    ("X-50/0", NO, grafted(
        {"visit_on": "2020-05", "graft_status": "not_assessed"}, OPEN_GRAFT, complications=[THROMBOSIS])),
    ("X-50/0", YES, grafted(
        OPEN_GRAFT, {"visit_on": "2020-05", "graft_status": "occluded"}, complications=[THROMBOSIS])),
    ("X-50/0", NA, grafted(complications=[{**THROMBOSIS, "outcome": "resolved"}])),
    ("X-50/0", OPEN, grafted(complications=[THROMBOSIS])),
    ("X-50/0", NO, grafted({"visit_on": "2020-09", "graft_status": "stenosis_lt50"}, complications=[THROMBOSIS])),
    ("X-50/0", YES, grafted({"visit_on": "2020-09", "graft_status": "stenosis_ge50"}, complications=[THROMBOSIS])),
    ("X-50/0", OPEN, grafted(OPEN_GRAFT, complications=[{"type": "graft_thrombosis"}])),
    ("X-50/1", YES, grafted({"visit_on": "2020-06-08", "graft_status": "occluded"}, complications=[THROMBOSIS])),
    ("X-50/1", NO, grafted({"visit_on": "2020-06-08", "graft_status": "occluded"})),
    ("X-50/1", NA, grafted({"visit_on": "2020-06-09", "graft_status": "occluded"})),
    ("X-50/1", NA, grafted({"visit_on": "2020-06-08", "graft_status": "patent"})),
    ("X-50/1", OPEN, grafted({"graft_status": "occluded"})),
    ("X-50/1", OPEN, grafted({"visit_on": "2020-06-08"})),
    ("X-58/0", YES, kidney(80.0, 200.0, complications=[{"type": "aki"}])),
    ("X-58/0", YES, kidney(80.0, 200.0, complications=[{"type": "dialysis"}])),
    ("X-58/0", NO, {**kidney(80.0, 200.0), "patient": {"born_on": "1960-05", "sex": "male"}}),
    ("X-58/0", NA, {**kidney(80.0, 80.0), "patient": {"sex": "unknown"}}),
    ("X-58/0", NO, kidney(80.0, 200.0)),
    ("X-58/0", NA, kidney(80.0, 100.0)),
    ("X-58/0", NA, kidney(80.0, 70.0)),
    ("X-58/0", OPEN, {**kidney(80.0, 200.0), "patient": {"born_on": "1960", "sex": "unknown"}}),
    ("X-58/0", OPEN, {**kidney(80.0, 200.0), "patient": {"sex": "female"}}),
    ("X-58/0", OPEN, operated(discharge={"creatinine_discharge_umol_l": 200.0}, **PERSON)),
    # --- follow-up
    ("X-51/0", YES, visit({"reconstruction": {"ivc_method": "tube_graft"}}, graft_status="patent")),
    ("X-51/0", YES, visit({"reconstruction": {"ivc_method": "patch"}}, graft_status="patent")),
    ("X-51/0", NO, visit({"reconstruction": {"ivc_method": "ligation"}}, graft_status="patent")),
    ("X-51/0", NA, visit({"reconstruction": {"ivc_method": "ligation"}}, graft_status="no_graft")),
    ("X-51/0", NA, visit({"reconstruction": {"ivc_method": "ligation"}}, graft_status="not_assessed")),
    ("X-51/0", OPEN, visit(graft_status="patent")),
    ("X-52/0", YES, operated(follow_ups=[NED])),
    *(("X-52/0", YES, operated(follow_ups=[NED], recurrences=[{"detected_on": "2021-05", "resected": margin}]))
      for margin in ("R0", "R1")),
    *(("X-52/0", YES, operated(follow_ups=[NED], recurrences=[{"detected_on": "2021-05", "treatment": [how]}]))
      for how in ("surgery", "ablation", "rt")),
    ("X-52/0", NO, operated(follow_ups=[NED], recurrences=[{"detected_on": "2021-05", "resected": "R2"}])),
    ("X-52/0", YES, operated(follow_ups=[NED], recurrences=[{"detected_on": "2023-05"}])),
    ("X-52/0", YES, operated(follow_ups=[NED], recurrences=[{"detected_on": "2022-01-10"}])),
    ("X-52/0", NO, operated(follow_ups=[NED], recurrences=[{"detected_on": "2021-05", "treatment": ["systemic"]}])),
    ("X-52/0", NO, operated(
        follow_ups=[{"months_after_resection": 24.0, "disease_status": "NED"}],
        recurrences=[{"months_after_resection": 9.0}])),
    ("X-52/0", NA, operated(follow_ups=[{**NED, "disease_status": "AWD"}], recurrences=[{"detected_on": "2021-05"}])),
    ("X-52/0", OPEN, operated(follow_ups=[NED], recurrences=[{"kind": "local"}])),
    ("X-53/0", YES, died_of("disease", recurrences=[{"kind": "local"}])),
    ("X-53/0", YES, died_of("disease", pathology=[{"margin": "R2"}])),
    ("X-53/0", YES, died_of("disease", tumor={"metastasis_at_diagnosis": True})),
    ("X-53/0", NO, died_of("disease")),
    ("X-53/0", YES, died_of("disease", follow_ups=[{"disease_status": "AWD"}])),
    ("X-53/0", NO, died_of("disease", follow_ups=[{"disease_status": "NED"}])),
    ("X-53/0", NO, {"operations": [index(resection_type="circumferential", gross_result="complete")],
                    "death": {"cause_category": "disease"}}),
    ("X-53/0", YES, {"operations": [index(resection_type="circumferential", gross_result="macroscopic_residue"),
                                    {"operation_type": "reoperation_complication"}],
                     "death": {"cause_category": "disease"}}),
    ("X-53/0", NA, died_of("other")),
    ("X-53/0", NA, died_of("disease", "none")),
    ("X-53/0", OPEN, {"death": {"cause_category": "disease"}}),
    ("X-54/0", YES, operated(follow_ups=[{"visit_on": "2021", "vital_status": "dead"}], death={"died_on": "2021"})),
    ("X-54/0", YES, operated(follow_ups=[{"visit_on": "2026-05-31", "vital_status": "dead"}])),
    ("X-54/0", NO, operated(follow_ups=[{"visit_on": "2026-05-30", "vital_status": "dead"}])),
    ("X-54/0", NA, operated(follow_ups=[{"visit_on": "2026-05-30", "vital_status": "alive"}])),
    ("X-54/1", YES, operated(operation={"intraop_events": ["death"]}, death={"died_on": "2020-03-10"})),
    ("X-54/1", NO, operated(operation={"intraop_events": ["arrest", "death"]})),
    ("X-54/1", NA, operated(operation={"intraop_events": ["arrest"]})),
    ("X-54/1", OPEN, operated()),
    ("X-54/2", YES, operated(discharge={"discharge_to": "died", "discharged_on": "2026-05-31"})),
    ("X-54/2", NO, operated(discharge={"discharge_to": "died", "discharged_on": "2020-03-31"})),
    ("X-54/2", NA, operated(discharge={"discharge_to": "home", "discharged_on": "2020-03-31"})),
    ("X-54/2", OPEN, operated(discharge={"discharge_to": "died"})),
    ("X-54/3", YES, complication({"died_on": "2020-04"}, outcome="death")),
    ("X-54/3", NO, complication(outcome="death", onset_on="2020-04-01")),
    ("X-54/3", NA, complication(outcome="resolved", onset_on="2020-04-01")),
    ("X-54/3", OPEN, complication(outcome="death")),
    ("X-54/0", OPEN, operated(follow_ups=[{"months_after_resection": 7.0, "vital_status": "dead"}])),
    ("X-55/0", YES, operated(follow_ups=[{"visit_on": "2025-05", "vital_status": "alive"}])),
    ("X-55/0", YES, {"operations": [index(operated_on="2025-12-01")]}),
    ("X-55/0", NO, operated(follow_ups=[{"visit_on": "2025-03", "vital_status": "alive"}])),
    *(("X-55/0", YES, operated(**{"operation": {}, **sign})) for sign in (
        {"complications": [{"type": "leg_edema", "onset_on": "2026-01"}]},
        {"antithrombotics": [{"agent": "vka", "started_on": "2026-01"}]},
        {"antithrombotics": [{"agent": "vka", "started_on": "2020-03", "stopped_on": "2026-01"}]},
        {"therapies": [{"modality": "chemo", "started_on": "2020-04", "ended_on": "2026-01"}]},
        {"discharge": {"discharged_on": "2025-02", "readmitted_on": "2026-01"}},
        {"discharge": {"discharged_on": "2026-01", "discharge_to": "home"}},
        {"imaging": [{"modality": "ct", "performed_on": "2026-01"}]},
    )),
    ("X-55/0", NO, operated(follow_ups=[{"visit_on": "2025-04-29"}])),
    ("X-55/0", YES, operated(follow_ups=[{"visit_on": "2025-04-30"}])),
    ("X-55/0", NA, operated(discharge={"discharged_on": "2021", "discharge_to": "died"})),
    ("X-55/0", NA, operated(operation={"intraop_events": ["death"]})),
    ("X-55/0", NA, operated(death={"died_on": "2021"})),
    ("X-55/0", NA, operated(follow_ups=[{"visit_on": "2021-05", "vital_status": "lost"}])),
    ("X-55/0", NO, operated(follow_ups=[
        {"visit_on": "2021-05", "vital_status": "lost"}, {"visit_on": "2022-01-05", "vital_status": "alive"},
    ])),
    ("X-55/0", NA, operated(consent={"basis": "withdrawn", "withdrawn_on": "2021"})),
    ("X-55/0", NA, operated(consent={"basis": "refused"})),
    ("X-55/0", OPEN, {"tumor": {"max_diameter_mm": 80}}),
    ("X-59/0", YES, with_method("patch", discharge={"discharged_on": "2020-03"}, antithrombotics=[{"agent": "none"}])),
    ("X-59/0", NO, with_method("ligation", discharge={"discharged_on": "2020-03-22", "discharge_to": "home"})),
    ("X-59/0", NO, with_method("patch", discharge={"discharged_on": "2020-03-22"})),
    ("X-59/0", NA, with_method("primary_closure", discharge={"discharged_on": "2020-03-22"})),
    ("X-59/0", NA, with_method("tube_graft", discharge={"discharged_on": "2020-03-22", "discharge_to": "died"})),
    ("X-59/0", OPEN, with_method("tube_graft")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


# Above kappa CKD-EPI 2021 goes with creatinine ** -1.2 (Inker 2021): it halves at 2 ** (1 / 1.2) = 1.7818 times.
@pytest.mark.parametrize(("after", "verdict"), [(178.1, NA), (178.7, NO)])
def test_a_fall_of_the_egfr_is_compared_unrounded(after, verdict):
    finding = read_one("X-58/0", kidney(100.0, after))

    assert finding.verdict == verdict
    assert verdict == NA or "eGFR fell by 50.2%" in finding.sentence


def test_a_fall_of_the_egfr_by_half_is_not_yet_a_great_one():
    assert not RULES["X-58/0"].applies(egfr_fall_pct=50)
    assert read_one("X-58/0", kidney(80.0, 70.0)).values["egfr_fall_pct"] == 0


def test_open_recurrences_are_counted():
    forms = operated(follow_ups=[NED], recurrences=[{"detected_on": "2021-05"}, {"detected_on": "2021-09"}])

    assert read_one("X-52/0", forms).values["open_recurrences"] == 2


def test_grade_v_without_a_death_form_refuses_and_with_a_late_death_asks():
    late = {"died_on": "2021-06-09", "cause_category": "treatment_related"}

    assert read_one("X-46/0", complication(clavien_dindo="V")).severity == "error"
    assert read_one("X-46/0", complication(late, clavien_dindo="V")).severity == "query"


def test_a_coarse_last_contact_is_named_as_it_was_recorded():
    finding = read_one("X-55/0", operated(follow_ups=[{"visit_on": "2024", "vital_status": "alive"}]))

    assert finding.sentence.startswith("The last contact (2024) is more than 14 months old")
    assert finding.values["last_contact_on"] == "2024"


def test_a_published_case_is_not_asked_for_recent_contact():
    forms = operated(follow_ups=[{"visit_on": "2001"}])

    assert read_one("X-55/0", {**forms, "citation": "A journal 2002"}).verdict == NA
    assert read_one("X-55/0", forms).verdict == NO
