"""A patient who moved: offered by one center, accepted and followed by the other, and what the first one sees of it."""

import re

import pytest

from cases import intake, transferring
from cases.intake import Submission
from cases.models import Case
from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import NARROW, WIDTHS
from tests.browser.pictures import see
from tests.cases.examples import OF_TODAY, resected

SIGNED = {"basis": "written", "signed_on": "2023-01-20", "scopes": ["registry", "reports"]}


@pytest.fixture
def case_id(north, alice, bob):
    visit = {"visit_on": "2023-09-01", "vital_status": "alive", "disease_status": "NED"}
    document = resected("A-1", operated_on=OF_TODAY, consent=SIGNED, follow_ups=[visit])
    with access.everywhere():
        receipt = intake.save_case(Submission(document=document), center=north, by=alice, source="admin")
    return receipt.case_id


def test_a_note_without_blanks_fits_a_phone(page_of, alice, case_id):
    with access.everywhere():
        transferring.offer(
            Case.objects.select_related("center").get(pk=case_id),
            center_code="SOUTH",
            note="x" * 200,
            by=alice,
        )
    page = page_of(alice, width=NARROW)

    page.goto("/admin/transfers/")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@WIDTHS
def test_follow_up_is_offered_accepted_recorded_and_seen(page_of, alice, bob, case_id, width):
    ours, theirs = page_of(alice, width=width), page_of(bob, width=width)
    ours.goto(f"/admin/cases/case/{case_id}/change/")
    ours.get_by_role("link", name="Offer follow-up to another center").click()
    see(ours, "transfer-offer")
    check_axe(ours)
    ours.get_by_label("Code of the other center").fill("south")
    ours.get_by_label("Note for its people").fill("Moved to the coast in spring.")
    ours.get_by_role("button", name="Offer the follow-up").click()
    expect(ours.get_by_text("The follow-up is offered to SOUTH; its people get a mail.")).to_be_visible()

    theirs.goto("/admin/transfers/")
    see(theirs, "transfers")
    check_axe(theirs)
    theirs.get_by_role("main").get_by_role("link", name=re.compile("^[0-9A-Z]{9}$")).first.click()
    see(theirs, "transfer-offered")
    check_axe(theirs)
    theirs.get_by_role("button", name="Accept").click()
    expect(theirs.get_by_text("Accepted: SOUTH follows the patient from now on.")).to_be_visible()
    expect(theirs.get_by_role("heading", name="Case A-1: what follow-up needs")).to_be_visible()
    see(theirs, "transfer-accepted")
    check_axe(theirs)

    theirs.get_by_role("link", name="Add: Follow-up visit").click()
    theirs.get_by_label("Vital status").select_option("alive")
    theirs.locator("[name='follow_ups-visit_on']").fill("tomorrow")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.get_by_role("alert")).to_contain_text("Nothing was saved.")
    see(theirs, "transfer-add-refused")
    check_axe(theirs)
    theirs.locator("[name='follow_ups-visit_on']").fill("2024-10-01")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.get_by_text("recorded. NORTH sees it in the case.")).to_be_visible()
    expect(theirs.get_by_role("cell", name="2024-10-01").first).to_be_visible()

    ours.goto(f"/admin/cases/case/{case_id}/change/")
    expect(ours.get_by_role("link", name="SOUTH follows this patient")).to_be_visible()
    ours.goto(f"/admin/cases/case/{case_id}/history/")
    expect(ours.get_by_text("SOUTH: follow-up recorded")).to_be_visible()
    ours.goto("/admin/transfers/")
    see(ours, "transfers-operating")
    ours.get_by_role("main").get_by_role("link", name=re.compile("^[0-9A-Z]{9}$")).first.click()
    ours.get_by_label("Why it is taken back").fill("Came home.")
    ours.get_by_role("button", name="Take the follow-up back").click()
    expect(ours.get_by_text("Returned: NORTH follows the patient from now on.")).to_be_visible()
    see(ours, "transfer-returned")

    theirs.reload()
    expect(theirs.get_by_text("Came home.").first).to_be_visible()
    expect(theirs.get_by_role("heading", name="Case A-1: what follow-up needs")).to_have_count(0)
