"""Reports as they were cut, who asked to get them, and each mail on its way.

A report of one center belongs to that center. A report of the whole registry has no center: PostgreSQL shows its
full version only to a scope that holds every center, and its suppressed version to every member (migration 0002).
"""

from __future__ import annotations

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from registry import access
from registry.access import Action, ScopedQuerySet
from registry.audit import audited, audited_except
from registry.tongues import Labeled
from reports.querysets import DeliveryQuerySet, ReportQuerySet


class Audience(Labeled):
    """For whose eyes the numbers are."""

    INSIDE = "inside", "Those who may read every case behind it"
    OUTSIDE = "outside", "Members of other centers: small numbers are withheld"


class Report(models.Model):
    """One cut: what was asked for, and what it said. Once composed it never changes."""

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="reports",
        null=True,
        blank=True,
        help_text="The center reported on; empty for the whole registry.",
    )
    source = models.CharField(
        max_length=20, default="clinical", help_text="Clinical data, or one demonstration set."
    )
    as_of = models.DateField(help_text="Data cut: nothing that happened later counts.")
    audience = models.CharField(
        max_length=10, choices=Audience, default=Audience.INSIDE, help_text="For whose eyes the numbers are."
    )
    slot = models.CharField(
        max_length=40, blank=True, default="", help_text="Period of a scheduled report; one report each."
    )
    requested_by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who asked; empty for the schedule.",
    )
    created_at = models.DateTimeField(auto_now_add=True, help_text="Moment it was asked for.")
    composed_at = models.DateTimeField(null=True, blank=True, help_text="Moment it was composed.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often composing was begun.")
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="Not begun again before: somebody composes it, or failed to."
    )
    content = models.JSONField(null=True, blank=True, help_text="Everything it says, whole.")
    content_digest = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the content."
    )
    document_digests = models.JSONField(
        default=dict, blank=True, help_text="SHA-256 of each document as first rendered, in English, by name."
    )
    data_digest = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the cases read."
    )
    code_version = models.CharField(
        max_length=60, blank=True, default="", help_text="Version of the program."
    )
    report_version = models.CharField(
        max_length=20, blank=True, default="", help_text="Version of the layout."
    )
    rulebooks = models.CharField(
        max_length=200, blank=True, default="", help_text="Versions of the rulebooks read."
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("center", "source", "audience", "slot"),
                condition=~Q(slot=""),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="%(app_label)s_%(class)s_known_audience"
            ),
            models.CheckConstraint(
                condition=Q(audience="inside") | Q(center__isnull=True),
                name="%(app_label)s_%(class)s_outside_is_registry",
                violation_error_message=gettext_lazy("A report for other centers covers the whole registry."),
            ),
            models.CheckConstraint(
                condition=Q(content__isnull=True) | ~Q(content_digest=""),
                name="%(app_label)s_%(class)s_digest",
            ),
        )
        triggers = (
            pgtrigger.Protect(
                name="composed_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__content__isnull=False),
            ),
        )

    def __str__(self) -> str:
        told = gettext("Report {number}, cut {day}")
        return told.format(number=self.pk, day=f"{self.as_of:%Y-%m-%d}")

    @property
    def is_composed(self) -> bool:
        """Whether there is something to read."""
        return self.content is not None


@audited
class Subscription(models.Model):
    """A person who wants the report of a center, or of the whole registry, at the end of each period."""

    class Cadence(Labeled):
        """How often."""

        MONTHLY = "monthly", "Each month"
        QUARTERLY = "quarterly", "Each quarter"
        YEARLY = "yearly", "Each year"

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="subscriptions",
        null=True,
        blank=True,
        help_text="The center reported on; empty for the whole registry.",
    )
    user = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="subscriptions",
        help_text="Who gets the report.",
    )
    cadence = models.CharField(
        max_length=10, choices=Cadence, default=Cadence.QUARTERLY, help_text="How often."
    )
    is_active = models.BooleanField(default=True, help_text="Is the report still wanted?")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "center", "cadence"),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once",
                violation_error_message=gettext_lazy("This person already gets this report."),
            ),
        )

    def __str__(self) -> str:
        return (
            f"{self.user}: {self.center or gettext('whole registry')}, {self.get_cadence_display().lower()}"
        )

    def clean(self) -> None:
        """Refuse a person to whom no mail can be sent, or who may not read the report."""
        if not self.user_id:
            return
        if not self.user.email:
            raise ValidationError({"user": gettext("This person has no mail address: add it first.")})
        readable = access.centers_of(self.user, Action.READ_REPORT)
        if not readable or (self.center_id is not None and self.center_id not in readable):
            raise ValidationError(
                {"user": gettext("This person may not read this report: give a role in the center first.")}
            )


@audited_except("message", "claimed_until", "data_started_at", "attempts", "next_try_at")
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

    class Kind(Labeled):
        """What the mail is."""

        REPORT = "report", "Report"
        WORK = "work", "Weekly mail"

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
    week = models.CharField(
        max_length=8, blank=True, default="", help_text="The week, of a weekly mail, such as 2026-W48."
    )
    recipient = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="deliveries", help_text="Who gets it."
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REPORT, help_text="What the mail is.")
    address = models.EmailField(help_text="Address at the time of writing.")
    message_id = models.CharField(max_length=120, unique=True, help_text="Permanent Message-ID.")
    message = models.BinaryField(help_text="The finished message.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the message.")
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
    created_at = models.DateTimeField(auto_now_add=True, help_text="Moment it was written.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("report", "recipient", "kind"), name="%(app_label)s_%(class)s_once"
            ),
            models.UniqueConstraint(
                fields=("week", "recipient"),
                condition=~Q(week=""),
                name="%(app_label)s_%(class)s_once_a_week",
            ),
            models.CheckConstraint(
                condition=Q(kind="report", report__isnull=False, week="")
                | (Q(kind="work", report__isnull=True) & ~Q(week="")),
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
