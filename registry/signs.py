"""Signs of life: each process of the background leaves one now and then, and /readyz and /metrics tell their age."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils.functional import cached_property

from registry.models import Heartbeat, Setback

logger = logging.getLogger(__name__)

THROUGH_QUEUE = "worker"  # left by a task: scheduler, queue and worker together
SCHEDULER, BACKUP = "scheduler", "backup"
EVERY_SECONDS = 30
LATE_SECONDS = 180  # three minutes: each sign is left at least once a minute


def of_worker(queue: str) -> str:
    """The sign of the processes that listen to a queue: one for mails, one for all else, whatever the queues' names."""
    return "of registry_mail" if queue == settings.MAIL_QUEUE else "of registry"


def leave(*names: str) -> None:
    """Leave signs, by the clock of the database."""
    for name in names:
        Heartbeat.objects.update_or_create(name=name, defaults={"seen_at": Now()})


def keep_leaving(names: Iterable[str], stopped: threading.Event) -> None:
    """Leave signs until stopped; for a thread of its own, with its own connection."""
    while True:
        try:
            leave(*names)
        except DatabaseError as error:
            logger.warning("no sign left error=%s", type(error).__name__)
            connection.close()
        if stopped.wait(EVERY_SECONDS):
            connection.close()
            return


@dataclass(frozen=True)
class Signs:
    """The age of every sign, in seconds."""

    ages: dict[str, float]

    @classmethod
    def read(cls) -> Signs:
        """Ask the database, once."""
        rows = Heartbeat.objects.annotate(age=Now() - F("seen_at")).values_list("name", "age")
        return cls({name: age.total_seconds() for name, age in rows})

    def age(self, name: str) -> int | None:
        """Whole seconds since a sign was left; None if never."""
        return round(self.ages[name]) if name in self.ages else None

    def is_late(self, name: str) -> bool:
        """Whether a sign that should be there is not."""
        return self.ages.get(name, LATE_SECONDS + 1) > LATE_SECONDS

    @cached_property
    def set_aside(self) -> int:
        """How much work was set aside after its last attempt."""
        return Setback.objects.filter(state=Setback.State.SET_ASIDE).count()

    def missing(self) -> list[str]:
        """Which programs leave no sign: scheduler, worker, sender; or the queue, where all of them do."""
        programs = {
            "scheduler": SCHEDULER,
            "worker": of_worker(settings.CELERY_TASK_DEFAULT_QUEUE),
            "sender": of_worker(settings.MAIL_QUEUE),
        }
        found = [name for name, sign in programs.items() if self.is_late(sign)]
        return found or ["queue"] * self.is_late(THROUGH_QUEUE)

    def background(self) -> str:
        """What of the background is missing, in words for whoever runs it; `ok` when nothing is."""
        told = [f"no {name} runs" if name != "queue" else "the queue stands still" for name in self.missing()]
        return "; ".join(told) or "ok"
