"""Background work of the ground floor."""

import logging
import time

from celery import shared_task
from django.db.models.functions import Now

from registry import access, signin_log
from registry.accounts import mails, reviewing
from registry.accounts.session_store import SessionStore
from registry.api import idempotency
from registry.chain import heads, sealing, verifying
from registry.models import Heartbeat, RequestCount

logger = logging.getLogger(__name__)
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
def forget_old_sign_ins() -> None:
    """Remove what the sign-in log has kept for 24 months."""
    signin_log.remove_old()


@shared_task
def send_account_mail(pk: int) -> None:
    """Send one mail about an account, once."""
    mails.send(pk)


@shared_task
def ring_account_mails() -> None:
    """Ring again for mails about accounts that no worker has heard of."""
    mails.ring_waiting()


@shared_task
def forget_account_mails() -> None:
    """Remove what is noted of mails about accounts after ninety days."""
    mails.remove_old()


@shared_task
def forget_ended_sessions() -> None:
    """Remove the rows of sessions that have ended."""
    SessionStore.clear_expired()


@shared_task
def close_unused_accounts() -> None:
    """Close accounts that nobody has used for long."""
    if count := reviewing.close_unused():
        logger.warning("accounts closed because nobody used them count=%s", count)


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
