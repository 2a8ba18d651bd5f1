"""Read both rulebooks again over stored cases: the whole registry, or some."""

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.models import Sum
from tqdm import tqdm

from cases import intake, review, versions
from cases.models import AssessmentRun, Case
from registry import access, clock

LOOK_S = 1  # seconds between two looks at how far the processes are


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 256):
        raise ArgumentTypeError("write a whole number from 1 to 256")
    return int(text)


class Command(BaseCommand):
    """Assess."""

    help = (
        "Read the validity rules and the algorithm again over stored cases. What was cut off goes on where it was:"
        " start it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="every case of the registry")
        which.add_argument("--case", nargs="+", type=int, metavar="ID", help="these cases only")
        parser.add_argument(
            "--processes",
            type=_positive,
            default=os.cpu_count() or 1,
            metavar="N",
            help="how many read at once, for --all; without it one for each processor",
        )
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = self._all(options["processes"]) if options["all"] else self._some(options["case"])
        if options["json"]:
            self.stdout.write(json.dumps({"read": seen.read, "changed": seen.changed}))
        else:
            self.stdout.write(f"Read {seen.read} cases; something new was said of {seen.changed}.")

    def _all(self, processes: int) -> review.Reassessed:
        version = None
        while version != (version := versions.active().version):  # once more if another one came into force
            asked = [run.pk for run in review.start_runs(intake.today_everywhere())]
            _work_off(asked, min(processes, len(asked)))
        with access.everywhere():
            runs = AssessmentRun.objects.filter(pk__in=asked)
            if left := runs.exclude(state=AssessmentRun.State.DONE).count():
                raise CommandError(
                    f"{left} of {len(asked)} runs were not finished. Start again: it goes on there."
                )
            seen = runs.aggregate(read=Sum("cases_read", default=0), changed=Sum("cases_changed", default=0))
        return review.Reassessed(**seen)

    def _some(self, case_ids: list[int]) -> review.Reassessed:
        with access.everywhere():
            unknown = set(case_ids) - set(Case.objects.filter(pk__in=case_ids).values_list("pk", flat=True))
            if unknown:
                raise CommandError(
                    f"There is no case with id {min(unknown)}; the id stands in the address of the page of a case.",
                    returncode=2,
                )
            return review.reassess(case_ids, as_of=clock.now().date())


def _work_off(asked: list[int], processes: int) -> None:
    """Let so many processes take one run after the other, and show how far they are."""
    connections.close_all()  # a process that is split off must not talk on this one's
    here = os.getpid()
    workers = [get_context("fork").Process(target=_work, args=(here,)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    with access.everywhere():
        total = Case.objects.count()
    with tqdm(total=total, unit="case", disable=not sys.stderr.isatty()) as bar:
        while any(worker.is_alive() for worker in workers):
            wait([worker.sentinel for worker in workers if worker.is_alive()], LOOK_S)
            with access.everywhere():
                runs = AssessmentRun.objects.filter(pk__in=asked)
                bar.update(runs.aggregate(read=Sum("cases_read"))["read"] - bar.n)


def _work(parent: int) -> None:
    """Take runs until none is left, or the process that asked for it is gone."""
    review.work_off(until=lambda: os.getppid() != parent)
