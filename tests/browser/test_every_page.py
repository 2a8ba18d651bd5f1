"""Every page that anybody can reach, at both widths: whole, quiet, and open to everybody.

By day each is looked at as the first person has it who is let in, at night as each has it to whom it looks different.
"""

import logging
import re
from collections import defaultdict

import pytest

from cases.models import Case
from tests.addresses import APPS, ROOT, addresses
from tests.browser.accessibility import findings
from tests.browser.conftest import NARROW, WIDE, become
from tests.clients import browser
from tests.nightly import NIGHTLY
from tests.rows import one_of_each

CAST = ("lena", "ada", "dana", "alice", "ines", "rita", "otto")  # who may do most comes first
WITHOUT_MODEL = "the site itself"
CASE = Case._meta.label  # its pages take as long as all others of its application
PARTS = [CASE, WITHOUT_MODEL, *APPS]


@pytest.fixture
def rows(north, alice, lena):
    return one_of_each(north, by=alice, lead=lena)


@pytest.mark.parametrize("part", PARTS)
def test_every_page_is_whole_and_accessible(request, caplog, live_server, stranger, rows, part):
    caplog.set_level(logging.ERROR, "django.request")  # most of what is tried here is refused
    page, faults, looked_at, heard = stranger(), defaultdict(list), set(), {}

    for name in CAST:
        client = browser(request.getfixturevalue(name))
        become(page, client, live_server)
        for address in _pages(part, client, rows, looked_at):
            if address in heard and not NIGHTLY:
                continue
            for fault in _faults(page, address, heard_at=heard.get(address, _widths(len(heard)))):
                faults[fault].append(f"{address} as {name}")
            heard[address] = ()

    assert not faults, "\n".join(f"{fault}\n    on {'; '.join(found)}" for fault, found in faults.items())


def _pages(part, client, rows, looked_at):
    """The addresses that answer with a page, but for those where another person has seen the same in other words."""
    for address in addresses():
        if part != _part_of(address.model):
            continue
        for url in address.written(rows[address.model].pk if address.is_of_a_row else None):
            answer = client.get(url)
            assert answer.status_code < 500, url
            if _is_page(answer) and (seen := _without_what_varies(answer)) not in looked_at:
                looked_at.add(seen)
                yield url


def _part_of(model):
    if not model:
        return WITHOUT_MODEL
    return model._meta.label if model._meta.label in PARTS else model._meta.app_label


def _is_page(answer):
    """Whole pages, and no parts that scripts ask for."""
    is_html = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    return is_html and "<title>" in answer.content.decode()


def _without_what_varies(answer):
    """The page without words, tokens and numbers; without the way around it, which each overview shows whole."""
    html = answer.content.decode()
    if answer.wsgi_request.path != ROOT:
        html = re.sub(r'<nav id="nav-sidebar-inner".*?</nav>', "", html, flags=re.DOTALL)
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)
    return re.sub(r">[^<]+<", "><", re.sub(r"\d+", "0", html))


# What a mouse can click and no key can reach: elements that a script listens to, but for those that hold a control
# and the empty ground around an open panel.
OUT_OF_REACH = """() => [...document.querySelectorAll('[x-on\\\\:click]')].filter((node) =>
    node.tabIndex < 0 && node.checkVisibility() && node.textContent.trim()
    && !node.querySelector('a[href], button, input, select, textarea')).map((node) => node.outerHTML.slice(0, 200))"""


def _widths(place):
    """Where a new page is heard: at night at both widths, else at one or the other in turn."""
    return (WIDE, NARROW) if NIGHTLY else (WIDE,) if place % 2 else (NARROW,)


def _faults(page, address, *, heard_at):
    """What is wrong with the page, at either width."""
    page.set_viewport_size({"width": WIDE, "height": 900})
    answer = page.goto(address)
    if answer.status != 200:
        yield f"status {answer.status}"
    if (headings := page.locator("h1").count()) != 1:
        yield f"{headings} headings of level 1"
    if not page.title().partition("|")[0].strip():
        yield "no title"
    yield from (f"out of reach of the keyboard: {html}" for html in page.evaluate(OUT_OF_REACH))
    if WIDE in heard_at:
        yield from (f"{WIDE} px: {finding}" for finding in findings(page))
    page.set_viewport_size({"width": NARROW, "height": 900})
    if over := page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"):
        yield f"{over} px wider than {NARROW}"
    if NARROW in heard_at:
        yield from (f"{NARROW} px: {finding}" for finding in findings(page))
