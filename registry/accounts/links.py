"""Links that let a person set the own password: signed, for one use, for some hours, kept nowhere.

The signature covers the password as it is and the last sign-in, so a link dies when it is used, when another invitation
is sent and when its person signs in (Django's `PasswordResetTokenGenerator`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int, int_to_base36

from registry import clock
from registry.accounts import session_store
from registry.accounts.models import AccountMail
from registry.models import User

INVITATION, RESET = AccountMail.Kind.INVITATION, AccountMail.Kind.RESET
HOURS = {INVITATION: settings.INVITATION_HOURS, RESET: settings.RESET_HOURS}
OPENED, OPEN_FOR_S = "opened_link", 1800  # how long the page stays good once a link has opened it


class _Tokens(PasswordResetTokenGenerator):
    """Django's tokens, of one kind and with an end of their own."""

    def __init__(self, kind: AccountMail.Kind) -> None:
        super().__init__()
        self.key_salt, self.lasts_s = f"registry.accounts.links.{kind}", HOURS[kind] * 3600

    def _now(self) -> datetime:
        """What Django asks the process's own clock for, in UTC: the link is made by one process and read by another."""
        return clock.now().astimezone(UTC).replace(tzinfo=None)

    def check_token(self, user: Any, token: Any) -> bool:
        if not super().check_token(user, token):
            return False
        made_at = base36_to_int(token.split("-")[0])
        return self._num_seconds(self._now()) - made_at <= self.lasts_s


_TOKENS = {kind: _Tokens(kind) for kind in HOURS}
_LETTERS = {"i": INVITATION, "r": RESET}


@dataclass(frozen=True, kw_only=True)
class Link:
    """Who may set a password, and by which kind of link."""

    user: User
    kind: AccountMail.Kind


def make(user: User, kind: AccountMail.Kind) -> str:
    """Make the address that the mail bears."""
    letter = next(letter for letter, one in _LETTERS.items() if one == kind)
    text = f"{letter}.{int_to_base36(user.pk)}.{_TOKENS[kind].make_token(user)}"
    return settings.PUBLIC_URL + reverse("account_link", args=[text])


def ends_at(kind: AccountMail.Kind, sent_at: datetime) -> datetime:
    """Until when a link of this kind works that was sent then."""
    return sent_at + timedelta(hours=HOURS[kind])


def read(text: str) -> Link | None:
    """Whose link this is; nothing when it is forged, used, replaced or too old, or its account is closed."""
    letter, _, rest = text.partition(".")
    number, _, token = rest.partition(".")
    kind = _LETTERS.get(letter)
    try:
        pk = base36_to_int(number)
    except ValueError:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first() if kind else None
    if kind is None or user is None or not fits(user, kind) or not _TOKENS[kind].check_token(user, token):
        return None
    return Link(user=user, kind=kind)


def fits(user: User, kind: AccountMail.Kind) -> bool:
    """An invitation is for who has no password yet, a reset for who has one."""
    return user.has_usable_password() == (kind == RESET)


def open_page(request: HttpRequest, link: Link) -> None:
    """Note in the session that the link was opened, so that it need not stand in the address of the form.

    The link itself is not noted: sessions are rows of the database. The session goes on under another key: whoever knew
    the one before, or put it there, sets no password by it.
    """
    request.session.cycle_key()
    request.session[OPENED] = {
        "user": link.user.pk,
        "kind": str(link.kind),
        "hash": link.user.get_session_auth_hash(),
        "at": int(session_store.moment(request).timestamp()),
    }


def opened(request: HttpRequest, *, is_to_write: bool = False) -> Link | None:
    """Who opened a link here, unless it was too long ago or the account has changed since.

    To write, the account is held until the transaction ends: of two who come by one link, the second finds it used.
    """
    noted = request.session.get(OPENED)
    if not noted or session_store.moment(request).timestamp() - noted["at"] > OPEN_FOR_S:
        return None
    kind = AccountMail.Kind(noted["kind"])
    people = User.objects.select_for_update(no_key=True) if is_to_write else User.objects.all()
    user = people.filter(pk=noted["user"], is_active=True).first()
    if user is None or not fits(user, kind):
        return None
    if not constant_time_compare(noted["hash"], user.get_session_auth_hash()):
        return None
    return Link(user=user, kind=kind)
