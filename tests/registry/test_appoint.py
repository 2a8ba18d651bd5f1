"""`manage.py appoint`: how the first administrator comes in."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from registry.access import Action, centers_of
from registry.audit import history_of
from registry.management.commands import appoint
from registry.models import User


@pytest.fixture
def typed(monkeypatch):
    """Type a password, and again, at a terminal."""

    def type_password(password, again=None):
        said = iter([password, again or password])
        monkeypatch.setattr(appoint, "getpass", lambda _: next(said))
        monkeypatch.setattr(appoint.sys, "stdin", SimpleNamespace(isatty=lambda: True))

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
        (["alice", "coordinator", "--center", "WEST"], "There is no center WEST. Centers: NORTH."),
        (["eve", "coordinator", "--center", "WEST"], "There is no center WEST. Centers: NORTH."),
        (["alice", "coordinator"], "This role belongs to a center: name the center."),
        (["eve", "coordinator"], "This role belongs to a center: name the center."),
        (["alice", "coordinator", "--center", "NORTH"], "This person already has this role there."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(alice, arguments, sentence):
    """Before anybody who is new has typed a password."""
    with pytest.raises(CommandError, match=sentence) as ended:
        call_command("appoint", *arguments)

    assert ended.value.returncode == 2


def test_a_password_that_was_typed_wrongly_once_leaves_nobody_behind(typed, db):
    typed("correct horse battery", "correct hose battery")

    with pytest.raises(CommandError, match="The two passwords differ") as ended:
        call_command("appoint", "eve", "auditor")

    assert ended.value.returncode == 2
    assert not User.objects.filter(username="eve").exists()


def test_without_a_terminal_it_says_that_it_needs_one(db):
    with pytest.raises(CommandError, match="no terminal") as ended:
        call_command("appoint", "eve", "auditor")

    assert ended.value.returncode == 2


def test_a_weak_password_leaves_nobody_behind(typed, db):
    typed("12345")

    with pytest.raises(CommandError, match="too short"):
        call_command("appoint", "eve", "auditor")

    assert not User.objects.filter(username="eve").exists()
