"""The bell that wakes a worker: rung when the transaction that made the job is kept, so that its row is found."""

from django.db import transaction

from registry.celery import app


def ring(task: str, *ids: int) -> None:
    """Ring for a task by its name, after the present transaction.

    A bell that nobody hears is only late: what is due is rung for every minute.
    """
    transaction.on_commit(lambda: app.send_task(task, args=ids, retry=False), robust=True)
