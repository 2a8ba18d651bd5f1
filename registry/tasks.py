"""Background work of the ground floor."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils.translation import gettext_lazy

from registry import clock, signs, slots
from registry.accounts import mails, reviewing
from registry.chain import heads, sealing, verifying
from registry.jobs import Kind
from registry.models import RequestCount, Slot

logger = logging.getLogger(__name__)
KEPT_MINUTES = 60
KINDS = (
    Kind(
        model=Slot,
        title=gettext_lazy("Scheduled work"),
        task="registry.tasks.on_time",
        since="due_at",
        lease=timedelta(minutes=26),  # longer than a task may take
    ),
)


@shared_task
def on_time(slot_id: int) -> None:
    """Do what the schedule says is due at its time."""
    slots.carry_out(slot_id)


@shared_task
def beat() -> None:
    """Leave a sign that scheduler, queue and worker are alive; /readyz tells its age."""
    signs.leave(signs.THROUGH_QUEUE)


@shared_task
def forget_old_slots() -> None:
    """Remove times of the schedule that are long over."""
    slots.remove_old()


@shared_task
def send_account_mail(pk: int) -> None:
    """Send one mail about an account, once."""
    mails.send(pk)


@shared_task
def ring_account_mails() -> None:
    """Ring again for mails about accounts that no worker has heard of."""
    mails.ring_waiting()


@shared_task
def close_unused_accounts() -> None:
    """Close accounts that nobody has used for long."""
    if count := reviewing.close_unused():
        logger.warning("accounts closed because nobody used them count=%s", count)


@shared_task
def forget_counts() -> None:
    """Remove what callers of the API sent long ago: closed connections leave their rows behind."""
    RequestCount.objects.filter(minute__lt=clock.now().timestamp() // 60 - KEPT_MINUTES).delete()


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
