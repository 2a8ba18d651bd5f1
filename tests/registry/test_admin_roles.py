"""Roles on the pages of people: nobody gives up the own administration, what is wrong is said, the page stays quick."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.access import Role
from registry.models import Center, Membership, User
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

KEPT = "You cannot give up your own role as registry administrator: ask another administrator to take it from you."


def sent(client, page, form, **changed):
    """What the form sends as it stands, but for what is changed."""
    return client.post(page, {**filled(client.get(page), form), **changed}, follow=True)


# --- the own role --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"memberships-0-DELETE": "on"},
        {"memberships-0-role": "auditor"},
        {"memberships-0-center": "north"},
    ],
)
def test_nobody_gives_up_the_own_administration_on_the_page_of_the_person(ada, north, changed):
    changed = {name: north.pk if value == "north" else value for name, value in changed.items()}

    answer = sent(browser(ada), f"/admin/registry/user/{ada.pk}/change/", "user_form", **changed)

    assert KEPT in text(answer)
    assert ada.memberships.get(role=Role.REGISTRY_ADMIN, center=None)


@pytest.mark.parametrize("changed", [{"role": "auditor"}, {"center": "north"}, {"user": "alice"}])
def test_nobody_gives_up_the_own_administration_on_the_page_of_the_role(ada, alice, north, changed):
    rows = {"north": north.pk, "alice": alice.pk}
    changed = {name: rows.get(value, value) for name, value in changed.items()}

    page = f"/admin/registry/membership/{ada.memberships.get().pk}/change/"
    answer = sent(browser(ada), page, "membership_form", **changed)

    assert KEPT in text(answer)
    assert ada.memberships.get(role=Role.REGISTRY_ADMIN, center=None)


def test_nobody_removes_the_own_administration(ada):
    role, client = ada.memberships.get(), browser(ada)
    page = f"/admin/registry/membership/{role.pk}/delete/"

    answers = [client.get(page, follow=True), client.post(page, {"post": "yes"}, follow=True)]

    assert all(KEPT in text(answer) for answer in answers)
    assert ada.memberships.get() == role


def test_another_administrator_takes_it(ada, person):
    adam = person("adam", Role.REGISTRY_ADMIN)

    sent(
        browser(ada), f"/admin/registry/user/{adam.pk}/change/", "user_form", **{"memberships-0-DELETE": "on"}
    )

    assert not adam.memberships.exists()


def test_other_own_roles_are_given_up(ada, north):
    role = Membership.objects.create(user=ada, role=Role.AUDITOR)
    client = browser(ada)

    sent(client, f"/admin/registry/membership/{role.pk}/change/", "membership_form", center=north.pk)
    sent(client, f"/admin/registry/membership/{role.pk}/delete/", None)

    assert ada.memberships.get().role == Role.REGISTRY_ADMIN


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ({"role": "coordinator", "center": ""}, "This role belongs to a center: name the center."),
        ({"role": "coordinator", "center": "north"}, "This person already has this role there."),
        ({"role": "", "center": "north"}, "This field is required."),
    ],
)
def test_what_is_wrong_with_a_role_is_said_on_the_page_of_the_person(ada, alice, north, added, told):
    row = {f"memberships-1-{name}": north.pk if value == "north" else value for name, value in added.items()}

    page = f"/admin/registry/user/{alice.pk}/change/"
    answer = sent(browser(ada), page, "user_form", last_name="X", **{"memberships-TOTAL_FORMS": 2}, **row)

    alice.refresh_from_db()
    assert told in text(answer)
    assert (alice.last_name, alice.memberships.count()) == ("", 1)


def test_a_role_that_is_given_twice_at_once_is_said_beside_it(ada, alice):
    rows = {"memberships-TOTAL_FORMS": 3, "memberships-1-role": "reviewer", "memberships-2-role": "reviewer"}

    answer = sent(browser(ada), f"/admin/registry/user/{alice.pk}/change/", "user_form", **rows)

    assert "This role stands here twice: remove one." in text(answer)
    assert alice.memberships.count() == 1


def test_a_person_who_is_added_twice_is_there_once_and_it_is_said(ada, north):
    client, page = browser(ada), "/admin/registry/user/add/"
    role = {"memberships-0-role": "coordinator", "memberships-0-center": north.pk}
    given = {
        **filled(client.get(page), "user_form"),
        "username": "newton",
        "email": "newton@example.org",
        **role,
    }

    first, second = (client.post(page, given) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 200)
    assert "If you pressed Save twice, the first was enough" in text(second)
    assert User.objects.get(username="newton").memberships.count() == 1


# --- queries -------------------------------------------------------------------------------------------------------


def test_the_page_of_a_person_asks_no_more_for_many_roles(ada, alice):
    client, page = browser(ada), f"/admin/registry/user/{alice.pk}/change/"
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(page)
    for code in ("A1", "B2", "C3", "D4", "E5"):
        center = Center.objects.create(code=code, name=code, country="PL")
        Membership.objects.create(user=alice, role=Role.COORDINATOR, center=center)

    with CaptureQueriesContext(connection) as many:
        answer = client.get(page)

    assert text(answer).count("E5 E5") > 6  # offered beside each role
    assert len(many) == len(few)


@pytest.mark.parametrize(("who", "is_offered"), [("ada", True), ("lena", False), ("otto", False)])
def test_a_box_to_take_a_role_away_is_for_whoever_may(request, alice, who, is_offered):
    page = browser(request.getfixturevalue(who)).get(f"/admin/registry/user/{alice.pk}/change/")

    assert page.status_code == 200
    assert ('name="memberships-0-DELETE"' in page.content.decode()) == is_offered


@pytest.mark.parametrize("who", ["lena", "dana", "otto", "alice"])
def test_nobody_else_takes_a_role_away_on_its_own_page(request, alice, who):
    role, client = alice.memberships.get(), browser(request.getfixturevalue(who))
    page = f"/admin/registry/membership/{role.pk}/delete/"

    assert [client.get(page).status_code, client.post(page, {"post": "yes"}).status_code] == [403, 403]
    assert alice.memberships.filter(pk=role.pk).exists()
