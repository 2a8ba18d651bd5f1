"""Two people and one case: whoever saves later sees both versions, loses by choice and wins by choice."""

import re

import pytest

from cases import document as documents
from cases import intake
from cases.intake import Submission
from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import NARROW
from tests.browser.pictures import see
from tests.cases.examples import resected

HEIGHT, WEIGHT = "[name=presentation-height_cm]", "[name=presentation-weight_kg]"


@pytest.fixture
def case(north, alice):
    document = resected()
    return intake.save_case(Submission(document=document), center=north, by=alice, source="admin").case_id


def answers(case_id):
    with access.everywhere():
        (stored,) = documents.load([case_id])
    form = stored.document.presentation
    return stored.version, form.height_cm, form.weight_kg


def overtaken(page_of, case, alice, ines, width):
    """Alice and Ines open the case; Alice saves a height and a weight first, then Ines a height and her own weight."""
    pages = [page_of(alice), page_of(ines, width=width)]
    for page in pages:
        page.goto(f"/admin/cases/case/{case}/change/")
    for page, height, weight in zip(pages, ("170", "171"), ("70", ""), strict=True):
        page.locator(HEIGHT).fill(height)
        page.locator(WEIGHT).fill(weight)
    pages[0].keyboard.press("Control+s")
    expect(pages[0].locator("[data-said]")).to_contain_text("Saved as version 2")
    pages[1].keyboard.press("Control+s")
    return pages[1]


@pytest.mark.parametrize(("choice", "stands"), [("Yours", 171), ("Theirs", 170)])
def test_whoever_saves_later_chooses_what_stands(page_of, case, alice, ines, choice, stands):
    page = overtaken(page_of, case, alice, ines, NARROW)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Somebody changed this case")
    assert answers(case) == (2, 170, 70.0)
    check_axe(page)
    see(page, "merge")

    page.get_by_role("group", name="Height").get_by_role("radio", name=re.compile(choice)).press("Space")
    page.get_by_role("button", name="Save this").press("Enter")

    expect(page.locator("[data-said]")).to_have_text(re.compile("Saved as version 3|Nothing was changed"))
    assert answers(case)[1:] == (stands, 70.0)
