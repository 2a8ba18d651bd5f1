"""The application `cases`."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What happened to patients, and whether care followed the algorithm."""

    name = "cases"
    verbose_name = "Cases"
