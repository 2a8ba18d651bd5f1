"""Validity of tumor, operation, reconstruction and veins (X-14 to X-41, X-57): every rule in every verdict."""

import pytest

from tests.cases.rulebook_reading import NA, NO, OPEN, RULES, YES, index, operated, read_one, rebuilt

STEPS, THROUGH = ["kocher_cattell"], ["diaphragm_incision"]


def tumor(*segments, **answers):
    return {"tumor": {"segments": list(segments), **answers}}


def seen(cranial, source="operation", **imaging):
    return {
        "tumor": {
            "segments": ["infrarenal", "interrenal"],
            **({"segments_source": source} if source else {}),
        },
        "imaging": [{"finding_cranial_extent": cranial, **imaging}],
    }


def vein(name, handling, *, reconstruction=None, **operation):
    row = {"vein": name, **({"handling": handling} if handling else {})}
    rebuilt_by = {"reconstruction": reconstruction} if reconstruction else {}
    return operated(operation={"veins": [row], **rebuilt_by, **operation})


def of(**answers):
    return operated(operation=answers)


NO_KIDNEY = of(organs_resected=["right_kidney", "left_kidney"])


EXAMPLES = [
    # --- tumor
    ("X-14/0", YES, tumor("interrenal", "infrarenal", "suprarenal")),
    ("X-14/0", NO, tumor("infrarenal", "suprarenal")),
    ("X-14/0", NA, {}),
    ("X-14/0", OPEN, {"tumor": {"missing": {"segments": "NK"}}}),
    ("X-15/0", YES, tumor("retrohepatic")),
    ("X-15/0", YES, tumor("infradiaphragmatic", "supradiaphragmatic", "intracardial")),
    ("X-15/0", NO, tumor("intracardial")),
    ("X-15/0", NO, tumor("supradiaphragmatic")),
    ("X-15/0", NA, {}),
    ("X-15/0", OPEN, {"tumor": {}}),
    ("X-16/0", YES, seen("suprarenal")),
    ("X-16/0", NO, seen("retrohepatic")),
    ("X-16/0", NA, seen("retrohepatic", source="imaging")),
    ("X-16/0", NA, {**seen("retrohepatic", performed_on="2021-01"), "operations": [index()]}),
    ("X-16/0", OPEN, seen("retrohepatic", source="")),
    ("X-17/0", YES, {**tumor("interrenal"), **of(gross_result="complete", resected_segments=["interrenal"])}),
    ("X-17/0", NO, {**tumor("interrenal"), **of(gross_result="complete", resected_segments=["infrarenal"])}),
    ("X-17/0", NA, {**tumor("interrenal"), **of(gross_result="macroscopic_residue")}),
    ("X-17/0", OPEN, {**tumor("interrenal"), **of(gross_result="complete")}),
    ("X-18/0", YES, tumor("infrarenal", craniocaudal_length_mm=100)),
    ("X-18/0", NO, tumor("infrarenal", craniocaudal_length_mm=101)),
    ("X-18/0", YES, tumor("infrarenal", "interrenal", craniocaudal_length_mm=200)),
    ("X-18/0", NA, {}),
    ("X-18/0", OPEN, tumor("infrarenal")),
    ("X-19/0", YES, {"pathology": [{"p_t": "T2", "specimen_length_mm": 51}]}),
    ("X-19/0", NO, {"pathology": [{"p_t": "T1", "specimen_length_mm": 51}]}),
    ("X-19/0", NA, {"pathology": [{"p_t": "TX", "specimen_length_mm": 51}]}),
    ("X-19/0", OPEN, {"pathology": [{"p_t": "T1"}]}),
    ("X-20/0", YES, {"tumor": {"c_m": "M1", "metastasis_at_diagnosis": True}}),
    ("X-20/0", YES, {"tumor": {"c_m": "M0", "metastasis_at_diagnosis": False}}),
    ("X-20/0", NO, {"tumor": {"c_m": "M1", "metastasis_at_diagnosis": False}}),
    ("X-20/0", NO, {"tumor": {"c_m": "M0", "metastasis_at_diagnosis": True}}),
    ("X-20/0", NA, {}),
    ("X-20/0", OPEN, {"tumor": {"c_m": "M1"}}),
    ("X-21/0", YES, {"tumor": {"metastasis_at_diagnosis": True}, **of(intent="palliative")}),
    ("X-21/0", NO, {"tumor": {"metastasis_at_diagnosis": True}, **of(intent="curative")}),
    ("X-21/0", NA, {"tumor": {"metastasis_at_diagnosis": False}, **of(intent="curative")}),
    ("X-21/0", OPEN, of(intent="curative")),
    # --- reconstruction
    ("X-22/0", YES, rebuilt(ivc_method="primary_closure")),
    ("X-22/0", YES, rebuilt(ivc_method="autologous_tube", diameter_mm=18.0)),
    ("X-22/0", NO, rebuilt(ivc_method="primary_closure", diameter_mm=18.0)),
    ("X-22/0", NO, rebuilt(ivc_method="ligation", length_mm=80)),
    ("X-22/0", NO, rebuilt(ivc_method="autologous_tube", ringed=True)),
    ("X-22/0", NA, rebuilt(ivc_method="tube_graft", diameter_mm=18.0)),
    ("X-22/0", OPEN, rebuilt(diameter_mm=18.0)),
    ("X-23/0", YES, rebuilt(ivc_method="patch", material="ptfe")),
    ("X-23/0", NO, rebuilt(ivc_method="patch", diameter_mm=18.0)),
    ("X-23/0", NA, rebuilt(ivc_method="tube_graft", diameter_mm=18.0)),
    ("X-23/0", OPEN, rebuilt(diameter_mm=18.0)),
    ("X-24/0", YES, rebuilt(ivc_method="ligation", no_reconstruction_reason="collaterals")),
    ("X-24/0", NO, rebuilt(ivc_method="ligation", material="ptfe")),
    ("X-24/0", NA, rebuilt(ivc_method="patch", material="ptfe")),
    ("X-24/0", OPEN, rebuilt(material="ptfe")),
    ("X-25/0", YES, rebuilt({"resection_type": "circumferential"}, ivc_method="tube_graft")),
    ("X-25/0", NO, rebuilt({"resection_type": "circumferential"}, ivc_method="patch")),
    ("X-25/0", NO, rebuilt({"resection_type": "circumferential"}, ivc_method="primary_closure")),
    ("X-25/0", NA, rebuilt({"resection_type": "tangential_wall"}, ivc_method="patch")),
    ("X-25/0", OPEN, rebuilt(ivc_method="patch")),
    ("X-26/0", YES, rebuilt({"resection_type": "tangential_wall"}, ivc_method="patch")),
    ("X-26/0", NO, rebuilt({"resection_type": "tangential_wall"}, ivc_method="tube_graft")),
    ("X-26/0", NA, rebuilt({"resection_type": "circumferential"}, ivc_method="tube_graft")),
    ("X-26/0", OPEN, rebuilt(ivc_method="tube_graft")),
    ("X-27/0", YES, rebuilt(diameter_mm=24.0)),
    ("X-27/0", NO, rebuilt(diameter_mm=24.5)),
    ("X-27/0", NO, rebuilt(diameter_mm=11.0)),
    ("X-27/0", NA, {}),
    ("X-27/0", OPEN, rebuilt(ivc_method="tube_graft")),
    ("X-28/0", YES, {"operations": [{"operation_type": "exploration_only"}]}),
    ("X-28/0", YES, rebuilt({"resection_type": "none"}, ivc_method="not_needed")),
    ("X-28/0", NO, {"operations": [{"operation_type": "exploration_only", "reconstruction": {"ivc_method": "patch"}}]}),
    ("X-28/0", NO, rebuilt({"resection_type": "none"}, ivc_method="tube_graft")),
    # A thrombosed graft is exchanged and no vein is resected.
    ("X-28/0", NA, {"operations": [index(resection_type="circumferential"), {
        "operation_type": "reoperation_complication", "resection_type": "none",
        "reconstruction": {"ivc_method": "tube_graft"}}]}),
    ("X-28/0", OPEN, {"operations": [{"resection_type": "none", "reconstruction": {"ivc_method": "tube_graft"}}]}),
    ("X-28/0", NA, rebuilt({"resection_type": "circumferential"}, ivc_method="tube_graft")),
    ("X-28/0", OPEN, rebuilt(ivc_method="tube_graft")),
    ("X-28/1", YES, {"operations": [{"operation_type": "exploration_only"}], "pathology": [{"fnclcc_grade": "G2"}]}),
    ("X-28/1", NO, {"operations": [{"operation_type": "exploration_only"}], "pathology": [{"margin": "R1"}]}),
    ("X-28/1", NO, {**of(resection_type="none"), "pathology": [{"margin": "R1"}]}),
    ("X-28/1", NA, {"operations": [{"operation_type": "exploration_only"}, index()], "pathology": [{"margin": "R1"}]}),
    ("X-28/1", OPEN, {"pathology": [{"margin": "R1"}]}),
    ("X-28/1", OPEN, {"operations": [{"operation_type": "exploration_only"}, {"blood_loss_ml": 300}],
                      "pathology": [{"margin": "R1"}]}),
    ("X-29/0", YES, rebuilt(brand="GORE-TEX", material="eptfe")),
    ("X-29/0", YES, rebuilt(brand="GORE-TEX", material="ptfe")),
    ("X-29/0", NO, rebuilt(brand="Gore Tex", material="dacron")),
    ("X-29/0", NA, rebuilt(brand="Another", material="dacron")),
    ("X-29/0", OPEN, rebuilt(brand="Gore-Tex")),
    # --- operation
    ("X-30/0", YES, of(approach=["robotic"])),
    ("X-30/0", YES, of(approach=["laparoscopic", "median_laparotomy", "converted"])),
    ("X-30/0", NO, of(approach=["laparoscopic", "median_laparotomy"])),
    ("X-30/0", NA, of(approach=["chevron"])),
    ("X-30/0", OPEN, of(bypass=["none"])),
    ("X-31/0", YES, of(bypass=["hypothermic_arrest", "cardiopulmonary"])),
    ("X-31/0", NO, of(bypass=["hypothermic_arrest"])),
    ("X-31/0", NA, of(bypass=["none"])),
    ("X-31/0", OPEN, of()),
    ("X-32/0", YES, of(resected_segments=["intracardial"], approach=["chevron", "sternotomy"])),
    ("X-32/0", YES, of(resected_segments=["intracardial"], approach=["chevron"], exposure_steps=THROUGH)),
    ("X-32/0", NO, of(resected_segments=["supradiaphragmatic"], approach=["chevron"], exposure_steps=STEPS)),
    *(("X-32/0", YES, of(resected_segments=["intracardial"], approach=[way], exposure_steps=STEPS))
      for way in ("sternotomy", "thoracoabdominal", "right_thoracotomy")),
    ("X-32/0", YES, of(
        resected_segments=["intracardial"], approach=["chevron"], exposure_steps=["intrapericardial_control"])),
    ("X-32/0", NA, of(resected_segments=["retrohepatic"], approach=["chevron"], exposure_steps=STEPS)),
    ("X-32/0", OPEN, of(resected_segments=["supradiaphragmatic"], approach=["chevron"])),
    ("X-32/0", OPEN, of(resected_segments=["supradiaphragmatic"])),
    ("X-33/0", YES, {**tumor("infradiaphragmatic"), **of(bypass=["cardiopulmonary"])}),
    ("X-33/0", YES, {**tumor("supradiaphragmatic"), **of(bypass=["cardiopulmonary"])}),
    ("X-33/0", YES, {**tumor("intracardial"), **of(bypass=["cardiopulmonary"])}),
    ("X-33/0", NO, {**tumor("retrohepatic"), **of(bypass=["cardiopulmonary"])}),
    ("X-33/0", NA, {**tumor("retrohepatic"), **of(bypass=["venovenous"])}),
    ("X-33/0", OPEN, of(bypass=["cardiopulmonary"])),
    ("X-34/0", YES, of(pringle_total_min=30, pringle_used=True)),
    ("X-34/0", NO, of(pringle_total_min=30, pringle_used=False)),
    ("X-34/0", NO, of(pringle_total_min=1, pringle_used=False)),
    ("X-34/0", YES, of(pringle_total_min=200, pringle_used=True, skin_to_skin_min=200)),
    ("X-34/0", NO, of(pringle_total_min=200, pringle_used=True, skin_to_skin_min=199)),
    ("X-34/0", NA, of(pringle_total_min=0, pringle_used=False)),
    ("X-34/0", OPEN, of(pringle_total_min=30)),
    ("X-35/0", YES, of(skin_to_skin_min=200, ivc_clamp_min=200, bypass_min=10, arrest_min=5)),
    ("X-35/0", NO, of(skin_to_skin_min=200, ivc_clamp_min=201)),
    ("X-35/0", NO, of(skin_to_skin_min=200, bypass_min=201)),
    ("X-35/0", NO, of(skin_to_skin_min=100, arrest_min=101)),
    ("X-35/0", NA, of(skin_to_skin_min=200)),
    ("X-35/0", OPEN, of(ivc_clamp_min=201)),
    ("X-36/0", YES, of(blood_loss_ml=99, rbc_units=2)),
    ("X-36/0", YES, of(blood_loss_ml=3000, rbc_units=0)),
    ("X-36/0", NO, of(blood_loss_ml=99, rbc_units=3)),
    ("X-36/0", YES, of(blood_loss_ml=100, rbc_units=3)),
    ("X-36/0", YES, of(blood_loss_ml=3001, rbc_units=1)),
    ("X-36/0", NO, of(blood_loss_ml=3001, rbc_units=0)),
    ("X-36/0", NA, {}),
    ("X-36/0", OPEN, of(blood_loss_ml=99)),
    ("X-57/0", YES, of()),
    ("X-57/0", YES, {"operations": [index(operated_on="1980-01-01")]}),
    ("X-57/0", NO, {"operations": [index(operated_on="1979-12-31")]}),
    ("X-57/0", NO, {"operations": [index(operated_on="1979")]}),
    ("X-57/0", NA, {}),
    ("X-57/0", OPEN, {"operations": [{"operation_type": "index_resection"}]}),
    # --- veins
    ("X-37/0", YES, of(resected_segments=["interrenal"], veins=[{"vein": "left_renal"}, {"vein": "right_renal"}])),
    ("X-37/0", NO, of(resected_segments=["interrenal"], veins=[{"vein": "left_renal"}])),
    ("X-37/0", NA, of(resected_segments=["infrarenal"])),
    ("X-37/0", OPEN, of()),
    ("X-38/0", YES, vein("right_renal", "ligated", organs_resected=["right_kidney"])),
    ("X-38/0", NO, vein("right_renal", "ligated", organs_resected=["none"])),
    ("X-38/0", NA, vein("left_renal", "ligated", organs_resected=["none"])),
    ("X-38/0", OPEN, vein("right_renal", "ligated")),
    ("X-39/0", YES, vein("left_renal", "reimplanted_graft", reconstruction={"ivc_method": "tube_graft"})),
    ("X-39/0", NO, vein("left_renal", "reimplanted_graft", reconstruction={"ivc_method": "patch"})),
    ("X-39/0", NA, vein("left_renal", "reimplanted_ivc", reconstruction={"ivc_method": "patch"})),
    ("X-39/0", OPEN, vein("left_renal", "reimplanted_graft")),
    ("X-39/1", YES, vein("right_renal", "with_nephrectomy", organs_resected=["right_kidney"])),
    ("X-39/1", NO, vein("right_renal", "with_nephrectomy", organs_resected=["left_kidney"])),
    ("X-39/1", NA, vein("right_adrenal", "with_nephrectomy", organs_resected=["none"])),
    ("X-39/1", OPEN, vein("right_renal", "with_nephrectomy")),
    ("X-40/0", YES, vein("left_renal", "autotransplant", organs_resected=["right_kidney", "left_kidney"])),
    ("X-40/0", YES, {**NO_KIDNEY, "complications": [{"type": "dialysis"}]}),
    ("X-40/0", YES, {**NO_KIDNEY, "complications": [{"treatment": ["dialysis"]}]}),
    ("X-40/0", NO, NO_KIDNEY),
    ("X-40/0", NO, {"operations": [index(organs_resected=["right_kidney"]),
                                   {"operation_type": "resection_recurrence", "organs_resected": ["left_kidney"]}]}),
    ("X-40/0", YES, {"operations": [
        index(organs_resected=["right_kidney"], veins=[{"vein": "right_renal", "handling": "autotransplant"}]),
        {"operation_type": "resection_recurrence", "organs_resected": ["left_kidney"]}]}),
    *(("X-40/0", NA, of(organs_resected=[kidney])) for kidney in ("right_kidney", "left_kidney")),
    ("X-40/0", OPEN, of()),
    ("X-41/0", YES, vein("hepatic_left", "reimplanted_graft", exposure_steps=["piggyback_mobilization"])),
    ("X-41/0", YES, vein("hepatic_left", "reimplanted_graft", ex_vivo_liver=True)),
    *(("X-41/0", YES, vein("hepatic_left", "reimplanted_graft", exposure_steps=[step]))
      for step in ("right_liver_mobilization", "hanging_maneuver")),
    ("X-41/0", NO, vein("hepatic_left", "reimplanted_graft", exposure_steps=STEPS)),
    ("X-41/0", NA, vein("hepatic_left", "preserved", exposure_steps=STEPS)),
    ("X-41/0", OPEN, vein("hepatic_left", "reimplanted_graft")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


def test_a_finding_points_at_the_row_and_says_what_it_found():
    forms = operated(operation={"organs_resected": ["none"], "veins": [
        {"vein": "left_renal", "handling": "preserved"}, {"vein": "right_renal", "handling": "ligated"}]})  # fmt: skip

    finding = read_one("X-38/0", forms)

    assert finding.pointer == "/operations/0/veins/1/handling"
    assert finding.values == {"vein": "right_renal", "handling": "ligated", "organs_resected": ["none"]}
    assert finding.sentence.startswith("The right renal vein was ligated and the right kidney kept")


def test_both_renal_veins_are_asked_of_a_complete_case_alone():
    assert RULES["X-37/0"].only_to_complete
