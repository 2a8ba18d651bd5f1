"""Background work: each job is a row, claimed by an UPDATE that only one worker can win, for as long as a lease.

The broker may lose a message or deliver it twice; neither matters. An attempt is counted before the work begins. A job
whose worker died is free again when its lease has run out; the scheduler rings for it each minute. After its last
attempt it is set aside for people to see (`Setback`); a busy database costs no attempt. Time is
the database's own.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Model, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils.translation import gettext

from registry import access, audit, bell
from registry.models import Setback

if TYPE_CHECKING:
    from registry.models import User

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
ATTEMPTS = 3
PAUSE = timedelta(seconds=30)  # before work on a busy database begins again, at the next minute's bell
PAUSES = (PAUSE, timedelta(minutes=2))  # after the first failure, and after the second
MOST_RUNG = (
    500  # of one kind in a minute, so that a long queue does not grow by messages that say nothing new
)
# Somebody else held what the work needs (a lock in time, a deadlock), or the disk is full: nothing against the work.
BUSY = frozenset({"55P03", "40P01", "40001", "53100"})
# A job is a model with the fields state, attempts, leased_until and finished_at; other words stand in its kind.
OPEN = ("waiting", "running")
FREE = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
LOST = "WorkerLost"  # in place of an error: the attempt began, and nobody said how it ended


# --- kinds -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Work of one kind: the rows that stand for it, the task that does it, and what people call it."""

    model: type[Model]
    title: Any
    task: str
    arguments: tuple[str, ...] = ("pk",)
    attempts: int = ATTEMPTS
    lease: timedelta = LEASE
    to_do: Q = field(default_factory=lambda: Q(state__in=OPEN))
    given_up: dict[str, Any] = field(default_factory=lambda: {"state": "failed", "finished_at": Now()})
    afresh: dict[str, Any] = field(default_factory=lambda: {"state": "waiting", "finished_at": None})
    pauses: tuple[timedelta, ...] = PAUSES  # after each failure but the last; none: its lease runs out
    since: str = "created_at"
    again: Q = field(default_factory=Q)  # of what was set aside, what can still be done

    @property
    def name(self) -> str:
        """What stands for it in rows and measurements."""
        return self.model._meta.label_lower

    @property
    def rows(self) -> QuerySet[Any]:
        """All of them, done or not."""
        return self.model._default_manager.all()

    @property
    def due(self) -> QuerySet[Any]:
        """Those that nobody works on: waiting, or left behind by a worker that is gone."""
        return self.rows.filter(FREE, self.to_do, attempts__lt=self.attempts)

    @property
    def exhausted(self) -> QuerySet[Any]:
        """Those whose last attempt is over, without an end."""
        known = Setback.objects.filter(job=self.name, state=Setback.State.SET_ASIDE)
        rows = self.rows.filter(FREE, self.to_do, attempts__gte=self.attempts)
        return rows.exclude(pk__in=known.values("job_id"))

    def count_by_state(self) -> dict[str, int]:
        """How many wait, run and were given up; what is done is not counted, there is more and more of it."""
        if not self.given_up:
            return {"waiting": self.rows.filter(self.to_do).count()}
        rows = self.rows.filter(state__in=(*OPEN, "failed")).order_by().values_list("state")
        return dict(rows.annotate(Count("pk")))

    def ring(self, rows: QuerySet[Any]) -> int:
        """Ring for these rows, the oldest first; returns for how many."""
        found = list(rows.order_by("pk").values_list(*self.arguments)[:MOST_RUNG])
        for arguments in found:
            bell.ring(self.task, *arguments)
        return len(found)


KINDS: dict[type[Model], Kind] = {}


def offer(*kinds: Kind) -> None:
    """Let work of these kinds be rung for, set aside and begun again; an application says so when it starts."""
    KINDS.update({kind.model: kind for kind in kinds})


# --- claiming ----------------------------------------------------------------------------------------------------


def lease(duration: timedelta = LEASE) -> CombinedExpression:
    """The end of a lease that begins now."""
    return Now() + duration


