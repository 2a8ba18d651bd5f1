"""Which language is spoken with whom, and that what is stored stays English."""

import pytest
from django.test import Client
from django.utils.translation import override

from registry.access import Role
from registry.models import Center, User
from tests.clients import issue

PAGE = "/admin/account/"


def signed_in(user, **headers):
    client = Client(headers=headers)
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("chosen", "browser", "spoken"),
    [
        ("uk", "en", "uk"),
        ("en", "uk", "en"),
        ("", "uk,en;q=0.5", "uk"),
        ("", "pl", "en"),
        ("", "", "en"),
        ("xx", "uk", "uk"),
    ],
)
def test_a_person_is_answered_in_the_own_language_else_the_browsers_else_english(
    alice, chosen, browser, spoken
):
    User.objects.filter(pk=alice.pk).update(language=chosen)

    response = signed_in(alice, accept_language=browser).get(PAGE)

    assert response["Content-Language"] == spoken
    assert f'<html lang="{spoken}"' in response.content.decode()


def test_who_is_not_signed_in_is_answered_in_the_browsers_language(db):
    response = Client().get("/admin/login/", headers={"accept-language": "uk"})

    assert response["Content-Language"] == "uk"
    assert "Accept-Language" in response["Vary"]


def test_a_machine_gets_the_language_it_asks_for_whatever_its_person_reads(alice, north):
    User.objects.filter(pk=alice.pk).update(language="uk")
    _, key = issue(north, alice)

    plain, wished = (
        Client().get("/api/v1/cases/0/", headers={"authorization": f"Bearer {key}", **wish})
        for wish in ({}, {"accept-language": "uk"})
    )

    assert (plain["Content-Language"], wished["Content-Language"]) == ("en", "uk")


def test_a_person_chooses_the_own_language_and_the_change_is_told_in_it(alice):
    client = signed_in(alice)

    response = client.post(PAGE, {"language": "uk"}, follow=True)

    alice.refresh_from_db()
    assert alice.language == "uk"
    assert response["Content-Language"] == "uk"
    assert 'lang="uk"' in response.content.decode()


def test_a_language_that_is_not_offered_is_refused(alice):
    response = signed_in(alice).post(PAGE, {"language": "xx"})

    alice.refresh_from_db()
    assert alice.language == ""
    assert "errorlist" in response.content.decode() or response.context["form"].errors


def test_the_account_page_names_the_own_roles_and_is_for_people_with_a_role_alone(alice, nobody, north):
    page = signed_in(alice).get(PAGE).content.decode()

    assert Role.COORDINATOR.english in page
    assert north.name in page
    assert signed_in(nobody).get(PAGE).status_code == 302


def test_names_and_help_of_models_follow_the_reader():
    with override("uk"):
        said = str(Role.COORDINATOR.label), str(Center._meta.get_field("name").help_text)
    with override("en"):
        english = str(Role.COORDINATOR.label), str(Center._meta.get_field("name").help_text)

    assert english == ("Coordinator", "Name of the hospital as it should stand in reports.")
    assert all(one != other for one, other in zip(said, english, strict=True))
