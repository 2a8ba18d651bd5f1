"""Plugin of pytest for mutants.py, in its copy of the program: which permission is taken away now, and who misses it.

With REACHED=FOLDER it notes there which test comes by which place. With MUTANTS=FILE, a list of places each with its
tests, it runs those of a place until one kills, and tells what became of each in FILE.told.
"""

import json
import os
import signal
import time

import pytest

PATIENCE = 3  # so many unsound tests, and another process goes on
MOST_S, AGAIN_S = 300, 30  # a test that waits for ever is ended, and has failed
QUICK_S = 3.0  # what kills within this time is tried first on the next
switched_off: int | None = None
seen: set[tuple[int, str]] = set()
failed: list[str] = []


def at(place: int) -> bool:
    """Tell whether the permission of this place is taken away now; stands at each of them."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if "REACHED" in os.environ and test and (place, test) not in seen:
        seen.add((place, test))
        with open(f"{os.environ['REACHED']}/{os.getpid()}", "a") as kept:
            kept.write(f"{place}\t{test}\n")
    return place == switched_off


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what fails, for `_fails`."""
    failed.extend([report.nodeid] * report.failed)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Instead of all tests, run for each place those that come by it."""
    if "MUTANTS" not in os.environ:
        return None
    killers: list[str] = []
    unsound = 0
    with open(os.environ["MUTANTS"]) as file:
        asked = json.load(file)
    for place, tests in asked:
        known = [test for test in tests if test.partition("[")[0] in killers]
        for test in dict.fromkeys([*known, *tests]):
            began = time.monotonic()
            verdict = _verdict(test, place, session.items)
            _tell(verdict, place, test)
            if verdict == "killed":
                if time.monotonic() - began < QUICK_S:
                    killers.insert(0, test.partition("[")[0])
                break
            unsound += verdict == "unsound"
            if unsound == PATIENCE:
                return True
        else:
            _tell("lives", place, "")
    return True


def _verdict(test: str, place: int, items: list[pytest.Item]) -> str:
    """Say what the test makes of the place: it kills if it fails twice without the permission, and passes with it."""
    item = next((one for one in items if one.nodeid == test), None)
    if item is None:
        return "missing"
    if not _fails(item, place, items):
        return "passed"
    if not _fails(item, None, items) and _fails(item, place, items):
        return "killed"
    return "unsound"  # it fails with all permissions, too: by what others have left behind, or by chance


def _fails(item: pytest.Item, place: int | None, items: list[pytest.Item]) -> bool:
    global switched_off
    elsewhere = next((one for one in items if one.path != item.path), None)  # what the session made stays
    failed.clear()
    item.session._setupstate.teardown_exact(item)  # the one before was torn down as if `elsewhere` came next
    switched_off = place
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, MOST_S, AGAIN_S)
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=elsewhere)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        switched_off = None
    return bool(failed)


def _too_long(*_: object) -> None:
    pytest.fail(f"not over after {MOST_S} s")  # no Exception, which what waits might catch


def _tell(*what: object) -> None:
    with open(os.environ["MUTANTS"] + ".told", "a") as file:
        file.write(json.dumps(what) + "\n")
