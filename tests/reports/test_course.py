"""Graft, kidneys, recurrence and the first 90 days, as the forms say them."""

from datetime import date

import pytest

from cases.derived import egfr_ml_min
from cases.models import Antithrombotic, Case, FollowUp, Presentation, SurvivalObservation
from reports import grafts, kidneys
from reports.cohorts import Cut
from tests.reports import cohort
from tests.reports.cohort import add_case, add_operation

CLINICAL = Cut(as_of=date(2026, 11, 22))
pytestmark = pytest.mark.django_db


def told(groups):
    """What the groups say, by heading and line."""
    return {group.heading: {line.label: line.value for line in group.lines} for group in groups}


def counts(found):
    return {label: (value.n, value.of) for label, value in found.items()}


def grafted(center, number, **given):
    case = add_case(center, number, days=given.pop("days", 900), **given)
    SurvivalObservation.objects.filter(case=case).update(ivc_method="tube_graft")
    return case


def visit(case, on, position=0, **found):
    FollowUp.objects.create(case=case, center=case.center, position=position, visit_on=on, **found)


# --- graft and veins -------------------------------------------------------------------------------------------------


def test_the_last_visit_that_looked_at_the_graft_counts(north, everywhere):
    """Patent, then occluded, then not looked at; one never looked at; one of whom the cut hides the occlusion."""
    case = grafted(north, 1)
    visit(case, "2015-08", 0, graft_status="patent", leg_edema="mild")
    visit(case, "2016-08-01", 1, graft_status="occluded", leg_edema="none")
    visit(case, "2017-08-01", 2, graft_status="not_assessed")
    visit(grafted(north, 2), "2016-01-01", graft_status="not_assessed")
    late = grafted(north, 3)
    visit(late, "2016", 0, graft_status="patent")
    visit(late, "2026-11-23", 1, graft_status="occluded")
    visit(add_case(north, 4, days=900), "2016-01-01", graft_status="no_graft", leg_edema="severe")

    found = told(grafts.grafts(CLINICAL))

    assert counts(found["Graft at the last visit that looked at it"]) == {
        "Patent": (1, 2),
        "Occluded": (1, 2),
    }
    assert counts(found["Leg edema at the last visit that says so"]) == {
        "None": (1, 2), "Mild": (0, 2), "Severe": (1, 2),
    }  # fmt: skip


def test_an_infection_counts_among_grafts_of_which_all_complications_are_known(north, everywhere):
    ill, free, silent = (grafted(north, n) for n in range(3))
    cohort.Complication.objects.create(
        case=ill, center=north, type="graft_infection", onset_days_after_resection=20, clavien_dindo="IIIa"
    )
    cohort.Discharge.objects.create(case=free, center=north, no_complication_90d=True)
    cohort.Discharge.objects.create(case=silent, center=north)
    cohort.Discharge.objects.create(case=add_case(north, 9, days=900), center=north, no_complication_90d=True)

    found = told(grafts.grafts(CLINICAL))["Early complications of the graft"]

    assert counts(found) == {"Infection": (1, 2), "Thrombosis": (0, 2), "Stenosis": (0, 2)}


def test_treatment_at_discharge_is_what_was_begun_and_not_stopped(north, everywhere):
    """Heparin then a vitamin K antagonist and aspirin; none; a drug without a first day is no answer."""
    cases = [add_case(north, n, days=900) for n in range(5)]
    for case in cases:
        cohort.Discharge.objects.create(
            case=case,
            center=north,
            discharged_on="2015-06-01",
            discharge_to="died" if case is cases[4] else "home",
        )
    rows = [
        (0, "lmwh_therapeutic", "2015-05-21", "2015-05-30"), (0, "vka", "2015-05-28", None),
        (0, "aspirin", "2015-05", "2016"), (1, "none", None, None), (2, "doac", None, None),
        (3, "doac", "2015-06-02", None), (4, "doac", "2015-05-21", None),
    ]  # fmt: skip
    for place, (case, agent, begun, stopped) in enumerate(rows):
        Antithrombotic.objects.create(
            case=cases[case], center=north, position=place, agent=agent, started_on=begun, stopped_on=stopped
        )

    (group,) = [g for g in grafts.grafts(CLINICAL) if g.heading == "Antithrombotic treatment at discharge"]

    assert counts(told([group])[group.heading]) == {
        "None": (2, 3), "Vitamin K antagonist": (1, 3), "Aspirin": (1, 3),
    }  # fmt: skip
    assert (group.recorded, group.applicable, group.exclusive) == (3, 4, False)


