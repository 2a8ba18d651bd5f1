"""Who works on a job: a row is claimed by an UPDATE that only one worker can win, for as long as a lease.

The broker may lose a message or deliver it twice; neither matters. A job whose worker died is free again when its
lease has run out, and after three attempts it is set aside for people to see; a busy database costs none of them. Time
is the database's own.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, OperationalError, connection
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from registry import access

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
ATTEMPTS = 3
PAUSE = timedelta(seconds=30)  # before work on a busy database begins again, at the next minute's bell
# Somebody else held what the work needs: a lock in time, a deadlock. That says nothing against the work.
BUSY = frozenset({"55P03", "40P01", "40001"})
# A job is a model with the fields state, attempts, leased_until and finished_at.
OPEN = ("waiting", "running")


def lease() -> CombinedExpression:
    """The end of a lease that begins now."""
    return Now() + LEASE


def claim(job: type[Model], job_id: int) -> bool:
    """Take a job that waits, or whose worker is gone; False when it is taken, finished or set aside."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    rows = job._default_manager.filter(free, pk=job_id, state__in=OPEN)
    rows.filter(attempts__gte=ATTEMPTS).update(state="failed", finished_at=Now())
    return bool(
        rows.filter(attempts__lt=ATTEMPTS).update(
            state="running", attempts=F("attempts") + 1, leased_until=lease()
        )
    )


def take_over(job: type[Model]) -> Any:
    """Take the next job that is to do, whatever its lease says; None if there is none. Needs a transaction.

    One whose row nobody holds comes first: a worker that holds its job's row while it works lets go of it when it dies.
    """
    to_do = job._default_manager.filter(state__in=OPEN).order_by(
        "-state", "pk"
    )  # waiting ones before the others
    found = to_do.select_for_update(skip_locked=True).first() or to_do.select_for_update().first()
    if found is not None:
        job._default_manager.filter(pk=found.pk).update(state="running", leased_until=lease())
    return found


def finish(job: type[Model], job_id: int, state: str = "done") -> None:
    """Mark a claimed job as finished."""
    job._default_manager.filter(pk=job_id).update(state=state, leased_until=None, finished_at=Now())


def due(job: type[Model]) -> list[int]:
    """The jobs that nobody works on: waiting, or left behind by a worker that is gone."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    return list(job._default_manager.filter(free, state__in=OPEN).order_by("pk").values_list("pk", flat=True))


@contextmanager
def put_off_if_busy(ours: QuerySet[Any], center_id: int) -> Iterator[None]:
    """Give a job back, as if it had not been begun, when the database was too busy for it; `ours` as for `pulse`."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") not in BUSY:
            raise
        logger.warning("job_put_off job=%s", ours.model._meta.model_name)
        with access.scope([center_id]):
            ours.update(state="waiting", attempts=F("attempts") - 1, leased_until=Now() + PAUSE)


@contextmanager
def pulse(ours: QuerySet[Any], center_id: int) -> Iterator[Callable[..., None]]:
    """Tell how far a job is, and renew its lease, beside the one long transaction that its work stands in.

    `ours` is the job's row as long as nobody else has the job: another's lease is not renewed. That needs a connection
    of its own. The job's transaction must not have written the job's row before the end of this block. A beat that
    fails is left out: it is the work that counts.
    """

    def beat(**progress: int) -> None:
        try:
            with access.scope([center_id]):
                ours.update(leased_until=lease(), **progress)
        except DatabaseError:
            logger.warning("no pulse job=%s", ours.model._meta.model_name, exc_info=True)

    with ThreadPoolExecutor(1) as aside:
        try:
            yield lambda **progress: aside.submit(beat, **progress).result()
        finally:
            aside.submit(lambda: connection.close()).result()  # of that thread, not of this
