"""How long what is no case is kept, and letting it go: one table of rules, run each night, looked at on a page.

Cases, their history and composed reports stay as long as the registry; `settings.KEEP_DAYS` says what else stays how
long. Each rule counts what is due, so that a dry run tells what a run would do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from cases import identifying
from cases.importing import keeping
from registry import access, audit, clock, signin_log
from registry.accounts import mails
from registry.api import idempotency
from registry.chain import forgetting
from registry.chain.models import Reading
from registry.models import RetentionRun, Session
from reports import research
from reports.models import Delivery, MailBody

log = logging.getLogger(__name__)

REASON = "kept long enough"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of thing: for how long it is kept, what is due, and how it goes."""

    name: str
    title: Any
    days: Callable[[], int]
    due: Callable[[int], QuerySet[Any]]
    remove: Callable[[int], int]


@dataclass(frozen=True, kw_only=True)
class Due:
    """How much of one kind is due."""

    name: str
    title: str
    days: int
    count: int


def _kept(name: str) -> Callable[[], int]:
    return lambda: settings.KEEP_DAYS[name]


def _deleted(due: Callable[[int], QuerySet[Any]]) -> Callable[[int], int]:
    return lambda days: due(days).delete()[0]


def _mails(days: int) -> QuerySet[Delivery]:
    """Mails that are over; their head and body go, digest, states and addresses stay."""
    old = Delivery.objects.filter(next_try_at=None, created_at__lt=clock.now() - timedelta(days=days))
    return old.exclude(head=b"")


def _empty_mails(days: int) -> int:
    emptied = _mails(days).update(head=b"")
    needed = Delivery.objects.exclude(head=b"").values("body")
    MailBody.objects.exclude(content=b"").exclude(pk__in=needed).update(content=b"")
    return emptied


def _readings(days: int) -> QuerySet[Reading]:
    return Reading.objects.filter(at__lt=clock.now() - timedelta(days=days))


def _forget_readings(days: int) -> int:
    return forgetting.forget_readings(clock.now() - timedelta(days=days), reason=REASON)


def _research(days: int) -> QuerySet[Any]:
    """The day was fixed when the file was made."""
    return research.expired()


def _sessions(days: int) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=clock.now())


RULES = (
    Rule(
        name="answers",
        title=gettext_lazy("answers of the API that are kept for requests sent again"),
        days=_kept("answers"),
        due=idempotency.older_than,
        remove=_deleted(idempotency.older_than),
    ),
    Rule(
        name="uploads",
        title=gettext_lazy("files of cases that were sent in"),
        days=_kept("uploads"),
        due=keeping.older_than,
        remove=keeping.forget_old,
    ),
    Rule(
        name="mails",
        title=gettext_lazy("bytes of mails (who got which report stays)"),
        days=_kept("mails"),
        due=_mails,
        remove=_empty_mails,
    ),
    Rule(
        name="account_mails",
        title=gettext_lazy("what is noted of mails about accounts"),
        days=_kept("mails"),
        due=mails.older_than,
        remove=_deleted(mails.older_than),
    ),
    Rule(
        name="sign_ins",
        title=gettext_lazy("attempts to sign in"),
        days=_kept("accesses"),
        due=signin_log.older_than,
        remove=_deleted(signin_log.older_than),
    ),
    Rule(
        name="readings",
        title=gettext_lazy("who read or took out what"),
        days=_kept("accesses"),
        due=_readings,
        remove=_forget_readings,
    ),
    Rule(
        name="research_files",
        title=gettext_lazy("files handed out for research"),
        days=_kept("research files"),
        due=_research,
        remove=lambda days: research.expired().update(content=b""),
    ),
    Rule(
        name="identities",
        title=gettext_lazy("identities for linkage that no consent covers any more"),
        days=lambda: 0,
        due=identifying.uncovered,
        remove=identifying.remove_uncovered,
    ),
    Rule(
        name="sessions",
        title=gettext_lazy("sessions that have ended"),
        days=lambda: 0,
        due=_sessions,
        remove=_deleted(_sessions),
    ),
)


def due() -> list[Due]:
    """Count what a run would let go."""
    with access.everywhere(), audit.whole_trail():
        return [
            Due(name=rule.name, title=str(rule.title), days=rule.days(), count=rule.due(rule.days()).count())
            for rule in RULES
        ]


def let_go() -> dict[str, int]:
    """Let go of what was kept long enough, and note how much of each; one rule that fails keeps no other from it.

    Its error is raised in the end.
    """
    removed: dict[str, int] = {}
    failed: Exception | None = None
    for rule in RULES:
        try:
            with access.everywhere(), audit.because(door="task", reason=REASON):
                removed[rule.name] = rule.remove(rule.days())
        except Exception as error:  # whatever it is, the other rules are no part of it
            log.error("retention_failed rule=%s error=%s", rule.name, type(error).__name__)
            failed = failed or error
    RetentionRun.objects.create(removed=removed)
    log.info("retention %s", " ".join(f"{name}={n}" for name, n in removed.items()))
    if failed is not None:
        raise failed
    return removed


def last_run() -> RetentionRun | None:
    """The newest run."""
    return RetentionRun.objects.order_by("-pk").first()
