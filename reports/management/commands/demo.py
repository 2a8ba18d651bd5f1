"""The main job on real input: published cases in through the import door, assessed, reported, mailed to a folder.

Everything goes through a real worker on the configured broker. Run again, it finds everything there and changes nothing
but the reports, which are cut anew.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from cases import importing, intake, review
from cases import tasks as case_tasks
from cases.demo import centers as demo_centers
from cases.models import AssessmentRun, ImportBatch
from cases.vocabulary import Source
from registry import access
from registry.access import Role
from registry.management.commands.serve import WORKER
from registry.models import Center, Membership, User
from reports import content as contents
from reports import issuing, printing, rendering
from reports import tasks as report_tasks
from reports.models import Delivery, Report

FILES = {
    "founding": ("founding_cohort.csv", Source.RECONSTRUCTION),
    "published": ("published_cases.csv", Source.LITERATURE),
}
DATA = settings.BASE_DIR / "cases" / "demo"
# Who tries what: username, role, center code (None for the whole registry), superuser.
PEOPLE = (
    ("admin", Role.REGISTRY_ADMIN, None, True),
    ("manager", Role.DATA_MANAGER, None, False),
    ("reviewer", Role.REVIEWER, None, False),
    ("coordinator", Role.COORDINATOR, demo_centers.FOUNDING.code, False),
)
PATIENCE_SECONDS = 240


class Command(BaseCommand):
    """Demonstrate."""

    help = "Import, assess, report and mail the published cases and the founding cohort."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer another folder."""
        parser.add_argument(
            "--out", type=Path, default=settings.VAR / "demo", help="where results are written"
        )

    def handle(self, *, out: Path, **_: Any) -> None:
        """Run all steps; CommandError says which one did not end."""
        out.mkdir(parents=True, exist_ok=True)
        self._centers()
        people = self._people(out)
        with _worker(out / "mail") as alive:
            batches = self._import(people["manager"], alive)
            runs = self._assess(alive)
            reports = self._report(people["reviewer"], alive)
        self._summarize(out, batches, runs, reports)

    # --- steps -----------------------------------------------------------------------------------

    def _centers(self) -> None:
        for center in demo_centers.ALL:
            fields = {"name": center.name, "country": center.country, "timezone": center.timezone}
            Center.objects.get_or_create(code=center.code, defaults={**fields, "language": center.language})

    def _people(self, out: Path) -> dict[str, User]:
        """Make the accounts of the demonstration, with passwords drawn on this machine."""
        people, lines = {}, []
        for name, role, code, superuser in PEOPLE:
            person, new = User.objects.get_or_create(
                username=name,
                defaults={"email": f"{name}@registry.example", "is_staff": True, "is_superuser": superuser},
            )
            if new:
                password = secrets.token_urlsafe(12)
                person.set_password(password)
                person.save()
                lines.append(f"{name:12} {password:20} {role.label}{f' of {code}' if code else ''}\n")
                center = Center.objects.get(code=code) if code else None
                Membership.objects.create(user=person, role=role, center=center)
            people[name] = person
        if lines:
            accounts = out / "accounts.txt"
            accounts.touch(mode=0o600)
            with accounts.open("a") as file:
                file.writelines(lines)
        return people

    def _import(self, by: User, alive: Callable[[], bool]) -> list[tuple[int, int]]:
        """Hand in one file for each center, and wait for the worker."""
        handed: list[tuple[int, int]] = []
        for name, source in FILES.values():
            for code, content in _by_center((DATA / name).read_text(encoding="utf-8")).items():
                center = Center.objects.get(code=code)
                with access.scope([center.pk]):
                    batch = importing.receive(
                        content, file_name=f"{code}-{name}", center=center, by=by, source=source
                    )
                case_tasks.import_batch.delay(batch.pk)
                handed.append((batch.pk, center.pk))
        pks = [pk for pk, _ in handed]
        _wait(
            "Importing",
            len(pks),
            lambda: ImportBatch.objects.filter(pk__in=pks, finished_at__isnull=False).count(),
            alive,
        )
        return handed

    def _assess(self, alive: Callable[[], bool]) -> list[int]:
        """Read the rulebooks again over every case."""
        pks = []
        for run in review.start_runs(intake.today_everywhere()):
            case_tasks.assess.delay(run.pk, run.center_id)
            pks.append(run.pk)
        _wait(
            "Assessing",
            len(pks),
            lambda: AssessmentRun.objects.filter(pk__in=pks, finished_at__isnull=False).count(),
            alive,
        )
        return pks

    def _report(self, by: User, alive: Callable[[], bool]) -> dict[str, Report]:
        """Cut, compose and mail one report for each set; the two sets never stand in one report."""
        today = max(intake.today_at(center) for center in Center.objects.all())
        asked = {
            name: issuing.request(as_of=today, source=str(source), by=by)  # type: ignore[arg-type]
            for name, (_, source) in FILES.items()
        }
        for report in asked.values():
            report_tasks.compose_report.delay(report.pk)
        pks = [report.pk for report in asked.values()]
        _wait(
            "Reporting",
            len(pks),
            lambda: Report.objects.filter(pk__in=pks, content__isnull=False).count(),
            alive,
        )
        _wait(
            "Mailing",
            len(pks),
            lambda: Delivery.objects.filter(report__in=pks, state="handed").count(),
            alive,
        )
        with access.everywhere():
            return {name: Report.objects.get(pk=report.pk) for name, report in asked.items()}

    # --- what came of it ---------------------------------------------------------------------------

    def _summarize(
        self, out: Path, batches: list[tuple[int, int]], runs: list[int], reports: dict[str, Report]
    ) -> None:
        with access.everywhere():
            answers = [b.verdicts for b in ImportBatch.objects.filter(pk__in=[pk for pk, _ in batches])]
            read = sum(run.cases_read for run in AssessmentRun.objects.filter(pk__in=runs))
        if refused := [answer["refused"] for answer in answers if "refused" in answer]:
            raise CommandError(f"A file was refused: {refused[0]}")
        counts = {
            v: sum(a["counts"][v] for a in answers) for v in ("new", "changed", "unchanged", "rejected")
        }
        self.stdout.write("\nImported   " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
        self.stdout.write(f"Assessed   {read} cases")
        for name, report in reports.items():
            content = contents.from_plain(report.content)
            folder = out / name
            folder.mkdir(parents=True, exist_ok=True)
            names = rendering.write(content, folder)
            printed = printing.printed(content)
            self.stdout.write(f"\n{printed.subtitle}")
            for fact in printed.headlines:
                self.stdout.write(f"  {fact.value} {fact.label} ({fact.detail})")
            self.stdout.write(f"  -> {_near(folder)}/{', '.join(names)}")
        self.stdout.write(f"\nMails      {_near(out / 'mail')}/*.eml")
        self.stdout.write(f"Accounts   {_near(out / 'accounts.txt')}: look around with `make serve`")


def _by_center(text: str) -> dict[str, bytes]:
    """Cut a file into one for each center that its column `center` names."""
    rows = list(csv.DictReader(io.StringIO(text)))
    files: dict[str, bytes] = {}
    for code in sorted({row["center"] for row in rows}):
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["center"] == code)
        files[code] = out.getvalue().encode()
    return files


