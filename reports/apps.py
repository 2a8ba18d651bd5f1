"""The application `reports`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReportsConfig(AppConfig):
    """Estimates and their delivery."""

    name = "reports"
    verbose_name = gettext_lazy("Reports")

    def ready(self) -> None:
        """Offer cards and kinds of work; let go of files when a patient leaves, and tell of follow-up that moves."""
        from cases import observations, transferring
        from registry import home, jobs, metrics
        from reports import about_transfers, research
        from reports.admin.cards import CARDS
        from reports.measured import mails
        from reports.tasks import KINDS

        home.offer(*CARDS)
        observations.END_OF_USE.append(research.let_go)
        transferring.TOLD.append(about_transfers.tell)
        jobs.offer(*KINDS)
        metrics.offer(mails)
