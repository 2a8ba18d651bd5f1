"""The application `reports`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = gettext_lazy("Reports")

    def ready(self) -> None:
        """Offer the cards of the home page and the kind of work; let go of files for research when a patient leaves."""
        from cases import observations
        from registry import home, jobs, metrics
        from reports import research
        from reports.admin.cards import CARDS
        from reports.measured import mails
        from reports.tasks import KINDS

        home.offer(*CARDS)
        observations.END_OF_USE.append(research.let_go)
        jobs.offer(*KINDS)
        metrics.offer(mails)
