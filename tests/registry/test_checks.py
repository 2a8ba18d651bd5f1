"""The system checks name a clinical model that forgot a promise."""

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from cases.models import Case
from registry.checks import broken_promises, check_certificate, check_login, clinical_models


def promises_broken_by(**attributes):
    meta = type("Meta", (), {"app_label": "cases"})
    model = type("Planted", (models.Model,), {"__module__": __name__, "Meta": meta, **attributes})
    return {message.id for message in broken_promises(model)}


@isolate_apps("cases", "registry.apps.RegistryConfig")
def test_a_model_that_forgot_everything_is_named():
    assert promises_broken_by(note=models.TextField()) == {f"registry.E00{n}" for n in range(1, 5)}


@isolate_apps("cases", "registry.apps.RegistryConfig")
def test_a_model_that_forgot_one_thing_is_told_which():
    center = models.ForeignKey("registry.Center", models.PROTECT, help_text="The center")

    assert promises_broken_by(center=center) == {"registry.E002", "registry.E003"}


@pytest.mark.parametrize("model", list(clinical_models()), ids=lambda model: model.__name__)
def test_a_clinical_model_keeps_its_promises(model):
    assert not list(broken_promises(model))


def test_the_sweep_sees_the_real_models():
    assert Case in set(clinical_models())


def test_a_login_that_may_act_as_the_owner_is_warned_of(db, settings):
    settings.EMBEDDED, settings.PROCESS = None, "command"

    assert [message.id for message in check_login(databases=["default"])] == ["registry.W001"]
    assert check_login(databases=None) == []


def test_a_migration_acts_as_the_owner_without_a_warning(db, settings):
    settings.EMBEDDED, settings.PROCESS = None, "owner"

    assert check_login(databases=["default"]) == []


@pytest.mark.parametrize(
    ("host", "sslmode", "warned"),
    [
        ("db.example.org", None, ["registry.W003"]),
        ("db.example.org", "require", ["registry.W003"]),  # encrypts, for whoever answers
        ("db.example.org", "verify-full", []),
        ("127.0.0.1", None, []),
        ("/run/postgresql", None, []),
    ],
)
def test_a_database_elsewhere_whose_certificate_nobody_looks_at_is_warned_of(
    monkeypatch, host, sslmode, warned
):
    monkeypatch.setitem(connection.settings_dict, "HOST", host)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"sslmode": sslmode} if sslmode else {})

    assert [message.id for message in check_certificate(None)] == warned
