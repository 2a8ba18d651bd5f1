"""Background work of the ground floor."""

import time

from celery import shared_task
from django.db.models.functions import Now

from registry import access
from registry.api import idempotency
from registry.models import Heartbeat, RequestCount

KEPT_MINUTES = 60


@shared_task
def beat() -> None:
    """Leave a sign that scheduler, queue and worker are alive; /readyz tells its age."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": Now()})


@shared_task
def forget_answered_requests() -> None:
    """Forget what was answered to requests that nobody sends again."""
    with access.everywhere():
        idempotency.remove_old()


@shared_task
def forget_counts() -> None:
    """Remove what callers of the API sent long ago: closed connections leave their rows behind."""
    RequestCount.objects.filter(minute__lt=time.time() // 60 - KEPT_MINUTES).delete()
