"""One mail to one person: the finished bytes, and how far they have come."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from registry.access import ScopedQuerySet
from registry.audit import audited_except
from registry.tongues import Labeled
from reports.models.report import Report
from reports.models.subscription import Subscription
from reports.querysets import DeliveryQuerySet


class MailBody(models.Model):
    """What the mails of one report in one language and form have in common: everything but the head."""

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The center of the report; empty for the whole registry.",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    content = models.BinaryField(help_text="The body of the message.")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mail bodies"
        # it may be emptied when it was kept long enough, and written again with the same digest
        triggers = (
            pgtrigger.Protect(
                name="written_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.digest <> OLD.digest OR (length(OLD.content) > 0 AND length(NEW.content) > 0)"
                ),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("center", "digest"), nulls_distinct=False, name="%(app_label)s_%(class)s_once"
            ),
        )

    def __str__(self) -> str:
        return self.digest[:16]


@audited_except("head", "body", "claimed_until", "data_started_at", "attempts", "next_try_at", "queued_at")
class Delivery(models.Model):
    """One mail to one person: the finished bytes, and how far they have come. Never rendered again."""

    class State(Labeled):
        """How far it is; see reports/delivery.py for the ways between."""

        QUEUED = "queued", "Waiting"
        SENDING = "sending", "On its way"
        HANDED = "handed", "Handed to the mail server"
        REFUSED = "refused", "Refused"
        UNCERTAIN = "uncertain", "Perhaps handed over"
        FAILED = "failed", "Given up"
        BOUNCED = "bounced", "Came back"

    class Kind(Labeled):
        """What the mail is."""

        REPORT = "report", "Report"
        WORK = "work", "Weekly mail"
        TRANSFER = "transfer", "About a transfer of follow-up"

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="deliveries",
        null=True,
        blank=True,
        help_text="The center of the report; empty for the whole registry.",
    )
    report = models.ForeignKey(
        Report,
        on_delete=models.PROTECT,
        related_name="deliveries",
        null=True,
        blank=True,
        help_text="The report, of a mail that brings one.",
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        related_name="deliveries",
        null=True,
        blank=True,
        help_text="Why this person gets the report; empty for a report that was asked for by hand.",
    )
    week = models.CharField(
        max_length=8, blank=True, default="", help_text="The week, of a weekly mail, such as 2026-W48."
    )
    recipient = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="deliveries", help_text="Who gets it."
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REPORT, help_text="What the mail is.")
    address = models.EmailField(help_text="Address at the time of writing.")
    message_id = models.CharField(max_length=120, unique=True, help_text="Permanent Message-ID.")
    head = models.BinaryField(help_text="The finished message up to its body.")
    body = models.ForeignKey(
        MailBody, on_delete=models.PROTECT, related_name="deliveries", help_text="The rest of the message."
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole message.")
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="replaced_by",
        null=True,
        blank=True,
        help_text="The mail to an earlier address of this person that this one stands for.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, help_text="How far it is.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often sending was begun.")
    repeats = models.PositiveSmallIntegerField(default=0, help_text="Identical copies sent again.")
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Not before; empty when over.")
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="A sender has it until then.")
    data_started_at = models.DateTimeField(
        null=True, blank=True, help_text="From here on the server may have taken the message."
    )
    handed_at = models.DateTimeField(null=True, blank=True, help_text="The server said yes.")
    smtp_reply = models.CharField(
        max_length=500, blank=True, default="", help_text="What the server said last."
    )
    bounced_at = models.DateTimeField(null=True, blank=True, help_text="It came back.")
    bounce = models.CharField(
        max_length=500, blank=True, default="", help_text="Why it came back, as a server on the way said."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Moment it was written.")
    queued_at = models.DateTimeField(
        db_default=Now(), help_text="Moment from which trying counts: it was written, or is sent again."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-id",)
        constraints = (
            # once for a person, but for what a mail to a later address replaces
            models.UniqueConstraint(
                fields=("report", "recipient", "kind"),
                condition=Q(replaces__isnull=True),
                name="%(app_label)s_%(class)s_once",
            ),
            models.UniqueConstraint(
                fields=("week", "recipient"),
                condition=~Q(week="") & Q(replaces__isnull=True),
                name="%(app_label)s_%(class)s_once_a_week",
            ),
            models.CheckConstraint(
                condition=Q(kind="report", report__isnull=False, week="")
                | (Q(kind="work", report__isnull=True) & ~Q(week=""))
                | Q(kind="transfer", report__isnull=True, week=""),
                name="%(app_label)s_%(class)s_of_one_thing",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_try_at",), condition=Q(next_try_at__isnull=False), name="reports_delivery_due"
            ),
        )

    def __str__(self) -> str:
        told = gettext("Delivery {number} ({state})")
        return told.format(number=self.pk, state=self.get_state_display().lower())

    @property
    def message(self) -> bytes:
        """The finished message, as a mail server gets it."""
        return bytes(self.head) + bytes(self.body.content)
