"""The page of survival in a browser: by keyboard, without scripts, narrow, and on paper."""

import re

import pytest

from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDE, WIDTHS
from tests.browser.pictures import see
from tests.reports import cohort

PAGE = "/admin/survival/"
ASKED = f"{PAGE}?endpoint=local_recurrence&stratum=margin&as_of=2026-11-22"


@pytest.fixture
def resected(north):
    with access.everywhere():
        cohort.recurring(north)


@WIDTHS
def test_curve_and_numbers_are_seen_and_heard(page_of, resected, alice, width):
    page = page_of(alice, width=width)

    page.goto(ASKED)

    expect(page.get_by_role("img", name="Local recurrence after resection as curves")).to_be_visible()
    for caption in (
        "Patients, events and follow-up",
        "Cumulative incidence at fixed times",
        "Numbers at risk: R1",
    ):
        expect(page.get_by_role("table", name=caption)).to_have_count(1)
    expect(page.get_by_text("Gray's test between R0 and R1")).to_be_visible()
    _is_whole(page, width)
    page.locator("summary").click()
    expect(page.get_by_role("table", name="R0", exact=True)).to_be_visible()
    _is_whole(page, width)
    see(page, "survival")


def test_the_keyboard_asks_reads_and_takes_along(page_of, resected, alice):
    page = page_of(alice)
    page.goto(PAGE)

    page.get_by_label("Endpoint").focus()
    page.keyboard.type("Graft")
    page.keyboard.press("Tab")
    page.keyboard.type("Margin")
    for name in ("Decade of the resection", "Data", "Data cut"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(name, exact=True)).to_be_focused()
    page.get_by_role("button", name="Show", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("endpoint=graft_patency&stratum=margin"))
    expect(page.get_by_role("heading", name="Graft occlusion after resection")).to_be_visible()
    figure = page.get_by_role("region", name=re.compile("^Aalen–Johansen estimate"))
    figure.focus()  # a wide figure is scrolled by keys
    expect(figure).to_be_focused()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="R script").press("Enter")
    assert downloaded.value.suggested_filename.startswith("graft_patency-by-margin-NORTH-")
    assert "library(survival)" in downloaded.value.path().read_text()


def test_it_asks_without_scripts(page_of, resected, alice):
    page = page_of(alice, java_script_enabled=False)
    page.goto(PAGE)

    page.get_by_label("Curves by").select_option("Margin")
    page.get_by_role("button", name="Show", exact=True).click()

    expect(page.get_by_role("table", name="Patients, events and follow-up")).to_contain_text("R1")


@WIDTHS
def test_what_is_wrong_stands_at_its_field(page_of, resected, alice, width):
    page = page_of(alice, width=width)

    page.goto(f"{PAGE}?as_of=yesterday&era=1999")

    expect(page.get_by_role("alert")).to_contain_text("mend what is marked")
    for name, told in (
        ("Data cut", "Write the day as YYYY-MM-DD."),
        ("Decade of the resection", "as 2010s."),
    ):
        field = page.get_by_label(name, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(told)))
    _is_whole(page, width)


def test_paper_has_the_figure_and_the_numbers_and_no_controls(page_of, resected, alice):
    page = page_of(alice)
    page.goto(ASKED)

    page.emulate_media(media="print")

    expect(page.get_by_label("Endpoint")).to_be_hidden()
    expect(page.get_by_text("Download:")).to_be_hidden()
    expect(page.get_by_text("22 November 2026")).to_be_visible()
    box = page.get_by_role("img", name="Local recurrence after resection as curves").bounding_box()
    assert 0 < box["width"] <= WIDE
    expect(page.get_by_role("table", name="Numbers at risk: R1")).to_be_visible()
    see(page, "survival-print")


def _is_whole(page, width):
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
