"""System checks that sweep the promises: a clinical model that forgets one stops the start of every command."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connection, models
from pghistory.models import Event

from registry.access import ScopedQuerySet
from registry.database.roles import OWNER
from registry.vault import keyring

CLINICAL = "cases"
# Written by the machine alone, from rows that are audited; older assessments stay as they are.
DERIVED = {
    *("algorithmpreview", "assessment", "assessmentrun", "importbatch", "importrow", "previewedchange"),
    "survivalobservation",
}
# What belongs to the registry and says nothing of any patient.
OF_REGISTRY = {"algorithmversion", "algorithmpreview"}
# What is typed and not saved is no data of a case yet.
UNSAVED = {"entrydraft"}


def check_clinical_models(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Ask of every clinical model that it belongs to a center, is scoped and audited, and explains its fields."""
    return [message for model in clinical_models() for message in broken_promises(model)]


def clinical_models() -> Iterator[type[models.Model]]:
    """List what holds the data of patients, without the events that the audit keeps of it."""
    return (model for model in apps.get_app_config(CLINICAL).get_models() if not issubclass(model, Event))


def broken_promises(model: type[models.Model]) -> Iterator[CheckMessage]:
    """Name what a clinical model forgot."""
    fields = {field.name: field for field in model._meta.local_fields}
    of_registry = model._meta.model_name in OF_REGISTRY
    if "center" not in fields and not of_registry:
        yield Error(
            "A clinical row belongs to a center.",
            hint="Add the field `center`.",
            obj=model,
            id="registry.E001",
        )
    if not isinstance(model._default_manager.all(), ScopedQuerySet) and not of_registry:
        hint = "Say `objects = ScopedQuerySet.as_manager()`, or take a subclass of it."
        yield Error("A clinical model answers within a scope only.", hint=hint, obj=model, id="registry.E002")
    if not hasattr(model, "pgh_event_models") and model._meta.model_name not in DERIVED | UNSAVED:
        yield Error(
            "A clinical row is audited.", hint="Decorate with @audited.", obj=model, id="registry.E003"
        )
    for field in fields.values():
        if not field.help_text and not field.primary_key:
            yield Error(
                "A clinical field explains itself.",
                hint="Give it a help_text.",
                obj=field,
                id="registry.E004",
            )


def check_login(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warn of a login that could step out of its role, and so around row security (`check --database default`)."""
    if not databases or settings.EMBEDDED or settings.PROCESS == "owner":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, pg_has_role(session_user, %s, 'MEMBER')", [OWNER])
        login, may_be_owner = cursor.fetchone()
    if not may_be_owner:
        return []
    hint = "Give web and worker a login of their own: docs/operations.md, Database roles."
    return [
        Warning(f"The login {login} of DATABASE_URL may act as the owner.", hint=hint, id="registry.W001")
    ]


def check_certificate(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Warn of a database on another host whose certificate nobody looks at (`check --deploy`)."""
    host, options = connection.settings_dict["HOST"], connection.settings_dict["OPTIONS"]
    is_here = host.startswith("/") or host in ("", "localhost", "127.0.0.1", "::1")
    if is_here or options.get("sslmode") == "verify-full":
        return []
    hint = (
        "Add ?sslmode=verify-full&sslrootcert=... to it, or let nobody else into the network between the two."
    )
    told = "DATABASE_URL names another host, and not sslmode=verify-full: who stands between reads and changes all."
    return [Warning(told, hint=hint, id="registry.W003")]


def check_vault(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Tell of keys of a vault where the database has none: its role could not be made when the tables were."""
    if not databases or not keyring.is_on():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('vault.twins(bigint)') IS NOT NULL")
        if cursor.fetchone() == (True,):
            return []
    hint = "Make the role reg_vault, then run manage.py migrate: docs/operations.md, Identity vault."
    # no error: migrate, which mends it, would not begin
    return [Warning("VAULT_KEYS are set, but the database has no vault.", hint=hint, id="registry.W002")]
