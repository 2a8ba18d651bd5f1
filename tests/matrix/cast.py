"""Who asks, and what there is to be asked for: two centers with a row of everything, and the words only one has."""

from dataclasses import dataclass, field

from django.test import Client

from cases.api.examples import BY_SHAPE
from cases.models import Case
from registry import access
from registry.access import Role, Scope
from reports.models import Subscription
from reports.subscribing import link
from tests.clients import bearing, browser, issue
from tests.rows import a_report, one_of_each, secrets

# The letters of the policy. Small: the role is held in the own center; capital: in the whole registry.
LOCAL = {
    "c": Role.COORDINATOR,
    "l": Role.CENTER_LEAD,
    "i": Role.INVESTIGATOR,
    "r": Role.REVIEWER,
    "d": Role.DATA_MANAGER,
    "a": Role.REGISTRY_ADMIN,
    "u": Role.AUDITOR,
}
WIDE = {"R": Role.REVIEWER, "D": Role.DATA_MANAGER, "A": Role.REGISTRY_ADMIN, "U": Role.AUDITOR}
KEY, ELSEWHERE, NO_ROLE, LEFT, NOBODY = "k", "e", "n", "x", "-"
OUTSIDE = (ELSEWHERE, NO_ROLE, LEFT, NOBODY)  # nothing of either center is theirs
TOLD = {
    **{letter: f"{role} of the center" for letter, role in LOCAL.items()},
    **{letter: f"{role} of the registry" for letter, role in WIDE.items()},
    KEY: "a program with a key of the center, for everything a key can be for",
    ELSEWHERE: "coordinator and lead of a third center",
    NO_ROLE: "an account marked as staff and superuser, without a role",
    LEFT: "a coordinator of the center whose account was closed while signed in",
    NOBODY: "nobody who has signed in",
}
NEVER = 10**9
OWN, OTHER, MISSING, ALONE = "own", "other", "missing", "alone"


@dataclass
class World:
    """Two centers, a row of each model in both, and everybody who asks."""

    own: object
    other: object
    rows: dict  # ownership -> model -> row
    hidden: dict  # ownership -> words that only this center has
    people: dict  # letter -> user
    key: str
    far: object = None  # the lead of the other center, who is no actor
    forms: dict = field(default_factory=dict)  # what the forms of each page would send
    keys: dict = field(
        default_factory=dict
    )  # ownership -> start of addresses -> what they name instead of a number

    def client(self, letter):
        """A fresh client of whoever this is."""
        if letter == KEY:
            return bearing(self.key)
        found = Client()
        if letter in self.people:
            found.cookies["session"] = self.people[letter].session
        return found

    def client_far(self):
        """The lead of the other center: what they are given is what others try to send."""
        found = Client()
        found.cookies["session"] = self.far.session
        return found

    def written(self, address, ownership):
        """The addresses themselves, for the row of this ownership."""
        if ownership == ALONE:
            return address.written()
        named = next(
            (key for start, key in self.keys[ownership].items() if address.route.startswith(start)), None
        )
        if named is None:
            named = NEVER if ownership == MISSING else self.rows[ownership][address.model].pk
        return address.written(named)

    def may_see(self, letter):
        """The ownerships whose words this person may read."""
        if letter in OUTSIDE:
            return ()
        return (OWN, OTHER) if letter in WIDE else (OWN,)

    def foreign_words(self, letter):
        """The words that this person may never be told."""
        return set().union(*(self.hidden[one] for one in (OWN, OTHER) if one not in self.may_see(letter)))


def world(person, own, other, third):
    """Make all of it; the people of the other center are no actors, but have names that must not be told."""
    people = _people(person, own, third)
    far = {letter: person(f"far{letter}", LOCAL[letter], other) for letter in "cl"}
    far["l"].session = browser(far["l"]).cookies["session"].value
    rows = {
        OWN: one_of_each(own, by=people["c"], lead=people["l"]),
        OTHER: one_of_each(other, by=far["c"], lead=far["l"]),
    }
    with access.everywhere():
        _, key = issue(own, people["c"], *Scope.values, by=people["l"], name="matrix")
        _, far_key = issue(other, far["c"], *Scope.values, by=far["l"], name="far")
    made = World(
        own=own,
        other=other,
        rows=rows,
        hidden={OWN: secrets(own, rows[OWN]), OTHER: secrets(other, rows[OTHER])},
        people=people,
        key=key,
        far=far["l"],
    )
    _complete(made, {OWN: key, OTHER: far_key})
    made.keys = _keys(made, {OWN: key, OTHER: far_key})
    people[LEFT].is_active = False
    people[LEFT].save(update_fields=["is_active"])
    return made


def _complete(made, machine_keys):
    """Let each case have a recurrence and a death, so that they have addresses."""
    for one, key in machine_keys.items():
        case, client = made.rows[one][Case], bearing(key)
        address = f"/api/v1/cases/{case.pk}/"
        sent = {**BY_SHAPE["Recurrence"], "detected_on": "2016-02"}
        answers = [client.post(f"{address}recurrences/", sent, format="json")]
        match = answers[0].get("ETag", "")
        death = {"died_on": "2017-01", "cause_category": "disease"}
        answers.append(client.put(f"{address}death/", death, format="json", HTTP_IF_MATCH=match))
        assert all(answer.status_code < 300 for answer in answers), [one.content for one in answers]
        with access.everywhere():
            case.refresh_from_db()


def _keys(made, machine_keys):
    """What stands in an address where a row has another name than its number, or is the registry's own."""
    waits = a_report(source="clinical", slot="2026-Q3")
    return {
        one: {
            "unsubscribe/": link(subscription=made.rows[one][Subscription]).rstrip("/").rpartition("/")[2],
            "api/v1/receipts/": _receipt(one, machine_keys[one]),
            "api/v1/imports/": _posted(one, machine_keys[one]),
            "admin/reports/report/<int:pk>/release/": waits.pk,
        }
        for one in (OWN, OTHER)
    } | {MISSING: {"unsubscribe/": "s1.forged", "api/v1/receipts/": "never-sent"}}


def _receipt(one, key):
    """Let a program write a case under an Idempotency-Key, and return that."""
    sent = {"case_number": f"{one}-receipt"}
    answer = bearing(key).post("/api/v1/cases/", sent, HTTP_IDEMPOTENCY_KEY=f"key-{one}")
    assert answer.status_code == 201, answer.content
    return f"key-{one}"


def _posted(one, key):
    """Let a program send cases for a worker, and return the number of the import: the API shows no others."""
    sent = [{"case_number": f"{one}-posted"}]
    answer = bearing(key).post("/api/v1/cases/bulk/", sent, format="json", HTTP_PREFER="respond-async")
    assert answer.status_code == 202, answer.content
    return answer.json()["id"]


def _people(person, own, third):
    people = {letter: person(f"own{letter}", role, own) for letter, role in LOCAL.items()}
    people |= {letter: person(f"all{letter.lower()}", role) for letter, role in WIDE.items()}
    people[ELSEWHERE] = person("third", Role.COORDINATOR, third)
    people[ELSEWHERE].memberships.create(role=Role.CENTER_LEAD, center=third)
    people[NO_ROLE] = person("roleless", is_staff=True, is_superuser=True)
    people[LEFT] = person("ownclosed", Role.COORDINATOR, own)
    for one in people.values():
        one.session = browser(one).cookies["session"].value
    return people
