"""The application `reports`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = gettext_lazy("Reports")

    def ready(self) -> None:
        """Offer the card of the home page; let go of files for research when a patient leaves."""
        from cases import withdrawing
        from registry import home
        from reports import research
        from reports.admin.cards import CARDS

        home.offer(*CARDS)
        withdrawing.END_OF_USE.append(research.let_go)
