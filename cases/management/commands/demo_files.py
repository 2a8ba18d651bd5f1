"""`manage.py demo_files`: write the import files of the demonstration again from their sources."""

from typing import Any

from django.core.management.base import BaseCommand

from cases.demo import founding, literature


class Command(BaseCommand):
    """Write the demonstration's files."""

    help = "Write cases/demo/published_cases.csv and founding_cohort.csv again. Needs no database."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        cases = literature.mapped()
        literature.CASES.write_text(literature.table(cases), encoding="utf-8")
        founding.CASES.write_text(founding.table(), encoding="utf-8")
        self.stdout.write(literature.account(cases))
