"""Read both rulebooks again over stored cases: the whole registry, or some."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from cases import intake, review
from cases.models import Case
from registry import access
from registry.models import Center


class Command(BaseCommand):
    """Assess."""

    help = "Read the validity rules and the algorithm again over stored cases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="every case of the registry")
        which.add_argument("--case", nargs="+", type=int, metavar="ID", help="these cases only")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = self._all() if options["all"] else self._some(options["case"])
        if options["json"]:
            self.stdout.write(json.dumps({"read": seen.read, "changed": seen.changed}))
        else:
            self.stdout.write(f"Read {seen.read} cases; something new was said of {seen.changed}.")

    def _all(self) -> review.Reassessed:
        with access.everywhere():
            total = Case.objects.count()
        read = changed = 0
        with tqdm(total=total, unit="case", disable=not sys.stderr.isatty()) as bar:
            for center in Center.objects.order_by("code"):
                run = review.start_run(center, as_of=intake.today_at(center))
                run = review.carry_out(run.pk, center.pk, progress=bar.update)
                if run.state != run.State.DONE:
                    raise CommandError(
                        f"Another worker reads the cases of {center.code}; look at its progress in the admin."
                    )
                read, changed = read + run.cases_read, changed + run.cases_changed
        return review.Reassessed(read=read, changed=changed)

    def _some(self, case_ids: list[int]) -> review.Reassessed:
        with access.everywhere():
            unknown = set(case_ids) - set(Case.objects.filter(pk__in=case_ids).values_list("pk", flat=True))
            if unknown:
                raise CommandError(
                    f"There is no case with id {min(unknown)}; the id stands in the address of the page of a case.",
                    returncode=2,
                )
            return review.reassess(case_ids, as_of=timezone.now().date())
