"""Start the application: register its system checks and raise its walls after each migration."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """People, permission, audit and the database they rest on."""

    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Load the task application, so that tasks called in any process find their broker."""
        from registry import celery  # noqa: F401
