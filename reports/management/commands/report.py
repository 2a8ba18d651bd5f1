"""Compose a report now: `manage.py report --scope registry --as-of 2026-11-22 --out var/report`.

`manage.py report verify 7` renders report 7 again and proves that it is as it was composed.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry import access, clock
from registry.models import Center, User
from reports import cohorts, delivery, issuing, printing, rendering
from reports import content as contents
from reports.models import Audience, Report
from reports.transport import UnreachableError

SOURCES = ("clinical", "literature", "reconstruction", "synthetic")


def day(text: str) -> date:
    """Read a date as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"write the day as YYYY-MM-DD, not {text!r}") from None


def cut(text: str) -> date:
    """Read the day of a data cut, with the words of the other doors."""
    try:
        return cohorts.read_cut(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


class Command(BaseCommand):
    """Compose, store, write to a folder, mail."""

    help = (
        "Compose a report at a data cut; write it to a folder and mail it to people who may read it. Or verify one: "
        "render it again, and fail unless content and documents are those that were composed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("action", nargs="?", choices=("compose", "verify"), default="compose")
        parser.add_argument("report", nargs="?", type=int, metavar="ID", help="the report to verify")
        parser.add_argument("--scope", default="registry", help="registry, or the code of a center")
        parser.add_argument("--as-of", type=cut, default=None, help="data cut, YYYY-MM-DD (default: today)")
        parser.add_argument(
            "--source", choices=SOURCES, default="clinical", help="which data (default: clinical)"
        )
        parser.add_argument(
            "--audience", choices=Audience.values, default=Audience.INSIDE, help="who will read it"
        )
        parser.add_argument(
            "--out", type=Path, help="folder for the documents: PDF, HTML, JSON, CSV and figures"
        )
        parser.add_argument(
            "--mail-to", nargs="*", default=[], metavar="USERNAME", help="people to mail it to"
        )

    def handle(self, *, action: str, report: int | None, **options: Any) -> None:
        """Run."""
        if (action == "verify") != (report is not None):
            raise CommandError("Write: report verify ID, or report with options.", returncode=2)
        if report is not None:
            self._verify(report)
        else:
            self._compose(**options)

    def _verify(self, report_id: int) -> None:
        """Exit with 1 and name what differs; nothing that cannot be proved counts as proved."""
        with access.everywhere():
            report = Report.objects.composed().filter(pk=report_id).first()
        if report is None:
            raise CommandError(f"There is no composed report {report_id}.", returncode=2)
        differs = issuing.differences(report)
        if not differs:
            names = ", ".join(("content", *report.document_digests))
            self.stdout.write(f"Report {report.pk} is as it was composed: {names}.")
            return
        kept = {"content", *report.document_digests}
        changed = [name for name in differs if name in kept]
        unknown = [name for name in differs if name not in kept]
        said = [f"not as composed: {', '.join(changed)}"] if changed else []
        said += [f"no digest was kept of: {', '.join(unknown)}"] if unknown else []
        raise CommandError(f"Report {report.pk}, composed by code {report.code_version}: {'; '.join(said)}.")

    def _compose(self, *, scope: str, as_of: date | None, source: str, audience: str, **options: Any) -> None:
        if not Center.objects.exists():
            raise CommandError("There is no center yet, so there is nothing to report: import cases first.")
        people = self._people(options["mail_to"])
        if options["out"]:
            _prepare(options["out"])
        report = issuing.request(
            as_of=as_of or clock.now().date(),
            source=source,  # type: ignore[arg-type]
            center_id=self._center(scope),
            audience=audience,
        )
        report = issuing.issue(report.pk, recipients=people)
        if not report.is_composed:
            raise CommandError(
                f"Report {report.pk} is being composed by a worker; find it in the list of reports."
            )
        self._summary(report)
        if options["out"]:
            self._write(report, options["out"])
        if people:
            try:
                counts = delivery.send_due()
            except UnreachableError as error:
                raise CommandError(str(error)) from error
            said = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()))
            self.stdout.write(f"Mail: {said or 'none, because nobody named may read this report'}")

    def _center(self, scope: str) -> int | None:
        if scope == "registry":
            return None
        center = Center.objects.filter(code=scope).first()
        if center is None:
            known = ", ".join(Center.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"--scope: there is no center {scope}. Centers: {known}.", returncode=2)
        if center.is_sandbox:
            raise CommandError(f"--scope: {scope} is a sandbox; its cases are invented.", returncode=2)
        return center.pk

    def _people(self, names: list[str]) -> list[User]:
        people = list(User.objects.filter(username__in=names, is_active=True).order_by("pk"))
        unknown = sorted(set(names) - {user.username for user in people})
        if unknown:
            raise CommandError(f"--mail-to: no active user {', '.join(unknown)}.", returncode=2)
        without = [user.username for user in people if not user.email]
        if without:
            raise CommandError(f"--mail-to: {', '.join(without)} has no mail address; add one.", returncode=2)
        return people

    def _summary(self, report: Report) -> None:
        content = contents.from_plain(report.content)
        printed = printing.printed(content)
        self.stdout.write(f"Report {report.pk}: {printed.subtitle}")
        for fact in printed.headlines:
            self.stdout.write(f"  {fact.value} {fact.label} ({fact.detail})")
        for note in content.notes if content.survival is None else ():
            self.stdout.write(f"  {note.title}: {note.text}")

    def _write(self, report: Report, folder: Path) -> None:
        names = rendering.write(contents.from_plain(report.content), folder)
        self.stdout.write(f"Written: {folder}/{', '.join(names)}")


def _prepare(folder: Path) -> None:
    """Make the folder before anything is composed, so that a report without a place is not left behind."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"--out: {folder} cannot be a folder: {error.strerror}.", returncode=2) from None
