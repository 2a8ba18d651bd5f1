"""Debian's Chromium, driven by Playwright from a thread of its own.

Playwright's sync API keeps an event loop running in the thread that uses it. Django and asgiref take such a thread for
an asynchronous one: they refuse queries there, or give it another connection than the one the test began with. So
one thread does nothing but talk to Playwright, and tests hold stand-ins of its objects that ask there and wait.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright import sync_api

SWITCHES = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
TIMEOUT_MS = 15_000  # for one step; a slow machine under load, never a number to wait for
# The shell draws for no screen, and takes a third of the processor.
PROGRAMS = ("chromium-headless-shell", "chromium")
MISSING = (
    f"The browser tests need Chromium: run `apt-get install {PROGRAMS[0]}`, or set CHROMIUM to its path."
)


class Chromium:
    """One browser, for a whole session of tests."""

    def __init__(self):
        programs = (os.environ["CHROMIUM"],) if os.environ.get("CHROMIUM") else PROGRAMS
        program = next(filter(None, map(shutil.which, programs)), None)
        if not program:
            pytest.fail(MISSING, pytrace=False)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="playwright")
        self._playwright = self.ask(sync_api.sync_playwright().start)
        self.browser = StandIn(self.ask(self._playwright.chromium.launch, **_launch(program)), self)

    def ask(self, do, *arguments, **options):
        """Let Playwright's thread do this, and wait for what comes of it."""
        return self._thread.submit(do, *arguments, **options).result()

    def close(self):
        self.browser.close()
        self.ask(self._playwright.stop)
        self._thread.shutdown()


def _launch(program):
    return {"executable_path": program, "args": list(SWITCHES), "timeout": 4 * TIMEOUT_MS}


class StandIn:
    """Stands for an object of Playwright in the test's thread; what is asked of it is asked in Playwright's.

    Functions that are handed over (`page.on`, `page.route`) are called there, with Playwright's own objects.
    """

    def __init__(self, thing, chromium):
        self._thing, self._chromium = thing, chromium

    def __getattr__(self, name):
        return self._ask(getattr, self._thing, name)

    def __call__(self, *arguments, **options):
        return self._ask(self._thing, *arguments, **options)

    def __enter__(self):
        return self._ask(self._thing.__enter__)

    def __exit__(self, *error):
        return self._ask(self._thing.__exit__, *error)

    def __eq__(self, other):
        return self._thing is _bare(other)

    def __hash__(self):
        return id(self._thing)

    def __repr__(self):
        return repr(self._thing)

    def _ask(self, do, *arguments, **options):
        given = [_bare(one) for one in arguments], {name: _bare(one) for name, one in options.items()}
        return _standing(self._chromium.ask(do, *given[0], **given[1]), self._chromium)


sync_api.expect.set_options(timeout=TIMEOUT_MS)


def expect(thing, message=None):
    """Playwright's `expect`, which waits until what is expected has come true."""
    return thing._ask(sync_api.expect, thing, message)


def _bare(value):
    return value._thing if isinstance(value, StandIn) else value


def _standing(value, chromium):
    if isinstance(value, list):
        return [_standing(one, chromium) for one in value]
    is_playwrights = type(value).__module__.startswith("playwright.") and not isinstance(value, dict)
    return StandIn(value, chromium) if is_playwrights or callable(value) else value
