"""What the registry learns of its rules: counted once a case, one's own exactly, others only as they may be shown."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Assessment
from cases.rulebook.algorithm import ALGORITHM
from registry import access
from registry.models import Center
from reports import adherence, learning, tallies
from reports.admin.rule_pages import share_of
from reports.cohorts import Cut
from reports.learning import View
from reports.small_numbers import COMPLEMENT
from reports.tallies import Side, Tally
from tests.reports.centers import add_verdicts, deviate, other_centers
from tests.reports.cohort import add_case, assess
from tests.reports.test_sandbox import TODAY

C, D, N, NA = "concordant", "deviation", "not_assessable", "not_applicable"


def counted(own=None, **more):
    return learning.by_rule(
        View(cut=Cut(as_of=TODAY), own=None if own is None else (own.pk,), **more), version="test"
    )


def numbers(tally):
    return tally.concordant, tally.deviation, tally.justified, tally.not_assessable


# --- counting --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_each_verdict_is_counted_and_what_does_not_apply_is_not(north):
    add_verdicts(north, [C, C, C, D, N, NA])

    learned = counted()

    tally = learned.own.tallies["S-06"]
    assert numbers(tally) == (3, 1, 0, 1)
    assert (tally.applicable, tally.judged, tally.share) == (5, 4, 0.75)
    assert learned.own.cases == 6


@pytest.mark.django_db
def test_old_assessments_do_not_count(north):
    (case,) = add_verdicts(north, [C])
    with access.everywhere():
        Assessment.objects.filter(case=case).update(is_current=False)
        assess(case, S_06=D)

    assert numbers(counted().own.tallies["S-06"]) == (0, 1, 0, 0)


@pytest.mark.django_db
def test_a_case_is_justified_when_all_its_deviations_from_the_rule_are_accepted(north, alice, rita):
    both, one, refused = add_verdicts(north, [D, D, D])
    for case, pointer, decision in (
        (both, "/a", "accepted"), (both, "/b", "accepted"), (one, "/a", "accepted"), (one, "/b", "not_accepted"),
        (refused, "", "not_accepted"),
    ):  # fmt: skip
        deviate(case, alice, rita, pointer=pointer, decision=decision)

    assert numbers(counted().own.tallies["S-06"]) == (0, 2, 1, 0)


@pytest.mark.django_db
def test_what_is_told_for_information_of_an_operation_older_than_the_rule_is_justified(north, alice, rita):
    """No row of a deviation stands for it: nobody is asked. Of others that are older a row says so, or otherwise."""
    info, historical = {"severity": "info"}, {"historical": True}
    kinds = ({**info, **historical}, {**info, **historical}, info, historical, historical, {})
    cases = add_verdicts(north, [D] * len(kinds) + [C])
    with access.everywhere():
        for case, kind in zip(cases, kinds, strict=False):
            assessment = Assessment.objects.get(case=case)
            Assessment.objects.filter(case=case).update(findings=[{**assessment.findings[0], **kind}])
    deviate(cases[3], alice, rita, decision="accepted")
    deviate(cases[4], alice, rita, decision="not_accepted")

    assert numbers(counted().own.tallies["S-06"]) == (1, 3, 3, 0)
    by_year = learning.by_year(View(cut=Cut(as_of=TODAY)), rule_id="S-06", version="test")
    assert numbers(by_year.own.tallies[2024]) == (1, 3, 3, 0)
    with access.everywhere():
        (rule,), _ = adherence.rules(Cut(as_of=TODAY))
    assert (rule.concordant, rule.deviation, rule.justified) == (1, 3, 3)


@pytest.mark.django_db
def test_a_year_is_that_of_the_index_resection(north):
    add_verdicts(north, [C, D], year=2023)
    add_verdicts(north, [C], year=2024)

    assert numbers(counted(year=2023).own.tallies["S-06"]) == (1, 1, 0, 0)
    assert counted().years == (2024, 2023)
    by_year = learning.by_year(View(cut=Cut(as_of=TODAY)), rule_id="S-06", version="test")
    assert {year: numbers(tally) for year, tally in by_year.own.tallies.items()} == {
        2023: (1, 1, 0, 0),
        2024: (1, 0, 0, 0),
    }


@pytest.mark.django_db
def test_published_cases_never_stand_beside_registered_ones(north):
    add_verdicts(north, [C])
    add_verdicts(north, [D, D], source="literature", first=10)

    assert numbers(counted().own.tallies["S-06"]) == (1, 0, 0, 0)
    published = View(cut=Cut(as_of=TODAY, source="literature"))
    assert numbers(learning.by_rule(published, version="test").own.tallies["S-06"]) == (0, 2, 0, 0)
    assert learning.sources_with_cases(Cut(as_of=TODAY)) == ("literature",)


@pytest.mark.django_db
def test_cases_that_an_earlier_version_read_are_named(north):
    add_verdicts(north, [C, D])

    assert learning.by_rule(View(cut=Cut(as_of=TODAY)), version="2030.1").outdated == 2
    assert counted().outdated == 0


def test_each_rule_gives_one_verdict_a_case():
    """The counts are of verdicts; they are of cases as long as this holds."""
    ids = [rule.id for rule in ALGORITHM.rules]
    assert len(ids) == len(set(ids))
    assert {rule.scope.name for rule in ALGORITHM.rules} == {"case", "index"}
    assert not set('[]", ') & set("".join(ids))  # what the lists of an assessment are split at


@pytest.mark.django_db
def test_as_many_queries_for_a_hundred_cases_as_for_one(north, south):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            counted(own=north)
        return len(seen)

    add_verdicts(north, [C])
    few = queries()
    for center in (north, south):
        add_verdicts(center, [C, D, N] * 17, first=100)
    with access.everywhere():
        for place in range(5):
            case = add_case(north, f"more-{place}")
            assess(case, **{rule.id.replace("-", "_"): C for rule in ALGORITHM.rules})

    assert queries() == few <= 12


# --- what others may see ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_of_one_other_center_nothing_is_seen(north, south):
    add_verdicts(north, [C, D])
    add_verdicts(south, [C] * 30 + [D] * 20)

    learned = counted(own=north)

    assert numbers(learned.own.tallies["S-06"]) == (1, 1, 0, 0)
    assert learned.others == Side(is_shown=False, tallies={})


@pytest.mark.django_db
def test_others_are_rounded_and_their_small_numbers_withheld(north):
    add_verdicts(north, [C, D])
    for center in other_centers("EAST", "WEST", "FAR"):
        add_verdicts(center, [C] * 7 + [D] + [N] * 4)

    others = counted(own=north).others

    assert others.cases == 35  # of 36
    tally = others.tallies["S-06"]
    assert numbers(tally) == (20, None, 0, 10)  # 21 concordant; 3 deviations; 12 not assessable
    assert dict(tally.marks) == {"deviation": "<5"}
    assert (tally.share, tally.interval, tally.judged) == (None, None, None)


@pytest.mark.django_db
def test_a_rule_that_few_other_centers_were_judged_by_has_no_numbers(north):
    east, west, far = other_centers("EAST", "WEST", "FAR")
    for center in (east, west):
        add_verdicts(center, [C] * 20 + [D] * 20)
    add_verdicts(far, [N] * 10 + [NA] * 10)

    others = counted(own=north).others

    assert (others.is_shown, others.centers) == (True, 3)
    assert numbers(others.tallies["S-06"]) == (None, None, None, None)
    view = View(cut=Cut(as_of=TODAY), own=(north.pk,))
    by_year = learning.by_year(view, rule_id="S-06", version="test").others.tallies
    assert numbers(by_year[2024]) == (None, None, None, None)

    add_verdicts(far, [C] * 5, first=50)
    assert numbers(counted(own=north).others.tallies["S-06"]) == (45, 40, 0, 10)


@pytest.mark.django_db
def test_a_share_of_rounded_counts_has_no_interval(north):
    for center in other_centers("EAST", "WEST", "FAR"):
        add_verdicts(center, [C] * 7 + [D] * 4)

    tally = counted(own=north).others.tallies["S-06"]

    assert (tally.concordant, tally.judged, tally.interval) == (20, 30, None)
    assert share_of(tally) == "about 67%"


@pytest.mark.django_db
def test_others_of_a_year_are_shown_only_if_enough_centers_operated_then(north):
    east, west, far = other_centers("EAST", "WEST", "FAR")
    for center in (east, west, far):
        add_verdicts(center, [C] * 5 + [D] * 5, year=2024)
    add_verdicts(east, [C] * 20, year=2023)

    assert not counted(own=north, year=2023).others.is_shown
    assert counted(own=north).years == (2024,)
    view = View(cut=Cut(as_of=TODAY), own=(north.pk,))
    by_year = learning.by_year(view, rule_id="S-06", version="test").others.tallies
    assert numbers(by_year[2023]) == (None, None, None, None)
    assert numbers(by_year[2024]) == (15, 15, 0, 0)


@pytest.mark.django_db
def test_whoever_sees_the_registry_sees_it_whole_and_exact(north, south):
    add_verdicts(north, [C])
    add_verdicts(south, [C, D])

    learned = counted()

    assert numbers(learned.own.tallies["S-06"]) == (2, 1, 0, 0)
    assert learned.others is None
    assert (learned.own.cases, learned.own.centers) == (3, 2)


@pytest.mark.django_db
def test_a_sandbox_counts_for_nobody(db):
    trial = Center.objects.create(code="TRIAL", name="Trials", country="PL", is_sandbox=True)
    with access.everywhere():
        add_verdicts(trial, [D] * 5)

        assert counted().own.cases == counted(own=trial).own.cases == 0


def test_a_share_has_its_exact_interval():
    # R 4.2.2: binom.test(38, 61)$conf.int
    assert Tally(concordant=38, deviation=20, justified=3).interval == pytest.approx(
        (0.489633058794722, 0.7439064996561), rel=1e-12
    )
    assert Tally(not_assessable=4).interval is None


@pytest.mark.parametrize("deviations", range(1, 5))
def test_nothing_shown_depends_on_how_large_a_small_number_is(deviations):
    tally = Tally(concordant=40, deviation=deviations, not_assessable=20)
    side = Side(cases=100, centers=3, tallies={"S-06": tally})

    (shown,) = tallies.withhold(side, {}, threshold=5).tallies.values()

    assert shown == Tally(
        concordant=40, deviation=None, not_assessable=20, marks=(("deviation", "<5"),), is_rounded=True
    )


def test_where_rounding_would_give_a_small_number_back_nothing_is_shown():
    """8 to 12 cases of whom 8 to 12 are concordant, and two small numbers and two more: 8, 1, 1, 1 and 1."""
    tally = Tally(concordant=8, deviation=1, justified=1, not_assessable=1)
    side = Side(cases=12, centers=3, tallies={"S-06": tally})

    (shown,) = tallies.withhold(side, {}, threshold=5).tallies.values()

    assert numbers(shown) == (None, None, None, None)
    assert dict(shown.marks) == dict.fromkeys(tallies.COUNTED, COMPLEMENT)
