"""The schedule as rows: each time at which something is due is a `Slot`, once however many schedulers run.

What is due stands in `CELERY_BEAT_SCHEDULE` (settings.py), in UTC, to the minute; the clock is the database's. After a
pause the last missed time of each task is made up for, and no earlier one.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import beat, current_app
from celery.schedules import crontab
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction

from registry import audit, clock, jobs, signs
from registry.models import Slot

logger = logging.getLogger(__name__)
MINUTE = timedelta(minutes=1)
FURTHEST = 366 * 24 * 60  # minutes that are looked back
KEPT = timedelta(days=7)
CLEANED = ("done", "replaced")


def last_due(schedule: crontab, at: datetime) -> datetime:
    """The last minute up to this moment that the schedule names, in UTC."""
    moment = at.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(FURTHEST):
        if (
            moment.minute in schedule.minute
            and moment.hour in schedule.hour
            and moment.isoweekday() % 7 in schedule.day_of_week
            and moment.day in schedule.day_of_month
            and moment.month in schedule.month_of_year
        ):
            return moment
        moment -= MINUTE
    raise ValueError(f"{schedule} names no minute of a whole year.")


def plan(due: Mapping[str, datetime]) -> list[int]:
    """Write the slots of these tasks that nobody has written yet; returns those that are ours to ring for.

    A slot takes the place of earlier ones of its task that no worker has begun: they would do the same again.
    """
    ours = []
    for task, at in due.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO registry_slot (task, due_at, state, attempts) VALUES (%s, %s, 'waiting', 0)"
                " ON CONFLICT DO NOTHING RETURNING id",
                [task, at],
            )
            if written := cursor.fetchone():
                ours.append(written[0])
                earlier = Slot.objects.filter(task=task, due_at__lt=at, state="waiting", attempts=0)
                earlier.update(state=Slot.State.REPLACED)
    return ours


def carry_out(slot_id: int) -> None:
    """Do what was due, unless another worker has it or it is done."""
    if not jobs.claim(Slot, slot_id):
        return
    slot = Slot.objects.get(pk=slot_id)
    ours = Slot.objects.filter(pk=slot_id, state=Slot.State.RUNNING, attempts=slot.attempts)
    with jobs.attempt(Slot, slot_id, ours), audit.by_machine(door="task", reason=slot.task):
        current_app.tasks[slot.task].run()
        jobs.finish(Slot, slot_id, ours=ours)


def remove_old() -> int:
    """Remove slots that were done a week ago; returns how many."""
    return Slot.objects.filter(state__in=CLEANED, due_at__lt=clock.now() - KEPT).delete()[0]


class Scheduler(beat.Scheduler):
    """Celery's beat, which asks the database what is due and what was written already; several do no harm."""

    planned: dict[str, datetime]

    def setup_schedule(self) -> None:
        """Read the schedule; nothing of it is kept in files."""
        self.planned = {}
        self.minute: datetime | None = None

    def tick(self, *_: Any, **__: Any) -> float:
        """Write and ring for what is due; returns the seconds until the next look."""
        try:
            self.look()
        except DatabaseError as error:
            logger.warning("scheduler waits for the database error=%s", type(error).__name__)
            close_old_connections()
        return min(self.max_interval, 60 - time.time() % 60)

    def look(self) -> None:
        """Once a minute: leave a sign, write the slots, ring for them and for whatever else nobody works on."""
        at = clock.now()
        minute = at.replace(second=0, microsecond=0)
        if minute == self.minute:
            return
        signs.leave(signs.SCHEDULER)
        due = dict(self.due(at))
        if plan({task: slot for task, slot in due.items() if self.planned.get(task) != slot}):
            jobs.ring_due()
        self.planned, self.minute = due, minute

    def due(self, at: datetime) -> Iterator[tuple[str, datetime]]:
        """What was due last, of each task."""
        for entry in settings.CELERY_BEAT_SCHEDULE.values():
            known = self.planned.get(entry["task"])
            # a daily time needs no look at each of the minutes since
            soon = known is not None and at - known < timedelta(days=1) and not _is_often(entry["schedule"])
            yield entry["task"], known if soon and known else last_due(entry["schedule"], at)


def _is_often(schedule: crontab) -> bool:
    return len(schedule.hour) * len(schedule.minute) > 1
