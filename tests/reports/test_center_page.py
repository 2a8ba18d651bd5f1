"""One center beside all others: never named, never few, with the limits of chance where there are enough."""

from datetime import date

import pytest

from cases.models import SurvivalObservation
from registry import access
from registry.models import Center
from reports import center_chapter, center_page, cohorts, compose, drawings, printing
from reports import content as contents
from reports.chapters import Numbers
from reports.cohorts import Cut
from reports.content import CenterPage, Compared, Share
from reports.models import Audience
from tests.reports.centers import other_centers
from tests.reports.cohort import add_case

CUT = date(2026, 11, 22)
OPERATED = date(2020, 1, 1)


def operate(center, patients, *, died=0, days=400):
    """Add patients of whom the first died on day 20; the others were last seen on a day."""
    with access.everywhere():
        for place in range(patients):
            is_dead = place < died
            add_case(
                center, f"{days}-{place}", operated_on=OPERATED, days=20 if is_dead else days, died=is_dead
            )


def page(center):
    with access.everywhere():
        return center_page.center_page(Cut(as_of=CUT, center_id=center.pk), threshold=5)


def printed(found):
    return center_chapter.chapter(found, center_page.funnels(found), Numbers().next, Numbers().next)


@pytest.mark.django_db
def test_own_shares_are_exact_and_others_are_rounded_and_together(north):
    """2 of 12 and 7 of 44. R: binom.test(2, 12)$conf.int gives 0.0209 to 0.4841."""
    operate(north, 12, died=2)
    for place, center in enumerate(other_centers("EAST", "WEST", "FAR", "SEA")):
        operate(center, 11, died=1 + (place < 3))

    line = page(north).lines[0]

    assert (line.label, line.own.n, line.own.of) == ("Death within 30 days", 2, 12)
    assert (line.own.lower, line.own.upper) == pytest.approx((0.0209, 0.4841), abs=5e-5)
    assert (line.others.n, line.others.of) == (5, 45)


@pytest.mark.django_db
def test_limits_are_those_of_the_share_of_all_others(north):
    """R: p <- 10/60; r <- qbinom(c(.025, .975, .001, .999), 12, p);
    (r - (pbinom(r, 12, p) - c(.025, .975, .001, .999)) / dbinom(r, 12, p)) / 12, kept within 0 and 1."""
    operate(north, 12, died=2)
    for center in other_centers("EAST", "WEST", "FAR", "SEA"):
        operate(center, 15, died=2 + (center.code in ("EAST", "WEST")))

    line = page(north).lines[0]

    assert (line.others.n, line.others.of) == (10, 60)
    assert line.limits == pytest.approx(LIMITS_OF_10_IN_60[:2], abs=1e-6)
    assert line.outer_limits == pytest.approx(LIMITS_OF_10_IN_60[2:], abs=1e-6)


def by_hand(q, n=12, p=1 / 6):
    """The formula of Spiegelhalter 2005, appendix A.1.1, with binomial probabilities written out."""
    from math import comb

    own = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    r = next(k for k in range(n + 1) if sum(own[: k + 1]) >= q)
    return min(1.0, max(0.0, (r - (sum(own[: r + 1]) - q) / own[r]) / n))


LIMITS_OF_10_IN_60 = [by_hand(q) for q in (0.025, 0.975, 0.001, 0.999)]


@pytest.mark.django_db
def test_a_funnel_shows_this_center_alone_and_ends_at_twice_its_size(north):
    """At the size of the center it has the limits of the table, which test_limits_are_those... holds against R."""
    operate(north, 12, died=2)
    for center in other_centers("EAST", "WEST", "FAR", "SEA"):
        operate(center, 15, died=2 + (center.code in ("EAST", "WEST")))

    with access.everywhere():
        content = compose.compose(Cut(as_of=CUT, center_id=north.pk))
    line, funnel = content.center_page.lines[0], content.funnels[0]
    at = funnel.sizes.index(12)
    section = next(
        one for one in printing.printed(content).sections if one.figures and one.title == "This center"
    )

    assert (funnel.n, funnel.of, funnel.target, funnel.sizes[0], funnel.sizes[-1]) == (2, 12, 10 / 60, 1, 24)
    assert (funnel.lower[at], funnel.upper[at]) == line.limits
    assert (funnel.outer_lower[at], funnel.outer_upper[at]) == line.outer_limits
    assert len(content.funnels) == sum(line.limits is not None for line in content.center_page.lines)
    (figure,) = section.figures
    assert figure.alternative.startswith("Death within 30 days: 16.7%, within the limits of ")
    assert drawings.drawn(content)["funnels"]("svg").startswith(b"<?xml")


def test_a_share_beyond_the_limits_is_said_to_those_who_do_not_see():
    """R: qbinom(.975, 20, .05) is 3, so 8 of 20 lies beyond any interpolation of it."""
    (funnel,) = center_page.funnels(
        CenterPage(
            patients=20,
            others=100,
            lines=(
                Compared(
                    label="Death within 30 days",
                    own=Share(n=8, of=20),
                    others=Share(n=5, of=100),
                    limits=(0, 0.2),
                ),
                Compared(label="Death within 90 days", own=Share(n=8, of=20), others=Share(n=5, of=100)),
            ),
            follow_up=None,
            others_follow_up=None,
        )
    )

    assert "Death within 30 days: 40.0%, beyond the limits of" in center_chapter.told_of(funnel)


