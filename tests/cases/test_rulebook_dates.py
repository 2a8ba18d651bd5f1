"""Validity of dates, age and consent (X-01 to X-13): every rule in every verdict it can give."""

from datetime import date

import pytest

from cases.rulebook import engine
from cases.rulebook.validity import VALIDITY
from tests.cases.rulebook_reading import AS_OF, NA, NO, OPEN, YES, case, index, operated, read_one

WRITTEN = {"basis": "written"}
WITHDRAWN = {"basis": "withdrawn", "withdrawn_on": "2021-05-01", "withdrawal_effect": "stop_collection"}
ERASED = {"basis": "withdrawn", "withdrawn_on": "2021-05-01", "withdrawal_effect": "erase"}

EXAMPLES = [
    ("X-02/0", YES, operated(diagnosis={"diagnosis_on": "2020-02-20", "diagnosis_basis": "biopsy"})),
    ("X-02/0", YES, operated(diagnosis={"diagnosis_on": "2020-04", "diagnosis_basis": "surgical_specimen"})),
    ("X-02/0", YES, operated(diagnosis={"diagnosis_on": "2020-04-09", "diagnosis_basis": "surgical_specimen"})),
    ("X-02/0", NO, operated(diagnosis={"diagnosis_on": "2020-04-10", "diagnosis_basis": "surgical_specimen"})),
    ("X-02/0", NO, operated(diagnosis={"diagnosis_on": "2020-05-11", "diagnosis_basis": "surgical_specimen"})),
    ("X-02/0", NO, operated(diagnosis={"diagnosis_on": "2020-03-12", "diagnosis_basis": "biopsy"})),
    ("X-02/0", NO, operated(diagnosis={"diagnosis_on": "2020-03-12"})),
    ("X-02/0", NO, operated(diagnosis={"diagnosis_on": "2020-03-11"})),
    ("X-02/0", OPEN, {"diagnosis": {"diagnosis_on": "2020-03-12"}}),
    ("X-03/0", YES, {"presentation": {"first_symptom_on": "2019"}, "diagnosis": {"diagnosis_on": "2020-02"}}),
    ("X-03/0", NO, {"presentation": {"first_symptom_on": "2020-03"}, "diagnosis": {"diagnosis_on": "2020-02"}}),
    ("X-03/0", OPEN, {"presentation": {"first_symptom_on": "2020-03"}}),
    ("X-04/0", YES, operated(mdt_meetings=[{"phase": "pre_treatment", "held_on": "2020-03-01"}])),
    ("X-04/0", NO, operated(mdt_meetings=[{"phase": "pre_biopsy", "held_on": "2020-03-11"}])),
    ("X-04/0", NA, operated(mdt_meetings=[{"phase": "post_operative", "held_on": "2020-03-11"}])),
    ("X-04/0", OPEN, operated(mdt_meetings=[{"held_on": "2020-03-11"}])),
    ("X-04/1", YES, operated(diagnosis={"diagnosis_basis": "biopsy"}, biopsies=[{"performed_on": "2020-02-01"}])),
    ("X-04/1", NO, operated(diagnosis={"diagnosis_basis": "biopsy"}, biopsies=[{"performed_on": "2020-04"}])),
    ("X-04/1", YES, operated(diagnosis={"diagnosis_basis": "biopsy"},
                             biopsies=[{"performed_on": "2020-04"}, {"performed_on": "2020-02-01"}])),
    ("X-04/1", NA, operated(diagnosis={"diagnosis_basis": "cytology"}, biopsies=[{"performed_on": "2020-04"}])),
    ("X-04/1", OPEN, operated(diagnosis={"diagnosis_basis": "biopsy"}, biopsies=[{"type": "fna"}])),
    ("X-04/2", YES, operated(imaging=[{"ivc_diameter_caudal_mm": 22.0, "performed_on": "2020-03-01"}])),
    ("X-04/2", NO, operated(imaging=[{"ivc_diameter_cranial_mm": 22.0, "performed_on": "2020-03-11"}])),
    ("X-04/2", NA, operated(imaging=[{"performed_on": "2020-03-11"}])),
    # A native vein may still be measured before a recurrence in it is resected.
    ("X-04/2", YES, {"operations": [index(), {"operation_type": "resection_recurrence", "operated_on": "2022-05"}],
                     "imaging": [{"ivc_diameter_caudal_mm": 22.0, "performed_on": "2021-01"}]}),
    ("X-04/2", OPEN, {"imaging": [{"ivc_diameter_caudal_mm": 22.0, "performed_on": "2020-03-11"}]}),
    ("X-05/0", YES, operated(therapies=[{"setting": "neoadjuvant", "started_on": "2020-01", "ended_on": "2020-03"}])),
    ("X-05/0", NO, operated(therapies=[{"setting": "neoadjuvant", "started_on": "2020-01", "ended_on": "2020-04"}])),
    ("X-05/0", NO, operated(therapies=[{"setting": "neoadjuvant", "started_on": "2020-03-11"}])),
    ("X-05/0", NA, operated(therapies=[{"setting": "adjuvant", "started_on": "2020-03-11"}])),
    ("X-05/0", OPEN, operated(therapies=[{"setting": "neoadjuvant"}])),
    ("X-05/1", YES, operated(therapies=[{"setting": "adjuvant", "started_on": "2020-03"}])),
    ("X-05/1", NO, operated(therapies=[{"setting": "adjuvant", "started_on": "2020-02"}])),
    ("X-05/1", NA, operated(therapies=[{"setting": "palliative", "started_on": "2020-02"}])),
    ("X-05/1", OPEN, operated(therapies=[{"setting": "adjuvant"}])),
    ("X-06/0", YES, operated(discharge={"discharged_on": "2020-03-22"})),
    ("X-06/0", NO, operated(discharge={"discharged_on": "2020-03-09"})),
    ("X-06/0", NA, operated()),
    ("X-06/0", OPEN, operated(discharge={"icu_days": 2})),
    ("X-06/1", YES, {"discharge": {"discharged_on": "2020-03-22", "readmitted_on": "2020-03-22"}}),
    ("X-06/1", NO, {"discharge": {"discharged_on": "2020-03-22", "readmitted_on": "2020-03-20"}}),
    ("X-06/1", NA, operated()),
    ("X-06/1", OPEN, {"discharge": {"discharged_on": "2020-03-22"}}),
    ("X-07/0", YES, operated(complications=[{"onset_on": "2020-03-12"}], death={"died_on": "2020-03"})),
    ("X-07/0", NO, operated(complications=[{"onset_on": "2020-03-09"}])),
    ("X-07/0", YES, {"operations": [{"operation_type": "exploration_only", "operated_on": "2020-01-10"}, index()],
                     "complications": [{"onset_on": "2020-02"}]}),
    ("X-07/0", NO, operated(complications=[{"onset_on": "2020-05-09"}], death={"died_on": "2020-04"})),
    ("X-07/0", NA, operated()),
    ("X-07/0", OPEN, operated(complications=[{"type": "ileus"}])),
    ("X-08/0", YES, operated(recurrences=[{"detected_on": "2021"}], death={"died_on": "2021-02-01"})),
    ("X-08/0", NO, operated(recurrences=[{"detected_on": "2019"}])),
    ("X-08/0", NO, operated(recurrences=[{"detected_on": "2022"}], death={"died_on": "2021-02-01"})),
    ("X-08/0", NA, operated()),
    ("X-08/0", OPEN, operated(recurrences=[{"months_after_resection": 8.0}])),
    ("X-09/0", YES, operated(follow_ups=[{"visit_on": "2021-02-01", "vital_status": "alive"}])),
    ("X-09/0", YES, operated(follow_ups=[{"visit_on": "2023", "vital_status": "dead"}], death={"died_on": "2021"})),
    ("X-09/0", NO, operated(follow_ups=[{"visit_on": "2020-02-01", "vital_status": "alive"}])),
    ("X-09/0", NO, operated(follow_ups=[{"visit_on": "2022", "vital_status": "alive"}], death={"died_on": "2021"})),
    ("X-09/0", NO, operated(follow_ups=[{"visit_on": "2020-09", "vital_status": "dead"}], death={"died_on": "2021"})),
    ("X-09/0", NA, operated()),
    ("X-09/0", OPEN, operated(follow_ups=[{"months_after_resection": 12.0, "vital_status": "alive"}])),
    ("X-10/0", YES, {"death": {"died_on": "2021"}, "diagnosis": {"diagnosis_on": "2021-12-31"}}),
    ("X-10/0", YES, {"death": {"died_on": "2021-01-05"},
                     "diagnosis": {"diagnosis_on": "2021-02-01", "diagnosis_basis": "autopsy"}}),
    ("X-10/0", NO, {"death": {"died_on": "2021"}, "diagnosis": {"diagnosis_on": "2022-01-01"}}),
    ("X-10/0", YES, {"death": {"died_on": "2021-01-05"},
                     "diagnosis": {"diagnosis_on": "2021-02-01", "diagnosis_basis": "surgical_specimen"}}),
    ("X-10/0", NA, {"diagnosis": {"diagnosis_on": "2022-01-01"}}),
    ("X-10/0", OPEN, {"death": {"died_on": "2021"}}),
    ("X-10/1", YES, operated(death={"died_on": "2020-03"})),
    ("X-10/1", NO, operated(death={"died_on": "2020-02"})),
    ("X-10/1", NA, {"death": {"died_on": "2020-02"}}),
    ("X-10/1", OPEN, operated()),
    ("X-11/0", YES, operated(patient={"born_on": "2002-03"})),
    ("X-11/0", YES, operated(patient={"born_on": "1934"})),
    ("X-11/0", NO, operated(patient={"born_on": "2002-04"})),
    ("X-11/0", NO, operated(patient={"born_on": "1933"})),
    ("X-11/0", NO, {"operations": [{"operation_type": "index_resection"}],
                    "patient": {"age_at_resection_years": 88}}),
    ("X-11/0", OPEN, operated()),
    ("X-11/0", OPEN, {"patient": {"age_at_resection_years": 88}}),
    ("X-13/0", YES, {"consent": {"basis": "refused"}, "patient": {"sex": "female"}}),
    ("X-13/0", NO, {"consent": {"basis": "refused"}, "tumor": {"max_diameter_mm": 80}}),
    ("X-13/0", NO, operated(consent=ERASED)),
    ("X-13/0", NA, operated(consent=WRITTEN)),
    ("X-13/0", NA, operated(consent=WITHDRAWN)),
    ("X-13/0", OPEN, operated()),
    ("X-13/1", YES, operated(consent=WITHDRAWN, follow_ups=[{"visit_on": "2021-05"}])),
    ("X-13/1", NO, operated(consent=WITHDRAWN, follow_ups=[{"visit_on": "2021-05-02"}])),
    ("X-13/1", NO, operated(consent=WITHDRAWN, death={"died_on": "2021-05-02"})),
    ("X-13/1", NA, operated(consent=ERASED)),
    ("X-13/1", OPEN, operated(consent={"basis": "withdrawn"})),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


@pytest.mark.parametrize(
    ("rule", "severity", "forms"),
    [
        (
            "X-02/0",
            "query",
            operated(diagnosis={"diagnosis_on": "2020-05-08", "diagnosis_basis": "surgical_specimen"}),
        ),
        (
            "X-02/0",
            "error",
            operated(diagnosis={"diagnosis_on": "2020-05-10", "diagnosis_basis": "surgical_specimen"}),
        ),
        ("X-02/0", "error", operated(diagnosis={"diagnosis_on": "2020-03-12", "diagnosis_basis": "biopsy"})),
        (
            "X-02/0",
            "query",
            operated(diagnosis={"diagnosis_on": "2020-05-09", "diagnosis_basis": "surgical_specimen"}),
        ),
        ("X-02/0", "query", operated(diagnosis={"diagnosis_on": "2020-03-12"})),
        ("X-11/0", "error", operated(patient={"born_on": "2003"})),
        ("X-11/0", "query", operated(patient={"born_on": "1933"})),
    ],
)
def test_severity_depends_on_how_impossible_it_is(rule, severity, forms):
    assert read_one(rule, forms).severity == severity


# --- X-01 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forms", "pointer"),
    [
        ({"patient": {"born_on": "2026-07"}}, "/patient/born_on"),
        ({"follow_ups": [{"visit_on": "2025"}, {"visit_on": "2026-07-01"}]}, "/follow_ups/1/visit_on"),
        (
            {"patient": {"born_on": "1960"}, "operations": [{"operated_on": "1959-12"}]},
            "/operations/0/operated_on",
        ),
        ({"death": {"died_on": "2027"}}, "/death/died_on"),
    ],
)
def test_no_date_lies_in_the_future_or_before_birth(forms, pointer):
    errors = [f for f in engine.read(VALIDITY, case(**forms), AS_OF).errors if f.rule_id == "X-01"]

    assert [error.pointer for error in errors] == [pointer]


