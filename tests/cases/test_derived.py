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


# Charlson 1987, J Chronic Dis 40:373: of two items of one disease the graver counts alone.
@pytest.mark.parametrize(
    ("items", "score"),
    [
        (["diabetes", "diabetes_end_organ"], 2),
        (["mild_liver", "severe_liver"], 3),
        (["other_tumor", "metastatic_other_tumor"], 6),
        (["diabetes", "mild_liver", "other_tumor"], 4),
        (["none"], 0),
    ],
)
def test_charlson_counts_a_disease_once(items, score):
    assert case(presentation={"charlson_items": items}).charlson_score == score


@pytest.mark.parametrize(
    ("born_on", "operated_on", "years"),
    [("1961", "2018", 57), ("1960-05", "2015-05", 55), ("1960-02-29", "2021-02-28", 60)],
)
def test_age_counts_birthdays(born_on, operated_on, years):
    assert operated(on=operated_on, patient={"born_on": born_on}).age_at_resection_years == years


@pytest.mark.parametrize(
    ("specimen", "biopsies", "stage"),
    [
        ({"margin": "R0"}, [{"grade": "G2"}], "II"),
        ({"fnclcc_grade": "GX"}, [{"type": "fna"}, {"grade": "G2"}], "II"),
        ({"fnclcc_grade": "G1"}, [{"grade": "G2"}], "IA"),
        ({"margin": "R0"}, [{"grade": "GX"}], None),
    ],
)
def test_the_biopsy_gives_the_grade_that_the_specimen_lacks(specimen, biopsies, stage):
    tumor = {"c_t": "T1", "c_n": "N0", "c_m": "M0"}

    assert case(tumor=tumor, pathology=[specimen], biopsies=biopsies).clinical_stage == stage


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


def seen_of(on="2020-06-01", **forms):
    return endpoints.observe(operated(on=on, **forms))


def alive_on(*dates):
    return [{"visit_on": on, "vital_status": "alive"} for on in dates]


# One death, told by each form that can tell it. Days by the calendar: 1 June 2020 to 15 February 2021 are 259.
@pytest.mark.parametrize(
    ("forms", "day", "dated"),
    [
        ({"death": {"died_on": "2021-02-15"}}, 259, True),
        ({"death": {"died_on": "2021-02"}}, 259, False),
        ({"death": {"months_after_resection": 7.0}}, 213, True),
        ({"death": {"months_after_resection": 7.0, "time_qualifier": "at_least"}}, 213, False),
        ({"discharge": {"discharge_to": "died", "discharged_on": "2020-06-19"}}, 18, True),
        ({"follow_ups": [{"visit_on": "2021-02-15", "vital_status": "dead"}]}, 259, False),
        ({"follow_ups": [{"visit_on": on, "vital_status": "dead"} for on in ("2022", "2021-02-15")]}, 259, False),
        ({"death": {"cause_category": "other"}, "follow_ups": [{"visit_on": "2021-02-15", "vital_status": "dead"}]},
         259, False),
        ({"death": {"died_on": "2021-02-15"}, "discharge": {"discharge_to": "died", "discharged_on": "2021-02-16"}},
         259, True),
        ({"discharge": {"discharge_to": "home", "discharged_on": "2020-06-19"}}, None, False),
        ({"death": {"cause_category": "other"}}, None, False),
    ],
)  # fmt: skip
def test_a_death_counts_wherever_it_is_recorded(forms, day, dated):
    seen = seen_of(**forms)

    assert (seen.death_days, seen.death_is_dated) == (day, dated)


def test_a_death_during_the_operation_is_day_0_without_any_date():
    operation = {"operation_type": "index_resection", "intraop_events": ["major_bleeding", "death"]}
    seen = endpoints.observe(case(operations=[operation]))

    assert (seen.death_days, seen.death_is_dated) == (0, True)
    assert endpoints.is_dead(case(operations=[operation]))


def test_a_dated_death_is_not_moved_by_an_imputed_visit():
    seen = seen_of(follow_ups=alive_on("2021"), death={"died_on": "2021-02-15"})

    assert (seen.death_days, seen.followed_days) == (259, 259)


def test_an_imputed_death_is_put_off_within_its_date_only():
    seen = seen_of(follow_ups=alive_on("2021"), death={"died_on": "2021-02"})
    assert (seen.death_days, seen.followed_days) == (272, 272)  # 28 February 2021

    seen = seen_of(follow_ups=alive_on("2021-02-20"), death={"died_on": "2021-02"})
    assert (seen.death_days, seen.followed_days) == (264, 264)


def test_before_the_first_day_that_an_undated_death_can_have_the_patient_was_alive():
    seen = seen_of(death={"died_on": "2021"})
    assert (seen.followed_days, seen.death_days) == (213, 395)  # 31 December 2020, 1 July 2021

    assert seen_of(death={"died_on": "2020"}).followed_days == 0
    assert seen_of(follow_ups=[{"visit_on": "2021", "vital_status": "dead"}]).followed_days == 0


