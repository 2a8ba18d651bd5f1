"""The application `reports`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = gettext_lazy("Reports")

    def ready(self) -> None:
        """Offer the card of the home page."""
        from registry import home
        from reports.admin.cards import CARDS

        home.offer(*CARDS)