def claim(job: type[Model], job_id: int) -> bool:
    """Take a job that waits, or whose worker is gone; False when it is taken, finished or set aside."""
    kind = KINDS[job]
    set_aside(kind, kind.exhausted.filter(pk=job_id))
    return bool(
        kind.due.filter(pk=job_id).update(
            state="running", attempts=F("attempts") + 1, leased_until=lease(kind.lease)
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


def finish(job: type[Model], job_id: int, state: str = "done", *, ours: QuerySet[Any] | None = None) -> None:
    """Mark a claimed job as finished; who does not hold its row says by `ours` when it is no longer theirs."""
    rows = job._default_manager.all() if ours is None else ours
    rows.filter(pk=job_id).update(state=state, leased_until=None, finished_at=Now())


def due(job: type[Model]) -> list[int]:
    """The jobs that nobody works on: waiting, or left behind by a worker that is gone."""
    return list(KINDS[job].due.order_by("pk").values_list("pk", flat=True))


# --- what goes wrong ---------------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """How an attempt ended, for whoever goes on after it."""

    is_put_off: bool = False


@contextmanager
def attempt(
    job: type[Model], job_id: int, ours: QuerySet[Any], *, answers: tuple[type[Exception], ...] = ()
) -> Iterator[Attempt]:
    """Note how an attempt at a claimed job ends, and when it may be tried again; the error goes on its way.

    Only that of a busy database does not: the block ends there, and `is_put_off` says so to what stands after it.
    `ours` is the job's row as long as nobody else has the job. `answers` are errors that the work is answered with,
    and that say nothing against it. Stands outside the transactions of the work.
    """
    kind, tried = KINDS[job], Attempt()
    try:
        yield tried
    except answers:
        raise
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") not in BUSY:
            _failed(kind, job_id, ours, error)
            raise
        # As if it had not been begun.
        tried.is_put_off = True
        logger.warning("job_put_off job=%s id=%s", kind.name, job_id)
        with access.everywhere():
            ours.update(**kind.afresh, attempts=F("attempts") - 1, leased_until=Now() + PAUSE)
    except Exception as error:
        _failed(kind, job_id, ours, error)
        raise
    else:
        overcome(kind, job_id)


def _failed(kind: Kind, job_id: int, ours: QuerySet[Any], error: Exception) -> None:
    """Note a failed attempt by the class of its error: what it says may be a patient's."""
    with access.everywhere():
        tried = ours.values_list("attempts", flat=True).first()
        if tried is None:
            return  # another has it by now
        note(kind, job_id, attempts=tried, error=type(error).__name__)
        if tried >= kind.attempts:
            ours.update(leased_until=None)
        elif kind.pauses:
            ours.update(leased_until=Now() + kind.pauses[tried - 1])
        set_aside(kind, kind.exhausted.filter(pk=job_id))
    logger.error(
        "job_failed job=%s id=%s attempt=%s error=%s", kind.name, job_id, tried, type(error).__name__
    )


def set_aside(kind: Kind, rows: QuerySet[Any]) -> int:
    """Give up jobs whose last attempt is over; returns how many."""
    found = list(rows.values_list("pk", "attempts"))
    for job_id, attempts in found:
        if rows.filter(pk=job_id).update(**kind.given_up, leased_until=None):
            note(kind, job_id, attempts=attempts, error=LOST, is_last=True)
    return len(found)


def note(kind: Kind, job_id: int, *, attempts: int, error: str, is_last: bool = False) -> None:
    """Write down what went wrong; of a last attempt that nobody said anything of, that its worker was lost."""
    known = Setback.objects.filter(job=kind.name, job_id=job_id).first()
    if is_last and known is not None and known.attempts == attempts:
        error = known.error
    state = Setback.State.SET_ASIDE if is_last else Setback.State.TRIED_AGAIN
    said = {"attempts": attempts, "error": error, "state": state, "at": Now()}
    Setback.objects.update_or_create(job=kind.name, job_id=job_id, defaults=said)
    if is_last:
        logger.error("job_set_aside job=%s id=%s attempts=%s error=%s", kind.name, job_id, attempts, error)


def overcome(kind: Kind, job_id: int) -> None:
    """Note that a job which went wrong was done after all."""
    troubled = Setback.objects.filter(job=kind.name, job_id=job_id).exclude(state=Setback.State.OVERCOME)
    troubled.update(state=Setback.State.OVERCOME)


def is_between_attempts(job: type[Model], job_id: int, attempts: int) -> bool:
    """Whether its last attempt, the one of this number, failed and the next has not begun."""
    failed = Setback.objects.filter(job=KINDS[job].name, job_id=job_id, attempts=attempts)
    return failed.filter(state=Setback.State.TRIED_AGAIN).exists()


def begin_again(setback_ids: Collection[int], *, reason: str, by: "User") -> list[int]:
    """Let work that was set aside be tried as if it had never been; returns those for which that could be done."""
    access.require(by, access.Action.MANAGE_REGISTRY, None)
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": gettext("Say why the work is tried again.")})
    if wrong := audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    with access.everywhere(), audit.because(door="admin", by=by, reason=reason):
        rows = Setback.objects.filter(pk__in=setback_ids).order_by("pk").select_for_update()
        return [row.pk for row in rows if _begin_again(row)]


def _begin_again(setback: Setback) -> bool:
    kind = kind_of(setback.job)
    if kind is None or setback.state != Setback.State.SET_ASIDE:
        return False
    rows = kind.rows.filter(kind.again, pk=setback.job_id)
    try:
        with transaction.atomic():
            begun = rows.update(**kind.afresh, attempts=0, leased_until=None)
    except IntegrityError:  # the same is to be done by a later job
        begun = 0
    if not begun:
        return False
    setback.state = Setback.State.TRIED_AGAIN
    setback.save(update_fields=["state"])
    kind.ring(kind.rows.filter(pk=setback.job_id))
    return True


def kind_of(name: str) -> Kind | None:
    """The kind of this name; None of one that there is no more."""
    return next((kind for kind in KINDS.values() if kind.name == name), None)


def ring_due() -> int:
    """Ring again for every job that nobody works on, and set aside what was tried too often; returns for how many.

    The scheduler does this each minute, so a message that was lost, or a worker, only delays. Each kind has a
    transaction of its own: what holds up one holds up no other.
    """
    rung = 0
    for kind in KINDS.values():
        try:
            with access.everywhere():
                set_aside(kind, kind.exhausted)
                rung += kind.ring(kind.due)
        except DatabaseError as error:
            logger.warning("jobs_not_rung job=%s error=%s", kind.name, type(error).__name__)
    return rung


# --- long work ---------------------------------------------------------------------------------------------------


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