@contextmanager
def _worker(mail_folder: Path) -> Iterator[Callable[[], bool]]:
    """Run a worker whose mails go to a folder, whatever mail server is set."""
    environment = {
        "REGISTRY_PROCESS": "worker",
        "MAIL_FOLDER": str(mail_folder),
        "EMAIL_HOST": "",
        "PYTHONWARNINGS": "ignore:You're running the worker",  # as root in a container, which is fine for a demo
    }
    program = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app", "registry", *WORKER],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield lambda: program.poll() is None
    finally:
        program.terminate()
        program.wait(60)


def _wait(what: str, total: int, done: Callable[[], int], alive: Callable[[], bool]) -> None:
    """Watch rows until all are done; what goes wrong is said instead of waited for."""
    deadline, n = time.monotonic() + PATIENCE_SECONDS, 0
    with tqdm(total=total, desc=f"{what:10}", unit="job", disable=not sys.stderr.isatty()) as bar:
        while n < total:
            before = n
            with access.everywhere():
                n = done()
            bar.update(n - before)
            if n < total:
                if not alive():
                    raise CommandError("The worker has ended by itself; its last words are above.")
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"{what}: {total - n} of {total} jobs have not ended in {PATIENCE_SECONDS} s."
                    )
                time.sleep(0.1)


def _near(path: Path) -> Path:
    """A path as people type it from the project's folder."""
    return path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
