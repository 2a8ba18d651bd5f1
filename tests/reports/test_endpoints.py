"""Every endpoint counted in the database: as worked out by hand, and as counted from documents one by one."""

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import intake, synthesis
from cases.document import load
from cases.endpoints import EARLY_DAYS
from cases.intake import Submission
from cases.models import SurvivalObservation
from cases.observations import row
from reports import cohorts, endpoints, survival
from reports.cohorts import Cut
from reports.endpoints import ENDPOINTS
from tests.reports.cohort import add_case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
OPERATED = date(2015, 5, 20)
TODAY = Cut(as_of=date(2026, 11, 22))
SYNTHETIC = Cut(as_of=date(2026, 1, 1), source="synthetic")


def a_case(center, number, *, days=None, died=False, **seen):
    case = add_case(center, number, operated_on=OPERATED, days=days, died=died)
    SurvivalObservation.objects.filter(pk=case.pk).update(**seen)


def counts(name, cut=TODAY, stratum=""):
    """Cells (day, events, competing events, censored) with somebody in them."""
    table = cohorts.life_table(cut, endpoint=ENDPOINTS[name], stratum=stratum)
    competing = table.failed - table.events[0]
    cells = zip(table.time, table.events[0], competing, table.censored, strict=True)
    return [tuple(map(int, cell)) for cell in cells if any(cell[1:])]


@pytest.fixture
def ward(north):
    """Four patients: 1 recurs on both sides and dies of it, 2 dies of something else, 3 lives, 4 keeps a residue."""
    free, graft = {"made_disease_free": True}, {"ivc_method": "tube_graft"}
    a_case(north, 1, days=900, died=True, death_cause="disease", recurrence_days=300, local_recurrence_days=300,
           distant_metastasis_days=500, graft_occlusion_days=700, days_from_diagnosis=40, diagnosis_is_dated=True,
           **free, **graft)  # fmt: skip
    a_case(north, 2, days=400, died=True, death_cause="other", days_from_diagnosis=0, **free, **graft)
    a_case(north, 3, days=1000, graft_removal_days=600, graft_occlusion_days=600, **free, **graft)
    a_case(north, 4, days=200, died=True, death_cause="unknown", days_from_diagnosis=1, ivc_method="patch",
           recurrence_days=100)  # fmt: skip


BY_HAND = {
    "overall_survival": [(200, 1, 0, 0), (400, 1, 0, 0), (900, 1, 0, 0), (1000, 0, 0, 1)],
    "disease_specific_survival": [(200, 0, 1, 0), (400, 0, 1, 0), (900, 1, 0, 0), (1000, 0, 0, 1)],
    "disease_free_survival": [(300, 1, 0, 0), (400, 1, 0, 0), (1000, 0, 0, 1)],
    "local_recurrence": [(300, 1, 0, 0), (400, 0, 1, 0), (1000, 0, 0, 1)],
    "distant_metastasis": [(400, 0, 1, 0), (500, 1, 0, 0), (1000, 0, 0, 1)],
    "graft_patency": [(400, 0, 1, 0), (600, 1, 0, 0), (700, 1, 0, 0)],
    "overall_survival_from_diagnosis": [(201, 1, 0, 0), (400, 1, 0, 0), (940, 1, 0, 0)],
    "overall_survival_from_day_90": [(110, 1, 0, 0), (310, 1, 0, 0), (810, 1, 0, 0), (910, 0, 0, 1)],
}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_counts_are_those_made_by_hand(ward, name):
    assert counts(name) == BY_HAND[name]


def test_an_event_after_the_cut_has_not_happened(ward):
    at_450_days = Cut(as_of=date(2016, 8, 12))  # 20 May 2015 and 450 days

    assert counts("distant_metastasis", at_450_days) == [(400, 0, 1, 0), (450, 0, 0, 2)]
    assert counts("disease_free_survival", at_450_days) == [(300, 1, 0, 0), (400, 1, 0, 0), (450, 0, 0, 1)]
    assert counts("overall_survival_from_diagnosis", at_450_days) == [
        (201, 1, 0, 0),
        (400, 1, 0, 0),
        (490, 0, 0, 1),
    ]


def test_from_diagnosis_patients_are_at_risk_from_the_day_of_their_resection_on(ward):
    table = cohorts.life_table(TODAY, endpoint=ENDPOINTS["overall_survival_from_diagnosis"])

    assert table.at_risk_at([0, 1, 39, 40, 41, 201, 202]).tolist() == [[1, 2, 2, 3, 3, 3, 2]]
    assert list(survival.kaplan_meier(table).at([202, 401]).estimate[0]) == pytest.approx([2 / 3, 1 / 3])


def test_a_death_on_the_table_counts_from_diagnosis_too(north):
    a_case(north, 1, days=0, died=True, days_from_diagnosis=30)

    assert counts("overall_survival_from_diagnosis") == [(30, 1, 0, 0)]


def test_the_landmark_is_where_early_outcome_ends():
    assert endpoints.LANDMARK_DAYS == EARLY_DAYS


def test_from_day_90_only_those_alive_and_observed_past_it(north):
    """Day 90 itself is not past it: survival.conditional_survival, and R's survfit with start.time just above 90."""
    a_case(north, 1, days=89, died=True)
    a_case(north, 2, days=90, died=True)
    a_case(north, 3, days=90)
    a_case(north, 4, days=91, died=True)
    a_case(north, 5, days=400)

    assert counts("overall_survival_from_day_90") == [(1, 1, 0, 0), (310, 0, 0, 1)]


