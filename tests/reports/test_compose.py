"""A cut of real rows says what the rows say, to whom it may, from one moment."""

import threading
from datetime import date
from types import SimpleNamespace

import pytest
from django.db import connection, connections

from cases import endpoints
from cases.models import Deviation
from registry import access
from registry.dates import PartialDate
from registry.models import Center
from reports import adherence, compose, operations, outcomes, patients, printing
from reports.cohorts import Cut
from reports.models import Audience
from tests.cases.test_versions import put_in_force
from tests.reports import cohort
from tests.reports.cohort import add_case, add_operation, assess

FOUNDING = Cut(as_of=date(2026, 11, 22), source="reconstruction")
CLINICAL = Cut(as_of=date(2026, 11, 22))
QUERIES = 105  # each endpoint and each subgroup is one


def lines(groups):
    """What the groups print, by heading."""
    rows = printing.chapters.grouped("", tuple(groups), 1, ()).rows
    found, heading = {}, ""
    for row in rows:
        heading = row.cells[0] if row.kind != "line" else heading
        found.setdefault(heading, []).append(tuple(cell for cell in row.cells if cell))
    return found


@pytest.fixture
def founding(north, everywhere):
    return cohort.founding(north)


@pytest.mark.django_db
def test_rules_are_titled_with_the_numbers_of_the_version_in_force(founding, dana, rita):
    put_in_force({"S-13": {"largest_mm": 19}}, dana, rita)
    assess(founding[0], S_13="concordant")

    rules, _ = adherence.rules(FOUNDING)

    assert {rule.rule: rule.title for rule in rules}["S-13"] == "Prosthesis of 18 to 19 mm"


@pytest.mark.django_db
def test_table_1_prints_what_the_abstract_prints(founding):
    """Rusin 2021: 7 (87.5%) women, 1 (12.5%) man; median age 57; 3 (37.5%), 1 (12.5%), 4 (50%)."""
    found = lines(patients.patients(FOUNDING))

    assert found["Sex, n (%)"][1:] == [("Women", "7", "(87.5%)"), ("Men", "1", "(12.5%)")]
    assert found["Age at operation, years, median"] == [("Age at operation, years, median", "57")]
    assert [line[1:] for line in found["Growth pattern, n (%)"][1:]] == [
        ("3", "(37.5%)"), ("1", "(12.5%)"), ("4", "(50.0%)"),
    ]  # fmt: skip
    assert [line[1] for line in found["Segments per patient, n (%)"][1:]] == ["4", "3", "1"]


@pytest.mark.django_db
def test_table_2_prints_what_the_abstract_prints(founding):
    """Rusin 2021: 7 Chevron, 1 midline; 6 and 2 prostheses of 18-22 mm; 5, 2, 1; 215 (160-320); 305 (250-500)."""
    found = lines(operations.operations(FOUNDING))

    assert found["Approach, n (%)"][1:] == [
        ("Bilateral subcostal (Chevron)", "7", "(87.5%)"), ("Median laparotomy", "1", "(12.5%)"),
    ]  # fmt: skip
    assert found["Prosthesis or patch, n (%)"][1:] == [
        ("PTFE", "6", "(75.0%)"), ("PTFE, brand Gore-Tex", "2", "(25.0%)"),
    ]  # fmt: skip
    assert found["Graft diameter, mm, range"] == [("Graft diameter, mm, range", "18–22")]
    assert found["Procedure, n (%)"][1:] == [
        ("Circular resection, tube graft", "5", "(62.5%)"),
        ("Circular resection, tube graft, both renal veins implanted", "2", "(25.0%)"),
        ("Circular resection, tube graft, left renal vein implanted", "1", "(12.5%)"),
    ]
    assert found["Operating time, min, median (range)"][0][1:] == ("215", "(160–320)")
    assert found["Blood loss, mL, mean (range)"][0][1:] == ("305", "(250–500)")
    assert "Blood loss, mL, median (range)" not in found
    assert found["Result of the resection, n (%)"][1] == ("Radical: no visible tumor left", "7", "(87.5%)")


@pytest.mark.django_db
def test_margins_are_those_of_the_resections_in_the_table(north, everywhere):
    add_case(north, 1, days=400, margin="R0")
    add_case(north, 2, days=400, margin="")
    add_case(north, 3, in_main_curve=False, margin="R2")

    (group,) = (one for one in operations.operations(CLINICAL) if one.heading == "Margin")

    assert [(line.label, line.value.n, line.value.of) for line in group.lines] == [("R0", 1, 1)]
    assert (group.recorded, group.applicable) == (1, 2)


