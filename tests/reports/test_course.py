"""Graft, kidneys, recurrence and the first 90 days, as the forms say them."""

from datetime import date

import pytest

from cases.derived import egfr_ml_min
from cases.models import Antithrombotic, Case, FollowUp, Presentation, Recurrence, SurvivalObservation
from reports import coarse_outcome, course_chapters, grafts, kidneys, recurrences, remarks, short_term
from reports.aggregates import share
from reports.chapters import Numbers
from reports.cohorts import Cut
from reports.content import Group, Line
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
        "No acute kidney injury": (1, 4), "KDIGO 1": (0, 4), "KDIGO 2": (1, 4), "KDIGO 3": (1, 4),
        "Stage not recorded": (1, 4),
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


# --- recurrence ------------------------------------------------------------------------------------------------------


def recurred(center, number, *, day, died=None, followed=None, kind="distant", free=True):
    case = add_case(center, number, days=died or followed, died=died is not None)
    SurvivalObservation.objects.filter(case=case).update(
        recurrence_days=day, recurrence_kind=kind, made_disease_free=free, followed_days=followed or died
    )
    return case


def find(case, on, position=0, **found):
    Recurrence.objects.create(case=case, center=case.center, position=position, detected_on=on, **found)


def test_what_is_found_on_the_day_of_the_first_recurrence_counts(north, everywhere):
    """Operated 20 May 2015: lung and liver on day 100, in two rows, bone later; one outside those made free."""
    case = recurred(north, 1, day=100, followed=900)
    find(case, "2015-08-28", 0, kind="distant", sites=["lung"], treatment=["systemic"])
    find(case, "2015-08-28", 1, kind="distant", sites=["liver", "lung"])
    find(case, "2016-08-28", 2, kind="distant", sites=["bone"])
    find(recurred(north, 2, day=100, followed=900, kind="local", free=False), "2015-08-28", sites=["brain"])
    recurred(north, 3, day=100, followed=900, kind="local")

    groups = recurrences.recurrences(CLINICAL)
    found = told(groups)

    assert counts(found["Kind of the first recurrence"]) == {"Local": (1, 2), "Distant": (1, 2)}
    assert counts(found["Sites of the first recurrence"]) == {"Liver": (1, 1), "Lung": (1, 1)}
    assert counts(found["Treatment of the first recurrence"]) == {"Systemic therapy": (1, 1)}
    assert {group.heading: (group.recorded, group.applicable) for group in groups}[
        "Sites of the first recurrence"
    ] == (1, 2)


def test_survival_after_recurrence_begins_on_its_day(north, everywhere):
    """lung of package survival, the first ten rows, each recurring on a day of its own.

    Nobody is censored before day 365, when 6 of 10 have died: survfit(Surv(time, status == 2) ~ 1, lung[1:10, ]) is
    the share of the living, 4 of 10.
    """
    days = [306, 455, 1010, 210, 883, 1022, 310, 361, 218, 166]
    died = [1, 1, 0, 1, 1, 0, 1, 1, 1, 1]
    for number, (time, status) in enumerate(zip(days, died, strict=True)):
        since = 50 + 37 * number
        recurred(north, number, day=since, **{"died" if status else "followed": since + time})
    recurred(north, 20, day=5000, followed=5400)  # after the cut
    recurred(north, 21, day=100, died=200, free=False)

    found = recurrences.after_recurrence(CLINICAL)

    assert (found.n, found.events, found.origin) == (10, 8, "first recurrence")
    assert found.curves[0].time_days == tuple(sorted(map(float, days)))
    assert found.curves[0].survival[5] == pytest.approx(0.4, abs=1e-12)


def test_a_recurrence_after_the_cut_has_not_happened_yet(north, everywhere):
    recurred(north, 1, day=400, followed=900)

    assert recurrences.recurrences(Cut(as_of=date(2016, 1, 1))) == ()
    assert recurrences.after_recurrence(Cut(as_of=date(2016, 1, 1))) is None


# --- the first 90 days -----------------------------------------------------------------------------------------------


def stayed(center, number, *, until="2015-06-01", days=900, died=False, margin="R0", **discharge):
    case = add_case(center, number, days=days, died=died, margin=margin)
    add_operation(case, operated_on="2015-05-20")
    given = {"discharge_to": "home", "readmitted_90d": False, "readmitted_30d": False, **discharge}
    cohort.Discharge.objects.create(case=case, center=center, discharged_on=until, **given)
    return case


def complicated(case, *grades, **given):
    for place, grade in enumerate(grades):
        cohort.Complication.objects.create(
            case=case, center=case.center, position=place, type="other", clavien_dindo=grade,
            onset_days_after_resection=5, **given,
        )  # fmt: skip


def test_failure_to_rescue_is_death_among_those_with_a_major_complication(north, everywhere):
    """Grades IIIa and V died, IVa lived, II died; one with IIIb left alive before day 90."""
    for number, (grade, days, died) in enumerate(
        [("IIIa", 30, True), ("V", 60, True), ("IVa", 900, False), ("II", 50, True), ("IIIb", 40, False)]
    ):
        complicated(stayed(north, number, days=days, died=died), grade)

    found = counts(told(short_term.short_term(CLINICAL))["After the operation"])

    assert found["Failure to rescue: death after a major complication"] == (2, 3)


