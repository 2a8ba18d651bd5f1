"""Diagnosis and staging (L-01, L-01b, L-03 to L-05, L-23) in every verdict, on both sides of each threshold."""

import pytest

from tests.cases.rulebook_reading import NA, NO, OPEN, YES, index, operated, read_one

TRUNK = ("chest", "abdomen", "pelvis")


def study(modality, on="2020-02-20", regions=TRUNK, **answers):
    known = {"modality": modality, "performed_on": on, "regions": list(regions or ())}
    return {name: value for name, value in known.items() if value} | answers


def staged(*studies, intent="curative"):
    return operated(operation={"intent": intent} if intent else {}, imaging=list(studies))


def contrast_ct(*on, **answers):
    return study("ct", *on, contrast=True, **answers)


def biopsied(*biopsies, growth="mixed", intent="curative", neoadjuvant=None, on="2020-03-10"):
    therapies = (
        [{"setting": "neoadjuvant", "modality": "chemo", "started_on": neoadjuvant}] if neoadjuvant else []
    )
    return {
        "operations": [
            {"operation_type": "index_resection", **({"operated_on": on} if on else {}), "intent": intent}
        ],
        "biopsies": list(biopsies),
        "therapies": therapies,
        "tumor": {"growth_pattern": growth} if growth else {"segments": ["infrarenal"]},
    }


def core(on="2020-02-01", **answers):
    known = {
        "type": "core_needle",
        "sarcoma_pathologist_review": True,
        **({"performed_on": on} if on else {}),
    }
    return {name: value for name, value in (known | answers).items() if value is not None}


def high(*studies, segments=("retrohepatic",), thrombus="none", **forms):
    tumor = {"segments": list(segments)} if segments else {}
    return operated(
        tumor={**tumor, **({"bland_thrombus": thrombus} if thrombus else {})}, imaging=list(studies), **forms
    )


def echo(*studies, segments=("infradiaphragmatic",), symptoms=("mass",), tee=None):
    known = {"tee_used": tee} if tee is not None else {}
    forms = {"presentation": {"symptoms": list(symptoms)}} if symptoms else {}
    return {**high(*studies, segments=segments, **forms), "operations": [index(**known)]}


def diagnosed(on, basis="biopsy", operated_on="2020-03-10", **forms):
    answers = {"diagnosis_on": on} if on else {}
    diagnosis = {**answers, **({"diagnosis_basis": basis} if basis else {})}
    return {"operations": [index(operated_on=operated_on)], "diagnosis": diagnosis, **forms}


CT = study("ct")
UNDATED = study("ct", None, contrast=True)
ABDOMEN = contrast_ct(regions=["abdomen"])

