"""The application `cases`."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What happened to patients, and whether care followed the algorithm."""

    name = "cases"
    verbose_name = "Cases"

    def ready(self) -> None:
        """Offer the cards of the home page."""
        from cases.admin.cards import CARDS
        from registry import home

        home.offer(*CARDS)
