"""Two people, one form of the administration: whoever saves later overwrites nothing without knowing it."""

import pytest

from registry import access
from registry.access import Role
from registry.admin import site
from registry.models import Center, Membership, User
from reports.models import Subscription
from tests.clients import browser, issue
from tests.pages import filled, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(ada, person):
    """Two administrators of the registry, each in a browser of their own."""
    return browser(ada), browser(person("adam", Role.REGISTRY_ADMIN, is_staff=True))


def opened(client, address, form):
    return filled(client.get(address), form)


# --- fields --------------------------------------------------------------------------------------------------------


@pytest.fixture
def center_page(north):
    return f"/admin/registry/center/{north.pk}/change/"


def test_a_stale_form_saves_nothing_and_shows_all_three_values(two, north, center_page):
    mine, theirs = two
    stale = opened(mine, center_page, "center_form")
    theirs.post(
        center_page, {**opened(theirs, center_page, "center_form"), "language": "pl", "name": "North"}
    )

    answer = mine.post(center_page, {**stale, "language": "uk"})

    north.refresh_from_db()
    assert (answer.status_code, north.language, north.name) == (200, "pl", "North")
    seen = text(answer)
    assert "Nothing was saved: somebody else changed this meanwhile." in seen
    assert (
        "from “en” to “pl” while you were editing. Here stands “uk”: correct it, or save again to keep it."
        in seen
    )
    assert "from “Northern University Hospital” to “North”" in seen
    assert filled(answer, "center_form")["language"] == ["uk"]


def test_saving_again_saves_knowingly(two, north, center_page):
    mine, theirs = two
    stale = opened(mine, center_page, "center_form")
    theirs.post(center_page, {**opened(theirs, center_page, "center_form"), "language": "pl"})
    told = mine.post(center_page, {**stale, "language": "uk"})

    answer = mine.post(center_page, filled(told, "center_form"))

    north.refresh_from_db()
    assert (answer.status_code, north.language) == (302, "uk")


def test_a_third_person_is_noticed_too(two, north, center_page, lena):
    mine, theirs = two
    stale = opened(mine, center_page, "center_form")
    theirs.post(center_page, {**opened(theirs, center_page, "center_form"), "language": "pl"})
    told = mine.post(center_page, {**stale, "language": "uk"})
    lead = browser(lena)
    lead.post(center_page, {**opened(lead, center_page, "center_form"), "language": "de"})

    again = mine.post(center_page, filled(told, "center_form"))

    assert "from “pl” to “de”" in text(again)
    north.refresh_from_db()
    assert north.language == "de"


def test_what_both_changed_alike_is_no_conflict(two, north, center_page):
    mine, theirs = two
    stale = opened(mine, center_page, "center_form")
    theirs.post(center_page, {**opened(theirs, center_page, "center_form"), "language": "pl"})

    assert mine.post(center_page, {**stale, "language": "pl"}).status_code == 302


def test_a_double_click_saves_once(two, center_page):
    client, _ = two
    sent = {**opened(client, center_page, "center_form"), "language": "pl"}

    assert [client.post(center_page, sent).status_code for _ in range(2)] == [302, 302]


def test_what_the_form_cannot_write_is_no_conflict(ada, two, alice):
    client, _ = two
    page = f"/admin/registry/user/{alice.pk}/change/"
    stale = opened(client, page, "user_form")
    browser(alice)  # signing in is noted on the account

    assert client.post(page, {**stale, "last_name": "Liddell"}).status_code == 302


@pytest.mark.parametrize("drawn", ["", "x", "eyJ9:x:y"])
def test_a_page_that_does_not_say_what_it_showed_saves_nothing(two, north, center_page, drawn):
    client, _ = two
    sent = {**opened(client, center_page, "center_form"), "language": "pl", "drawn": drawn}

    answer = client.post(center_page, sent)

    north.refresh_from_db()
    assert north.language == "en"
    assert "look at the values below, then save again" in text(answer)
    assert client.post(center_page, filled(answer, "center_form")).status_code == 302


def test_an_account_a_role_and_a_subscription_are_watched_too(two, alice, lena, north):
    mine, theirs = two
    role = alice.memberships.get()
    with access.everywhere():
        subscription = Subscription.objects.create(user=lena, center=north, cadence="monthly")
    for model, row, name, values in (
        ("registry/user", alice, "last_name", ("Liddell", "Smith")),
        ("registry/membership", role, "role", ("investigator", "center_lead")),
        ("reports/subscription", subscription, "cadence", ("yearly", "quarterly")),
    ):
        page, form = f"/admin/{model}/{row.pk}/change/", f"{model.partition('/')[2]}_form"
        stale = opened(mine, page, form)
        assert theirs.post(page, {**opened(theirs, page, form), name: values[0]}).status_code == 302

        answer = mine.post(page, {**stale, name: values[1]})

        with access.everywhere():
            row.refresh_from_db()
        assert getattr(row, name) == values[0]
        assert "Nothing was saved: somebody else changed this" in text(answer)


