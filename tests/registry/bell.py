"""Tasks whose ringing can be counted from outside: one line in a file for each time one ran to its end."""

import os
import time
from pathlib import Path

from celery import shared_task
from celery.signals import worker_process_init
from django.db import OperationalError
from django.db.models import F
from psycopg.errors import DiskFull, LockNotAvailable


@shared_task
def ring(number, path):
    time.sleep(0.02)
    with open(path, "a") as file:
        file.write(f"{number} {os.environ['REGISTRY_PROCESS']}\n")


@shared_task
def change(code):
    from registry.models import Center

    Center.objects.filter(code=code).update(name="Changed by a task")


# --- work of the schedule, which is given nothing: it finds its file in the environment ------------------------------


@shared_task
def note():
    with open(os.environ["NOTES"], "a") as file:
        file.write("done\n")


@shared_task
def slow_note():
    time.sleep(0.2)
    note()


@shared_task
def poison():
    """End the process that does the work, as a lack of memory would."""
    with open(os.environ["NOTES"], "a") as file:
        file.write("poison\n")
    os._exit(9)


@shared_task
def fail():
    raise ValueError("Jane Doe, born 1970-01-01")


@shared_task
def meet_a_lock():
    raise OperationalError from LockNotAvailable()


@shared_task
def find_no_room():
    raise OperationalError from DiskFull()


@shared_task
def take_too_long():
    """Work on until another worker has it, whose attempt is the next one."""
    from registry.models import Slot

    Slot.objects.update(attempts=F("attempts") + 1)


@worker_process_init.connect
def without_the_count(**_):
    """For the control: attempts are not counted before the work, as with Celery alone."""
    if Path(os.environ.get("NOTES", "") + ".uncounted").exists():
        from django.db.models import Value

        from registry import jobs

        jobs.F = lambda _: Value(-1)


@worker_process_init.connect
def by_the_own_clock(**_):
    """For the control: whether a lease has run out is judged by the clock of the process."""
    if Path(os.environ.get("NOTES", "") + ".own_clock").exists():
        from django.db.models import Q
        from django.utils import timezone

        from registry import jobs

        jobs.FREE = Q(leased_until__isnull=True) | Q(leased_until__lt=timezone.now())
