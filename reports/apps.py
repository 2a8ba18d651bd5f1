"""The application `reports`."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = "Reports"
