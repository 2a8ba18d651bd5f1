"""The pages of follow-up due and lost: who stands there, one click in a row, and back to the same place."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document, intake
from cases.intake import Submission
from cases.models import Case, ContactAttempt
from registry import access
from registry.access import Role
from registry.models import Membership
from tests.cases.examples import OF_TODAY, resected
from tests.clients import browser
from tests.pages import text

pytestmark = pytest.mark.django_db

DUE, LOST = "/admin/follow-up/due/", "/admin/follow-up/lost/"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


def save(number, on, center, by, **forms):
    visit = {"visit_on": on, "vital_status": "alive", "disease_status": "NED"}
    doc = resected(number, follow_ups=[visit], **forms)
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin").case_id


@pytest.fixture
def case_id(north, alice):
    return save("A-1", "2025-01-02", north, alice, operated_on=OF_TODAY)


def send(client, case_id, page=DUE, **fields):
    """Press a button of the row."""
    sent = {"case": case_id, "version": 1, "place": 0, "on": "2026-03-14", "way": "phone", "outcome": "alive"}
    return client.post(page, {**sent, **fields})


def visits(case_id):
    with access.everywhere():
        (stored,) = document.load([case_id])
    return [(str(v.visit_on), v.vital_status) for v in stored.document.follow_ups]


def attempts():
    with access.everywhere():
        return list(ContactAttempt.objects.order_by("pk").values_list("case_id", "outcome", "contact_type"))


# --- the lists -----------------------------------------------------------------------------------------------------


def test_a_row_says_who_since_when_and_what_is_due(alice, north, case_id):
    with access.everywhere():
        registry_id = Case.objects.get(pk=case_id).patient.registry_id
    client = browser(alice)
    send(client, case_id, outcome="unreachable", on="2026-03-01", way="clinic")

    seen = text(client.get(DUE))

    # a year after 2 January 2025 is 2 January 2026, which is 72 days before 15 March 2026
    assert f"A-1 NORTH · {registry_id} Entered by a coordinator 2025-01-02 Alive" in seen
    assert "Contact by 2026-01-02 72 days overdue Imaging of liver and lungs at follow-up" in seen
    assert "2026-03-01 Not reached · Clinic" in seen


STATUSES = {
    "a coarse last contact": ([("2024-12", "alive")], "2024-12 Alive Contact"),
    "a coarse visit, and something that day": ([("2024", "alive")], "2024-12-31 Alive, 2024 Contact"),
    "lost": ([("2024-12", "alive"), ("2025-02", "lost")], "2024-12 Lost to follow-up, 2025-02 Contact"),
    "lost, then seen, out of order": (
        [("2024-12-02", "alive"), ("2023", "lost"), ("2022", "alive")],
        "2024-12-02 Alive Contact",
    ),
    "lost, then heard of otherwise": (
        [("2024-06", "lost"), ("2023", "alive")],
        "2024-12-31 Alive, 2023 Contact",
    ),
    "only ever lost": ([("2024-06", "lost")], "2024-12-31 Alive Contact"),
    "lost without a date": ([("2024-12", "alive"), (None, "lost")], "2024-12 Lost to follow-up Contact"),
    "lost first in": (
        [("2025-02", "lost"), ("2025-01-05", "lost"), ("2024-12", "alive")],
        "2024-12 Lost to follow-up, 2025-01-05 Contact",
    ),
}


@pytest.mark.parametrize(("visits", "told"), STATUSES.values(), ids=STATUSES)
def test_a_row_says_what_is_known_by_date_and_as_it_was_recorded(alice, north, visits, told):
    follow_ups = [{"visit_on": on, "vital_status": status} for on, status in visits]
    imaging = [{"modality": "ct", "performed_on": "2024-12-31"}] if "2024-12-31" in told else []
    doc = resected("A-1", follow_ups=follow_ups, imaging=imaging)
    intake.save_case(Submission(document=doc), center=north, by=alice, source="admin")

    client = browser(alice)

    assert f"Entered by a coordinator {told}" in text(client.get(DUE)) + text(client.get(LOST))


def test_each_patient_is_on_one_list(alice, north, case_id):
    save("A-2", "2024-12-14", north, alice)
    client = browser(alice)

    due, lost = text(client.get(DUE)), text(client.get(LOST))

    assert ("A-1" in due, "A-2" in due, "A-1" in lost, "A-2" in lost) == (True, False, False, True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=A", ["A-1", "A-2"]),
        ("?q=A-2", ["A-2"]),
        ("?q=-2", []),
        ("?overdue=0-30", ["A-2"]),
        ("?overdue=61-", ["A-1"]),
        ("?center=x", ["A-1", "A-2"]),
        ("?overdue=x&p=x&q=%00", ["A-1", "A-2"]),
        ("?p=99", ["A-1", "A-2"]),
    ],
)
def test_the_list_is_narrowed(alice, north, case_id, query, expected):
    save("A-2", "2025-03-01", north, alice)

    rows = browser(alice).get(f"{DUE}{query}").context["rows"]

    assert [row.case.case_number for row in rows] == expected


def test_an_empty_list_says_why(alice):
    client = browser(alice)

    assert "No patient is due" in text(client.get(DUE))
    assert "No patient is lost" in text(client.get(LOST))
    assert "No patient here fits what you asked for" in text(client.get(f"{DUE}?q=Z"))


# --- one click -----------------------------------------------------------------------------------------------------


def test_a_click_records_and_comes_back_to_the_same_place(alice, north, case_id):
    save("A-2", "2025-02-01", north, alice)
    client = browser(alice)

    answer = send(client, case_id, f"{DUE}?q=A&p=1")
    seen = text(client.get(answer["Location"].partition("#")[0]))

    assert (answer.status_code, answer["Location"]) == (302, f"{DUE}?q=A&p=1#said")
    assert "Case A-1: alive on 2026-03-14. The next contact is due on 2027-03-14. A-2 NORTH" in seen
    assert visits(case_id) == [("2025-01-02", "alive"), ("2026-03-14", "alive")]
    assert attempts() == [(case_id, "alive", "phone")]
    assert "alive on" not in text(client.get(DUE))


def test_no_date_is_filled_in_beforehand_but_the_way_is_remembered(alice, north, case_id):
    save("A-2", "2025-02-01", north, alice)
    client = browser(alice)

    send(client, case_id, way="gp_letter")

    (row,) = client.get(DUE).context["rows"]
    assert (row.typed.on, row.typed.way) == ("", "gp_letter")


@pytest.mark.parametrize(
    ("outcome", "on", "told"),
    [
        ("dead", "2026-02", "Case A-1: dead, 2026-02. The cause is recorded as unknown"),
        ("unreachable", "", "Case A-1: the attempt is noted; the patient stays on the list."),
    ],
)
def test_the_other_outcomes_say_what_became_of_them(alice, case_id, outcome, on, told):
    client = browser(alice)

    send(client, case_id, outcome=outcome, on="", died_on=on)

    assert told in text(client.get(DUE))
    assert attempts() == [(case_id, outcome, "phone")]


def test_the_day_of_the_contact_is_never_taken_for_that_of_the_death(alice, case_id):
    client = browser(alice)

    asked = send(client, case_id, outcome="dead", on="2026-03-14")
    assert "Write when the patient died" in text(asked)

    send(client, case_id, outcome="dead", on="2026-03-14", died_on="3.2026")

    with access.everywhere():
        (stored,) = document.load([case_id])
    assert str(stored.document.death.died_on) == "2026-03"
    assert str(stored.document.follow_ups[-1].visit_on) == "2026-03-14"


def test_all_that_is_wrong_is_said_at_once(alice, case_id):
    told = text(send(browser(alice), case_id, outcome="dead", on="31.2.2026", died_on="soon", way=""))

    for wrong in ("Choose how the contact was made.", "2026-02-31 is no date.", "soon is no date."):
        assert wrong in told


def test_a_double_click_records_once(alice, case_id):
    client = browser(alice)

    answers = [send(client, case_id), send(client, case_id)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert "this was recorded already; nothing was changed" in text(client.get(DUE))
    assert (len(visits(case_id)), len(attempts())) == (2, 1)


WRONG = {
    "no way": ({"way": ""}, "Choose how the contact was made."),
    "unknown way": ({"way": "dream"}, "Choose how the contact was made."),
    "no date": ({"on": ""}, "Write the date of the contact."),
    "no such date": ({"on": "2026-02-30"}, "2026-02-30 is no date. Write it as YYYY-MM-DD"),
    "words": ({"on": "<b>yesterday"}, "<b>yesterday is no date. Write it as YYYY-MM-DD"),
    "future": ({"on": "2026-04-01"}, "2026-04-01 lies in the future."),
    "before the resection": ({"on": "2010-01-01"}, "contradicts the resection"),
    "an older page": ({"version": "7"}, "Somebody else changed this case meanwhile."),
    "no version": ({"version": "x"}, "Somebody else changed this case meanwhile."),
}


NOTE = "The son answered; call again on Monday."


def test_a_note_is_kept_with_the_attempt_and_shown_in_its_row(alice, case_id):
    client = browser(alice)

    for _ in range(2):  # a double click
        send(client, case_id, outcome="unreachable", on="2026-03-01", note=f" {NOTE} ")
    send(client, case_id, outcome="unreachable", on="2026-03-01", note="Again nobody.")

    with access.everywhere():
        assert list(ContactAttempt.objects.order_by("pk").values_list("note", flat=True)) == [
            NOTE,
            "Again nobody.",
        ]
    assert "Again nobody." in text(client.get(DUE))


@pytest.mark.parametrize("note", ["x" * 201, "two\tcolumns", "nothing\x00"])
def test_a_note_that_cannot_be_kept_comes_back_as_it_was_typed(alice, case_id, note):
    answer = send(browser(alice), case_id, note=note)

    (row,) = answer.context["rows"]
    assert (answer.status_code, row.typed.note, attempts()) == (422, note, [])
    assert "Write the note as one line of at most 200 characters." in text(answer)


@pytest.mark.parametrize(("fields", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_comes_back_in_its_row_with_what_was_typed(alice, case_id, fields, told):
    answer = send(browser(alice), case_id, **fields)

    (row,) = answer.context["rows"]
    assert answer.status_code == 422
    assert "Case A-1: nothing was saved." in text(answer)
    assert told in text(answer)
    assert row.typed.on == fields.get("on", "2026-03-14")
    assert (len(visits(case_id)), attempts()) == (1, [])


def test_a_locked_case_is_told_to_be_locked(alice, case_id):
    with access.everywhere():
        Case.objects.update(status="locked")

    answer = send(browser(alice), case_id)

    assert (answer.status_code, attempts()) == (422, [])
    assert "The case is locked; ask the data manager to unlock it." in text(answer)


def test_one_date_for_many_is_asked_about_and_taken_when_meant(alice, north):
    ids = [save(f"A-{n}", "2025-01-02", north, alice) for n in range(4)]
    client = browser(alice)
    for pk in ids[:3]:
        assert send(client, pk).status_code == 302

    asked = send(client, ids[3], note=NOTE)

    assert asked.status_code == 200
    assert "In the last 12 hours you gave 2026-03-14 to 3 other patients of NORTH." in text(asked)
    assert "Nothing is saved for case A-3 yet." in text(asked)
    assert len(visits(ids[3])) == 1
    assert send(client, ids[3], **asked.context["sent"], is_meant="yes").status_code == 302
    assert len(visits(ids[3])) == 2
    with access.everywhere():
        assert ContactAttempt.objects.get(case=ids[3]).note == NOTE


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [DUE, LOST])
def test_another_center_sees_none_of_it(bob, north, case_id, page, alice):
    save("A-9", "2020-01-02", north, alice)
    client = browser(bob)

    seen = text(client.get(f"{page}?center={north.pk}"))

    assert "A-1" not in seen
    assert "A-9" not in seen
    assert "NORTH" not in seen
    assert send(client, case_id, page).status_code == 404
    assert send(client, 10**15, page).status_code == 404
    assert (len(visits(case_id)), attempts()) == (1, [])


def test_a_reader_reads(rita, case_id):
    client = browser(rita)

    page = client.get(DUE)

    assert "You may read this case, but not change it." in text(page)
    assert 'name="outcome"' not in page.content.decode()
    assert send(client, case_id).status_code == 403
    assert attempts() == []


def test_a_coordinator_here_may_only_read_there(alice, bob, south, case_id):
    foreign = save("B-1", "2025-01-02", south, bob)
    Membership.objects.create(user=alice, role=Role.REVIEWER)
    client = browser(alice)

    assert [row.may_record for row in client.get(DUE).context["rows"]] == [True, False]
    assert send(client, foreign).status_code == 403


def test_the_page_alone_finds_no_case_of_another_center(alice, bob, south, seen_by_all):
    foreign = save("B-1", "2025-01-02", south, bob)

    assert send(browser(alice), foreign).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"case": "x"}, {"case": "9" * 30}, {"outcome": "reborn"}, {"outcome": ""}]
)
def test_a_request_that_no_row_makes_is_a_404(alice, case_id, fields):
    assert send(browser(alice), case_id, **fields).status_code == 404


@pytest.mark.parametrize("page", [DUE, LOST])
def test_the_page_asks_for_a_sign_in(client, db, page):
    assert client.get(page)["Location"].startswith("/admin/login/")
    assert "you were signed out" in text(client.post(page))


# --- what it costs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["alice", "dana"])
def test_the_list_costs_the_same_for_one_case_and_for_many(request, alice, north, south, username):
    client = browser(request.getfixturevalue(username))

    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(DUE).status_code == 200
        return len(seen)

    save("A-0", "2025-01-02", north, alice)
    few = queries()
    for number in range(1, 8):
        save(f"A-{number}", "2025-01-02", north, alice)

    assert queries() == few <= 18
