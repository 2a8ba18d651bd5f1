"""Recurrence, metastasis, graft and diagnosis as days: cases made by hand, days counted by the calendar.

Definitions: events of the RESAR registry (NCT03838718); radical as in rule S-08; 1 June 2020 is day 0.
"""

import pytest

from cases import endpoints
from cases.document import parse

MADE_FREE = {
    "tumor": {"segments": ["infrarenal"], "metastasis_at_diagnosis": False, "max_diameter_mm": 100},
    "pathology": [{"margin": "R1"}],
}
OPERATION = {"operation_type": "index_resection", "operated_on": "2020-06-01", "gross_result": "complete"}


def seen_of(operation=None, **forms):
    document = {"case_number": "1", "operations": [{**OPERATION, **(operation or {})}], **forms}
    return endpoints.observe(parse(document))


def found(kind, *dates):
    return [{"detected_on": on, "kind": kind} for on in dates]


def graft(status, *dates):
    return [{"visit_on": on, "vital_status": "alive", "graft_status": status} for on in dates]


def test_each_kind_of_recurrence_has_its_own_first_day():
    seen = seen_of(
        recurrences=found("distant", "2021-06-01", "2020-12-01")
        + found("local", "2022-06-01")
        + found("regional", "2020-09-01")
    )

    # 30 + 31 + 31 days to 1 September, 183 to 1 December, 365 to 1 June 2021, 730 to 1 June 2022.
    assert (seen.recurrence_days, seen.recurrence_kind) == (92, "regional")
    assert (seen.local_recurrence_days, seen.distant_metastasis_days) == (730, 183)
    assert seen.followed_days == 730


def test_a_month_stands_for_its_middle_and_is_counted():
    seen = seen_of(recurrences=found("local", "2020-07"))

    assert (seen.local_recurrence_days, seen.imputed_dates) == (44, 1)  # 15 July


def test_nothing_is_found_after_death():
    seen = seen_of(
        recurrences=found("distant", "2021"),
        death={"died_on": "2021-02-15", "cause_category": "disease"},
    )

    assert (seen.distant_metastasis_days, seen.death_days) == (259, 259)  # 1 July, but dead on 15 February


@pytest.mark.parametrize(
    ("changes", "made_free"),
    [
        ({}, True),
        ({"pathology": [{"margin": "R0"}]}, True),
        ({"pathology": [{"margin": "R2"}]}, False),
        ({"pathology": [{"margin": "RX"}]}, False),
        ({"pathology": []}, False),
        ({"operation": {"gross_result": "macroscopic_residue"}}, False),
        ({"operation": {"gross_result": None}}, False),
        ({"tumor": {"metastasis_at_diagnosis": True}}, False),
        ({"tumor": {"segments": ["infrarenal"]}}, False),
    ],
)
def test_free_of_tumor_is_who_is_known_to_be(changes, made_free):
    assert seen_of(**{**MADE_FREE, **changes}).made_disease_free is made_free


def test_a_graft_is_lost_when_thrombosed_or_first_seen_occluded():
    visits = graft("occluded", "2021-06-01", "2020-12-01") + graft("removed", "2022-06-01")

    seen = seen_of(follow_ups=visits)
    assert (seen.graft_occlusion_days, seen.graft_removal_days) == (183, 730)

    seen = seen_of(follow_ups=visits, complications=[{"type": "graft_thrombosis", "onset_on": "2020-06-05"}])
    assert seen.graft_occlusion_days == 4


def test_a_thrombosis_of_another_vein_or_of_an_earlier_graft_is_none():
    complications = [
        {"type": "dvt", "onset_on": "2020-06-05"},
        {"type": "graft_thrombosis", "onset_on": "2020-05-05"},
        {"type": "graft_thrombosis"},
    ]

    seen = seen_of(complications=complications, follow_ups=graft("stenosis_ge50", "2021-06-01"))

    assert (seen.graft_occlusion_days, seen.graft_removal_days) == (None, None)


@pytest.mark.parametrize(
    ("diagnosis", "days", "dated"),
    [
        ({"diagnosis_on": "2020-05-02"}, 30, True),
        ({"diagnosis_on": "2020-05"}, 17, False),  # 15 May
        ({"diagnosis_on": "2020-06-20", "diagnosis_basis": "surgical_specimen"}, 0, True),
        ({"diagnosis_basis": "biopsy"}, None, False),
    ],
)
def test_days_from_diagnosis_to_resection(diagnosis, days, dated):
    seen = seen_of(diagnosis=diagnosis)

    assert (seen.days_from_diagnosis, seen.diagnosis_is_dated) == (days, dated)


def test_a_withdrawn_patient_is_censored_on_the_day():
    """Data up to the date stay; what is recorded came before, but nobody withdraws after death."""
    seen = seen_of(
        consent={"basis": "withdrawn", "withdrawn_on": "2021-03-01", "withdrawal_effect": "stop_collection"},
        follow_ups=graft("occluded", "2020-12-01") + graft("patent", "2021-09-01"),
        recurrences=found("local", "2021"),
        death={"died_on": "2021", "cause_category": "disease"},
    )

    assert (seen.followed_days, seen.death_days) == (273, None)  # 1 March 2021
    assert (seen.graft_occlusion_days, seen.local_recurrence_days) == (183, 273)  # 1 December 2020


def test_strata_of_a_tumor_in_several_segments():
    document = parse({"case_number": "1", **MADE_FREE, "tumor": {
        "segments": ["interrenal", "suprarenal", "infrarenal"], "max_diameter_mm": 101}})  # fmt: skip

    of = endpoints.strata(document)

    assert (of["segment"], of["level"], of["size"]) == ("suprarenal", "middle", "T3")
    assert (endpoints.strata(parse({"case_number": "2"}))["segment"], of["grade"]) == ("", "")
