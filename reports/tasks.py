"""Background jobs of reports: each asks a use case for work whose state stands in a row."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reports import delivery, issuing, retention, schedule, weekly
from reports.transport import UnreachableError


@shared_task(ignore_result=True)
def compose_report(report_id: int) -> None:
    """Compose one report and write its mails."""
    if issuing.issue(report_id).is_composed:
        send_mail.delay()


@shared_task(ignore_result=True)
def send_due() -> None:
    """Ask for the reports that are due, have them composed, and send what waits."""
    for report_id in schedule.plan(timezone.now().date()):
        compose_report.delay(report_id)
    send_mail.delay()


@shared_task(ignore_result=True)
def let_go() -> None:
    """Let go of what was kept long enough."""
    retention.let_go()


@shared_task(ignore_result=True)
def write_weekly_mails() -> None:
    """Write the mails of the week that has ended, for whoever has none yet; the next minute sends them."""
    weekly.write(timezone.now().date())


@shared_task(ignore_result=True, autoretry_for=(UnreachableError,), max_retries=5, retry_backoff=60)
def send_mail() -> None:
    """Send the mails that are due."""
    delivery.send_due()


@shared_task(ignore_result=True, autoretry_for=(UnreachableError,), max_retries=5, retry_backoff=60)
def deliver(delivery_id: int) -> None:
    """Send one mail if it is due."""
    delivery.deliver(delivery_id)
