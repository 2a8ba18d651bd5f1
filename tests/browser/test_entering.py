"""Entering a case in a browser: from nothing to complete by keyboard, and nothing typed is ever lost."""

import re

import pytest

from cases import document as documents
from cases import intake
from cases.intake import Submission
from cases.models import Case, EntryDraft
from registry import access
from tests.browser import typing
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS, sign_in
from tests.browser.pictures import see
from tests.cases.examples import complete, resected

NEW = "/admin/cases/case/add/"


def stored(number="A-1"):
    with access.everywhere():
        cases = list(Case.objects.filter(case_number=number))
        return [(case.status, documents.load([case.pk])[0].document) for case in cases]


def address(case_id):
    return f"/admin/cases/case/{case_id}/change/"


@pytest.fixture
def case(north, alice):
    document = resected(operation={"blood_loss_ml": 20000})
    return intake.save_case(Submission(document=document), center=north, by=alice, source="admin").case_id


def test_a_case_is_entered_from_nothing_to_complete_by_keyboard_in_three_page_loads(page_of, alice):
    wanted = complete()
    page = page_of(alice)
    loads = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.goto(NEW)

    typing.enter(page, documents.dump(wanted))

    expect(page.locator("[data-said]")).to_contain_text("Saved as version 1")
    assert stored() == [("complete", wanted)]
    pages = {url.partition("?")[0].partition("#")[0] for url in loads}
    assert len(pages) <= 3
    see(page, "case-complete")


@WIDTHS
def test_what_was_typed_is_there_after_a_reload(page_of, alice, case, width):
    page = page_of(alice, width=width)
    page.goto(address(case))
    page.locator("[name=presentation-height_cm]").fill("171")
    expect(page.locator("[data-keeping]")).to_contain_text(re.compile(r"\d\d:\d\d"))

    page.reload()

    expect(page.locator("[name=presentation-height_cm]")).to_have_value("171")
    expect(page.get_by_role("button", name=re.compile("Discard"))).to_be_visible()
    check_axe(page)
    see(page, "case-unsaved")


def test_a_lost_session_loses_nothing_and_saves_after_signing_in_again(page_of, watch_of, alice, case):
    page = page_of(alice)
    watch_of(page).expect("status of 403")
    page.goto(address(case))
    page.context.clear_cookies()
    page.locator("[name=presentation-height_cm]").fill("171")
    page.keyboard.press("Control+s")
    expect(page.get_by_text(re.compile("sign in", re.IGNORECASE)).first).to_be_visible()
    see(page, "case-signed-out")

    other = page.context.new_page()
    sign_in(other, alice)
    other.close()
    page.keyboard.press("Control+s")

    expect(page.locator("[data-said]")).to_contain_text("Saved as version 2")
    with access.everywhere():
        (found,) = documents.load([case])
    assert found.document.presentation.height_cm == 171


def test_a_double_click_on_save_makes_one_case(page_of, alice):
    page = page_of(alice)
    page.goto(NEW)
    page.locator("[name=case_number]").fill("A-1")

    page.locator("[name=_save]").dblclick()

    expect(page.locator("[data-said]")).to_contain_text("Saved as version 1")
    assert len(stored()) == 1
    with access.everywhere():
        assert not EntryDraft.objects.exists()


def test_two_tabs_with_the_same_new_case_make_one(page_of, alice):
    page = page_of(alice)
    page.goto(NEW)
    other = page.context.new_page()
    other.goto(NEW)
    for tab in (page, other):
        tab.locator("[name=case_number]").fill("A-1")
    other.locator("[name=presentation-height_cm]").fill("180")
    page.locator("[name=_save]").click()
    expect(page.locator("[data-said]")).to_contain_text("Saved as version 1")

    other.locator("[name=_save]").click()

    expect(other.get_by_role("alert").first).to_contain_text("A-1 is used already")
    expect(other.locator("[name=presentation-height_cm]")).to_have_value("180")
    assert len(stored()) == 1


def test_a_case_is_entered_without_scripts(page_of, alice):
    page = page_of(alice, java_script_enabled=False)
    page.goto(NEW)
    page.locator("[name=case_number]").fill("A-1")
    page.locator("button[name=_add][value=imaging]").click()
    page.locator("[name=imaging-0-performed_on]").fill("2021-03")
    page.locator("[name=tumor-segments][value=infrarenal]").check()

    page.locator("[name=_save]").first.click()

    expect(page.locator("#said")).to_contain_text("Saved as version 1")
    ((_, document),) = stored()
    assert document.tumor.segments == {"infrarenal"}
    assert str(document.imaging[0].performed_on) == "2021-03"


def test_an_impossible_value_is_refused_with_a_way_to_it(page_of, alice, case):
    page = page_of(alice)
    page.goto(address(case))
    page.locator("[name=presentation-height_cm]").fill("1710")
    page.keyboard.press("Control+s")

    summary = page.locator("#problems")
    expect(summary).to_be_focused()
    must = "must be a number with at most 1 decimal from 100 to 230 cm."
    expect(summary).to_contain_text(f"Height (presentation.height_cm) {must}")
    check_axe(page)
    see(page, "case-refused")
    summary.get_by_role("link").first.press("Enter")

    expect(page.locator("[name=presentation-height_cm]")).to_be_focused()


def test_a_query_is_corrected_and_closes_by_itself(page_of, alice, case):
    page = page_of(alice)
    page.goto(address(case))
    loss = page.locator("#answer-operations-0-blood_loss_ml")
    expect(loss).to_contain_text("outside the plausible")
    check_axe(page)
    see(page, "case-query")

    page.locator("[name=operations-0-blood_loss_ml]").fill("2000")
    page.keyboard.press("Control+s")

    expect(page.locator("[data-said]")).to_contain_text("Saved as version 2")
    expect(page.locator("#answer-operations-0-blood_loss_ml")).not_to_contain_text("outside the plausible")


def test_a_query_is_confirmed_beside_its_field(page_of, alice, case):
    page = page_of(alice)
    page.goto(address(case))

    page.locator("#answer-operations-0-blood_loss_ml [name^=confirm-]").fill("Measured by the cell saver.")
    page.keyboard.press("Control+s")

    expect(page.get_by_text(re.compile("confirmed", re.IGNORECASE)).first).to_be_visible()
    with access.everywhere():
        query = Case.objects.get(pk=case).dataquery_rows.get(pointer="/operations/0/blood_loss_ml")
    assert (query.state, query.answer_text) == ("answered", "Measured by the cell saver.")
