"""What the scheduler does, by hand and at once: compose the reports and weekly mails that are due, and send them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry import access, clock
from reports import delivery, issuing, schedule, weekly
from reports.management.commands.report import day
from reports.models import Report
from reports.transport import UnreachableError


class Command(BaseCommand):
    """Plan, compose, send."""

    help = "Compose the reports and weekly mails that are due and send the mails that wait."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--today", type=day, default=None, help="pretend it is this day, YYYY-MM-DD")

    def handle(self, *, today: date | None, **options: Any) -> None:
        """Run."""
        now = today or clock.now().date()
        composed = sum(issuing.issue(report_id).is_composed for report_id in schedule.plan(now))
        written = weekly.write(now)
        try:
            counts = delivery.send_due()
        except UnreachableError as error:
            raise CommandError(str(error)) from error
        sent = ", ".join(f"{n} {state}" for state, n in sorted(counts.items())) or "nothing to send"
        self.stdout.write(f"Reports composed: {composed}. Weekly mails written: {written}. Mail: {sent}.")
        with access.everywhere():
            waiting = Report.objects.waiting_for_release().count()
        if waiting:
            self.stdout.write(f"Reports that wait for release: {waiting}.")
