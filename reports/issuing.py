"""A report from request to mail: ask for it, compose it once, write its mails. Rows first, so nothing can be lost.

Safe twice and safe lost: one composer has a report at a time, its lease ends if it dies, and what it says is stored
together with its mails.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from registry import access, clock, jobs
from registry.models import Center, User
from reports import compose, content, documents, ledger, receiving, releasing, rendering, schedule
from reports.cohorts import Cut
from reports.content import Source
from reports.models import Audience, Report, ReportCases

log = logging.getLogger(__name__)


def request(
    *,
    as_of: date,
    source: Source = "clinical",
    center_id: int | None = None,
    audience: str = Audience.INSIDE,
    by: User | None = None,
) -> Report:
    """Ask for a report: a row that says what is wanted, and nothing else yet."""
    if by is not None and center_id is not None:
        access.require(by, access.Action.READ_REPORT, center_id)
    if center_id is not None and Center.objects.filter(pk=center_id, is_sandbox=True).exists():
        raise ValidationError(gettext("There is no report of a sandbox: its cases are invented."))
    with access.everywhere():
        return Report.objects.create(
            as_of=as_of, source=source, center_id=center_id, audience=audience, requested_by=by
        )


def issue(report_id: int, *, recipients: Iterable[User] | None = None) -> Report:
    """Compose a report if that was not done yet, and write the mails of those who want it, both in one transaction.

    So no report is there whose mails nobody writes any more; those of a report that waits for its release are written
    together with that (releasing.py). What somebody else is composing, or has failed to compose just now, or what a
    busy database put off, comes back without content.
    """
    with access.everywhere():
        report = Report.objects.get(pk=report_id)
        is_to_compose = not report.is_composed
        if is_to_compose and not Report.objects.claim(report_id):
            log.info("report id=%s busy", report_id)
            return report
    composed = _composed(report) if is_to_compose else ({}, [])
    if composed is None:
        return report
    said, counted = composed
    wanted = schedule.wanting(report) if recipients is None else receiving.by_hand(recipients)
    made = releasing.mails_of(report, wanted)  # the slow parts are over when the transaction begins
    with access.everywhere():
        is_ours = not is_to_compose or _stored(report, said, counted)
        if is_ours:
            releasing.let_go(report, made)
        report = Report.objects.get(pk=report_id)
    if not is_ours:  # another composer was quicker, whose words count
        releasing.let_go(report, releasing.mails_of(report, wanted))
    log.info("report id=%s composed=%s mails=%s", report_id, is_ours and is_to_compose, len(made or ()))
    return report


def _stored(report: Report, said: dict[str, Any], counted: list[int]) -> bool:
    """Store what a report says and whom it counted, unless another composer has; tell whether it was us."""
    waiting = Report.objects.filter(pk=report.pk, content__isnull=True)
    if not waiting.update(**said, composed_at=clock.now()):
        return False
    ReportCases.objects.create(report=report, center_id=report.center_id, case_ids=counted)
    return True


def _composed(report: Report) -> tuple[dict[str, Any], list[int]] | None:
    """Compose a claimed report; None if a busy database put it off.

    A failure is noted, and the report is begun again when its lease has run out.
    """
    ours = Report.objects.filter(pk=report.pk, content__isnull=True)
    with jobs.attempt(Report, report.pk, ours) as tried:
        composed = _compose(report)
    return None if tried.is_put_off else composed


def _compose(report: Report) -> tuple[dict[str, Any], list[int]]:
    """Put into a report what it says, without storing it; tell the fields that are to be stored, and the cases read."""
    cut = Cut(as_of=report.as_of, source=report.source, center_id=report.center_id)  # type: ignore[arg-type]
    with compose.snapshot():
        found = compose.compose(cut, audience=report.audience)
        with compose.seeing(cut):
            counted = ledger.counted(cut)
    said = {
        "content": content.to_plain(found),
        "content_digest": content.digest(found),
        "document_digests": rendering.digests(found),
        "data_digest": found.methods.data_digest,
        "code_version": found.methods.code_version,
        "report_version": found.methods.report_version,
        "rulebooks": ", ".join(found.methods.rulebooks),
    }
    for name, value in said.items():
        setattr(report, name, value)
    return said, counted


def differences(report: Report) -> list[str]:
    """Render a report again from its stored content, and name what is not as it was when it was composed.

    The digests are those of that moment: a changed content, or program or library that prints otherwise, shows here.
    """
    documents.forget()
    found = content.from_plain(report.content)
    was = {"content": report.content_digest, **report.document_digests}
    now = {"content": content.digest(found), **rendering.digests(found)}
    return [name for name in now if was.get(name) != now[name]]
