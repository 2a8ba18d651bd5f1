"""What follows from a case: levels, scores, stage, days."""

import pytest

from cases import endpoints, pseudonym
from cases.derived import egfr_ml_min, stage_group, t_category
from cases.document import parse
from registry.dates import PartialDate


def case(**forms):
    return parse({"case_number": "1", **forms})


def operated(on="2015-03-02", **forms):
    operation = {"operation_type": "index_resection", **({"operated_on": on} if on else {})}
    return case(operations=[operation], **forms)


def test_level_is_that_of_the_most_cranial_segment():
    document = case(tumor={"segments": ["interrenal", "suprarenal", "infrarenal"]})

    assert (document.level, document.level_set) == ("middle", {"lower", "middle"})
    assert (document.caudal_extent, document.cranial_extent, document.n_segments) == (
        "infrarenal",
        "suprarenal",
        3,
    )


def test_a_published_level_serves_where_segments_are_not_printed():
    assert case(tumor={"reported_level": "upper"}).level == "upper"
    assert case().level is None


# The retroperitoneum chapter of AJCC 8, as in the table of the clinical reference.
@pytest.mark.parametrize(
    ("t", "n", "m", "grade", "group"),
    [
        ("T1", "N0", "M0", "G1", "IA"),
        ("T4", "N0", "M0", "G1", "IB"),
        ("T1", "N0", "M0", "G3", "II"),
        ("T2", "N0", "M0", "G2", "IIIA"),
        ("T3", "N0", "M0", "G2", "IIIB"),
        ("T1", "N1", "M0", "G1", "IIIB"),
        ("T1", "N0", "M1", None, "IV"),
        ("T1", "N0", "M0", "GX", None),
        ("TX", "N0", "M0", "G1", None),
    ],
)
def test_stage_follows_ajcc_8(t, n, m, grade, group):
    assert stage_group(t, n, m, grade) == group


@pytest.mark.parametrize(("mm", "category"), [(50, "T1"), (51, "T2"), (100, "T2"), (150, "T3"), (151, "T4")])
def test_t_category_limits(mm, category):
    assert t_category(mm) == category


# CKD-EPI 2021 (Inker 2021): 1.0 mg/dL at 50 years gives 92 for men and 69 for women (published calculator).
def test_egfr_agrees_with_the_published_equation():
    assert round(egfr_ml_min(88.4, 50, "male")) == 92
    assert round(egfr_ml_min(88.4, 50, "female")) == 69


def test_bmi_charlson_and_age():
    document = operated(
        patient={"born_on": "1960-05", "sex": "female"},
        presentation={"height_cm": 170.0, "weight_kg": 72.0, "charlson_items": ["diabetes", "severe_liver"]},
    )

    assert document.bmi_kg_m2 == 24.9
    assert document.charlson_score == 4
    assert document.age_at_resection_years == 54


def test_partial_dates_fail_only_when_impossible():
    year, day = PartialDate.parse("2015"), PartialDate.parse("2015-03-02")

    assert not year.surely_before(day)
    assert not year.surely_after(day)
    assert PartialDate.parse("2014").surely_before(day)
    assert (str(year.imputed()), str(PartialDate.parse("2015-04").imputed())) == ("2015-07-01", "2015-04-15")
    assert PartialDate.parse("2016-02").latest.day == 29


def test_death_and_last_contact_count_from_the_index_resection():
    seen = endpoints.observe(
        operated(
            follow_ups=[
                {"visit_on": "2015-09-02", "vital_status": "alive"},
                {"visit_on": "2016-05-01", "vital_status": "dead"},
            ],
            recurrences=[{"detected_on": "2015-12-01", "kind": "distant", "sites": ["liver"]}],
            death={"died_on": "2016-03-02", "cause_category": "disease"},
        )
    )

    assert (seen.followed_days, seen.death_days, seen.recurrence_days) == (274, 366, 274)
    assert (seen.in_main_curve, seen.death_cause, seen.recurrence_kind, seen.imputed_dates) == (
        True,
        "disease",
        "distant",
        0,
    )


def test_a_death_on_the_table_is_day_0():
    assert endpoints.observe(operated(death={"died_on": "2015-03-02"})).death_days == 0


def test_an_imputed_death_never_stands_before_the_last_sign_of_life():
    seen = endpoints.observe(
        operated(follow_ups=[{"visit_on": "2016-11-30", "vital_status": "alive"}], death={"died_on": "2016"})
    )

    assert seen.death_days == seen.followed_days == 639
    assert seen.imputed_dates == 1


def test_published_months_stand_in_for_dates():
    seen = endpoints.observe(
        operated(on=None, follow_ups=[{"months_after_resection": 12.0, "vital_status": "alive"}]),
        published=True,
    )

    assert (seen.origin_on, seen.followed_days) == (None, 365)


def test_a_publication_without_time_is_not_followed_but_a_registered_patient_is():
    assert endpoints.observe(operated(), published=True).followed_days is None
    assert endpoints.observe(operated()).followed_days == 0


@pytest.mark.parametrize(
    "forms",
    [
        {"tumor": {"presentation_type": "recurrent"}},
        {"tumor": {"origin_certainty": "retroperitoneal_invading"}},
    ],
)
def test_recurrent_and_invading_tumors_stay_out_of_the_main_curve(forms):
    assert not endpoints.observe(operated(**forms)).in_main_curve


def test_a_case_without_index_resection_has_no_days():
    seen = endpoints.observe(case(follow_ups=[{"visit_on": "2016-11-30", "vital_status": "alive"}]))

    assert (seen.in_main_curve, seen.followed_days, seen.death_days) == (False, None, None)


def test_withdrawal_ends_observation():
    seen = endpoints.observe(
        operated(
            consent={"basis": "withdrawn", "withdrawn_on": "2015-06-02"},
            follow_ups=[{"visit_on": "2016-11-30", "vital_status": "alive"}],
        )
    )

    assert seen.followed_days == 92


# ISO/IEC 7064:2003, annex: MOD 37,36 of A12425GABC1234002 is M.
def test_check_character_follows_iso_7064():
    assert pseudonym.check_character("A12425GABC1234002") == "M"


def test_every_slip_of_the_pen_in_a_pseudonym_is_found():
    drawn = pseudonym.draw()
    assert pseudonym.is_valid(drawn)

    for place, wrong in ((p, c) for p in range(9) for c in pseudonym.CHECK_ALPHABET if c != drawn[p]):
        assert not pseudonym.is_valid(drawn[:place] + wrong + drawn[place + 1 :])
    for place in range(8):
        swapped = drawn[:place] + drawn[place + 1] + drawn[place] + drawn[place + 2 :]
        assert swapped == drawn or not pseudonym.is_valid(swapped)
