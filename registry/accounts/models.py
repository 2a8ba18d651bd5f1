"""What is kept of accounts beside the people themselves."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

from registry.chain.models import append_only
from registry.tongues import Labeled


class AccountMail(models.Model):
    """One mail about an account: a row first, sent once by a worker, never repeated by itself.

    The link in it is made when it is sent, and is kept nowhere. A request for a name that nobody has leaves a row, too,
    so that it costs the same and counts the same.
    """

    class Kind(Labeled):
        INVITATION = "invitation"
        RESET = "reset", "Link for a new password"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        FACTOR_CHANGED = "factor_changed", "Second factor changed"
        ADDRESS_CHANGED = "address_changed", "Address changed"
        PROVIDER_LINKED = "provider_linked", "Identity provider linked"

    class State(Labeled):
        WAITING = "waiting"
        BEGUN = "begun"
        SENT = "sent"
        FAILED = "failed"
        NOBODY = "nobody", "Nobody to send it to"

    kind = models.CharField(max_length=20, choices=Kind, help_text="What the mail is for.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="account_mails",
        null=True,
        help_text="Whose account it is about; empty when nobody has what was typed.",
    )
    address = models.EmailField(
        blank=True, default="", help_text="Where it goes; empty for the address that the account has by then."
    )
    asked_for = models.CharField(
        max_length=64, blank=True, default="", help_text="Keyed digest of the name or address that was typed."
    )
    asked_from = models.GenericIPAddressField(
        null=True, help_text="Where it was asked for, without signing in."
    )
    asked_at = models.DateTimeField(
        db_default=Now(), db_index=True, help_text="Moment at which it was asked for."
    )
    state = models.CharField(
        max_length=10, choices=State, default=State.WAITING, help_text="What became of it."
    )
    done_at = models.DateTimeField(null=True, help_text="Moment at which the mail server took or refused it.")

    class Meta:
        indexes = (models.Index(fields=("user", "asked_at")), models.Index(fields=("asked_for", "asked_at")))

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_state_display()}"


class Session(AbstractBaseSession):
    """A session, and whose it is. Its key opens it, so it is shown to nobody."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sessions",
        null=True,
        help_text="Who signed in; empty before.",
    )
    address = models.GenericIPAddressField(null=True, help_text="Where the sign-in came from.")
    program = models.CharField(
        max_length=200, blank=True, default="", help_text="What the browser calls itself."
    )

    @classmethod
    def get_session_store_class(cls) -> Any:
        from registry.accounts.session_store import SessionStore

        return SessionStore


class AccessReview(models.Model):
    """That somebody looked over accounts and keys. Rows are only added."""

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        help_text="Of which center; empty for the whole registry.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who looked them over.",
    )
    at = models.DateTimeField(db_default=Now(), help_text="Moment at which that was said.")
    accounts = models.PositiveIntegerField(help_text="Accounts that were on the list.")
    keys = models.PositiveIntegerField(help_text="API keys that were on the list.")

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)
        indexes = (models.Index(fields=("center", "at")),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.by}"
