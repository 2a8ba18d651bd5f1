"""Reconstruction and what protects it (L-09 to L-13, L-15) in every verdict, on both sides of each threshold."""

import pytest

from tests.cases.rulebook_reading import NA, NO, OPEN, RULES, YES, case, operated, read_one


def tied(*imaging, collaterals=None, reason=None, method="ligation"):
    rebuilt = {"ivc_method": method, **({"no_reconstruction_reason": reason} if reason else {})}
    seen = {"presentation": {"collaterals": collaterals}} if collaterals else {}
    return operated(operation={"reconstruction": rebuilt}, imaging=list(imaging), **seen)


def closed(occlusion="complete", on="2020-02-20"):
    return {"modality": "ct", "performed_on": on, "regions": ["abdomen"], "lumen_occlusion": occlusion}


def graft(*, method="tube_graft", native=None, organs=None, **answers):
    known = {"organs_resected": list(organs)} if organs else {}
    imaging = [{"modality": "ct", "ivc_diameter_cranial_mm": native}] if native else []
    return operated(operation={**known, "reconstruction": {"ivc_method": method, **answers}}, imaging=imaging)


def native(on, mm):
    dated = {"performed_on": on} if on else {}
    return {"modality": "ct", "ivc_diameter_cranial_mm": mm, **dated}


def kidneys(right=None, left=None, organs=("none",), resected=("interrenal",)):
    rows = [
        {"vein": f"{side}_renal", "handling": how} for side, how in (("right", right), ("left", left)) if how
    ]
    known = {"organs_resected": list(organs)} if organs else {}
    known |= {"resected_segments": list(resected)} if resected else {}
    return operated(operation={**known, "veins": rows})


def treated(*plans, method="tube_graft"):
    rebuilt = {"reconstruction": {"ivc_method": method}} if method else {}
    return operated(operation=rebuilt, antithrombotics=list(plans))


