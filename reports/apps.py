"""The application `reports`."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Offer the card of the home page."""
        from registry import home
        from reports.admin.cards import CARDS

        home.offer(*CARDS)
