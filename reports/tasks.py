"""Background jobs of reports: each asks a use case for work whose state stands in a row."""

from __future__ import annotations

from celery import shared_task
from django.db.models import Q
from django.utils.translation import gettext_lazy

from registry import bell, clock
from registry.jobs import Kind
from reports import delivery, issuing, retention, schedule, weekly
from reports.models import Report
from reports.querysets import MOST_ATTEMPTS
from reports.transport import UnreachableError

KINDS = (
    Kind(
        model=Report,
        title=gettext_lazy("Report"),
        task="reports.tasks.compose_report",
        attempts=MOST_ATTEMPTS,
        pauses=(),  # its leases grow by themselves
        to_do=Q(content__isnull=True),
        given_up={},  # a report has no state: it is composed or not
        afresh={},
        again=Q(content__isnull=True),
    ),
)


@shared_task(ignore_result=True)
def compose_report(report_id: int) -> None:
    """Compose one report and write its mails."""
    if issuing.issue(report_id).is_composed:
        bell.ring(send_mail.name)


@shared_task(ignore_result=True)
def send_due() -> None:
    """Ask for the reports that are due, have them composed, and send what waits."""
    for report_id in schedule.plan(clock.now().date()):
        bell.ring(compose_report.name, report_id)
    bell.ring(send_mail.name)


@shared_task(ignore_result=True)
def let_go() -> None:
    """Let go of what was kept long enough."""
    retention.let_go()


@shared_task(ignore_result=True)
def write_weekly_mails() -> None:
    """Write the mails of the week that has ended, for whoever has none yet; the next minute sends them."""
    weekly.write(clock.now().date())


@shared_task(ignore_result=True, autoretry_for=(UnreachableError,), max_retries=5, retry_backoff=60)
def send_mail() -> None:
    """Send the mails that are due."""
    delivery.send_due()


@shared_task(ignore_result=True, autoretry_for=(UnreachableError,), max_retries=5, retry_backoff=60)
def deliver(delivery_id: int) -> None:
    """Send one mail if it is due."""
    delivery.deliver(delivery_id)