# --- kidneys ---------------------------------------------------------------------------------------------------------


def test_kidney_injury_counts_by_its_highest_stage(north, everywhere):
    """Stage 1 then dialysis is stage 3; one without stage; one free; one of whom nobody says."""
    rows = {0: [("aki", "kdigo_1"), ("dialysis", None)], 1: [("aki", None)], 2: [("aki", "kdigo_2")]}
    for number in range(5):
        case = add_case(north, number, days=900)
        for place, (kind, severity) in enumerate(rows.get(number, ())):
            cohort.Complication.objects.create(
                case=case, center=north, position=place, type=kind, severity=severity,
                onset_days_after_resection=3, clavien_dindo="II",
            )  # fmt: skip
        cohort.Discharge.objects.create(
            case=case, center=north, no_complication_90d=True if number == 3 else None
        )

    found = told(kidneys.kidneys(CLINICAL))["Acute kidney injury within 90 days"]

    assert counts(found) == {
        "None": (1, 4), "KDIGO 1": (0, 4), "KDIGO 2": (1, 4), "KDIGO 3": (1, 4), "Stage not recorded": (1, 4),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sex", "age", "umol_l"),
    [("female", 60, 88.4), ("male", 60, 88.4), ("female", 40, 44.2), ("male", 25, 150.0)],
)
def test_the_database_filters_as_the_case_does(north, everywhere, sex, age, umol_l):
    """The formula itself is tested where cases read it; here both sides of each of its bends."""
    case = add_case(north, 1, sex=sex, age=age, operated_on=None, days=900)
    Presentation.objects.create(case=case, center=north, creatinine_preop_umol_l=umol_l)

    (found,) = kidneys._measured(CLINICAL).values_list("filtered_before", flat=True)

    assert found == pytest.approx(egfr_ml_min(umol_l, age, sex), rel=1e-12)


def test_function_is_told_before_and_after(north, everywhere):
    """Creatinine 80 to 120 is 1.5 times, 100 to 149 is not; the third has one value, the fourth left after the cut."""
    pairs = [(80, 120, "2015-06-01"), (100, 149, "2015-06-01"), (90, None, None), (80, 300, "2026-11-23")]
    for number, (before, after, left) in enumerate(pairs):
        case = add_case(north, number, days=900)
        Presentation.objects.create(case=case, center=north, creatinine_preop_umol_l=before)
        cohort.Discharge.objects.create(
            case=case, center=north, creatinine_discharge_umol_l=after, discharged_on=left
        )

    found = told(kidneys.kidneys(CLINICAL))

    assert counts(found["Creatinine at discharge at least 1.5 times that before"]) == {"": (1, 2)}
    assert found["Creatinine before, µmol/L"][""].value == 85
    assert found["Creatinine at discharge, µmol/L"][""].n == 2
    assert found["Change of the eGFR, mL/min/1.73 m²"][""].n == 2
    assert found["Change of the eGFR, mL/min/1.73 m²"][""].value < 0


def test_renal_veins_of_the_index_resection(north, everywhere):
    case = add_case(north, 1, days=900)
    add_operation(case)
    add_operation(case, position=1, operation_type="reoperation_complication")
    for place, (operation, vein, handling) in enumerate(
        [
            (0, "left_renal", "ligated"),
            (0, "right_renal", "reimplanted_graft"),
            (1, "left_renal", "preserved"),
        ]
    ):
        cohort.VeinHandling.objects.create(
            case=case,
            center=north,
            position=place,
            operation_position=operation,
            vein=vein,
            handling=handling,
        )

    found = told(kidneys.kidneys(CLINICAL))

    assert counts(found["Left renal vein"]) == {"Ligated": (1, 1)}
    assert counts(found["Right renal vein"]) == {"Reimplanted into the graft": (1, 1)}


def test_a_reconstruction_prints_only_what_its_abstract_prints(north, everywhere):
    cohort.founding(north)
    cut = Cut(as_of=CLINICAL.as_of, source="reconstruction")

    assert Case.objects.count() == 8
    assert (grafts.grafts(cut), kidneys.kidneys(cut)) == ((), ())
