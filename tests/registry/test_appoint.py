"""`manage.py appoint`: how the first administrator comes in."""

import pytest
from django.core.management import CommandError, call_command

from registry.access import Action, centers_of
from registry.audit import history_of
from registry.management.commands import appoint
from registry.models import User


@pytest.fixture
def typed(monkeypatch):
    def type_password(password):
        monkeypatch.setattr(appoint, "getpass", lambda _: password)

    return type_password


def test_a_new_person_gets_password_and_role(typed, north, capsys):
    typed("correct horse battery")

    call_command("appoint", "ada", "registry_admin")

    ada = User.objects.get(username="ada")
    assert ada.check_password("correct horse battery")
    assert centers_of(ada, Action.MANAGE_REGISTRY) == (north.pk,)
    assert history_of(ada).first().pgh_context["reason"] == "appoint"
    assert capsys.readouterr().out == "ada: Registry Admin, whole registry.\n"


def test_a_known_person_gets_one_more_role(alice, south):
    call_command("appoint", "alice", "investigator", center="SOUTH")

    assert south.pk in centers_of(alice)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["alice", "coordinator", "--center", "WEST"], "There is no center WEST."),
        (["alice", "coordinator"], "This role belongs to a center: name the center."),
        (["alice", "coordinator", "--center", "NORTH"], "This person already has this role there."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(alice, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("appoint", *arguments)


def test_a_weak_password_leaves_nobody_behind(typed, db):
    typed("12345")

    with pytest.raises(CommandError, match="too short"):
        call_command("appoint", "eve", "auditor")

    assert not User.objects.filter(username="eve").exists()
