"""The policy, read: whom an address lets in, for a row of the own center, of another one, and for none."""

import csv
from pathlib import Path

from tests.addresses import NO_PAGES, every_address
from tests.matrix.cast import ALONE, ELSEWHERE, KEY, LEFT, LOCAL, MISSING, NO_ROLE, NOBODY, OTHER, WIDE

POLICY = Path(__file__).with_name("policy.csv")
ROLES = {*LOCAL, *WIDE}
WORDS = {
    "-": set(),
    "roles": ROLES,
    "signed_in": {*ROLES, KEY, NO_ROLE},
    "strangers": {KEY, NO_ROLE, NOBODY},
    "all": {*ROLES, KEY, NO_ROLE, NOBODY},
}
READ_AS = {"HEAD": "GET"}
# Lists of the registry itself: there is no row of another center.
OF_ALL = ("admin/registry/referenceterm/", "admin/cases/algorithmversion/")
# A signed token in the address is itself the permission, whoever holds it.
BEARER = {"unsubscribe/<str:token>/"}
# These only lead from a row to its page, which then decides.
LEADS_ON = "/<path:object_id>/"


class Policy:
    """What the reviewed file says."""

    def __init__(self):
        with POLICY.open(encoding="utf-8") as file:
            lines = csv.DictReader(line for line in file if not line.startswith("#"))
            self.lines = {line.pop("address"): line for line in lines}

    def allowed(self, cell):
        """Whether this cell's person is to be let in."""
        said = self.lines[cell.route].get(READ_AS.get(cell.method, cell.method), "-")
        letters = set().union(*(WORDS[word] if word in WORDS else set(word) for word in said.split()))
        leads_on = cell.route.endswith(LEADS_ON) and cell.route.count("<") == 1
        of_all = leads_on or cell.route.startswith(OF_ALL)
        if cell.whose == MISSING and not leads_on:
            return False
        if cell.who == LEFT:
            return NOBODY in letters
        if cell.who == ELSEWHERE:
            has_part = {"c", "l"} & letters
            return bool(has_part and (cell.whose == ALONE or of_all or cell.route in BEARER))
        if cell.whose == OTHER and not of_all and cell.route not in BEARER:
            letters &= set(WIDE)
        return cell.who in letters


def unlisted():
    """Addresses without a line, and lines without an address."""
    there = {one.route for one in every_address()} - NO_PAGES
    return there ^ set(Policy().lines)
