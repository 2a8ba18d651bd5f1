"""Background work of the ground floor."""

import logging
import time

from celery import shared_task
from django.db.models.functions import Now

from registry.chain import heads, sealing, verifying
from registry.models import Heartbeat, RequestCount

logger = logging.getLogger(__name__)
KEPT_MINUTES = 60


@shared_task
def beat() -> None:
    """Leave a sign that scheduler, queue and worker are alive; /readyz tells its age."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": Now()})


@shared_task
def forget_counts() -> None:
    """Remove what callers of the API sent long ago: closed connections leave their rows behind."""
    RequestCount.objects.filter(minute__lt=time.time() // 60 - KEPT_MINUTES).delete()


@shared_task
def seal_audit() -> None:
    """Put into the chain of the audit trail what happened since the last time."""
    sealing.seal()


@shared_task
def check_audit() -> None:
    """Look through the whole audit trail, and note what is found."""
    noted = verifying.check()
    if noted and noted.found:
        logger.error("audit trail does not verify found=%s check=%s", noted.found, noted.pk)


@shared_task
def hand_over_head() -> None:
    """Give the head of the chain to where nobody here can change it."""
    heads.hand_over()
