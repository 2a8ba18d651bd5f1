"""The description of the API as a page: everything on it comes from the registry itself."""

from tests.browser.chromium import expect


def test_the_description_can_be_read_without_any_other_host(stranger):
    page = stranger()

    page.goto("/api/v1/docs/")

    expect(page.get_by_role("heading", name="Registry of leiomyosarcoma")).to_be_visible()
    expect(page.get_by_text("/api/v1/algorithm/plan/")).to_be_visible()
    page.get_by_text("/api/v1/algorithm/plan/").click()
    expect(page.get_by_text("On whose word").or_(page.get_by_text("Responses")).first).to_be_visible()
