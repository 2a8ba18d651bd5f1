"""Whether a report of the whole registry may leave: decided once and for good, by a person or, if so set, at once.

`Report.needs_release` says which reports this is about: what the schedule tells of all centers, of real patients. The
decision is a row of its own, since a composed report never changes; the mails are written in its transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from registry import access, audit
from registry.access import Action
from registry.models import User
from reports import content as contents
from reports import differencing, ledger, mails, schedule
from reports.models import Audience, Delivery, Release, Report, Subscription

log = logging.getLogger(__name__)

Decision = Release.Decision
Check = Callable[
    [Report], str
]  # says why this composed report must not leave; empty when nothing is against it


def is_as_composed(report: Report) -> str:
    """Refuse a content that is not the one that was composed."""
    if contents.digest(contents.from_plain(report.content)) == report.content_digest:
        return ""
    return gettext("What it says is not what was composed: its digest differs.")


def gives_nothing_away(report: Report) -> str:
    """Refuse a report for outsiders from which, beside earlier ones, small numbers can be worked out."""
    return " ".join(differencing.findings(report))


def balances(report: Report) -> str:
    """Refuse a report that does not know what became of cases which the one before it counted."""
    n = ledger.missing(report)
    told = gettext(
        "Cases of the report before that are missing without an erasure: {n}. Ask who administers the database."
    )
    return told.format(n=n) if n else ""


# Each is asked before a report leaves, whoever lets it go.
CHECKS: tuple[Check, ...] = (is_as_composed, gives_nothing_away, balances)


def hindrances(report: Report) -> list[str]:
    """Say what is against letting this report go."""
    with access.everywhere():
        return [told for check in CHECKS if (told := check(report))]


# --- by a person -----------------------------------------------------------------------------------------------------


def release(report: Report, *, by: User, reason: str = "") -> Release:
    """Let a report go: its mails are written with this. ValidationError names what is against it."""
    return _decide(report, Decision.RELEASED, by, reason.strip())


def withhold(report: Report, *, by: User, reason: str) -> Release:
    """Keep a report here for good, and say why."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": gettext("Say why the report is withheld.")})
    return _decide(report, Decision.WITHHELD, by, reason)


def _decide(report: Report, decision: Decision, by: User, reason: str) -> Release:
    """Decide, unless that was done; the same decision twice is as good as once, another one is refused."""
    access.require(by, Action.RELEASE_REPORTS, None)
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    if not (report.is_composed and report.needs_release):
        raise ValidationError(gettext("This report does not wait for a release."))
    letting_go = decision == Decision.RELEASED
    made: list[Delivery] = []
    if letting_go and not Release.objects.filter(report=report).exists():
        if against := hindrances(report):
            raise ValidationError(against)
        made = mails.made(report, schedule.wanting(report))
    with access.everywhere(), audit.because(door="admin", by=by, reason=reason):
        said = {"decision": decision, "by": by, "reason": reason}
        found, is_ours = Release.objects.get_or_create(report=report, defaults=said)
        if is_ours and letting_go:
            mails.keep(made)
            mails.ring()
    if found.decision != decision:
        told = gettext("Somebody has decided otherwise: {decision}.")
        raise ValidationError(told.format(decision=found.get_decision_display().lower()))
    log.info("report id=%s decision=%s new=%s mails=%s", report.pk, decision, is_ours, len(made))
    return found


# --- without one -----------------------------------------------------------------------------------------------------


def mails_of(report: Report, wanting: Iterable[Subscription]) -> list[Delivery] | None:
    """Make the mails of a composed report, if it may leave now; None while it waits, or where it was withheld."""
    return mails.made(report, wanting) if _may_leave(report) else None


def let_go(report: Report, made: list[Delivery] | None) -> None:
    """Keep the mails of a report that may leave; where it needs a release, that is noted with them."""
    if made is None:
        return
    with access.everywhere():
        if report.needs_release:
            noted, _ = Release.objects.get_or_create(report=report, defaults={"decision": Decision.RELEASED})
            if not noted.is_released:
                return
        mails.keep(made)


def _may_leave(report: Report) -> bool:
    if not report.needs_release:
        return report.audience != Audience.OUTSIDE or report.source != "clinical" or not hindrances(report)
    with access.everywhere():
        decided = Release.objects.filter(report=report).first()
    if decided is not None:
        return decided.is_released
    if settings.REPORT_RELEASE != "automatic":
        return False
    against = hindrances(report)
    if against:
        log.warning("report id=%s waits=%s", report.pk, len(against))
    return not against
