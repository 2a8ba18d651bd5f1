"""Locking: only what is complete and asks nothing, only the version that was seen, and back only for a reason."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cases import answering, intake, locking
from cases.intake import Submission
from cases.models import Case, DataQuery
from registry.access import Role
from registry.audit import history_of
from tests.cases.examples import complete, draft
from tests.clients import browser
from tests.pages import filled, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]

LIST = "/admin/cases/case/"


@pytest.fixture
def save(north, alice):
    def save(document, source="admin"):
        receipt = intake.save_case(
            Submission(document=document), center=north, by=alice, source=source, reason="new information"
        )
        return Case.objects.get(pk=receipt.case_id)

    return save


@pytest.fixture
def case(save):
    return save(complete())


def asks(number="A-1"):
    """A complete case with a height that is asked about."""
    return complete(number, presentation={**PRESENTATION, "height_cm": 205})


PRESENTATION = {"symptoms": ["abdominal_pain"], "collaterals": "none", "asa": 2, "ecog": 0} | {
    "missing": {"creatinine_preop_umol_l": "ND"}
}


def refusal(outcomes):
    (outcome,) = outcomes
    return outcome.refused


def test_a_complete_case_is_locked_and_grows_by_a_version(case, lena):
    assert refusal(locking.lock([(case, 1)], by=lena)) == ""

    case.refresh_from_db()
    assert (case.status, case.version) == ("locked", 2)
    last = history_of(case).last()
    assert (last.status, last.pgh_context["door"], last.pgh_context["user"]) == ("locked", "admin", lena.pk)


@pytest.mark.parametrize("name", ["alice", "ines", "rita", "ada", "otto", "bob", "nobody"])
def test_others_cannot_lock(name, request, case):
    with pytest.raises(PermissionDenied):
        locking.lock([(case, 1)], by=request.getfixturevalue(name))


def test_who_leads_another_center_cannot_lock(case, person, south):
    with pytest.raises(PermissionDenied):
        locking.lock([(case, 1)], by=person("luca", Role.CENTER_LEAD, south))


def test_a_draft_is_not_locked(save, dana):
    case = save(draft())

    assert refusal(locking.lock([(case, 1)], by=dana)) == "It is not complete yet."
    case.refresh_from_db()
    assert (case.status, case.version) == ("draft", 1)


def test_a_case_with_an_open_query_is_not_locked_until_it_is_confirmed(save, dana):
    case = save(asks())
    assert "1 query is open" in refusal(locking.lock([(case, 1)], by=dana))

    answering.confirm(DataQuery.objects.get(), text="A tall man.", by=dana)

    assert refusal(locking.lock([(case, 1)], by=dana)) == ""


def test_a_newer_version_than_the_one_shown_is_not_locked(case, save, dana):
    save(complete(note="changed meanwhile"))

    assert "changed since this page was drawn" in refusal(locking.lock([(case, 1)], by=dana))
    case.refresh_from_db()
    assert (case.status, case.version) == ("complete", 2)


def test_locking_twice_leaves_one_trace(case, dana):
    locking.lock([(case, 1)], by=dana)

    assert refusal(locking.lock([(case, 2)], by=dana)) == "It is locked already."
    assert history_of(case).count() == 2


def test_a_locked_case_refuses_changes(case, dana, north, alice):
    locking.lock([(case, 1)], by=dana)

    receipt = intake.save_case(
        Submission(document=complete(note="late")), center=north, by=alice, source="api", reason="late"
    )

    assert [problem.code for problem in receipt.problems] == ["locked"]


def test_the_data_manager_unlocks_for_a_reason(case, dana, save):
    locking.lock([(case, 1)], by=dana)

    assert refusal(locking.unlock([(case, 2)], reason=" Source corrected. ", by=dana)) == ""

    case.refresh_from_db()
    assert (case.status, case.version) == ("complete", 3)
    assert history_of(case).last().pgh_context["reason"] == "Source corrected."
    assert save(complete(note="corrected")).version == 4


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_unlocking_needs_a_reason_that_can_be_kept(case, dana, reason):
    locking.lock([(case, 1)], by=dana)

    with pytest.raises(ValidationError) as refused:
        locking.unlock([(case, 2)], reason=reason, by=dana)

    assert set(refused.value.message_dict) == {"reason"}


def test_the_lead_who_locks_cannot_unlock(case, lena):
    locking.lock([(case, 1)], by=lena)

    with pytest.raises(PermissionDenied):
        locking.unlock([(case, 2)], reason="mine", by=lena)


def test_who_may_not_unlock_is_asked_for_no_reason(case, lena):
    with pytest.raises(PermissionDenied):
        locking.unlock([(case, 2)], reason="", by=lena)


def test_what_is_not_locked_is_not_unlocked(case, dana):
    assert refusal(locking.unlock([(case, 1)], reason="why not", by=dana)) == "It is not locked."


def test_many_cases_cost_as_many_statements_as_one(save, dana, django_assert_num_queries):
    cases = [(save(complete(f"A-{n}"), source="synthetic"), 1) for n in range(5)]

    with django_assert_num_queries(9):
        locking.lock(cases[:1], by=dana)
    with django_assert_num_queries(9):
        assert [outcome.refused for outcome in locking.lock(cases[1:], by=dana)] == [""] * 4


# --- the page ----------------------------------------------------------------------------------------------------


def page_of(case):
    return f"{LIST}{case.pk}/change/"


def press(client, case, form):
    """Send the form of the page as it stands."""
    fields = filled(client.get(page_of(case)), form)
    return client.post(f"{LIST}{case.pk}/{form.removesuffix('_form')}/", fields, follow=True)


def test_the_page_locks_and_unlocks(case, dana):
    client = browser(dana)

    assert "Locked: A-1." in text(press(client, case, "lock_form"))

    fields = {**filled(client.get(page_of(case)), "unlock_form"), "reason": "Source corrected"}
    answer = client.post(f"{LIST}{case.pk}/unlock/", fields, follow=True)
    assert "Unlocked: A-1." in text(answer)
    case.refresh_from_db()
    assert (case.status, case.version) == ("complete", 3)


def test_the_page_says_what_hinders_the_lock(save, lena):
    page = browser(lena).get(page_of(save(draft())))

    assert "This case cannot be locked yet. It is not complete yet." in text(page)
    assert not filled(page, "lock_form")


def test_the_page_offers_nothing_to_who_may_not(case, alice):
    client = browser(alice)

    assert "Lock this case" not in text(client.get(page_of(case)))
    assert client.post(f"{LIST}{case.pk}/lock/", {"version": "1"}).status_code == 403
    assert client.post(f"{LIST}{case.pk}/unlock/", {"version": "1", "reason": "x"}).status_code == 403


def test_a_page_that_is_older_than_the_case_locks_nothing(case, save, dana):
    client = browser(dana)
    fields = filled(client.get(page_of(case)), "lock_form")
    save(complete(note="changed meanwhile"))

    answer = client.post(f"{LIST}{case.pk}/lock/", fields, follow=True)

    assert "Case A-1 stays as it was. It changed since this page was drawn" in text(answer)


@pytest.mark.parametrize("version", ["", "x", "²", "-1", "1" * 40])
def test_a_version_that_is_none_locks_nothing(case, dana, version):
    answer = browser(dana).post(f"{LIST}{case.pk}/lock/", {"version": version}, follow=True)

    assert "stays as it was" in text(answer)


def test_unlocking_without_a_reason_is_told(case, dana):
    locking.lock([(case, 1)], by=dana)

    answer = browser(dana).post(f"{LIST}{case.pk}/unlock/", {"version": "2"}, follow=True)

    assert "Say why the case is unlocked." in text(answer)


def test_another_center_does_not_find_the_case(case, person, south):
    client = browser(person("luca", Role.CENTER_LEAD, south))

    assert client.post(f"{LIST}{case.pk}/lock/", {"version": "1"}).status_code == 404
    assert client.post(f"{LIST}999999/lock/", {"version": "1"}).status_code == 404


def test_an_address_alone_locks_nothing(case, dana):
    assert browser(dana).get(f"{LIST}{case.pk}/lock/").status_code == 405


# --- the list ----------------------------------------------------------------------------------------------------


def choose(client, action, *cases, **more):
    sent = {**filled(client.get(LIST), "changelist-form"), "action": action, **more}
    sent["_selected_action"] = [case.pk for case in cases]
    return client.post(LIST, sent, follow=True)


def test_the_list_locks_what_can_be_locked_and_tells_of_the_rest(case, save, lena):
    answer = text(choose(browser(lena), "lock_chosen", case, save(draft("A-2"))))

    assert "Locked: A-1." in answer
    assert "Case A-2 stays as it was. It is not complete yet." in answer


def test_the_list_locks_the_versions_it_showed(case, save, dana):
    client = browser(dana)
    shown = filled(client.get(LIST), "changelist-form")
    save(complete(note="changed meanwhile"))

    answer = client.post(LIST, {**shown, "action": "lock_chosen", "_selected_action": [case.pk]}, follow=True)

    assert "Case A-1 stays as it was. It changed since" in text(answer)


def test_cases_of_other_pages_are_not_locked(case, dana):
    answer = choose(browser(dana), "lock_chosen", case, select_across="1")

    assert "Choose cases of one page at a time" in text(answer)
    case.refresh_from_db()
    assert case.status == "complete"


def test_the_list_asks_why_before_it_unlocks(case, dana):
    locking.lock([(case, 1)], by=dana)
    client = browser(dana)

    asked = choose(client, "unlock_chosen", case)
    assert "Unlock cases" in text(asked)
    sent = {**filled(asked, "unlock_form"), "reason": "Source corrected"}

    assert "Unlocked: A-1." in text(client.post(LIST, sent, follow=True))


def test_the_list_offers_locking_to_those_who_may(case, alice, lena, dana):
    actions = {
        user.username: [name for name in ("lock_chosen", "unlock_chosen") if name in page]
        for user in (alice, lena, dana)
        if (page := browser(user).get(LIST).content.decode())
    }

    assert actions == {
        "alice": [],
        "lena": ["lock_chosen"],
        "dana": ["lock_chosen", "unlock_chosen"],
    }


def test_a_case_of_a_center_that_one_only_works_for_stays(person, north, south, bob):
    both = person("carla", Role.CENTER_LEAD, north)
    both.memberships.create(role=Role.COORDINATOR, center=south)
    receipt = intake.save_case(Submission(document=complete("B-1")), center=south, by=bob, source="admin")

    answer = choose(browser(both), "lock_chosen", Case.objects.get(pk=receipt.case_id))

    assert "Case B-1 stays as it was. You may not do this in its center." in text(answer)
