"""The list of accounts and keys: whole, riskiest first, taken out without formulas, noted; unused accounts close."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.accounts import reviewing
from registry.accounts.reviewing import KEY
from registry.audit import history_of
from registry.models import AccessReview, ApiKey, User
from registry.tasks import close_unused_accounts
from tests.clients import browser, issue
from tests.pages import text

PAGE, FILE, HOME = "/admin/accounts/", "/admin/accounts/review.csv", "/admin/"
DAY = timedelta(days=1)


def used(user, days_ago):
    User.objects.filter(pk=user.pk).update(last_login=timezone.now() - days_ago * DAY)


def safe(user):
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(last_login=now, second_factor_set_at=now)


def told(by):
    return {line.name: line.told for line in reviewing.lines(User.objects.get(pk=by.pk))}


# --- what is on it ----------------------------------------------------------------------------------------------------


def test_what_to_look_at_is_said_of_each_account(ada, alice, bob, ines, lena, nobody):
    safe(ada)
    used(alice, 91)
    used(bob, 89)
    safe(nobody)
    found = told(ada)

    assert found["ada"] == ""
    assert found["alice"] == "no second factor, not used for 90 days"
    assert found["bob"] == "no second factor"
    assert found["ines"] == "never signed in, no second factor"
    assert found["nora"] == "no role"


def test_what_to_look_at_is_said_of_each_key(ada, north, alice, ines, lena, person):
    made = {
        name: issue(north, user, "read", by=lena, name=name)[0]
        for name, user in (("of alice", alice), ("of ines", ines))
    }
    early = timezone.now() - 200 * DAY
    ApiKey.objects.filter(pk=made["of alice"].pk).update(last_used_at=early, created_at=early)
    ines.memberships.all().delete()
    assert told(ada)[made["of alice"].prefix] == "not used for 90 days"
    assert told(ada)[made["of ines"].prefix] == "its person has no role here any more"
    alice.is_active = False
    alice.save()
    assert told(ada)[made["of alice"].prefix] == "its person has left, not used for 90 days"


def test_the_riskiest_stand_first_and_the_closed_last(ada, alice, bob, ines):
    for user in (ada, alice, bob):
        safe(user)
    used(alice, 100)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    names = [line.name for line in reviewing.lines(ada)]

    assert names == ["ines", "alice", "ada", "bob"]


def test_revoked_keys_are_not_on_it(ada, north, alice, lena):
    key, _ = issue(north, alice, by=lena)
    assert [line.name for line in reviewing.lines(ada) if line.kind == KEY] == [key.prefix]
    ApiKey.objects.update(revoked_at=timezone.now())

    assert not [line for line in reviewing.lines(ada) if line.kind == KEY]


def test_a_lead_reviews_the_own_center_alone(lena, alice, bob, ada, south, north):
    issue(south, bob, by=None)
    alice.memberships.create(role="investigator", center=south)
    client = browser(lena)
    page, file = client.get(PAGE).content.decode(), client.post(FILE).content.decode()

    for seen in (page, file):
        assert "alice" in seen
        for word in ("bob", "SOUTH", "Investigator"):
            assert word not in seen
    assert "ada" not in told(lena)


@pytest.mark.parametrize("name", ["alice", "ines", "rita", "dana", "otto"])
def test_nobody_else_sees_it(request, name):
    client = browser(request.getfixturevalue(name))

    assert [client.get(PAGE).status_code, client.post(PAGE).status_code, client.post(FILE).status_code] == [
        403
    ] * 3
    assert not AccessReview.objects.exists()


def test_many_accounts_take_no_more_queries(ada, north, person, lena):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(PAGE).status_code == 200
        return len(found)

    client = browser(ada)
    client.get(PAGE)
    issue(north, lena, by=lena)
    before = count()
    for n in range(8):
        issue(north, person(f"somebody{n}", "coordinator", north), by=lena, name=f"key {n}")

    assert count() == before <= 18


# --- taken out --------------------------------------------------------------------------------------------------------


def test_no_cell_of_the_file_is_a_formula(ada, alice, north, lena):
    for begin in "=+-@\t":
        User.objects.create(username=f"u{ord(begin)}", first_name=f"{begin}HYPERLINK(1)")
    issue(north, alice, by=lena, name="=1+1")
    rows = list(csv.reader(io.StringIO(browser(ada).post(FILE).content.decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row]

    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t")]
    assert "'=HYPERLINK(1)" in cells
    assert "'=1+1" in cells
    assert {len(row) for row in rows} == {11}


def test_the_file_is_no_link(ada):
    assert browser(ada).get(FILE).status_code == 404


# --- that it was reviewed ---------------------------------------------------------------------------------------------


def test_a_review_is_noted_and_due_again_after_a_quarter(ada, alice):
    client = browser(ada)
    assert "Accounts and keys to review" in text(client.get(HOME))

    assert "Noted" in text(client.post(PAGE, follow=True))

    noted = AccessReview.objects.get()
    assert (noted.by, noted.center, noted.accounts, noted.keys) == (ada, None, 2, 0)
    assert "reviewed on" in text(client.get(PAGE))
    assert "Accounts and keys to review" not in text(client.get(HOME))
    with time_machine.travel(timezone.now() + 93 * DAY):
        assert "Accounts and keys to review" in text(browser(ada).get(HOME))


def test_a_lead_notes_it_for_the_own_center(lena, ada, bob):
    browser(lena).post(PAGE)

    assert AccessReview.objects.get().center.code == "NORTH"
    assert "Accounts and keys to review" not in text(browser(lena).get(HOME))
    assert "Accounts and keys to review" in text(browser(ada).get(HOME))


def test_who_reviews_nothing_is_reminded_of_nothing(alice, otto):
    for user in (alice, otto):
        assert "Accounts and keys to review" not in text(browser(user).get(HOME))


@pytest.mark.parametrize("change", ["update", "delete"])
def test_nobody_changes_what_was_noted(ada, change):
    reviewing.reviewed(ada)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows = AccessReview.objects.all()
        rows.update(accounts=0) if change == "update" else rows.delete()

    assert AccessReview.objects.get().accounts == 1


# --- accounts that nobody uses ----------------------------------------------------------------------------------------


@pytest.fixture
def a_year_ago(ada, alice, bob, north, lena):
    """Everybody came a year and more ago, and nothing was changed since."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        cursor.execute("ALTER TABLE registry_userevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE registry_userevent SET pgh_created_at = now() - interval '400 days'")
        cursor.execute("ALTER TABLE registry_userevent ENABLE TRIGGER USER")
        cursor.execute("SET ROLE reg_app")
    early = timezone.now() - 400 * DAY
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_user SET last_login = %s", [early])
        cursor.execute("SET ROLE reg_owner")
        cursor.execute("ALTER TABLE registry_user DISABLE TRIGGER USER")
        cursor.execute("UPDATE registry_user SET date_joined = %s", [early])
        cursor.execute("ALTER TABLE registry_user ENABLE TRIGGER USER")
        cursor.execute("SET ROLE reg_app")


def open_accounts():
    return set(User.objects.filter(is_active=True).values_list("username", flat=True))


def test_an_account_that_nobody_uses_closes_by_itself(a_year_ago, alice, caplog):
    close_unused_accounts()

    assert open_accounts() == {"ada"}  # one administrator is left
    event = history_of(alice).last()
    assert event.pgh_context["reason"] == "not used"
    assert "alice" not in caplog.text


def test_what_counts_as_use(a_year_ago, alice, bob, lena, north):
    used(bob, 10)
    key, _ = issue(north, alice, by=lena)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
    close_unused_accounts()
    assert open_accounts() == {"ada", "alice", "bob"}

    User.objects.filter(username="lena").update(is_active=True)  # opened again by an administrator
    close_unused_accounts()
    assert "lena" in open_accounts()


def test_a_setting_keeps_them_open(a_year_ago, settings):
    settings.ACCOUNT_UNUSED_DAYS = 0
    close_unused_accounts()

    assert len(open_accounts()) == 4
