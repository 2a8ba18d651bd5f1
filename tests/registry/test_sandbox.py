"""A sandbox is made by one command, and is one from the beginning and for ever."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from registry.audit import history_of
from registry.models import Center

pytestmark = pytest.mark.django_db


def test_the_command_makes_a_sandbox_and_says_how_to_go_on(capsys):
    call_command("sandbox", "TRY", "Trials of the North", "--country", "PL", "--timezone", "Europe/Warsaw")

    made = Center.objects.get(code="TRY")
    assert (made.is_sandbox, made.name, made.timezone) == (True, "Trials of the North", "Europe/Warsaw")
    assert history_of(made).last().pgh_context["reason"] == "sandbox made"
    assert "manage.py appoint NAME coordinator --center TRY" in capsys.readouterr().out


@pytest.mark.parametrize("code", ["NORTH", "try", "T"])
def test_a_center_that_is_there_or_has_no_code_is_refused(north, code):
    with pytest.raises(CommandError, match=r"(?i)code"):
        call_command("sandbox", code, "Trials", "--country", "PL")
    assert not Center.objects.get().is_sandbox


@pytest.mark.parametrize("was", [True, False])
def test_no_code_makes_a_sandbox_of_a_center_or_a_center_of_a_sandbox(north, was):
    center = Center.objects.create(code="TRY", name="Trials", country="PL", is_sandbox=True) if was else north
    center.is_sandbox = not was

    with pytest.raises(ValidationError, match="for ever"):
        center.full_clean()
    for change in (center.save, lambda: Center.objects.update(is_sandbox=not was)):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    center.refresh_from_db()
    assert center.is_sandbox == was


def test_all_else_of_a_center_can_change(north):
    north.name = "Northern Hospital"
    north.full_clean()
    north.save()

    north.refresh_from_db()
    assert north.name == "Northern Hospital"
