"""The application `cases`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CasesConfig(AppConfig):
    """What happened to patients, and whether care followed the algorithm."""

    name = "cases"
    verbose_name = gettext_lazy("Cases")

    def ready(self) -> None:
        """Offer the cards of the home page."""
        from cases.admin.cards import CARDS
        from registry import home

        home.offer(*CARDS)