def test_values_are_told_as_people_read_them(two, alice, south):
    mine, theirs = two
    role = alice.memberships.get()
    page = f"/admin/registry/membership/{role.pk}/change/"
    stale = opened(mine, page, "membership_form")
    theirs.post(page, {**opened(theirs, page, "membership_form"), "center": south.pk, "role": "investigator"})

    seen = text(mine.post(page, {**stale, "role": "center_lead"}))

    assert "from “NORTH Northern University Hospital” to “SOUTH Southern General Hospital”" in seen
    assert "from “Coordinator” to “Investigator” while you were editing. Here stands “Center Lead”" in seen


def test_braces_in_a_value_stay_text(two, north, center_page):
    mine, theirs = two
    stale = opened(mine, center_page, "center_form")
    theirs.post(center_page, {**opened(theirs, center_page, "center_form"), "name": "{before}"})

    assert "to “{before}”" in text(mine.post(center_page, {**stale, "name": "{x}"}))


# --- rows inside a page --------------------------------------------------------------------------------------------


@pytest.fixture
def person_page(alice):
    return f"/admin/registry/user/{alice.pk}/change/"


def roles(user):
    return sorted(
        (role.role, role.center and role.center.code) for role in Membership.objects.filter(user=user)
    )


def test_a_row_that_somebody_else_changed_is_not_changed_back(two, alice, person_page):
    mine, theirs = two
    stale = opened(mine, person_page, "user_form")
    theirs.post(
        person_page, {**opened(theirs, person_page, "user_form"), "memberships-0-role": "investigator"}
    )

    answer = mine.post(person_page, {**stale, "memberships-0-role": "center_lead"})

    assert roles(alice) == [("investigator", "NORTH")]
    assert "from “Coordinator” to “Investigator”" in text(answer)
    assert mine.post(person_page, filled(answer, "user_form")).status_code == 302
    assert roles(alice) == [("center_lead", "NORTH")]


def test_a_row_that_somebody_else_changed_on_its_own_page_is_noticed(two, alice, person_page):
    mine, theirs = two
    stale = opened(mine, person_page, "user_form")
    own = f"/admin/registry/membership/{alice.memberships.get().pk}/change/"
    theirs.post(own, {**opened(theirs, own, "membership_form"), "role": "investigator"})

    mine.post(person_page, {**stale, "last_name": "Liddell"})

    alice.refresh_from_db()
    assert (alice.last_name, roles(alice)) == ("", [("investigator", "NORTH")])


def test_a_row_that_somebody_else_changed_is_not_removed_unseen(two, alice, person_page):
    mine, theirs = two
    stale = opened(mine, person_page, "user_form")
    theirs.post(
        person_page, {**opened(theirs, person_page, "user_form"), "memberships-0-role": "investigator"}
    )

    answer = mine.post(person_page, {**stale, "memberships-0-DELETE": "on"})

    assert roles(alice) == [("investigator", "NORTH")]
    assert "from “Coordinator” to “Investigator”" in text(answer)
    assert mine.post(person_page, filled(answer, "user_form")).status_code == 302
    assert roles(alice) == []


def test_a_row_that_somebody_else_removed_stays_removed_and_the_rest_is_saved(two, alice, person_page):
    mine, theirs = two
    stale = opened(mine, person_page, "user_form")
    theirs.post(person_page, {**opened(theirs, person_page, "user_form"), "memberships-0-DELETE": "on"})

    answer = mine.post(person_page, {**stale, "last_name": "Liddell"})

    assert "Somebody else removed a row meanwhile." in text(answer)
    again = {**filled(answer, "user_form"), "memberships-0-DELETE": "on"}
    assert mine.post(person_page, again).status_code == 302
    alice.refresh_from_db()
    assert (alice.last_name, roles(alice)) == ("Liddell", [])


def test_rows_that_both_added_are_both_kept(two, alice, south, person_page):
    mine, theirs = two
    stale = opened(mine, person_page, "user_form")
    added = {"memberships-TOTAL_FORMS": "2", "memberships-1-role": "reviewer"}
    theirs.post(person_page, {**opened(theirs, person_page, "user_form"), **added})

    answer = mine.post(
        person_page, {**stale, **added, "memberships-1-role": "coordinator", "memberships-1-center": south.pk}
    )

    assert answer.status_code == 302
    assert roles(alice) == [("coordinator", "NORTH"), ("coordinator", "SOUTH"), ("reviewer", None)]


# --- every page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", site._registry)
def test_no_list_is_a_form(model):
    """A list that is edited has no version: whoever saves it would overwrite all its rows."""
    assert site._registry[model].list_editable == ()


def test_a_key_is_shown_and_has_nothing_to_overwrite(lena, alice, north):
    key, _ = issue(north, alice)

    assert set(opened(browser(lena), f"/admin/registry/apikey/{key.pk}/change/", "apikey_form")) <= {
        "csrfmiddlewaretoken",
        "drawn",
    }


@pytest.mark.parametrize("model", [Center, User, Membership])
def test_another_center_gets_nothing_to_write_on(bob, alice, north, model):
    row = {Center: north, User: alice, Membership: alice.memberships.get()}[model]
    page = f"/admin/registry/{model._meta.model_name}/{row.pk}/change/"

    assert browser(bob).post(page, {"drawn": ""}).status_code in (302, 403, 404)
