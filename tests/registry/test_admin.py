"""The admin site: for those with a role, each page for those who may, every change with its name in the audit trail."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from registry.access import Role
from registry.admin import site
from registry.audit import history_of
from registry.models import ApiKey, Center, Membership, User
from tests.clients import browser, issue
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"
PAGES = {
    "/admin/cases/case/": {"alice", "lena", "ada", "otto", "rita", "dana"},
    "/admin/cases/deviation/": {"alice", "lena", "ada", "otto", "rita", "dana"},
    "/admin/cases/dataquery/": {"alice", "lena", "ada", "otto", "rita", "dana"},
    "/admin/cases/importbatch/": {"alice", "lena", "ada", "otto", "rita", "dana"},
    "/admin/registry/center/": {"alice", "lena", "ada", "otto", "rita", "dana"},
    "/admin/registry/apikey/": {"lena", "ada"},
    "/admin/registry/user/": {"lena", "ada", "otto", "dana"},
    "/admin/registry/membership/": {"lena", "ada", "otto", "dana"},
    "/admin/registry/referenceterm/": {"ada", "dana"},
}


@pytest.fixture
def cast(alice, lena, ada, otto, rita, dana, nobody):
    return {user.username: user for user in (alice, lena, ada, otto, rita, dana, nobody)}


# --- coming in -----------------------------------------------------------------------------------------------------


def sign_in(client, username, password=PASSWORD):
    return client.post("/admin/login/", {"username": username, "password": password})


def test_a_person_with_a_role_signs_in(client, alice):
    alice.set_password(PASSWORD)
    alice.save()

    answer = sign_in(client, "alice")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_stays_outside(client, alice, password):
    assert sign_in(client, "alice", password).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_wrong_password_is_told_in_the_words_of_the_registry(client, alice):
    seen = text(sign_in(client, "alice", "wrong"))

    assert "This user name and password do not belong together." in seen
    assert "staff account" not in seen


@pytest.mark.parametrize("page", ["password_change/", "account/second-factor/"])
def test_the_page_of_a_lost_session_keeps_no_password(client, db, page):
    names = ("old_password", "password1", "new_password2", "Password", "last_name")

    answer = client.post(f"/admin/{page}", dict.fromkeys(names, "zebra-crossing"))

    assert answer.status_code == 403
    assert "zebra-crossing" not in answer.content.decode()
    assert "keeps no password on a page. Sign in again and enter everything once more." in text(answer)
    assert f"next=/admin/{page}" in answer.content.decode()


def test_the_page_of_a_lost_session_keeps_the_rest(client, db):
    answer = client.post("/admin/registry/center/add/", {"name": "zebra-crossing"})

    assert "zebra-crossing" in answer.content.decode()


def test_an_account_without_a_role_is_told_whom_to_ask(client, nobody):
    nobody.set_password(PASSWORD)
    nobody.is_superuser = True
    nobody.save()

    answer = sign_in(client, nobody.username)

    assert "no role in any center yet" in text(answer)
    assert client.get("/admin/").status_code == 302


def test_a_person_switched_off_is_outside_at_once(alice):
    client = browser(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("model", site._registry)
def test_every_page_asks_for_a_sign_in(client, db, model):
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"

    for page in (
        address,
        f"{address}add/",
        f"{address}1/change/",
        f"{address}1/delete/",
        f"{address}1/history/",
    ):
        assert client.get(page)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("address", PAGES)
def test_each_page_opens_for_those_who_may(cast, address):
    opened = {name for name, user in cast.items() if browser(user).get(address).status_code == 200}

    assert opened == PAGES[address]


def test_scripts_may_only_come_from_here(alice):
    policy = browser(alice).get("/admin/")["Content-Security-Policy"]

    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert set(script.split()) == {"script-src", "'self'", "'unsafe-eval'"}


def test_django_groups_are_not_offered(ada):
    assert browser(ada).get("/admin/auth/group/").status_code == 404


# --- centers -------------------------------------------------------------------------------------------------------


def test_a_coordinator_sees_the_own_center_alone(alice, north, south):
    client = browser(alice)

    assert "SOUTH" not in text(client.get("/admin/registry/center/"))
    assert client.get(f"/admin/registry/center/{south.pk}/change/").status_code == 404
    assert client.post(f"/admin/registry/center/{north.pk}/change/", {}).status_code == 403


def test_a_lead_changes_the_language_but_not_the_code(lena, north):
    client, address = browser(lena), f"/admin/registry/center/{north.pk}/change/"

    answer = client.post(
        address, {**filled(client.get(address), "center_form"), "language": "pl", "code": "OTHER"}
    )

    north.refresh_from_db()
    assert (answer.status_code, north.language, north.code) == (302, "pl", "NORTH")
    assert history_of(north).last().pgh_context == {"door": "admin", "user": lena.pk, "reason": ""}


def test_only_the_registry_makes_centers(lena, ada):
    given = {"code": "EAST", "name": "Eastern", "country": "UA", "timezone": "Europe/Kyiv", "language": "uk"}

    assert browser(lena).post("/admin/registry/center/add/", given).status_code == 403
    assert browser(ada).post("/admin/registry/center/add/", given).status_code == 302
    assert Center.objects.filter(code="EAST").exists()


def test_a_wrong_time_zone_is_refused_with_its_remedy(ada):
    given = {"code": "EAST", "name": "Eastern", "country": "UA", "timezone": "Kyiv", "language": "uk"}

    answer = browser(ada).post("/admin/registry/center/add/", given)

    assert "write one like Europe/Warsaw" in text(answer)


LISTS_BY_CENTER = [
    f"/admin/{name}/"
    for name in (
        *("cases/case", "cases/deviation", "cases/dataquery", "cases/importbatch", "registry/apikey"),
        *("reports/report", "reports/delivery", "reports/subscription"),
    )
]


@pytest.mark.parametrize("address", LISTS_BY_CENTER)
def test_a_list_offers_to_filter_by_the_own_centers_alone(lena, ada, north, south, person, address):
    east = Center.objects.create(code="EAST", name="Eastern", country="UA")
    Membership.objects.create(user=lena, center=east, role=Role.CENTER_LEAD)

    for_lead, for_registry = (browser(user).get(address).content.decode() for user in (lena, ada))

    assert "EAST Eastern" in for_lead
    assert str(south) not in for_lead
    assert all(str(center) in for_registry for center in (north, south, east))


# --- people --------------------------------------------------------------------------------------------------------


def test_an_administrator_gives_a_person_a_role(ada, north):
    client = browser(ada)
    client.post(
        "/admin/registry/user/add/",
        {
            **filled(client.get("/admin/registry/user/add/"), "user_form"),
            "username": "newton",
            "email": "newton@example.org",
            "memberships-TOTAL_FORMS": "1",
            "memberships-0-role": "coordinator",
            "memberships-0-center": north.pk,
        },
    )

    newton = User.objects.get(username="newton")
    assert [(role.role, role.center) for role in newton.memberships.all()] == [(Role.COORDINATOR, north)]
    assert not newton.has_usable_password()
    assert not newton.is_superuser


def test_a_role_of_a_center_needs_a_center(ada, alice):
    client = browser(ada)

    answer = client.post(
        "/admin/registry/membership/add/", {"user": alice.pk, "role": "coordinator", "center": ""}
    )

    assert "name the center" in text(answer)


def test_a_role_is_taken_away_and_the_trail_keeps_it(ada, alice):
    role, client = alice.memberships.get(), browser(ada)
    page = f"/admin/registry/membership/{role.pk}/delete/"

    client.post(page, {**filled(client.get(page), None), "post": "yes"})

    assert not Membership.objects.filter(user=alice).exists()
    gone = history_of(role).last()
    assert (gone.pgh_label, gone.pgh_context) == ("delete", {"door": "admin", "user": ada.pk, "reason": ""})


def test_people_are_not_deleted(ada, alice):
    assert browser(ada).post(f"/admin/registry/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_own_log_of_the_framework_stays_empty(ada, alice, lena, north):
    test_a_lead_changes_the_language_but_not_the_code(lena, north)
    test_a_role_is_taken_away_and_the_trail_keeps_it(ada, alice)

    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("otto", 200), ("dana", 200), ("ada", 403), ("lena", 403)])
def test_the_history_of_people_and_roles_is_for_the_auditor(cast, alice, who, status):
    client, role = browser(cast[who]), alice.memberships.get()

    pages = [f"/admin/registry/user/{alice.pk}/history/", f"/admin/registry/membership/{role.pk}/history/"]

    assert [client.get(page).status_code for page in pages] == [status, status]


# --- keys ----------------------------------------------------------------------------------------------------------


def wanted(center, user, **changed):
    until = timezone.now() + timedelta(days=30)
    given = {"center": center.pk, "user": user.pk, "name": "script", "scopes": ["read", "record"]}
    return {**given, "expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M:%S}", **changed}


def test_a_new_key_is_shown_once(lena, alice, north, client):
    page = browser(lena)

    answer = page.post("/admin/registry/apikey/add/", wanted(north, alice))

    key = ApiKey.objects.get()
    shown = next(word for word in text(answer).split() if word.startswith(key.prefix + "_"))
    assert client.get("/api/v1/whoami/", HTTP_AUTHORIZATION=f"Bearer {shown}").status_code == 200
    assert shown not in page.get("/admin/registry/apikey/").content.decode()
    assert shown not in page.get(f"/admin/registry/apikey/{key.pk}/change/").content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"scopes": ["import_cases"]}, "may not import cases"),
        ({"expires_at_0": "2099-01-01"}, "within the next 12 months"),
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["decide"]}, "not one of the available choices"),
    ],
)
def test_a_key_that_may_not_be_is_refused(lena, ines, north, changed, told):
    answer = browser(lena).post("/admin/registry/apikey/add/", wanted(north, ines, **changed))

    assert told in text(answer)
    assert not ApiKey.objects.exists()


def test_a_lead_makes_keys_for_the_own_center_alone(lena, bob, south):
    answer = browser(lena).post("/admin/registry/apikey/add/", wanted(south, bob))

    assert answer.status_code == 200
    assert not ApiKey.objects.exists()


def test_keys_are_revoked_from_the_list(lena, alice, north, client):
    key, shown = issue(north, alice)

    browser(lena).post("/admin/registry/apikey/", {"action": "revoke", "_selected_action": [key.pk]})

    assert client.get("/api/v1/whoami/", HTTP_AUTHORIZATION=f"Bearer {shown}").status_code == 401


def test_foreign_keys_are_out_of_reach(lena, bob, south):
    key, _ = issue(south, bob)
    client = browser(lena)

    client.post("/admin/registry/apikey/", {"action": "revoke", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.revoked_at is None
    assert key.prefix not in text(client.get("/admin/registry/apikey/"))


def test_a_key_is_never_changed(lena, alice, north):
    key, _ = issue(north, alice, "read")

    browser(lena).post(f"/admin/registry/apikey/{key.pk}/change/", wanted(north, alice, scopes=["record"]))

    key.refresh_from_db()
    assert key.scopes == ["read"]


@pytest.mark.parametrize("who", ["dana", "rita", "ada"])
def test_a_lead_makes_no_key_in_the_name_of_the_registry(cast, lena, north, who):
    answer = browser(lena).post("/admin/registry/apikey/add/", wanted(north, cast[who], scopes=["read"]))

    assert answer.status_code == 200
    assert not ApiKey.objects.exists()


def test_a_lead_of_two_centers_makes_no_key_for_one_in_the_name_of_the_other(lena, dana, north, south):
    Membership.objects.create(user=lena, center=south, role=Role.CENTER_LEAD)
    Membership.objects.create(user=dana, center=north, role=Role.COORDINATOR)

    answer = browser(lena).post("/admin/registry/apikey/add/", wanted(south, dana, scopes=["read"]))

    assert "has no role in SOUTH" in text(answer)
    assert not ApiKey.objects.exists()


def test_a_key_tells_who_made_it(lena, alice, north):
    key, _ = issue(north, alice, by=lena)

    seen = text(browser(lena).get(f"/admin/registry/apikey/{key.pk}/change/"))

    assert "Made by" in seen
    assert "Lena" in seen[seen.index("Made by") :]