@pytest.mark.django_db
@pytest.mark.parametrize(("own", "others"), [(9, 4), (12, 3)])
def test_without_ten_patients_or_five_centers_there_are_no_limits(north, own, others):
    operate(north, own, died=2)
    for center in other_centers("EAST", "WEST", "FAR", "SEA")[:others]:
        operate(center, 15, died=3)

    line = page(north).lines[0]

    assert (line.limits, line.outer_limits) == (None, None)
    assert center_page.funnels(page(north)) == ()
    assert line.own.upper is not None
    assert line.others is not None


@pytest.mark.django_db
@pytest.mark.parametrize(("centers", "patients"), [(2, 30), (3, 3)])
def test_others_are_not_shown_of_few_centers_or_patients(north, centers, patients):
    operate(north, 12, died=2)
    for center in other_centers("EAST", "WEST", "FAR")[:centers]:
        operate(center, patients, died=1)

    found = page(north)

    assert (found.others, found.others_follow_up) == (None, None)
    assert all(line.others is None for line in found.lines)
    assert "Others are too few to be shown." in printed(found).lead


@pytest.mark.django_db
def test_no_other_center_is_named_and_few_deaths_of_others_are_not_told(north):
    operate(north, 12)
    codes = ("EAST", "WEST", "FAR", "SEA")
    for center in other_centers(*codes):
        operate(center, 10, died=int(center.code == "EAST"))

    with access.everywhere():
        found = compose.compose(Cut(as_of=CUT, center_id=north.pk))

    assert found.center_page.lines[0].others.hidden == "<5"
    text = contents.to_json(found)
    assert not any(f"Hospital {code}" in text for code in codes)
    assert printed(found.center_page).tables[0].rows[0].cells[3] == "<5 of 40"


@pytest.mark.django_db
def test_deaths_of_others_that_follow_from_the_report_for_all_are_withheld(north):
    """3 here and fewer than 5 in all (the report for all says so): that leaves 1 elsewhere, and it is not told."""
    operate(north, 12, died=3)
    for center in other_centers("EAST", "WEST", "FAR", "SEA"):
        operate(center, 10, died=int(center.code == "EAST"))

    with access.everywhere():
        found = compose.compose(Cut(as_of=CUT, center_id=north.pk))

    assert [line.own.n for line in found.center_page.lines[:2]] == [3, 3]
    assert {(line.others.n, line.others.hidden) for line in found.center_page.lines[:2]} == {(None, "[c]")}


@pytest.mark.django_db
def test_own_patients_whom_the_report_for_all_leaves_out_are_not_subtracted_from_it(north):
    """The report for all says 5, which is 5 to 7; of these 1 is from here, so that 4 elsewhere would be certain."""
    operate(north, 12, died=2)
    for center in other_centers("EAST", "WEST", "FAR", "SEA"):
        operate(center, 10, died=1)
    with access.everywhere():
        dead = SurvivalObservation.objects.filter(center=north, death_days=20).order_by("pk")
        assert dead.count() == 2
        SurvivalObservation.objects.filter(pk=dead[0].pk).update(in_reports=False)

    line = page(north).lines[0]

    assert (line.own.n, line.others.n, line.others.hidden) == (2, None, "[c]")


@pytest.mark.django_db
def test_only_the_report_of_a_center_has_its_page(north):
    operate(north, 12)
    for center in other_centers("EAST", "WEST", "FAR"):
        operate(center, 12)

    with access.everywhere():
        assert compose.compose(Cut(as_of=CUT)).center_page is None
        assert compose.compose(Cut(as_of=CUT), audience=Audience.OUTSIDE).center_page is None
        assert compose.compose(Cut(as_of=CUT, center_id=north.pk)).center_page.patients == 12


@pytest.mark.django_db
def test_follow_up_is_complete_by_the_time_that_was_observed(north):
    """To day 1000: one seen to day 500, one dead on day 250, one never heard of: 750 of 1000 + 250 + 1000 days."""
    operated_on = date(2024, 2, 27)
    cut = Cut(as_of=CUT)
    assert (CUT - operated_on).days == 999
    with access.everywhere():
        add_case(north, "a", operated_on=date(2024, 2, 26), days=500)
        add_case(north, "b", operated_on=date(2024, 2, 26), days=250, died=True)
        add_case(north, "c", operated_on=date(2024, 2, 26))

        assert cohorts.follow_up(cut) == pytest.approx(750 / 2250)


@pytest.mark.django_db
def test_who_died_or_was_seen_after_the_cut_was_followed_to_it(north):
    with access.everywhere():
        assert cohorts.follow_up(Cut(as_of=CUT)) is None
        add_case(north, "a", operated_on=date(2026, 11, 12), days=500)
        add_case(north, "b", operated_on=date(2026, 11, 12), days=250, died=True)

        assert cohorts.follow_up(Cut(as_of=CUT)) == 1.0


@pytest.mark.django_db
def test_a_center_of_a_sandbox_is_no_other(north):
    operate(north, 12)
    for center in other_centers("EAST", "WEST"):
        operate(center, 12)
    operate(Center.objects.create(code="TRIAL", name="Trials", country="PL", is_sandbox=True), 12)

    assert page(north).others is None
