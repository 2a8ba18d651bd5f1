"""A case in words: the facts that are known, and what is missing, form by form."""

import pytest

from cases import summary
from cases.rulebook.completeness import missing_answers
from tests.cases.examples import draft, resected


def facts(document):
    return {fact.name: fact.text for fact in summary.facts(document)}


def test_of_an_empty_case_only_the_missing_operation_is_said():
    assert facts(draft()) == {"Operation": "no index resection recorded"}


def test_the_key_facts_of_a_resection():
    document = resected(
        presentation={"symptoms": ["leg_edema"], "collaterals": "moderate", "asa": 2, "ecog": 0},
        tumor={
            "segments": ["interrenal"],
            "growth_pattern": "mixed",
            "max_diameter_mm": 77,
            "metastasis_at_diagnosis": True,
            "metastasis_sites": ["lung"],
            "c_t": "T2",
            "c_n": "N0",
            "c_m": "M1",
        },
        therapies=[{"setting": "neoadjuvant", "modality": "chemo", "regimen": "doxorubicin"}],
        pathology=[{"margin": "R1", "fnclcc_grade": "G2", "mitoses_per_10hpf": 8.0}],
        complications=[{"type": "pe", "onset_on": "2015-03-04", "clavien_dindo": "IVa"}],
        discharge={"discharged_on": "2015-03-16"},
        recurrences=[{"detected_on": "2016", "kind": "local"}],
        follow_ups=[{"visit_on": "2017-01", "vital_status": "alive", "disease_status": "AWD"}],
    )

    assert facts(document) == {
        "Patient": "female, 54 years at the resection, born 1960-05, ASA 2, ECOG 0",
        "Presentation": "leg edema, collaterals: moderate",
        "Tumor": "77 mm, growth: mixed, level middle, metastasis at diagnosis: lung",
        "Stage, grade": "cT2, cN0, cM1, stage IV (AJCC 8), FNCLCC G2, 8 mitoses per 10 HPF",
        "Treatment": "neoadjuvant doxorubicin",
        "Operation": "2015-03-02, bilateral subcostal (Chevron), operating time 215 min, blood loss 300 mL",
        "Course": "Clavien-Dindo IVa, 14 days in hospital, alive after 90 days",
        "Result": "R1, gross result: complete, recurrence 2016: local",
        "Last known": "2017-01: alive with disease",
    }


def test_a_published_interval_is_said_as_it_was_printed():
    published = {"operations": [{"operation_type": "index_resection"}]}
    alive = draft(
        **published,
        follow_ups=[{"months_after_resection": 48.0, "time_qualifier": "at_least", "vital_status": "alive"}],
    )
    dead = draft(**published, death={"months_after_resection": 7.0, "cause_category": "disease"})

    assert facts(alive)["Last known"] == "alive at least 48 months after the resection"
    assert facts(dead)["Last known"] == "died 7 months after the resection, disease (DOD)"


def seen(on, status="alive", disease=None, **answers):
    visit = {"visit_on": on, "vital_status": status, "disease_status": disease, **answers}
    return {name: value for name, value in visit.items() if value is not None}