@pytest.mark.django_db
def test_two_of_eight_and_none_of_eight_have_exact_intervals(founding):
    """Clopper and Pearson: 2 of 8 is 3.2 to 65.1%, 0 of 8 at most 36.9%."""
    grades = {line.label: line.value for line in outcomes.complications(FOUNDING).lines}
    events = {line.label: line.value for line in outcomes.early_events(FOUNDING).lines}

    two = grades["Grade II"]
    assert (two.n, two.of, round(100 * two.lower, 1), round(100 * two.upper, 1)) == (2, 8, 3.2, 65.1)
    assert {(value.n, value.of, round(100 * value.upper, 1)) for value in events.values()} == {(0, 8, 36.9)}


@pytest.mark.django_db
def test_an_event_counts_by_its_day(north, everywhere):
    for number, onset in enumerate((30, 90, 91, None)):
        case = add_case(north, number, days=400)
        cohort.Complication.objects.create(
            case=case, center=north, type="graft_thrombosis", onset_days_after_resection=onset
        )
        cohort.Discharge.objects.create(case=case, center=north, no_complication_90d=False)

    events = {line.label: line.value for line in outcomes.early_events(CLINICAL).lines}

    # Days 30 and 90 are early, day 91 is not; of the fourth nobody knows.
    assert (events["Graft thrombosis"].n, events["Graft thrombosis"].of) == (2, 3)


def early(cut):
    return {line.label: (line.value.n, line.value.of) for line in outcomes.early_events(cut).lines}


@pytest.mark.django_db
def test_a_complication_without_a_row_says_nothing_of_its_kind(north, everywhere):
    """Two say there was none; one says there was one, and not which."""
    for number, free in enumerate((True, True, False)):
        case = add_case(north, number, days=400)
        cohort.Discharge.objects.create(case=case, center=north, no_complication_90d=free)

    assert early(CLINICAL)["Graft thrombosis"] == (0, 2)


@pytest.mark.django_db
def test_complications_after_the_cut_do_not_count_and_who_has_not_had_90_days_is_not_judged(
    north, everywhere
):
    """Operated on 1 January 2020: a thrombosis on day 60 and one that has none."""
    ill, well = (add_case(north, n, operated_on=date(2020, 1, 1), days=400) for n in (1, 2))
    cohort.Complication.objects.create(
        case=ill, center=north, type="graft_thrombosis", onset_on="2020-03-01", clavien_dindo="II"
    )
    cohort.Discharge.objects.create(case=well, center=north, no_complication_90d=True)

    on_day_59, on_day_60, on_day_90 = (
        Cut(as_of=day) for day in (date(2020, 2, 29), date(2020, 3, 1), date(2020, 3, 31))
    )
    assert "Graft thrombosis" not in early(on_day_59)
    assert outcomes.complications(on_day_59) is None
    assert early(on_day_60)["Graft thrombosis"] == (1, 1)
    assert early(on_day_90)["Graft thrombosis"] == (1, 2)
    assert outcomes.complications(on_day_90).recorded == 2


@pytest.mark.django_db
def test_what_came_before_the_resection_is_not_early(north, everywhere):
    """Operated on 20 June 2020: embolism in May came before, one "2020-06" perhaps not, one on 19 June did."""
    for number, onset in enumerate(("2020-05", "2020-06", "2020-06-19", "2019")):
        case = add_case(north, number, operated_on=date(2020, 6, 20), days=400)
        add_operation(case, operated_on="2020-06-20")
        cohort.Complication.objects.create(
            case=case, center=north, type="pe", onset_on=onset, clavien_dindo="II"
        )

    assert early(CLINICAL)["Pulmonary embolism"] == (1, 4)
    assert outcomes.complications(CLINICAL).recorded == 1


@pytest.mark.django_db
def test_a_resection_known_by_year_holds_the_complications_of_that_year(north, everywhere):
    case = add_case(north, 1, operated_on=date(2020, 7, 1), days=400)
    add_operation(case, operated_on="2020")
    cohort.Complication.objects.create(case=case, center=north, type="pe", onset_on="2020-03-04")

    assert early(CLINICAL)["Pulmonary embolism"] == (1, 1)


@pytest.mark.django_db
def test_the_database_counts_the_day_of_an_onset_as_the_case_does(north, everywhere):
    said = {}
    for operated in ("2020", "2020-06", "2020-06-20"):
        index = SimpleNamespace(operated_on=PartialDate.parse(operated))
        case = add_case(north, operated, operated_on=index.operated_on.imputed(), days=400)
        add_operation(case, operated_on=operated)
        for place, onset in enumerate(
            ("2019", "2020", "2020-05", "2020-06", "2020-07", "2020-06-19", "2020-06-21")
        ):
            row = SimpleNamespace(onset_on=PartialDate.parse(onset), onset_days_after_resection=None)
            said[operated, onset] = endpoints.onset_day(SimpleNamespace(index=index), row)
            cohort.Complication.objects.create(
                case=case, center=north, position=place, type="pe", onset_on=onset
            )

    counted = outcomes._complications(CLINICAL).values_list("case__case_number", "onset_on", "day")

    assert {(operated, str(onset)): day for operated, onset, day in counted} == said
    assert said["2020-06-20", "2020-06"] == 0
    assert said["2020-06-20", "2020-06-19"] == -1