def test_from_day_90_is_conditional_survival(documents):
    """Survival until t of those alive at s is S(t)/S(s) (docs/statistics.md)."""
    whole = cohorts.life_table(SYNTHETIC)
    late = cohorts.life_table(SYNTHETIC, endpoint=ENDPOINTS["overall_survival_from_day_90"])
    days = np.array([100, 365, 730, 1826])

    found = survival.kaplan_meier(late).at(days - 90).estimate[0]

    of_all = survival.kaplan_meier(whole).at([90, *days]).estimate[0]
    assert 0.2 < of_all[-1] < of_all[0] < 1, "something to compare"
    assert list(found) == pytest.approx(list(of_all[1:] / of_all[0]), abs=1e-12)


def test_a_decade_alone(north):
    a_case(north, 1, days=100, era="2010s")
    a_case(north, 2, days=200, era="2020s")

    assert counts("overall_survival", Cut(as_of=TODAY.as_of, era="2020s")) == [(200, 0, 0, 1)]


def test_imputed_dates_are_counted(ward):
    SurvivalObservation.objects.update(imputed_dates=2)

    found = {name: cohorts.dated_life_table(TODAY, endpoint=one)[1] for name, one in ENDPOINTS.items()}

    assert found["overall_survival"] == 8
    assert found["graft_patency"] == found["local_recurrence"] == 6, "three patients"
    assert found["overall_survival_from_diagnosis"] == 6 + 2, "three patients, two diagnoses without a day"


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("stratum", ["", "segment"])
def test_one_query_a_life_table(ward, django_assert_num_queries, name, stratum):
    with django_assert_num_queries(1):
        cohorts.life_table(TODAY, endpoint=ENDPOINTS[name], stratum=stratum)


def test_definitions_have_digests_of_their_own():
    assert len({endpoint.digest for endpoint in ENDPOINTS.values()}) == len(ENDPOINTS)


# --- against the documents ---------------------------------------------------------------------------------------


@pytest.fixture
def documents(north, south, alice, bob):
    """Sixty synthetic cases through the door, and read back."""
    made = list(synthesis.documents(60, until=date(2026, 1, 1)))
    receipts = intake.save_cases(
        [Submission(document=one) for one in made[:40]], center=north, by=alice, source="synthetic"
    ) + intake.save_cases(
        [Submission(document=one) for one in made[40:]], center=south, by=bob, source="synthetic"
    )
    ids = [receipt.case_id for receipt in receipts]
    return [(case, row(case.document, case_id=case.id, center_id=case.center_id, source=case.source))
            for case in load(ids)]  # fmt: skip


def days_of(name, seen):
    """The days of the events and of what competes, from the definitions in words."""
    died, is_disease = seen["death_days"], seen["death_cause"] == "disease"
    return {
        "overall_survival": ([died], []),
        "overall_survival_from_diagnosis": ([died], []),
        "overall_survival_from_day_90": ([died], []),
        "disease_specific_survival": ([died if is_disease else None], [None if is_disease else died]),
        "disease_free_survival": ([seen["recurrence_days"], died], []),
        "local_recurrence": ([seen["local_recurrence_days"]], [died]),
        "distant_metastasis": ([seen["distant_metastasis_days"]], [died]),
        "graft_patency": ([seen["graft_occlusion_days"]], [died, seen["graft_removal_days"]]),
    }[name]


def is_among(name, seen):
    if name == "overall_survival_from_diagnosis":
        return seen["days_from_diagnosis"] is not None
    if name in ("disease_free_survival", "local_recurrence", "distant_metastasis"):
        return seen["made_disease_free"]
    if name == "graft_patency":
        return seen["ivc_method"] in ("tube_graft", "bifurcated_graft", "autologous_tube")
    return True


def cell_of(name, seen, as_of):
    """Day and what happened on it, at a cut; None for who is not there."""
    cut = (as_of - seen["origin_on"]).days if seen["origin_on"] else None
    if not seen["in_main_curve"] or (cut is not None and cut < 0):
        return None
    own, other = ([day for day in days if day is not None] for days in days_of(name, seen))
    failed = min([*own, *other], default=None)
    end = seen["followed_days"] if failed is None else failed
    if end is None:
        return None
    if failed is None or (cut is not None and failed > cut):
        what, end = "censored", end if cut is None else min(end, cut)
    else:
        what = "event" if failed in own else "competing"
    if name == "overall_survival_from_day_90":
        return (end - 90, what) if end > 90 else None
    return end + (seen["days_from_diagnosis"] if name == "overall_survival_from_diagnosis" else 0), what


def test_counts_are_those_of_the_documents(documents):
    assert sum(seen["graft_occlusion_days"] is not None for _, seen in documents), "something to count"

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(sorted(ENDPOINTS)),
        st.sampled_from(["", "segment", "size", "ivc_method", "grade", "center", "era"]),
        st.dates(date(2000, 1, 1), date(2026, 1, 1)),
    )
    def agree(name, stratum, as_of):
        expected = Counter()
        for _, seen in documents:
            cell = cell_of(name, seen, as_of) if is_among(name, seen) else None
            if cell:
                group = seen["center_id"] if stratum == "center" else seen[stratum] if stratum else "all"
                expected[(group, *cell)] += 1

        table = cohorts.life_table(
            Cut(as_of=as_of, source="synthetic"), endpoint=ENDPOINTS[name], stratum=stratum
        )

        found = Counter()
        for group, span in zip(table.groups, table.spans(), strict=True):
            planes = {
                "event": table.events[0],
                "competing": table.failed - table.events[0],
                "censored": table.censored,
            }
            for what, plane in planes.items():
                for day, n in zip(table.time[span], plane[span], strict=True):
                    found[(group, int(day), what)] += int(n)
        assert +found == expected

    agree()


def test_intake_keeps_the_columns_true(documents):
    stored = {one["case_id"]: one for one in SurvivalObservation.objects.values()}

    assert stored == {seen["case_id"]: seen for _, seen in documents}
