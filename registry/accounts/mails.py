"""Mails about accounts: what they say, when they are asked for too often, and how each leaves once.

They tell a person that something about the own account changed, or bear a link. Who asks for a link without having
signed in learns nothing: for a name that nobody has, the same is looked up, written and rung for.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, gettext_lazy

from registry import bell, clock
from registry.accounts import links
from registry.accounts.models import AccountMail
from registry.addresses import address_of
from registry.models import User

logger = logging.getLogger(__name__)
Kind, State = AccountMail.Kind, AccountMail.State

OF_ONE_NAME, OF_ONE_ADDRESS = (
    3,
    20,
)  # links asked for in an hour without signing in; what is beyond leaves no mail
COUNTED = timedelta(hours=1)
LATE = timedelta(hours=1)  # a mail that no worker took by then is not sent any more

_SUBJECTS = {
    Kind.INVITATION: gettext_lazy("Your account in the IVC registry"),
    Kind.RESET: gettext_lazy("A new password for the IVC registry"),
    Kind.PASSWORD_CHANGED: gettext_lazy("Your password for the IVC registry was changed"),
    Kind.FACTOR_CHANGED: gettext_lazy("Your second factor for the IVC registry was changed"),
    Kind.ADDRESS_CHANGED: gettext_lazy("Your address in the IVC registry was changed"),
    Kind.PROVIDER_LINKED: gettext_lazy("A new way to sign in to the IVC registry"),
}
_TEXTS = {
    Kind.INVITATION: gettext_lazy(
        "An administrator of the registry has made an account for you. Your user name is {username}.\n\n"
        "Choose your password here:\n\n{link}\n\n"
        "The link works once, for {hours} hours. After that, ask the administrator for a new one. "
        "If you expect no account, do nothing: nobody can come in without this link."
    ),
    Kind.RESET: gettext_lazy(
        "Somebody, probably you, asked for a new password for your account {username}. Choose it here:\n\n{link}\n\n"
        "The link works once, for {hours} hours. Your second factor stays as it is and is asked for at the next "
        "sign-in. If it was not you, do nothing: your password stays as it is."
    ),
    Kind.PASSWORD_CHANGED: gettext_lazy(
        "The password of your account {username} was changed at {at} UTC, and its other sessions have ended.\n\n"
        "If it was not you, ask for a new password at {forgotten} and tell the administrator of the registry at once."
    ),
    Kind.FACTOR_CHANGED: gettext_lazy(
        "The second factor of your account {username} was changed at {at} UTC, and its other sessions have ended.\n\n"
        "If it was not you, tell the administrator of the registry at once."
    ),
    Kind.ADDRESS_CHANGED: gettext_lazy(
        "The address of your account {username} was changed at {at} UTC. Mails of the registry go to the new one.\n\n"
        "If you do not know why, tell the administrator of the registry at once."
    ),
    Kind.PROVIDER_LINKED: gettext_lazy(
        "Your account {username} was opened by {provider} for the first time, at {at} UTC. From now on, whoever signs "
        "in there as you comes in here.\n\n"
        "If it was not you, tell the administrator of the registry at once."
    ),
}


def write(kind: AccountMail.Kind, user: User, *, address: str = "") -> AccountMail:
    """Write a mail to this person, or about this person to another address; a worker sends it.

    Of somebody without an address it is only noted.
    """
    has_address = bool(address or user.email)
    mail = AccountMail.objects.create(
        kind=kind, user=user, address=address, state=State.WAITING if has_address else State.NOBODY
    )
    if has_address:
        bell.ring("registry.tasks.send_account_mail", mail.pk)
    return mail


def write_link(user: User) -> AccountMail:
    """Write the mail by which this person sets a password: the first one, or another."""
    return write(Kind.RESET if user.has_usable_password() else Kind.INVITATION, user)


def ask_for_link(typed: str, request: HttpRequest) -> None:
    """Write the mail for whoever has this user name or address and forgot the password; tell nobody if there is one.

    Who was only invited gets none: an invitation that is too old is an administrator's to send again.
    """
    digest = salted_hmac("registry.accounts.mails", typed.strip().lower(), algorithm="sha256").hexdigest()
    user, came_from = _found(typed.strip()), address_of(request)
    _one_after_another(f"typed {digest}", f"from {came_from}")
    since = clock.now() - COUNTED
    asked = AccountMail.objects.filter(asked_at__gt=since).exclude(asked_for="")
    of_name = asked.filter(Q(asked_for=digest) | Q(user_id=user.pk if user else 0)).count()
    of_address = asked.filter(asked_from=came_from).count() if came_from else 0
    if of_name >= OF_ONE_NAME or of_address >= OF_ONE_ADDRESS:
        return
    mail = AccountMail.objects.create(
        kind=Kind.RESET,
        user=user,
        asked_for=digest,
        asked_from=came_from,
        state=State.WAITING if user else State.NOBODY,
    )
    bell.ring("registry.tasks.send_account_mail", mail.pk)


def _one_after_another(*keys: str) -> None:
    """Let requests for one name, and from one address, wait for each other: each counts what the others wrote."""
    digests = (salted_hmac("registry.accounts.mails.lock", key, algorithm="sha256").digest() for key in keys)
    locks = sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)  # all in one order
    with connection.cursor() as cursor:
        for lock in locks:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def _found(typed: str) -> User | None:
    """The one person of this name or, if nobody has it, of this address."""
    people = User.objects.filter(Q(username=typed) | Q(email__iexact=typed), is_active=True)
    found = [user for user in people[:20] if user.has_usable_password() and user.email] if typed else []
    named = [user for user in found if user.username == typed] or found
    return named[0] if len(named) == 1 else None


def send(pk: int) -> None:
    """Send one mail that waits, once: whatever becomes of it, it is not tried again."""
    begun = AccountMail.objects.filter(pk=pk, state=State.WAITING).update(state=State.BEGUN)
    if not begun:
        return
    mail = AccountMail.objects.select_related("user").get(pk=pk)
    try:
        is_sent = mail.asked_at > clock.now() - LATE and bool(_message(mail).send())
    except (OSError, SMTPException) as error:
        is_sent = False
        logger.error("account mail not sent mail=%s error=%s", pk, type(error).__name__)
    AccountMail.objects.filter(pk=pk).update(
        state=State.SENT if is_sent else State.FAILED, done_at=clock.now()
    )


def _message(mail: AccountMail) -> EmailMessage:
    user: Any = mail.user
    with translation.override(_language(user)):
        said = {
            "username": user.get_username(),
            "at": f"{mail.asked_at:%Y-%m-%d %H:%M}",
            "forgotten": forgotten_address(),
            "provider": settings.OIDC_NAME,
        }
        if mail.kind in links.HOURS:
            kind = Kind(mail.kind)
            said |= {"link": links.make(user, kind), "hours": str(links.HOURS[kind])}
        hello = gettext("Hello {name},").format(name=user.get_full_name() or user.get_username())
        told = str(_TEXTS[Kind(mail.kind)]).format(**said)
        subject = str(_SUBJECTS[Kind(mail.kind)])
    return EmailMessage(
        subject,
        f"{hello}\n\n{told}\n",
        to=[mail.address or user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _language(user: User) -> str:
    """The language that the person chose, else that of a center of theirs."""
    centers = [
        role.center for role in user.memberships.select_related("center").order_by("pk") if role.center
    ]
    wanted = [user.language, *(center.language for center in centers)]
    return next((one for one in wanted if one in dict(settings.LANGUAGES)), settings.LANGUAGE_CODE)


def forgotten_address() -> str:
    """Where one asks for a new password."""
    return settings.PUBLIC_URL + reverse("admin_password_reset")


def ring_waiting() -> None:
    """Ring again for what no worker has heard of."""
    for pk in AccountMail.objects.filter(state=State.WAITING).values_list("pk", flat=True):
        bell.ring("registry.tasks.send_account_mail", pk)


def older_than(days: int) -> QuerySet[AccountMail]:
    """List what is noted of mails that were asked for so many days ago."""
    return AccountMail.objects.filter(asked_at__lt=clock.now() - timedelta(days=days))