@pytest.mark.django_db
def test_a_death_on_a_day_nobody_knows_is_not_an_early_death(north, everywhere):
    """Operated in June 2020, died "2020", imputed to day 30; the second was seen on day 60, the third on day 100."""
    for number, followed in enumerate((None, 60, 100)):
        case = add_case(north, number, days=30 if followed is None else followed, died=True, dated=False)
        cohort.SurvivalObservation.objects.filter(case=case).update(followed_days=followed)
    add_case(north, 9, days=20, died=True)

    assert early(CLINICAL)["Death within 30 days"] == (1, 3)
    assert early(CLINICAL)["Death within 90 days"] == (1, 2)
    assert early(CLINICAL)["Death during the operation"] == (0, 3)


@pytest.mark.django_db
def test_an_onset_of_month_precision_is_compared_by_its_middle(north, everywhere):
    case = add_case(north, 1, operated_on=date(2020, 1, 10), days=400)
    cohort.Complication.objects.create(case=case, center=north, type="pe", onset_on="2020-03")

    events = {line.label: line.value for line in outcomes.early_events(CLINICAL).lines}

    assert (events["Pulmonary embolism"].n, events["Venous thrombosis"].n) == (1, 0)


@pytest.mark.django_db
def test_silence_is_not_the_absence_of_complications(north, everywhere):
    add_case(north, 1, days=400)

    assert outcomes.complications(CLINICAL) is None
    assert {line.label for line in outcomes.early_events(CLINICAL).lines} == {
        "Death during the operation", "Death within 30 days", "Death within 90 days",
    }  # fmt: skip


@pytest.mark.django_db
def test_who_left_alive_before_day_90_is_not_judged_for_it(north, everywhere):
    for number, (days, died) in enumerate([(10, True), (40, False), (60, True), (90, False), (500, False)]):
        add_case(north, number, days=days, died=died)

    events = {line.label: (line.value.n, line.value.of) for line in outcomes.early_events(CLINICAL).lines}

    assert events["Death within 30 days"] == (1, 5)
    assert events["Death within 90 days"] == (2, 4)


@pytest.mark.django_db
def test_age_comes_from_dates_else_as_published(north, everywhere):
    case = add_case(north, 1, age=None, operated_on=date(2020, 6, 30), days=1)
    cohort.Patient.objects.filter(pk=case.patient_id).update(born_on="1960")
    add_case(north, 2, age=40, days=1)

    age = (
        next(group for group in patients.patients(CLINICAL) if group.heading.startswith("Age")).lines[0].value
    )

    assert (age.low, age.high, age.n) == (40, 59, 2), "1 July 1960 to 30 June 2020 is a day short of 60"


@pytest.mark.django_db
@pytest.mark.parametrize(("born", "operated", "age"), [
    ("1961", date(2018, 7, 1), 57), ("1960-02-29", date(2021, 2, 28), 60), ("1960-02-29", date(2021, 3, 1), 61),
])  # fmt: skip
def test_age_is_counted_by_the_calendar(north, everywhere, born, operated, age):
    """1961 to 2018 is 1 July to 1 July: 57 years, though 20 819 days are fewer than 57 times 365.25."""
    case = add_case(north, 1, age=None, operated_on=operated, days=1)
    cohort.Patient.objects.filter(pk=case.patient_id).update(born_on=born)

    found = {group.heading: group for group in patients.patients(CLINICAL)}

    assert found["Age at operation, years"].lines[0].value.value == age


@pytest.mark.django_db
def test_the_words_of_a_center_stay_inside(north, south, everywhere):
    west = Center.objects.create(code="WEST", name="West", country="PL")
    for i in range(30):
        center = (north, south, west)[i % 3]
        with access.scope([center.pk]):
            case = add_case(center, i, days=100 + i)
            add_operation(case)
            cohort.Reconstruction.objects.create(
                case=case,
                center=center,
                ivc_method="tube_graft",
                material="ptfe",
                brand="Prototype 7 for Mr K",
            )

    assert "Prototype" in str(compose.compose(CLINICAL))
    outside = compose.compose(CLINICAL, audience=Audience.OUTSIDE)
    assert "Prototype" not in str(outside)
    assert any(line.label == "PTFE" and line.value.n == 30 for g in outside.operations for line in g.lines)