def test_today_and_the_year_of_birth_are_possible():
    forms = {"patient": {"born_on": "1960"}, "operations": [index(operated_on="1960-01-01")],
             "follow_ups": [{"visit_on": "2026-06-30"}, {"visit_on": "2026"}]}  # fmt: skip

    assert not [f for f in engine.read(VALIDITY, case(**forms), AS_OF).errors if f.rule_id == "X-01"]


def test_birth_today_is_no_date_in_the_future():
    assert read_one("X-01/0", {"patient": {"born_on": "2026-06-30"}}).verdict == YES
    assert read_one("X-01/0", {"patient": {"born_on": "2026-07-01"}}).verdict == NO


def test_a_date_that_is_not_given_is_not_judged():
    assert read_one("X-01/0", {"patient": {"sex": "male"}}).verdict == OPEN
    assert read_one("X-01/0", {}).verdict == NA


# --- X-12 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2020-03-10", "2020-03", "2020"])
@pytest.mark.parametrize("precise", ["2020-03-10", "2020-03", "2020"])
def test_partial_dates_fail_only_when_impossible(text, precise):
    """Two dates that could be the same day contradict no rule of order."""
    forms = {
        "patient": {"born_on": "1970"},
        "diagnosis": {"diagnosis_on": text, "diagnosis_basis": "biopsy"},
        "biopsies": [{"performed_on": text}],
        "mdt_meetings": [{"phase": "pre_treatment", "held_on": text}],
        "therapies": [{"setting": "neoadjuvant", "started_on": text, "ended_on": text}],
        "operations": [index(operated_on=precise)],
        "complications": [{"type": "ileus", "onset_on": text}],
        "discharge": {"discharged_on": text, "readmitted_on": text},
        "follow_ups": [{"visit_on": text, "vital_status": "alive"}],
        "recurrences": [{"detected_on": text}],
        "death": {"died_on": text},
    }

    assert engine.read(VALIDITY, case(**forms), date(2020, 12, 31)).errors == []


# --- X-13 -------------------------------------------------------------------------------------------


def test_data_after_withdrawal_are_named():
    forms = operated(consent=WITHDRAWN, follow_ups=[{"visit_on": "2021-04"}, {"visit_on": "2022"}])

    finding = read_one("X-13/1", forms)

    assert finding.pointer == "/consent/withdrawn_on"
    assert "/follow_ups/1/visit_on" in finding.sentence
