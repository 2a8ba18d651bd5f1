"""Everybody asks for everything, and gets what the policy says: no more, and no less.

Here each address is asked by each person at least once, the rest of the product is drawn by MATRIX_SEED. Whole, by hand
(about 27,000 cells): MATRIX=whole pytest tests/matrix -n 2
"""

import logging
import os
import random
from collections import defaultdict

import pytest

from tests.conftest import _center as center
from tests.matrix import cells
from tests.matrix.cast import KEY, LEFT, MISSING, NOBODY, OTHER, OWN, WIDE, world
from tests.matrix.cells import Desk, likeness
from tests.matrix.rules import BEARER, OF_ALL, Policy, unlisted
from tests.matrix.sent import NOTHING

pytestmark = pytest.mark.django_db
WHOLE = os.environ.get("MATRIX") == "whole"
SEED = os.environ.get("MATRIX_SEED", "2026")
SIGNED_OUT = (KEY, LEFT, NOBODY)  # of the pages
PARTS = 12 if WHOLE else 6


@pytest.fixture
def cast(person, north, south, settings, vault):
    """Two centers whose codes stand in no text of the registry's own, as NORTH and SOUTH may."""
    settings.SECURITY_CONTACT = "mailto:security@example.org"  # without it there is no such page
    logging.disable(logging.CRITICAL)  # most of what is tried here is refused
    for one, code in ((north, "FARAWAY"), (south, "NEARBY")):
        one.code = code
        one.save(update_fields=["code"])
    third = center("THIRD", "Third Clinic", "FR", "Europe/Paris")
    yield world(person, south, north, third)
    logging.disable(logging.NOTSET)


@pytest.fixture
def desk(cast):
    return Desk(cast)


def test_every_address_has_a_line_in_the_policy():
    assert unlisted() == set(), "Say in tests/matrix/policy.csv who is let in there."


@pytest.mark.parametrize("part", range(PARTS))
def test_everybody_gets_in_where_the_policy_says_and_nowhere_else(desk, part, record_property):
    policy, faults, answers = Policy(), [], {}
    for cell in chosen(cells.whole(desk.world), part):
        answers[cell] = answer = desk.ask(cell)
        faults += judged(desk, policy, cell, answer)
    faults += unlike(desk, answers)
    record_property("cells", desk.asked)
    print(f"matrix: {desk.asked} cells, {len(faults)} faults (part {part + 1} of {PARTS})")

    assert desk.asked > 100
    assert not faults, "\n".join(sorted(faults))


def chosen(found, part):
    """The cells of this part: all, or for each address and person one that is drawn, with its twin if it has one."""
    groups = defaultdict(list)
    for cell in found:
        groups[cell.route].append(cell)
    for place, route in enumerate(sorted(groups)):
        if place % PARTS != part:
            continue
        yield from groups[route] if WHOLE else drawn(groups[route])


def drawn(found):
    """One of each person; where a row of another center was drawn, also the one that is not there."""
    by_person = defaultdict(list)
    for cell in found:
        by_person[cell.who].append(cell)
    for who, theirs in by_person.items():
        one = random.Random(f"{SEED} {theirs[0].route} {who}").choice(theirs)
        yield one
        if one.whose == OTHER:
            same = (one.name, one.method, MISSING, one.twin)
            yield next(cell for cell in theirs if (cell.name, cell.method, cell.whose, cell.twin) == same)


def judged(desk, policy, cell, answer):
    """What is wrong with one answer."""
    if answer.status >= 500:
        yield f"{cell}: {answer.status}"
    if answer.is_in != (is_allowed := policy.allowed(cell)):
        yield f"{cell}: {answer.status}, {'but should be let in' if is_allowed else 'but should be refused'}"
    words = [] if cell.route in BEARER else desk.words_told(cell, answer)
    if words and cell.who in SIGNED_OUT and cell.method == "POST" and not cell.route.startswith("api/"):
        # A sign-in keeps what was typed until it is done: no news to who typed it, so somebody types nothing.
        words = desk.words_told(cell, desk.ask(cell, **NOTHING))
    if words:
        yield f"{cell}: tells {words}"
    if answer.changed and cell.route not in BEARER:
        yield f"{cell}: {answer.status}, but {', '.join(answer.changed)} changed"


def unlike(desk, answers):
    """Rows of another center whose answer differs from that of a row which is not there."""
    absent = {(one.route, one.twin, one.method, one.who): one for one in answers if one.whose == MISSING}
    for cell, answer in answers.items():
        twin = absent.get((cell.route, cell.url, cell.method, cell.who))
        is_foreign = cell.whose == OTHER and cell.who not in WIDE and not cell.route.startswith(OF_ALL)
        if not is_foreign or twin is None or cell.route in BEARER:
            continue
        names = set(cell.url.split("/")) ^ set(twin.url.split("/"))
        if likeness(answer, *names) != likeness(answers[twin], *names):
            yield f"{cell}: {answer.status} is not what is said of a row that is not there"


def test_who_may_read_finds_what_others_must_not(desk):
    """The control: the words that are searched for stand on the pages of those who may read them."""
    found = set()
    for cell in cells.whole(desk.world):
        if cell.method == "GET" and cell.who == "l" and cell.whose == OWN and cell.route not in BEARER:
            found |= set(cells.leaked(desk.ask(cell).told, desk.world.hidden[OWN]))

    people = {told for one in desk.world.people.values() for told in (one.username, one.email)}
    assert found >= desk.world.hidden[OWN] - people
