"""The journey of a deviation: from the work list to its page, to the field, and to an answer, by keyboard."""

import re

import pytest

from cases import intake
from cases.intake import Submission
from cases.models import Case, Deviation
from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS
from tests.browser.pictures import see
from tests.cases.examples import OF_TODAY, complete, resected

LIST = "/admin/cases/deviation/"


@pytest.fixture
def case(north, alice):
    document = resected(
        operated_on=OF_TODAY, operation={"approach": ["median_laparotomy"], "blood_loss_ml": 20000}
    )
    return intake.save_case(Submission(document=document), center=north, by=alice, source="admin")


def deviation():
    with access.everywhere():
        return Deviation.objects.select_related("answered_by").get(rule_id="S-04")


def to(page, locator):
    """Press Tab until the control has the focus."""
    for _ in range(60):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{locator} cannot be reached by keyboard")


@WIDTHS
def test_a_deviation_is_answered_by_keyboard(page_of, alice, case, width):
    page = page_of(alice, width=width)
    page.goto(f"{LIST}?severity__exact=minor")
    check_axe(page)
    see(page, "deviations")
    page.get_by_role("link", name=re.compile("S-04")).press("Enter")

    expect(page.get_by_role("heading", name="First check the data")).to_be_visible()
    check_axe(page)
    see(page, "deviation")
    to(page, page.get_by_label("Reason"))
    page.keyboard.type("Another")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("Say what the reason was.")
    check_axe(page)
    see(page, "deviation-refused")
    to(page, page.get_by_label("In your words"))
    page.keyboard.type("The tumor had ruptured.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("severity__exact=minor"))
    expect(page.get_by_text("your answer is kept")).to_be_visible()
    answered = deviation()
    assert (answered.state, answered.answer) == ("answered", "other_text")
    assert answered.answer_text == "The tumor had ruptured."
    assert answered.answered_by == alice


def test_the_way_to_the_field_leads_to_the_field(page_of, alice, case):
    page = page_of(alice)
    page.goto(f"{LIST}{deviation().pk}/change/")

    page.get_by_role("link", name="Open Approach in the case").click()

    expect(page.locator("#answer-operations-0-approach")).to_be_in_viewport()


def test_it_is_answered_without_scripts(page_of, alice, case):
    page = page_of(alice, java_script_enabled=False)
    page.goto(f"{LIST}{deviation().pk}/change/?from=case")

    page.get_by_label("Reason").select_option(label="Emergency")
    page.get_by_role("button", name="Keep this explanation").click()

    expect(page).to_have_url(re.compile(f"/case/{case.case_id}/change/#review$"))
    assert deviation().answer == "emergency"
    page.goto(f"{LIST}?state__exact=answered")
    page.get_by_role("link", name="Returned").first.click()
    expect(page).to_have_url(re.compile("state__exact=returned"))


def test_a_complete_case_is_locked_and_unlocked(page_of, north, alice, dana):
    case = intake.save_case(Submission(document=complete()), center=north, by=alice, source="admin")
    page = page_of(dana)
    page.goto(f"/admin/cases/case/{case.case_id}/change/")

    page.get_by_role("button", name="Lock this case").click()
    expect(page.get_by_text("This case is locked")).to_be_visible()
    check_axe(page)
    page.get_by_label("Reason to unlock").fill("Source document corrected")
    page.get_by_role("button", name="Unlock this case").click()

    expect(page.get_by_role("button", name="Lock this case")).to_be_visible()
    with access.everywhere():
        assert Case.objects.get().version == 3
