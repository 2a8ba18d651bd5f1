# ruff: noqa: F811 (fixtures)
"""The pages of transfers: offered, answered, followed and shown to the center that operated; and what stays closed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document, transferring
from cases.models import Transfer
from registry import access
from registry.access import Role
from registry.models import Center
from tests.addresses import addresses
from tests.cases.test_transferring import accepted, case, log, noon, offered, saved, sofia  # noqa: F401
from tests.clients import browser
from tests.pages import filled, text
from tests.rows import one_of_each, secrets
from tests.test_isolation import leaked, read

pytestmark = pytest.mark.django_db

LIST = "/admin/transfers/"


def page(transfer, *more):
    return "/".join([f"{LIST}{transfer.pk}", *more]) + "/"


def send(client, transfer, step, **fields):
    return client.post(page(transfer), {"step": step, **fields}, follow=True)


def stored(case):
    with access.everywhere():
        return document.load([case.pk])[0].document


# --- the journey -----------------------------------------------------------------------------------------------------


def test_offer_accept_follow_and_what_the_operating_center_sees(case, alice, bob):
    ours, theirs = browser(alice), browser(bob)
    of_case = f"/admin/cases/case/{case.pk}/"
    assert "Offer follow-up to another center" in text(ours.get(f"{of_case}change/"))

    said = text(ours.post(f"{of_case}transfer/", {"center": "south", "note": "moved"}, follow=True))
    assert "The follow-up is offered to SOUTH; its people get a mail." in said
    assert "The follow-up is offered to SOUTH" in text(ours.get(f"{of_case}change/"))
    with access.everywhere():
        transfer = Transfer.objects.get()

    assert "Follow-up offered to you" in text(theirs.get("/admin/"))
    seen = text(theirs.get(LIST))
    assert (
        f"{case.patient.registry_id} Female · operated in 2015 NORTH → SOUTH Offered 2026-03-15 moved" in seen
    )
    assert "what follow-up needs" not in text(theirs.get(page(transfer)))

    said = text(send(theirs, transfer, "accept"))
    assert "Accepted: SOUTH follows the patient from now on." in said
    assert "Case A-1: what follow-up needs" in said
    assert "2015-03-02" in said

    lost = "/admin/follow-up/lost/"
    assert "A-1 NORTH" in text(theirs.get(lost))
    assert "A-1" not in text(ours.get(lost))
    news = {"case": case.pk, "version": 1, "place": 0, "on": "2026-03-14", "way": "phone", "outcome": "alive"}
    assert "Case A-1: alive on 2026-03-14." in text(theirs.post(lost, news, follow=True))
    form = filled(theirs.get(page(transfer, "add", "recurrences")), form="add_form")
    form |= {"recurrences-kind": "local", "recurrences-detected_on": "2026-03-01"}
    said = text(theirs.post(page(transfer, "add", "recurrences"), form, follow=True))
    assert "recorded. NORTH sees it in the case." in said

    assert [str(visit.visit_on) for visit in stored(case).follow_ups] == ["2016-05-01", "2026-03-14"]
    assert [str(one.detected_on) for one in stored(case).recurrences] == ["2026-03-01"]
    assert "SOUTH follows this patient" in text(ours.get(f"{of_case}change/"))
    told = text(ours.get(f"{of_case}history/"))
    assert "Bob" in told
    assert "SOUTH: follow-up recorded" in told

    said = text(send(ours, transfer, "give_back", reason="came home"))
    assert "Returned: NORTH follows the patient from now on." in said
    assert "what follow-up needs" not in text(theirs.get(page(transfer)))
    assert theirs.get(page(transfer, "add", "recurrences")).status_code == 403
    assert "came home" in text(theirs.get(page(transfer)))


# --- what is refused -------------------------------------------------------------------------------------------------


def test_who_may_not_hand_over_is_offered_nothing(case, ines, rita):
    for who in (ines, rita):
        client = browser(who)
        assert "Offer follow-up" not in text(client.get(f"/admin/cases/case/{case.pk}/change/"))
        assert client.get(f"/admin/cases/case/{case.pk}/transfer/").status_code == 403


def test_what_is_wrong_with_an_offer_comes_back_with_what_was_typed(case, alice):
    answer = browser(alice).post(
        f"/admin/cases/case/{case.pk}/transfer/", {"center": "nowhere", "note": "by sea"}
    )

    assert answer.status_code == 422
    assert "No center with this code can take follow-up over." in text(answer)
    assert filled(answer, form="offer_form")["note"] == ["by sea"]


def test_the_page_says_why_a_case_cannot_be_handed_over(north, south, alice, bob):
    case = saved(north, alice, consent=None)

    seen = browser(alice).get(f"/admin/cases/case/{case.pk}/transfer/")

    assert "No consent is recorded" in text(seen)
    assert "offer_center" not in seen.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_only_reads_here_records_nothing_there(accepted, person, south, method):
    reader = browser(person("rosa", Role.REVIEWER, south))
    assert reader.get(page(accepted)).status_code == 200

    answer = getattr(reader, method)(page(accepted, "add", "follow_ups"))

    assert answer.status_code == 403
    assert "You may read this, but not record follow-up." in text(answer)


def test_a_step_that_comes_too_late_is_told(offered, alice, bob):
    with access.everywhere():
        transferring.withdraw(offered, reason="wrong center", by=alice)

    answer = send(browser(bob), offered, "accept")

    assert answer.status_code == 422
    assert "the offer was withdrawn already" in text(answer)


def test_a_reason_is_asked_for(offered, bob):
    assert "Say why, so that the other center can act on it." in text(send(browser(bob), offered, "decline"))


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("follow_ups", {}, "Nothing is answered yet."),
        ("follow_ups", {"visit_on": "2030-01-01", "vital_status": "alive"}, "future"),
        ("follow_ups", {"visit_on": "yesterday"}, "visit_on"),
        ("recurrences", {"kind": "local", "detected_on": "2014-01"}, "2014-01"),
    ],
)
def test_wrong_follow_up_comes_back_and_nothing_is_saved(case, accepted, bob, name, typed, sentence):
    sent = {f"{name}-{field}": value for field, value in typed.items()}

    answer = browser(bob).post(page(accepted, "add", name), sent)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert len(stored(case).follow_ups) == 1
    assert not stored(case).recurrences


def test_the_same_visit_twice_is_one(case, accepted, bob):
    client, sent = browser(bob), {"follow_ups-visit_on": "2020-01-01", "follow_ups-vital_status": "alive"}
    client.post(page(accepted, "add", "follow_ups"), sent)

    said = text(client.post(page(accepted, "add", "follow_ups"), sent, follow=True))

    assert "This was recorded already; nothing was changed." in said
    assert len(stored(case).follow_ups) == 2


def test_a_second_death_is_neither_offered_nor_taken(case, accepted, bob):
    client, sent = browser(bob), {"death-died_on": "2021", "death-cause_category": "unknown"}
    client.post(page(accepted, "add", "death"), sent)

    assert f"{page(accepted, 'add', 'death')}" not in client.get(page(accepted)).content.decode()
    answer = client.post(page(accepted, "add", "death"), {**sent, "death-died_on": "2022"})
    assert "corrected by the center that operated" in text(answer)
    assert str(stored(case).death.died_on) == "2021"


@pytest.mark.parametrize("name", ["operations", "consent", "nothing"])
def test_no_other_form_has_a_page(accepted, bob, name):
    assert browser(bob).get(page(accepted, "add", name)).status_code == 404


def test_a_stranger_finds_no_transfer(accepted, person, north):
    third = Center.objects.create(code="THIRD", name="Third", country="FR")
    client = browser(person("tess", Role.CENTER_LEAD, third))

    assert client.get(page(accepted)).status_code == 404
    assert send(client, accepted, "give_back", reason="x").status_code == 404
    assert client.get(page(accepted, "add", "follow_ups")).status_code == 404
    assert accepted.registry_id not in text(client.get(LIST))


def test_a_registry_without_centers_has_an_empty_page(ada):
    Center.objects.all().delete()

    assert "No offer waits for your answer." in text(browser(ada).get(LIST))


def test_empty_lists_say_what_to_do(bob):
    seen = text(browser(bob).get(LIST))

    assert "No offer waits for your answer." in seen
    assert "You follow no patient of another center." in seen
    assert "An offer begins on the page of the case." in seen
    assert "No transfer is over yet." in seen


# --- one accepted transfer opens one case ----------------------------------------------------------------------------


def test_with_one_accepted_transfer_nothing_else_of_the_other_center_is_reached(
    north,
    south,
    case,
    accepted,
    alice,
    lena,
    bob,
    sofia,
):
    theirs = one_of_each(north, by=alice, lead=lena)
    hidden = secrets(north, theirs) - {"NORTH", north.name, alice.username, lena.username}
    client = browser(sofia)
    for address in addresses():
        for pk in (theirs[address.model].pk, case.pk) if address.is_of_a_row else (None,):
            for url in address.written(pk) if address.name != "logout" else ():
                answer = client.get(url)
                assert answer.status_code < 500, url
                assert not leaked(read(answer), hidden), url
    for query in ("A-1", "NORTH-1", case.patient.registry_id):
        found = text(client.get("/admin/cases/case/", {"q": query}))
        assert "A-1" not in found.replace(query, "")
        assert "NORTH-1" not in found.replace(query, "")
    assert client.get(f"/admin/cases/case/{case.pk}/change/").status_code == 404
    assert client.get(f"/admin/cases/case/{case.pk}/summary/").status_code == 404
    assert client.get(f"/admin/cases/case/{case.pk}/history/").status_code == 404
    export = read(client.post("/admin/cases/case/export/csv/"))
    assert "A-1" not in export
    assert "NORTH" not in export


def test_the_list_takes_the_same_queries_however_many_there_are(case, offered, north, alice, bob):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    client = browser(bob)
    few = queries()
    for number in range(4):
        more = saved(north, alice, f"B-{number}")
        transferring.offer(more, center_code="SOUTH", note="", by=alice)

    assert queries() == few


def test_a_reviewer_of_the_registry_who_follows_for_another_center_records_there(
    case, accepted, person, south, north
):
    rhea = person("rhea", Role.REVIEWER, is_staff=True)
    rhea.memberships.create(role=Role.COORDINATOR, center=south)
    news = {"case": case.pk, "version": 1, "place": 0, "on": "2026-03-14", "way": "phone", "outcome": "alive"}

    said = browser(rhea).post("/admin/follow-up/lost/", news, follow=True)

    assert "Case A-1: alive on 2026-03-14." in text(said)
    assert len(stored(case).follow_ups) == 2