EXAMPLES = [
    ("L-09/0", YES, tied(collaterals="well_developed")),
    ("L-09/0", YES, tied(closed())),
    ("L-09/0", YES, tied(closed("partial"), closed(), collaterals="none")),
    ("L-09/0", YES, tied(reason="chronic_occlusion")),
    ("L-09/0", NO, tied(closed("partial"), collaterals="moderate")),
    ("L-09/0", NO, tied(collaterals="none", reason="contamination")),
    ("L-09/0", NO, tied(closed(on="2021-01-01"), collaterals="none")),
    ("L-09/0", NA, tied(collaterals="none", method="patch")),
    ("L-09/0", NA, tied(collaterals="none", method="not_needed")),
    ("L-09/0", OPEN, tied(closed("partial"))),
    ("L-09/0", OPEN, tied(reason="collaterals")),
    ("L-09/0", OPEN, operated(presentation={"collaterals": "none"})),
    ("L-10/0", YES, graft(material="eptfe", ringed=True)),
    ("L-10/0", NO, graft(material="eptfe", ringed=False)),
    ("L-10/0", NA, graft(material="ptfe", ringed=False)),
    ("L-10/0", NA, graft(method="bifurcated_graft", material="eptfe", ringed=False)),
    ("L-10/0", OPEN, graft(material="eptfe")),
    ("L-10/0", OPEN, graft(ringed=False)),
    ("L-11/0", YES, graft(diameter_mm=8.0, native=20.0)),
    ("L-11/0", YES, graft(diameter_mm=20.0, native=20.0)),
    ("L-11/0", NO, graft(diameter_mm=7.8, native=20.0)),
    ("L-11/0", NO, graft(diameter_mm=20.2, native=20.0)),
    ("L-11/0", NA, graft(method="patch", native=20.0)),
    ("L-11/0", OPEN, graft(diameter_mm=16.0)),
    ("L-11/0", OPEN, {**graft(diameter_mm=16.0), "imaging": [native("2020-06-10", 14.0)]}),
    ("L-11/0", OPEN, graft(native=20.0)),
    ("L-12/0", YES, graft(material="bovine_pericardium", organs=["colon"])),
    ("L-12/0", YES, graft(material="fresh_homograft", organs=["pancreas"])),
    ("L-12/0", NO, graft(material="eptfe", organs=["duodenum"])),
    ("L-12/0", NO, graft(material="ptfe", organs=["right_kidney", "small_bowel"])),
    ("L-12/0", NO, graft(material="dacron", organs=["pancreas"], method="bifurcated_graft")),
    ("L-12/0", NO, graft(material="dacron", organs=["colon"])),
    ("L-12/0", NA, graft(material="dacron", organs=["right_kidney", "gallbladder"])),
    ("L-12/0", NA, graft(material="dacron", organs=["colon"], method="patch")),
    ("L-12/0", OPEN, graft(organs=["colon"])),
    ("L-12/0", OPEN, graft(material="other", organs=["colon"])),
    ("L-12/0", OPEN, graft(material="dacron")),
    ("L-13/0", YES, kidneys("reimplanted_graft", "preserved")),
    ("L-13/0", YES, kidneys("autotransplant", "preserved")),
    ("L-13/0", YES, kidneys("interposition", "reimplanted_ivc")),
    ("L-13/0", YES, kidneys("preserved", "ligated")),
    ("L-13/0", YES, kidneys("not_exposed", "reimplanted_ivc")),
    ("L-13/0", YES, kidneys("with_nephrectomy", "reimplanted_ivc")),
    ("L-13/0", YES, kidneys("preserved", "ligated", ["left_adrenal"])),
    ("L-13/0", YES, kidneys("preserved", "ligated", ["gonadal"])),
    ("L-13/0", YES, kidneys("with_nephrectomy", "ligated", ["right_kidney"])),
    ("L-13/0", YES, kidneys("ligated", "ligated", ["right_kidney"])),
    ("L-13/0", YES, kidneys("reimplanted_graft", "ligated", ["left_kidney", "left_adrenal", "gonadal"])),
    ("L-13/0", YES, kidneys(None, "reimplanted_ivc", ["right_kidney"])),
    ("L-13/0", YES, kidneys("reimplanted_ivc", None, ["left_kidney"])),
    ("L-13/0", YES, kidneys(None, "ligated", resected=["infrarenal"])),
    ("L-13/0", YES, kidneys("preserved", "reimplanted_ivc", ["left_adrenal", "gonadal"])),
    ("L-13/0", NO, kidneys("ligated", "preserved")),
    ("L-13/0", NO, kidneys("ligated")),
    ("L-13/0", NO, kidneys("reconstructed_atrium", "preserved")),
    ("L-13/0", NO, kidneys("preserved", "ligated", ["left_adrenal", "gonadal"])),
    ("L-13/0", NO, kidneys("ligated", "ligated", ["left_kidney"])),
    ("L-13/0", NA, kidneys("preserved", "not_exposed")),
    ("L-13/0", NA, kidneys("with_nephrectomy", "preserved", ["right_kidney"])),
    ("L-13/0", NA, kidneys("with_nephrectomy", "preserved")),
    ("L-13/0", NA, kidneys("ligated", "preserved", ["right_kidney"])),
    ("L-13/0", NA, kidneys("preserved", "ligated", ["left_kidney"])),
    ("L-13/0", NA, kidneys(resected=["infrarenal"])),
    ("L-13/0", OPEN, kidneys()),
    ("L-13/0", OPEN, kidneys("preserved")),
    ("L-13/0", OPEN, kidneys(None, "ligated")),
    ("L-13/0", OPEN, kidneys("reimplanted_graft")),
    ("L-13/0", OPEN, kidneys(resected=None)),
    ("L-13/0", OPEN, kidneys("ligated", "preserved", organs=None)),
    ("L-15/0", YES, treated({"agent": "vka", "planned_duration": "lifelong"})),
    ("L-15/0", YES, treated({"agent": "none", "none_reason": "bleeding"}, method="ligation")),
    ("L-15/0", YES, treated({"agent": "aspirin"}, {"agent": "doac", "planned_duration": "6_months"}, method="patch")),
    ("L-15/0", NO, treated({"agent": "vka"})),
    ("L-15/0", NO, treated({"planned_duration": "lifelong"}, method="autologous_tube")),
    ("L-15/0", NO, treated({"agent": "vka"}, {"planned_duration": "lifelong"}, method="bifurcated_graft")),
    ("L-15/0", NA, treated({"agent": "vka"}, method="primary_closure")),
    ("L-15/0", OPEN, treated()),
    ("L-15/0", OPEN, treated({"agent": "vka"}, method=None)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


SEVERITIES = [
    ("L-09/0", "minor", tied(collaterals="none")),
    ("L-10/0", "info", graft(material="eptfe", ringed=False)),
    ("L-11/0", "info", graft(diameter_mm=24.0, native=20.0)),
    ("L-12/0", "info", graft(material="dacron", organs=["colon"])),
    ("L-13/0", "major", kidneys("ligated", "preserved")),
    ("L-13/0", "major", kidneys("ligated", "ligated", ["left_adrenal", "gonadal"])),
    ("L-13/0", "minor", kidneys("preserved", "ligated", ["left_adrenal", "gonadal"])),
    ("L-15/0", "minor", treated({"agent": "vka"})),
]


@pytest.mark.parametrize(("rule", "severity", "forms"), SEVERITIES)
def test_severity(rule, severity, forms):
    finding = read_one(rule, forms)

    assert (finding.verdict, finding.severity) == (NO, severity)


RING = operated(operation={"resection_type": "circumferential", "reconstruction": {"ivc_method": "ligation"}})


@pytest.mark.parametrize(
    ("forms", "founding", "literature"),
    [
        ({**RING, "presentation": {"collaterals": "well_developed"}}, ("S-09", NO), ("L-09", YES)),
        (graft(diameter_mm=14.0, native=22.0), ("S-13", NO), ("L-11", YES)),
        (graft(diameter_mm=20.0, native=18.0), ("S-13", YES), ("L-11", NO)),
        (kidneys("preserved", "ligated"), ("S-10", NO), ("L-13", YES)),
    ],
)
def test_where_sources_disagree_both_say_what_they_ask(forms, founding, literature):
    for rule, verdict in (founding, literature):
        assert read_one(f"{rule}/0", forms).verdict == verdict
        other = literature if rule == founding[0] else founding
        assert RULES[f"{rule}/0"].conflicts_with == (other[0],)


@pytest.mark.parametrize(
    ("imaging", "ratio"),
    [
        ([native("2020-06-10", 16.0), native("2019-11", 20.0), native("2020-02-20", 32.0)], 0.5),
        ([native("2020-02-20", 32.0), native("2019-11", 20.0)], 0.5),
        ([native("2020", 20.0), native(None, 20.0), native("2020-02-20", 32.0)], 0.5),
        ([native(None, 32.0), native("2020-06-10", 16.0)], 0.5),
        ([native("2020-06-10", 16.0)], None),
    ],
)
def test_the_native_vein_is_measured_on_the_last_imaging_before_the_resection(imaging, ratio):
    forms = {**graft(diameter_mm=16.0), "imaging": imaging}

    assert case(**forms).undersizing_ratio == ratio