def test_reoperations_and_readmissions(north, everywhere):
    """One reoperated by its complication, one by an operation on day 12, one on day 100; one silent."""
    complicated(stayed(north, 1, readmitted_90d=True), "IIIb", treatment=["reoperation"])
    again = stayed(north, 2, no_complication_90d=None, readmitted_90d=True, readmitted_30d=None)
    add_operation(again, position=1, operation_type="reoperation_complication", operated_on="2015-06-01")
    late = stayed(north, 3, no_complication_90d=True)
    add_operation(late, position=1, operation_type="reoperation_complication", operated_on="2015-08-28")
    stayed(north, 4)

    found = counts(told(short_term.short_term(CLINICAL))["After the operation"])

    assert found["Reoperation within 90 days"] == (2, 3)
    assert found["Readmission within 90 days"] == (2, 4)
    assert found["Readmission within 30 days"] == (0, 3)


def test_textbook_outcome_asks_for_every_part(north, everywhere):
    """Stays of 10, 12, 12 and 40 days: R's quantile(c(10, 12, 12, 40, 12), 0.75) is 12."""
    stayed(north, 1, until="2015-05-30", no_complication_90d=True)
    stayed(north, 2, no_complication_90d=True, margin="R2")
    complicated(stayed(north, 3), "IIIa")
    stayed(north, 4, until="2015-06-29", no_complication_90d=True)
    stayed(north, 5, no_complication_90d=True, readmitted_90d=None)
    complicated(stayed(north, 6, days=30, died=True, discharge_to="died", readmitted_90d=None), "V")

    (group,) = [g for g in short_term.short_term(CLINICAL) if g.heading == "Textbook outcome"]

    assert "(12 days)" in group.note
    assert counts(told([group])["Textbook outcome"]) == {
        "Margin R0 or R1": (5, 6),
        "No complication of grade IIIa or higher": (4, 6),
        "Stay no longer than the upper quartile of the registry": (4, 5),
        "No readmission within 90 days": (4, 4),
        "Alive on day 90": (5, 6),
        "Textbook outcome: all of these": (1, 5),
    }


def test_the_burden_of_complications_is_the_index_of_slankamenac(north, everywhere):
    """Slankamenac 2013, Ann Surg 258:1: I is 8.7, II 20.9, IIIa 26.2, IIIb 33.7, IVa 42.4, IVb 46.2, V 100."""
    said = {"I": 8.7, "II": 20.9, "IIIa": 26.2, "IIIb": 33.7, "IVa": 42.4, "IVb": 46.2, "V": 100}
    cases = {grade: stayed(north, place) for place, grade in enumerate(said)}
    for grade, case in cases.items():
        complicated(case, grade)
    both = stayed(north, 9)
    complicated(both, "II", "IVb", "V")
    stayed(north, 10, no_complication_90d=True)

    found = dict(short_term._patients(CLINICAL).values_list("case_id", "burden"))

    assert {grade: round(found[case.pk], 1) for grade, case in cases.items()} == said
    assert found[both.pk] == 100
    index = told(short_term.short_term(CLINICAL))["Comprehensive Complication Index"][""]
    assert (index.n, index.brackets) == (9, "IQR")


def test_days_of_stay_need_days_on_both_sides(north, everywhere):
    stayed(north, 1)
    stayed(north, 2, until="2015-06")
    stayed(north, 3, discharge_to="died")
    stayed(north, 4, until="2026-11-23")

    stay = told(short_term.short_term(CLINICAL))["Length of stay, days"][""]

    assert (stay.n, stay.value) == (1, 12)


def test_the_sum_of_small_grades_is_told_nobody_outside():
    """Four grades of 4 each: their sum, rounded to 20, would leave each nothing but 4."""

    def group(**lines):
        return Group(
            heading="x", statistic="n", recorded=None, applicable=None,
            lines=tuple(Line(label=label, value=share(n, of)) for label, (n, of) in lines.items()),
        )  # fmt: skip

    told_of = group(
        **{remarks.FAILED_TO_RESCUE: (5, 16), remarks.NO_MAJOR: (32, 48), "Alive on day 90": (45, 48)}
    )
    small = group(none=(20, 48), **{"Grade I": (12, 48), "Grade IIIa": (4, 48)})
    large = group(none=(20, 48), **{"Grade I": (2, 48), "Grade IIIa": (16, 48)})

    (withheld,) = coarse_outcome.short_term((told_of,), small, 5)
    (shown,) = coarse_outcome.short_term((told_of,), large, 5)

    assert [line.value.n for line in withheld.lines] == [None, None, 45]
    assert [line.value.n for line in shown.lines] == [5, 32, 45]
    assert (withheld.note, shown.note) == (remarks.TEXTBOOK, remarks.TEXTBOOK)


def test_a_share_of_few_is_printed_with_its_own_denominator(north, everywhere):
    """None of one: the exact upper limit is 97.5% (Clopper and Pearson: 1 - 0.025)."""
    cohort.Discharge.objects.create(case=grafted(north, 1), center=north, no_complication_90d=True)

    section = course_chapters.graft(grafts.grafts(CLINICAL), Numbers())

    assert section.tables[0].rows[0].cells == ("Infection", "0 of 1", "0.0%", "0.0–97.5")
