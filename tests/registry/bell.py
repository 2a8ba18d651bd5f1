"""A task whose ringing can be counted from outside: one line in a file for each time it ran to its end."""

import os
import time

from celery import shared_task


@shared_task
def ring(number, path):
    time.sleep(0.02)
    with open(path, "a") as file:
        file.write(f"{number} {os.environ['REGISTRY_PROCESS']}\n")


@shared_task
def change(code):
    from registry.models import Center

    Center.objects.filter(code=code).update(name="Changed by a task")