NED_2018 = seen("2018-03-02", disease="NED")
LAST_KNOWN = {
    "lost": (
        {"follow_ups": [seen("2020-05-01"), seen("2022-06-01", "lost")]},
        "alive 2020-05-01, lost since 2022-06-01",
    ),
    "lost with a status before": (
        {"follow_ups": [NED_2018, seen("2022", "lost"), seen("2020", "lost")]},
        "2018-03-02: no evidence of disease, lost since 2020",
    ),
    "lost and found again": (
        {"follow_ups": [NED_2018, seen("2020", "lost"), seen("2023-01-05", disease="AWD")]},
        "2023-01-05: alive with disease",
    ),
    "lost, and found by imaging": (
        {"follow_ups": [seen("2020", "lost")], "imaging": [{"modality": "ct", "performed_on": "2021-02-03"}]},
        "alive 2021-02-03",
    ),
    "lost without a date": (
        {"follow_ups": [NED_2018, {"vital_status": "lost"}]},
        "2018-03-02: no evidence of disease, lost to follow-up",
    ),
    "rows out of order": (
        {"follow_ups": [seen("2021-01-01", disease="AWD", graft_status="occluded"), NED_2018]},
        "2021-01-01: alive with disease, graft occluded",
    ),
    "two visits in a year, one of them coarse": (
        {"follow_ups": [seen("2018-12-31", disease="AWD"), seen("2018", disease="NED")]},
        "2018-12-31: alive with disease",
    ),
    "a visit without a date": (
        {"follow_ups": [NED_2018, {"vital_status": "alive", "disease_status": "AWD"}]},
        "2018-03-02: no evidence of disease",
    ),
    "only a visit without a date": (
        {"follow_ups": [{"vital_status": "alive", "disease_status": "NED"}]},
        "no evidence of disease, alive 2015-03-02",
    ),
    "a later sign of life": (
        {"follow_ups": [NED_2018], "imaging": [{"modality": "ct", "performed_on": "2019-04"}]},
        "2018-03-02: no evidence of disease, alive 2019-04",
    ),
    "a recurrence after no evidence of disease": (
        {
            "follow_ups": [{**NED_2018, "graft_status": "patent"}],
            "recurrences": [
                {"detected_on": "2024-02", "kind": "distant"},
                {"detected_on": "2016", "kind": "local"},
            ],
        },
        "alive 2024-02, recurrence 2024-02: distant, 2018-03-02: graft patent",
    ),
    "a recurrence perhaps after it": (
        {"follow_ups": [NED_2018], "recurrences": [{"detected_on": "2018", "kind": "local"}]},
        "alive 2018, recurrence 2018: local",
    ),
    "a recurrence before it": (
        {"follow_ups": [NED_2018], "recurrences": [{"detected_on": "2017-12", "kind": "local"}]},
        "2018-03-02: no evidence of disease",
    ),
    "a recurrence, and no date of the visit": (
        {
            "follow_ups": [{"vital_status": "alive", "disease_status": "NED"}],
            "recurrences": [{"detected_on": "2017-12", "kind": "local"}],
        },
        "alive 2017-12, recurrence 2017-12: local",
    ),
}


@pytest.mark.parametrize(("forms", "told"), LAST_KNOWN.values(), ids=LAST_KNOWN)
def test_the_last_known_is_the_latest_and_not_the_last_row(forms, told):
    assert facts(resected(**forms))["Last known"] == told


def test_a_published_recurrence_is_later_by_its_interval():
    document = draft(
        citation="A journal 2002",
        operations=[{"operation_type": "index_resection"}],
        follow_ups=[{"months_after_resection": 12.0, "vital_status": "alive", "disease_status": "NED"}],
        recurrences=[{"months_after_resection": 30.0, "kind": "local"}],
    )

    told = "alive 30 months after the resection, recurrence 30 months after the resection: local"
    assert facts(document)["Last known"] == told


def test_the_first_recurrence_is_the_earliest():
    late, early = {"detected_on": "2020-01", "kind": "distant"}, {"detected_on": "2017", "kind": "local"}
    document = resected(recurrences=[{"kind": "regional"}, late, early])

    assert "recurrence 2017: local" in facts(document)["Result"]


def test_a_death_without_date_is_still_a_death():
    assert facts(resected(discharge={"discharge_to": "died"}))["Last known"] == "died"


def test_a_stay_between_coarse_dates_is_not_counted():
    document = resected(operated_on="2015-03", discharge={"discharged_on": "2015-03-20"})

    assert "hospital" not in facts(document).get("Course", "")


def test_what_is_missing_is_grouped_by_form_and_equal_rows_share_a_line():
    visit = {"vital_status": "alive", "disease_status": "NED", "contact_type": "clinic"}
    document = resected(
        follow_ups=[
            *({**visit, "visit_on": on, "graft_status": "patent"} for on in ("2016", "2017", "2018")),
            {**visit, "visit_on": "2019", "creatinine_umol_l": 60.0},
            {**visit, "visit_on": "2020", "graft_status": "patent"},
        ]
    )
    gaps = {gap.form: gap.labels for gap in summary.gaps(missing_answers(document))}

    assert "Consent" in gaps["Whole forms"]
    assert gaps["Follow-up visit 1–3, 5"] == ["Creatinine"]
    assert gaps["Follow-up visit 4"] == ["Graft"]
    assert "Urgency" in gaps["Operation 1"]
