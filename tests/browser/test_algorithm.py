"""What the pages of the algorithm show once there are cases: table, plot and curves, at both widths."""

import re

import pytest

from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS
from tests.browser.pictures import see
from tests.reports.centers import other_centers
from tests.reports.cohort import add_case, assess


@pytest.fixture
def registry(north):
    """Four centers, whose patients live 1 to 5 years; half of them kept the rule."""
    centers = (north, *other_centers("EAST", "WEST", "FAR"))
    with access.everywhere():
        for center in centers:
            for place in range(24):
                verdict = "concordant" if place % 2 else "deviation"
                case = add_case(center, f"A{place}", days=300 + 60 * place, died=place % 3 == 0)
                assess(case, S_06=verdict, S_09="concordant", L_09="deviation", L_20="not_assessable")


@WIDTHS
def test_what_the_registry_learns_is_seen_and_heard(page_of, registry, alice, width):
    page = page_of(alice, width=width)

    page.goto("/admin/adherence/")
    expect(page.locator("svg.dots")).to_be_visible()
    expect(page.get_by_role("img", name="S-06, Other centers: about 50%")).to_have_count(1)
    _is_whole(page, width)
    see(page, "adherence")

    page.get_by_role("link", name="S-06").last.click()
    expect(page.get_by_text("Descriptive only: not a comparison of treatments.")).to_be_visible()
    expect(page.get_by_role("img", name="Kaplan–Meier curves")).to_be_visible()
    _is_whole(page, width)
    see(page, "rule")


@WIDTHS
def test_the_index_leads_to_each_rule(page_of, registry, alice, width):
    page = page_of(alice, width=width)

    page.goto("/admin/algorithm/")
    page.get_by_role("navigation", name="Phases").get_by_role("link", name="L-09").click()

    expect(page).to_have_url(re.compile("#L-09$"))
    expect(page.locator("article:target h3")).to_contain_text("Ligation only with collaterals")
    expect(page.locator("article:target")).to_contain_text("S-09 asks otherwise")
    _is_whole(page, width)
    see(page, "algorithm")


def _is_whole(page, width):
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