EXAMPLES = [
    ("L-01/0", YES, staged(contrast_ct())),
    ("L-01/0", YES, staged(contrast_ct("2020-03-10"))),
    ("L-01/0", YES, staged(contrast_ct("2020"))),
    ("L-01/0", YES, staged(study("mri", regions=["abdomen", "pelvis"]),
                           study("ct", regions=["chest"], contrast=False))),
    ("L-01/0", YES, staged(ABDOMEN, contrast_ct("2019-12", regions=["pelvis"]), study("ct", regions=["chest"]))),
    ("L-01/0", NO, staged(contrast_ct("2020-03-11"))),
    ("L-01/0", NO, staged(study("ct", contrast=False))),
    ("L-01/0", NO, staged(contrast_ct(regions=["chest", "abdomen"]))),
    ("L-01/0", NO, staged(contrast_ct(regions=["abdomen", "pelvis"]), study("chest_xray", regions=["chest"]))),
    ("L-01/0", NO, staged(contrast_ct(regions=["chest", "pelvis"]))),
    ("L-01/0", NO, staged(study("ct", regions=["chest", "abdomen"]))),
    ("L-01/0", NO, staged(study("mri"))),
    ("L-01/0", NO, staged(study("pet_ct"))),
    ("L-01/0", NO, staged(study("ct", regions=["abdomen", "pelvis"]))),
    ("L-01/0", NA, staged(contrast_ct(), intent="palliative")),
    ("L-01/0", NA, {}),
    ("L-01/0", OPEN, staged()),
    ("L-01/0", OPEN, staged(CT)),
    ("L-01/0", OPEN, staged(UNDATED)),
    ("L-01/0", OPEN, staged(contrast_ct(regions=None))),
    ("L-01/0", OPEN, staged(study(None))),
    ("L-01/0", OPEN, staged(contrast_ct(), intent=None)),
    ("L-01/0", OPEN, {**staged(contrast_ct()),
                      "operations": [{"operation_type": "index_resection", "intent": "curative"}]}),
    ("L-01b/0", YES, staged(study("ct", "2020-01-14", regions=["abdomen"]))),
    ("L-01b/0", NO, staged(study("ct", "2020-01-13"))),
    ("L-01b/0", NO, staged(study("mri", "2020-01-13"), study("ultrasound", "2020-03-01"))),
    ("L-01b/0", YES, staged(study("ct", "2020-01-01"), study("mri", "2020-02-20"))),
    ("L-01b/0", YES, staged(study("ct", "2020-03"))),
    ("L-01b/0", OPEN, staged(study("ct", "2020-01-13"), study("mri", None))),
    ("L-01b/0", OPEN, staged(study("ct", "2020-01-13"), study("mri", regions=None))),
    ("L-01b/0", OPEN, staged(study("ct", "2020-01-13"), study("mri", "2020-01-14", regions=None))),
    ("L-01b/0", NO, staged(study("ct", "2020-01-13"), study("mri", "2019-12-13", regions=None))),
    ("L-01b/0", NO, staged(study("ct", "2020-01-13"), study("ct", None, regions=["chest"]))),
    ("L-01b/0", YES, staged(study("ct", "2020-01-14"), study("mri", None))),
    ("L-01b/0", NA, staged(CT, intent="palliative")),
    ("L-01b/0", OPEN, staged(UNDATED)),
    ("L-01b/0", OPEN, staged(study("ct", regions=["chest"]))),
    ("L-01b/0", OPEN, staged(study("ct", regions=None))),
    ("L-01b/0", OPEN, staged(study("ct", "2020-03-11"))),
    ("L-01b/0", OPEN, {**staged(CT), "operations": [{"operation_type": "index_resection", "intent": "curative"}]}),
    ("L-03/0", YES, biopsied(core())),
    ("L-03/0", YES, biopsied({"type": "fna"}, core("2020-03"))),
    ("L-03/0", YES, biopsied(core("2019-10-01"), neoadjuvant="2019-10-01")),
    ("L-03/0", YES, biopsied(core(), growth=None)),
    ("L-03/0", NO, biopsied(core("2020-03-11"))),
    ("L-03/0", NO, biopsied(core("2019-10-02"), neoadjuvant="2019-10-01")),
    ("L-03/0", NO, biopsied(core(type="incisional"))),
    ("L-03/0", NO, biopsied(core(sarcoma_pathologist_review=False))),
    ("L-03/0", NO, biopsied(core(type="fna"), growth="intravasal", neoadjuvant="2019-10-01")),
    ("L-03/0", NA, biopsied(core(type="fna"), growth="intravasal")),
    ("L-03/0", NA, biopsied(core(), intent="palliative")),
    ("L-03/0", OPEN, biopsied()),
    ("L-03/0", OPEN, biopsied(core(None))),
    ("L-03/0", OPEN, biopsied(core(type=None))),
    ("L-03/0", OPEN, biopsied(core(sarcoma_pathologist_review=None))),
    ("L-03/0", YES, biopsied(core(), on=None)),
    ("L-04/0", YES, high(study("mri"))),
    ("L-04/0", YES, high(study("mri"), segments=["infrarenal"], thrombus="below_tumor")),
    ("L-04/0", YES, {"tumor": {"segments": ["intracardial"]}, "imaging": [study("mri", None)]}),
    ("L-04/0", NO, high(CT, segments=["suprarenal", "retrohepatic"])),
    ("L-04/0", NO, high(study("mri", "2020-03-11"))),
    ("L-04/0", NO, high(CT, segments=None, thrombus="both")),
    ("L-04/0", NA, high(CT, segments=["infrarenal", "interrenal", "suprarenal"])),
    ("L-04/0", OPEN, high()),
    ("L-04/0", OPEN, high(study("mri", None))),
    ("L-04/0", OPEN, high(CT, segments=["suprarenal"], thrombus=None)),
    ("L-04/0", OPEN, high(CT, segments=None)),
    ("L-05/0", YES, echo(study("tte"))),
    ("L-05/0", YES, echo(study("tee"), segments=["infrarenal"], symptoms=["dyspnea"])),
    ("L-05/0", YES, echo(study("tee"), segments=["infrarenal"], symptoms=["pe"])),
    ("L-05/0", YES, echo(study("tte"), segments=["supradiaphragmatic"], tee=True)),
    ("L-05/0", NO, echo(CT)),
    ("L-05/0", NO, echo(study("tte", "2020-03-11"))),
    ("L-05/0", NO, echo(study("tte"), segments=["intracardial"], tee=False)),
    ("L-05/0", NO, echo(CT, segments=["intracardial"], tee=True)),
    ("L-05/0", YES, echo(study("tte"), tee=False)),
    ("L-05/0", NA, echo(CT, segments=["retrohepatic"])),
    ("L-05/0", OPEN, echo(segments=["intracardial"], tee=False)),
    ("L-05/0", OPEN, echo(study("tte"), segments=["supradiaphragmatic"])),
    ("L-05/0", OPEN, echo(study("tte", None))),
    ("L-05/0", OPEN, echo(study("tte"), segments=["retrohepatic"], symptoms=None)),
    ("L-05/0", OPEN, echo(study("tte"), segments=None)),
    ("L-23/0", YES, diagnosed("2019-12-11")),
    ("L-23/0", NO, diagnosed("2019-12-10")),
    ("L-23/0", NO, diagnosed("2019-12-10", basis=None)),
    ("L-23/0", NA, diagnosed("2019-12-10", basis="surgical_specimen")),
    ("L-23/0", NA, diagnosed("2019-12-10", basis="autopsy")),
    ("L-23/0", NA, diagnosed("2019-12-10", therapies=[{"setting": "neoadjuvant", "modality": "rt"}])),
    ("L-23/0", NO, diagnosed("2019-12-10", therapies=[{"setting": "neoadjuvant", "modality": "none_given"}])),
    ("L-23/0", NO, diagnosed("2019-12-10", therapies=[{"setting": "adjuvant", "modality": "rt"}])),
    ("L-23/0", NA, diagnosed("2020-03-11")),
    ("L-23/0", NA, diagnosed("2020-04", basis=None)),
    ("L-23/0", YES, diagnosed("2020-03-10")),
    ("L-23/0", OPEN, diagnosed("2019-01")),
    ("L-23/0", OPEN, diagnosed("2020-01-01", operated_on="2020-03")),
    ("L-23/0", OPEN, diagnosed(None)),
    ("L-23/0", OPEN, operated()),
    ("L-23/0", OPEN, {**diagnosed("2019-12-11"), "operations": [{"operation_type": "index_resection"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


SEVERITIES = [
    ("L-01/0", "major", staged(study("mri"))),
    ("L-01b/0", "info", staged(study("ct", "2020-01-13"))),
    ("L-03/0", "minor", biopsied(core(type="fna"))),
    ("L-03/0", "minor", biopsied(core(type="incisional"), neoadjuvant="2020-02-01")),
    ("L-03/0", "minor", biopsied(core(type="incisional", on="2020-02"), neoadjuvant="2020-02-01")),
    ("L-03/0", "minor", biopsied(core(None, type="incisional"), neoadjuvant="2020-02-01")),
    ("L-03/0", "major", biopsied(core(type="fna"), neoadjuvant="2020-02-01")),
    ("L-03/0", "major", biopsied(core("2020-02-02"), neoadjuvant="2020-02-01")),
    # Between two courses: the first was given before any histology.
    (
        "L-03/0",
        "major",
        {
            **biopsied(core("2020-02-01")),
            "therapies": [
                {"setting": "neoadjuvant", "modality": "chemo", "started_on": on}
                for on in ("2020-01-10", "2020-02-20")
            ],
        },
    ),
    ("L-04/0", "info", high(CT)),
    ("L-05/0", "minor", echo(CT)),
    ("L-05/0", "minor", echo(CT, segments=None, symptoms=["pe"])),
    ("L-05/0", "major", echo(study("tte"), segments=["supradiaphragmatic"], tee=False)),
    ("L-05/0", "major", echo(CT, segments=["intracardial"], tee=True)),
    ("L-23/0", "info", diagnosed("2019-12-10")),
]


@pytest.mark.parametrize(("rule", "severity", "forms"), SEVERITIES)
def test_severity(rule, severity, forms):
    finding = read_one(rule, forms)

    assert (finding.verdict, finding.severity) == (NO, severity)


def test_what_is_not_staged_is_named():
    finding = read_one("L-01/0", staged(contrast_ct(regions=["abdomen"])))

    assert finding.sentence == "Not staged before the resection: chest, pelvis."
    assert finding.values["regions_not_staged"] == ["chest", "pelvis"]
    # The chest is surely lacking; whether the CT of the belly had contrast is open, and not named.
    assert read_one("L-01/0", staged(study("ct", regions=["abdomen", "pelvis"]))).values[
        "regions_not_staged"
    ] == ["chest"]


def test_days_are_counted_from_the_nearest_days_of_dates_without_a_day():
    assert read_one("L-01b/0", staged(study("ct", "2019-11"))).values["staging_age_days"] == 101
    assert read_one("L-01b/0", staged(study("ct", "2020-03"))).verdict == YES
    assert read_one("L-01b/0", staged(study("ct", "2020-03"))).values["staging_age_days"] == 0
