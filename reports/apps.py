"""The application `reports`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = gettext_lazy("Reports")
