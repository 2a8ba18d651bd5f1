"""Start the application: register its system checks, raise its walls after each migration, know its tasks."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.db.models.signals import class_prepared, post_migrate
from django.utils.translation import gettext_lazy

from registry.tongues import say_model


class RegistryConfig(AppConfig):
    """People, permission, audit and the database they rest on."""

    name = "registry"
    verbose_name = gettext_lazy("Registry")

    def import_models(self) -> None:
        """Hear of every model that is made, from the first on."""
        class_prepared.connect(say_model)
        super().import_models()

    def ready(self) -> None:
        """Connect what Django calls at its own moments."""
        from registry import begins, celery, home, jobs, queue, sessions, walls  # noqa: F401 - loaded: they listen
        from registry.admin.cards import CARDS
        from registry.checks import check_certificate, check_clinical_models, check_login, check_vault
        from registry.tasks import KINDS

        checks.register(check_clinical_models, checks.Tags.models)
        checks.register(check_login, checks.Tags.database)
        checks.register(check_vault, checks.Tags.database)
        checks.register(check_certificate, checks.Tags.security, deploy=True)
        home.offer(*CARDS)
        jobs.offer(*KINDS)
        post_migrate.connect(walls.raise_walls, sender=self)
        post_migrate.connect(queue.install, sender=self)


class RegistryAdminConfig(AdminConfig):
    """Django's admin, with our own site as the only one."""

    default_site = "registry.adminsite.RegistryAdminSite"
