"""The application `cases`."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy


class CasesConfig(AppConfig):
    """What happened to patients, and whether care followed the algorithm."""

    name = "cases"
    verbose_name = gettext_lazy("Cases")

    def ready(self) -> None:
        """Offer the cards of the home page and the kinds of work, and check the algorithm."""
        from cases.admin.cards import CARDS
        from cases.checks import check_algorithm
        from cases.tasks import KINDS
        from registry import home, jobs

        checks.register(check_algorithm, checks.Tags.database)
        home.offer(*CARDS)
        jobs.offer(*KINDS)
