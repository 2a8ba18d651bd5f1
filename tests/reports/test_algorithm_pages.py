"""The pages of the algorithm: every rule in words, what each reader may see of it, and the way there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import AlgorithmVersion, Deviation
from cases.rulebook.algorithm import ALGORITHM
from registry import access
from registry.access import Role
from registry.models import Center
from tests.clients import browser
from tests.pages import text
from tests.reports.centers import add_verdicts, other_centers
from tests.rows import one_of_each

pytestmark = pytest.mark.django_db

ALL, LEARNED, ONE = "/admin/algorithm/", "/admin/adherence/", "/admin/algorithm/S-06/"
C, D, N = "concordant", "deviation", "not_assessable"


def html(user, address):
    answer = browser(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the rules -------------------------------------------------------------------------------------------------------


def test_every_rule_stands_there_with_an_anchor_and_its_source(alice):
    page = html(alice, ALL)

    for rule in ALGORITHM.rules:
        assert f'id="{rule.id}"' in page
        assert f'href="{ALL}{rule.id}/"' in page
    assert "Rusin 2021, doi 10.26779/2522-1396.2021.9-10.44" in page
    assert "Founding paper, 8 patients" in page


def test_rules_that_ask_otherwise_stand_side_by_side(alice):
    page = text(browser(alice).get("/admin/algorithm/S-09/"))

    assert "L-09 asks otherwise: the vein was completely occluded or collaterals are well developed" in page
    assert "Challenged by: Parenchyma-sparing resection" in text(browser(alice).get("/admin/algorithm/S-07/"))


def test_the_version_in_force_is_told_with_its_numbers(alice, dana, rita):
    AlgorithmVersion.objects.create(
        version="2027.1", base=ALGORITHM.version, thresholds={"L-23": {"most_days": 60}}, valid_from="2027-01-01",
        note="Sooner is better (Smith 2026)", made_by=dana, activated_by=rita, activated_at="2027-01-01T00:00Z",
        state="active",
    )  # fmt: skip

    page = text(browser(alice).get(ALL))

    assert "Version 2027.1, valid from 2027-01-01 : Sooner is better (Smith 2026)" in page
    assert "60 days" in text(browser(alice).get("/admin/algorithm/L-23/"))


def test_a_rule_that_is_not_there_is_not_found(alice):
    assert browser(alice).get("/admin/algorithm/S-99/").status_code == 404


def test_whoever_has_no_role_is_sent_away(nobody):
    for address in (ALL, LEARNED, ONE):
        assert browser(nobody).get(address).status_code == 302


# --- what one sees of others -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [ALL, LEARNED, ONE, f"{LEARNED}?year=2024"])
def test_a_coordinator_never_sees_the_counts_of_another_center(alice, north, south, address):
    add_verdicts(north, [C, C, D])
    before = _told(alice, address)

    add_verdicts(south, [C] * 31 + [D] * 17 + [N] * 13, days=400)

    assert _told(alice, address) == before


def _told(user, address):
    return text(browser(user).get(address))


def test_a_coordinator_sees_three_others_together_and_none_by_name(alice, north):
    add_verdicts(north, [C, C, D])
    for center in other_centers("EAST", "WEST", "FARAWAY"):
        add_verdicts(center, [C] * 9 + [D] * 6)

    page = html(alice, LEARNED)

    told = text(browser(alice).get(LEARNED))
    assert "NORTH 3 3 2 0 1 0 67% (9 to 99%) Other centers 45 45 25 0 20 0 about 56%" in told
    assert not {"EAST", "WEST", "FARAWAY", "Hospital"} & set(page.replace("<", " ").replace(">", " ").split())


def test_a_reviewer_sees_the_registry_whole(rita, north, south):
    add_verdicts(north, [C, C, D])
    add_verdicts(south, [D])

    told = text(browser(rita).get(LEARNED))

    assert "Whole registry 4 4 2 0 2 0 50% (7 to 93%)" in told
    assert "Other centers" not in told


def test_the_plot_says_in_words_what_it_draws(alice, north):
    add_verdicts(north, [C, C, D])

    page = html(alice, LEARNED)

    assert '<svg class="dots"' in page
    assert 'aria-label="S-06, NORTH: 67% (9 to 99%)"' in page


# --- nothing to count ------------------------------------------------------------------------------------------------


def test_an_empty_registry_says_what_to_do_next(alice):
    for address in (ALL, LEARNED, ONE):
        told = text(browser(alice).get(address))
        assert "Nothing is counted yet" in told
        assert "Enter a case · Import cases" in told


def test_a_registry_of_published_cases_offers_to_show_them(alice, north):
    add_verdicts(north, [C, D], source="literature")

    page = html(alice, LEARNED)
    assert '<a href="?source=literature">Published cases</a>' in page

    told = text(browser(alice).get(f"{LEARNED}?source=literature"))
    assert "Published cases 2 2 1 0 1 0 50% (1 to 99%)" in told
    assert "not evidence" in told


def test_a_sandbox_is_told_that_it_never_counts(person):
    center = Center.objects.create(code="TRIAL", name="Trials", country="PL", is_sandbox=True)
    add_verdicts(center, [C, D])
    tess = person("tess", Role.COORDINATOR, center, is_staff=True)

    assert "Cases of a sandbox are invented and never counted." in text(browser(tess).get(LEARNED))


@pytest.mark.parametrize("given", ["year=abcd", "year=²024", "source=everything", "year=9999", "year=0000"])
def test_what_nobody_can_mean_is_no_error(alice, given):
    assert browser(alice).get(f"{LEARNED}?{given}").status_code == 200


# --- ways there, and their price -------------------------------------------------------------------------------------


def test_findings_and_cases_lead_to_the_rule(alice, lena, north):
    rows = one_of_each(north, by=alice, lead=lena)
    with access.everywhere():
        deviation = Deviation.objects.filter(case=rows[type(_case(rows))]).first()

    finding = html(alice, f"/admin/cases/deviation/{deviation.pk}/change/")
    case = html(alice, f"/admin/cases/case/{deviation.case_id}/change/")

    assert f'href="{ALL}#{deviation.rule_id}"' in finding
    assert f'href="{ALL}#{deviation.rule_id}"' in case


def _case(rows):
    return next(row for model, row in rows.items() if model.__name__ == "Case")


@pytest.mark.parametrize("address", [ALL, LEARNED, ONE])
def test_pages_ask_as_often_for_many_cases_as_for_few(alice, north, address):
    def queries():
        client = browser(alice)
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    add_verdicts(north, [C, D], days=400)
    few = queries()
    for center in (north, *other_centers("EAST", "WEST", "FARAWAY")):
        add_verdicts(center, [C, D, N] * 5, first=50, days=900)

    assert queries() == few <= 30
