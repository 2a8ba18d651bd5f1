"""Every change that a person makes on a page has its door and its name in the audit trail."""

import logging

import pytest

from registry import access, walls
from registry.access import Role
from registry.admin import site
from registry.audit import history_of
from registry.models import Membership, ReferenceTerm
from tests.addresses import ROOT, addresses
from tests.clients import browser
from tests.pages import filled, text
from tests.rows import one_of_each

pytestmark = pytest.mark.django_db

OLD, NEW = "correct-horse-battery", "battery-horse-correct"
# What is typed where a form asks for it.
TYPED = {
    **dict.fromkeys(("last_name", "name", "explanation"), "Swept"),
    **dict.fromkeys(("new_password1", "new_password2"), NEW),
    "old_password": OLD,
    "language": "uk",
    "cadence": "yearly",
}


@pytest.fixture
def everybody(person, north):
    """Somebody who may do everything."""
    user = person("omar")
    user.set_password(OLD)
    user.save()
    for role in Role:
        center = None if role in access.REGISTRY_WIDE else north
        Membership.objects.create(user=user, role=role, center=center)
    return user


def context_of(row):
    return history_of(row).last().pgh_context


# --- every page ----------------------------------------------------------------------------------------------------


def test_whatever_a_page_writes_has_its_door_and_its_person(everybody, north, alice, lena, caplog):
    caplog.set_level(logging.ERROR, "django.request")
    rows = one_of_each(north, by=alice, lead=lena)
    with access.everywhere():
        before = {model: _last(model) for model in walls.event_models()}

    for address in addresses():
        for url in address.written(rows[address.model].pk if address.is_of_a_row else None):
            _send(browser(everybody), url)
    for model, page in site._registry.items():
        _act(
            browser(everybody), f"{ROOT}{model._meta.app_label}/{model._meta.model_name}/", page, rows[model]
        )

    with access.everywhere():
        written = [event for model in before for event in model.objects.filter(pgh_id__gt=before[model])]
    assert {"User", "Membership", "Center", "ReferenceTerm", "ApiKey"} <= {_name(event) for event in written}
    assert [event for event in written if not _is_told(event, everybody)] == []


def _last(model):
    return max(model.objects.values_list("pgh_id", flat=True), default=0)


def _name(event):
    return event.pgh_tracked_model.__name__


def _is_told(event, person):
    context = event.pgh_context or {}
    return context.get("user") == person.pk or context.get("door") == "assess"  # which nobody does by hand


def _send(client, url):
    """Send the form of a page with something new in it."""
    shown = client.get(url)
    list(shown.streaming_content if shown.streaming else ())  # closes what it was read from
    is_page = shown.status_code == 200 and shown["Content-Type"].startswith("text/html")
    names = [*(f"{model._meta.model_name}_form" for model in site._registry), None] if is_page else []
    fields = {key: value for name in names for key, value in filled(shown, name).items()}
    typed = {name: value for name, value in TYPED.items() if name in fields}
    answer = client.post(url, {**fields, **typed, "post": "yes"})
    list(answer.streaming_content if answer.streaming else ())


def _act(client, url, page, row):
    """Do with the row whatever its list offers."""
    for action in page.get_actions(client.get(url).wsgi_request):
        client.post(url, {"action": action, "_selected_action": [row.pk], "index": "0", "post": "yes"})


# --- roles ---------------------------------------------------------------------------------------------------------


def removal(client, role):
    """The page that asks once more, and what it sends."""
    page = f"/admin/registry/membership/{role.pk}/delete/"
    return page, {"post": "yes", **filled(client.get(page), None)}


def test_a_role_that_was_taken_away_on_its_own_page_tells_who_did_it(ada, alice):
    role, client = alice.memberships.get(), browser(ada)

    client.post(*removal(client, role))

    assert not Membership.objects.filter(user=alice).exists()
    assert history_of(role).last().pgh_label == "delete"
    assert context_of(role) == {"door": "admin", "user": ada.pk, "reason": ""}


def test_a_role_that_somebody_else_changed_is_not_taken_away_unseen(ada, person, alice):
    role, mine, theirs = alice.memberships.get(), browser(ada), browser(person("adam", Role.REGISTRY_ADMIN))
    page, sent = removal(mine, role)
    own = f"/admin/registry/membership/{role.pk}/change/"
    theirs.post(own, {**filled(theirs.get(own), "membership_form"), "role": "investigator"})

    answer = mine.post(page, sent, follow=True)

    assert Membership.objects.get(pk=role.pk).role == "investigator"
    assert "Nothing was removed: somebody else changed this meanwhile." in text(answer)
    mine.post(*removal(mine, role))
    assert not Membership.objects.filter(pk=role.pk).exists()


def test_a_page_that_does_not_say_what_it_showed_removes_nothing(ada, alice):
    role = alice.memberships.get()

    browser(ada).post(f"/admin/registry/membership/{role.pk}/delete/", {"post": "yes"})

    assert Membership.objects.filter(pk=role.pk).exists()


def test_an_action_of_a_list_tells_who_did_it(dana):
    term = ReferenceTerm.objects.create(list="regimen", term="Doxorubicin")

    browser(dana).post("/admin/registry/referenceterm/", {"action": "retire", "_selected_action": [term.pk]})

    assert context_of(term) == {"door": "admin", "user": dana.pk, "reason": ""}


# --- passwords -----------------------------------------------------------------------------------------------------


def password_change(person):
    """The field that the last event of a person changed, and whose doing it was."""
    before, after = list(history_of(person))[-2:]
    assert before.password_set_at != after.password_set_at
    assert not hasattr(after, "password")
    return after.pgh_context["user"]


def test_an_invitation_that_is_sent_again_is_told(everybody, otto, alice):
    page = f"/admin/registry/user/{alice.pk}"

    browser(everybody).post(f"{page}/link/")

    assert password_change(alice) == everybody.pk
    seen = text(browser(otto).get(f"{page}/history/"))
    assert "Password set at" in seen
    assert "Omar" in seen


def test_a_password_that_people_change_themselves_is_told(everybody):
    sent = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}

    assert browser(everybody).post("/admin/password_change/", sent).status_code == 302

    assert password_change(everybody) == everybody.pk


def test_a_new_hash_of_the_same_password_is_no_new_password(everybody, settings, client):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    events = history_of(everybody).count()

    answer = client.post("/admin/login/", {"username": everybody.username, "password": OLD})

    hashed = type(everybody).objects.get(pk=everybody.pk)
    assert (answer.status_code, hashed.password.partition("$")[0]) == (302, "pbkdf2_sha256")
    assert hashed.password_set_at == everybody.password_set_at
    assert history_of(everybody).count() == events