def test_a_recurrence_never_follows_a_dated_death():
    seen = seen_of(recurrences=[{"detected_on": "2021", "kind": "local"}], death={"died_on": "2021-02-15"})

    assert (seen.recurrence_days, seen.recurrence_kind, seen.death_days) == (259, "local", 259)


@pytest.mark.parametrize(
    ("died_on", "within_30", "within_90"),
    [
        ("2020-06-30", True, True),
        ("2020-06", True, True),
        ("2020-08-30", False, True),
        ("2020-08-31", False, False),
        ("2020-08", False, None),
        ("2020", None, None),
        ("2021", False, False),
    ],
)
def test_an_early_death_is_judged_by_the_interval_of_its_date(died_on, within_30, within_90):
    document = operated(on="2020-06-01", death={"died_on": died_on})

    assert (endpoints.died_within(document, 30), endpoints.died_within(document, 90)) == (
        within_30,
        within_90,
    )
    assert endpoints.observe(document).death_is_dated == (len(died_on) == 10)


def test_nobody_is_known_to_live_on_after_the_last_contact():
    at_home = {"discharged_on": "2020-06-10", "discharge_to": "home"}

    assert endpoints.died_within(operated(on="2020-06-01", discharge=at_home), 90) is None
    assert endpoints.died_within(operated(on="2020-06-01", follow_ups=alive_on("2020-08-30")), 90) is False
    assert endpoints.died_within(operated(on="2020-06-01", follow_ups=alive_on("2020-08-29")), 90) is None


# 1 June 2020 and 30 days.
@pytest.mark.parametrize(
    "forms",
    [
        {"follow_ups": [{"visit_on": "2020-07-01"}]},
        {"recurrences": [{"detected_on": "2020-07-01"}]},
        {"imaging": [{"performed_on": "2020-07-01"}]},
        {"biopsies": [{"performed_on": "2020-07-01"}]},
        {"therapies": [{"started_on": "2020-07-01"}]},
        {"therapies": [{"started_on": "2020-06-20", "ended_on": "2020-07-01"}]},
        {"antithrombotics": [{"started_on": "2020-07-01"}]},
        {"antithrombotics": [{"started_on": "2020-06-20", "stopped_on": "2020-07-01"}]},
        {"complications": [{"onset_on": "2020-07-01"}]},
        {"complications": [{"onset_days_after_resection": 30}]},
        {"discharge": {"discharged_on": "2020-07-01", "discharge_to": "rehab"}},
        {"discharge": {"discharged_on": "2020-06-20", "readmitted_on": "2020-07-01"}},
    ],
)
def test_every_dated_sign_of_life_is_follow_up(forms):
    assert seen_of(**forms).followed_days == 30


def test_imputed_dates_count_signs_of_life_from_the_resection_on_and_the_death():
    seen = seen_of(
        on="2020-06",
        imaging=[{"performed_on": "2020-05"}, {"performed_on": "2020-08"}],
        complications=[{"onset_on": "2020-07"}, {"onset_on": "2020-07-03"}],
        death={"died_on": "2021"},
    )

    assert seen.imputed_dates == 4  # the resection, an imaging study, a complication, the death


def test_a_complication_before_the_resection_has_a_negative_day():
    document = operated(
        on="2020-06-20",
        complications=[{"onset_on": on} for on in ("2020-05-20", "2020-06-01", "2020-06", "2020-06-21")],
    )

    assert [endpoints.onset_day(document, c) for c in document.complications] == [-31, -19, 0, 1]
    assert endpoints.onset_span(document, document.complications[2]) == (0, 10)


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


@pytest.mark.parametrize(
    ("answers", "inside"),
    [
        ({"resection_type": "none", "intent": "palliative"}, False),
        ({"resection_type": "none", "intent": "curative"}, False),
        ({"resection_type": "tangential_wall", "intent": "palliative"}, True),
        ({}, True),
    ],
)
def test_the_main_curve_takes_every_resection_and_no_operation_without_one(answers, inside):
    document = case(operations=[{"operation_type": "index_resection", **answers}])

    assert endpoints.observe(document).in_main_curve is inside


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
    for drawn in {pseudonym.draw() for _ in range(300)}:
        assert pseudonym.is_valid(drawn)
        for place, wrong in ((p, c) for p in range(9) for c in pseudonym.CHECK_ALPHABET if c != drawn[p]):
            assert not pseudonym.is_valid(drawn[:place] + wrong + drawn[place + 1 :])
        for place in range(8):
            swapped = drawn[:place] + drawn[place + 1] + drawn[place] + drawn[place + 2 :]
            assert swapped == drawn or not pseudonym.is_valid(swapped)