@pytest.mark.django_db
def test_rules_count_each_case_once_with_its_gravest_answer(founding):
    for i, case in enumerate(founding):
        assess(case, S_04="deviation" if i == 0 else "concordant", S_06="not_applicable")
    cohort.Assessment.objects.filter(case=founding[1]).update(
        findings=[{"rule": "S-04", "verdict": verdict} for verdict in ("concordant", "not_assessable")]
    )

    content = compose.compose(FOUNDING)

    assert content.rules_read == 8
    rules = {rule.rule: rule for rule in content.rules}
    assert (rules["S-04"].concordant, rules["S-04"].deviation, rules["S-04"].not_assessable) == (6, 1, 1)
    assert rules["S-06"].not_applicable == 7
    assert rules["S-04"].title
    assert rules["S-04"].source


@pytest.mark.django_db
def test_the_whole_report_says_the_founding_figures(founding):
    content = compose.compose(FOUNDING)

    printed = printing.printed(content)
    assert [(fact.value, fact.label) for fact in printed.headlines] == [
        ("87.5%", "alive at 12 months"), ("75.0%", "alive at 24 months"), ("62.5%", "alive at 36 months"),
        ("0.0%", "died within 90 days"),
    ]  # fmt: skip
    assert [box.value for box in next(s for s in printed.sections if s.flow).flow] == ["8", "8", "8"]
    assert any("71.4" in note.value for note in printed.notes)
    assert content.methods.rulebooks
    assert content.banner


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_patients(north, everywhere, django_assert_num_queries):
    for i in range(40):
        add_operation(add_case(north, i, days=100 + i), approach=["chevron"], skin_to_skin_min=200)

    with django_assert_num_queries(QUERIES):
        compose.compose(CLINICAL)


@pytest.mark.django_db
def test_an_empty_cut_is_a_report_all_the_same(everywhere):
    content = compose.compose(CLINICAL)

    assert content.survival is None
    assert content.patients == ()
    assert printing.printed(content).title


@pytest.mark.django_db
def test_outsiders_see_less_of_clinical_data_and_all_of_published_data(founding, north):
    for i in range(12):
        add_case(north, f"C{i}", days=100 + i)

    assert compose.compose(CLINICAL).patients
    assert compose.compose(CLINICAL, audience=Audience.OUTSIDE).patients == ()
    assert compose.compose(FOUNDING, audience=Audience.OUTSIDE) == compose.compose(FOUNDING)


@pytest.mark.django_db
def test_the_digest_of_the_data_follows_the_data(founding):
    before = compose.compose(FOUNDING)

    assert compose.compose(FOUNDING) == before
    cohort.Case.objects.filter(pk=founding[0].pk).update(version=2)
    assert compose.compose(FOUNDING).methods.data_digest != before.methods.data_digest


@pytest.mark.django_db(transaction=True)
def test_a_report_sees_one_moment():
    """A case that arrives while a report is read is in none of its tables."""
    north = Center.objects.create(code="NORTH", name="North", country="PL")
    with access.everywhere():
        add_case(north, 1, days=100)

    def arrive():
        try:
            with access.everywhere():
                add_case(north, 2, days=200)
        finally:
            connections.close_all()

    with compose.snapshot():
        first = compose.compose(CLINICAL)
        other = threading.Thread(target=arrive)
        other.start()
        other.join()
        second = compose.compose(CLINICAL)

    assert first == second
    with compose.snapshot():
        assert compose.compose(CLINICAL).flow[0].n == 2


@pytest.mark.django_db(transaction=True)
def test_a_report_cannot_write():
    with compose.snapshot(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)


def test_a_deviation_is_justified_once_every_explanation_of_it_was_accepted(founding, north, alice, rita):
    """Of two cases that deviate from a rule at two places, both explained, one was accepted at both places."""
    said = {"answer": "emergency", "answered_by": alice, "decided_by": rita, "state": "decided"}
    for i, case in enumerate(founding):
        assess(case, S_10="deviation" if i < 2 else "concordant")
        for pointer in ("/operations/0/veins/0", "/operations/0/veins/1"):
            is_accepted = i == 0 or pointer.endswith("0")
            Deviation.objects.create(
                case=case, center=north, rule_id="S-10", pointer=pointer, rulebook_version="2026.1", severity="minor",
                opened_at=cohort.NOW, decision="accepted" if is_accepted else "not_accepted", **said,
            )  # fmt: skip
            if i > 1:  # it closed by itself
                Deviation.objects.filter(case=case).update(state="closed")

    (rule,) = [rule for rule in compose.compose(FOUNDING).rules if rule.rule == "S-10"]

    assert (rule.concordant, rule.deviation, rule.justified) == (6, 1, 1)
