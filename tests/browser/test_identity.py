"""A lead records and reads who a patient is; the data manager decides on a patient of two centers."""

from registry import access
from reports import cohorts
from reports.cohorts import Cut
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import NARROW
from tests.browser.pictures import see
from tests.cases.linkage import ANNA, agreeing, identified


def test_a_lead_records_and_reads_it_and_the_data_manager_decides(
    vault, page_of, north, south, lena, alice, bob, dana
):
    case = agreeing(north, alice, "N-1")
    identified(south, bob, "Q-77", national_number=ANNA["national_number"], country="PL")

    page = page_of(lena)
    page.goto(f"/admin/cases/case/{case.pk}/change/")
    page.get_by_role("link", name="Identity for linkage").click()
    for label, name in (("Family name", "family_name"), ("Given name", "given_name"),
                        ("National number", "national_number")):  # fmt: skip
        page.get_by_label(label, exact=True).fill(ANNA[name])
    page.get_by_label("Day of birth (YYYY-MM-DD)").fill("13/05/1960")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Write the day of birth as YYYY-MM-DD.")
    check_axe(page)
    see(page, "identity-wrong")
    page.get_by_label("Day of birth (YYYY-MM-DD)").fill(ANNA["born_on"])
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("The identity is recorded.")).to_be_visible()
    expect(page.get_by_text("Another center may hold this patient")).to_be_visible()
    page.get_by_label("Why you have to know who it is").fill("letter to the patient")
    page.get_by_role("button", name="Show who it is").click()
    expect(page.locator("#identity")).to_contain_text("Wiśniewska")
    check_axe(page)
    see(page, "identity")
    page.goto(f"/admin/cases/case/{case.pk}/change/")
    see(page, "identity-case")

    page = page_of(dana)
    page.goto("/admin/")
    page.get_by_role("link", name="Patients of two centers").first.click()
    expect(page.get_by_role("cell", name="Q-77")).to_be_visible()
    check_axe(page)
    see(page, "duplicates")
    page.get_by_label("count case N-1").check()
    page.get_by_label("Why. Both centers read this").fill("asked both leads")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Decided.", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="left out")).to_be_visible()
    see(page, "duplicates-decided")

    with access.everywhere():
        assert [row.case_id for row in cohorts.observations(Cut(as_of=case.created_at.date()))] == [case.pk]


def test_the_pages_fit_a_phone(vault, page_of, north, south, lena, alice, bob, dana):
    case = identified(north, alice, "N-1", **ANNA)
    identified(south, bob, "Q-77", **ANNA)

    page = page_of(lena, width=NARROW)
    page.goto(f"/admin/cases/case/{case.pk}/identity/")
    see(page, "identity")
    check_axe(page)
    page = page_of(dana, width=NARROW)
    page.goto("/admin/duplicates/")
    see(page, "duplicates")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
