"""Journeys of people through the registry in a real browser: Debian's Chromium, a live server, the real database.

    def test_a_coordinator_finds_the_cases(page_of, alice):
        page = page_of(alice)                  # signed in through the form, 1280 px wide
        page.get_by_role("link", name="Cases").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
        check_axe(page)
        see(page, "cases")                     # var/screenshots/cases-1280.png

`page_of(user)`    a page of a signed-in person. Each call is a browser of its own: two calls are two people, or one
                   person at two computers; `page.context.new_page()` is a second tab.
`stranger()`       the same for somebody who has not signed in; `sign_in(page, user)` does it then.
                   Both take `width=NARROW` (WIDE is given) and what `browser.new_context` takes: `locale="uk"`,
                   `java_script_enabled=False`, `color_scheme="dark"`. `page.goto("/admin/")` knows the server.
`watch_of(page)`   what went wrong unseen. A test FAILS at its end on each script error, console error, refusal of the
                   content policy, failed request, request to another machine and status 5xx. What a test means to go
                   wrong it says before: `watch_of(page).expect("status of 404")`. An answer 422 (a form that comes
                   back with what is wrong in it) is no failure.
`expect(locator)`  chromium.py: Playwright's own; it waits for a state. Tests never sleep.
`check_axe(page)`  accessibility.py: no serious or critical finding of axe-core.
`see(page, name)`  pictures.py: the page as a picture.

Pages are Playwright's (https://playwright.dev/python/docs/api/class-page), the sync API, each call made in a thread of
its own; chromium.py says why. Rows are made and read in the test as in any other test. They are committed: expect the
page to say that something is saved, then read it, `with access.everywhere():`.

`pytest -m browser` runs these tests alone; CHROMIUM=/path names another browser.
"""

import re

import pytest

from tests.browser.chromium import TIMEOUT_MS, Chromium, expect
from tests.browser.server import Requests
from tests.browser.watch import Watch
from tests.nightly import at_night

WIDE, NARROW = 1280, 390
# Journeys go on a computer; at night on a telephone, too. That all pages fit one is seen by test_every_page.py.
WIDTHS = pytest.mark.parametrize("width", [WIDE, *at_night(NARROW)])
PASSWORD = "correct-horse-battery"


def pytest_collection_modifyitems(items):
    """Mark what needs a browser."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    """The one browser of the session."""
    chromium = Chromium()
    yield chromium
    chromium.close()


@pytest.fixture
def watches(chromium, live_server):
    """The watch of each browser context that the test opened; closes them all, and fails on what went wrong in them."""
    opened = {}
    with Requests() as requests:
        yield opened
        for context in opened:
            context.close()
        requests.rest()
    wrong = [what for watch in opened.values() for what in watch.wrong()]
    assert not wrong, "Unseen on the pages of this test:\n" + "\n".join(wrong)


@pytest.fixture
def watch_of(watches):
    return lambda page: watches[page.context]


@pytest.fixture
def stranger(chromium, live_server, watches):
    """Open a page of somebody who has not signed in: `stranger(width=NARROW)`."""

    def open_page(width=WIDE, **options):
        view = {"width": width, "height": 900}
        options = {"base_url": live_server.url, "viewport": view, "reduced_motion": "reduce", **options}
        context = chromium.browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        watches[context] = Watch(context, live_server.url)
        return context.new_page()

    return open_page


@pytest.fixture
def page_of(stranger):
    """Open a page of a person who has signed in: `page_of(alice)`."""

    def open_page(user, width=WIDE, **options):
        page = stranger(width, **options)
        sign_in(page, user)
        return page

    return open_page


def sign_in(page, user, password=PASSWORD):
    """Fill in the sign-in form and come to the overview; the person is given this password."""
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    page.goto("/admin/login/")
    page.locator("[name=username]").fill(user.username)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    expect(page).to_have_url(re.compile("/admin/$"))


def become(page, client, server):
    """Let the browser go on as the person of this client; signing in by hand has tests of its own."""
    page.context.clear_cookies()
    cookie = client.cookies["session"]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server.url}])
