"""One cut: what was asked for, what it said, and whether it may leave the registry.

A report of one center belongs to that center. A report of the whole registry has no center: PostgreSQL shows its
full version only to a scope that holds every center, and its suppressed version, once it may leave, to every member
(migrations 0002, 0005).
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from registry.audit import LONGEST_REASON, audited
from registry.tongues import Labeled
from reports.querysets import ReportQuerySet


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
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Moment it was asked for.")
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

    @property
    def needs_release(self) -> bool:
        """Whether somebody must let it go: what the schedule tells of all centers, and of real patients."""
        return self.center_id is None and self.source == "clinical" and self.slot != ""


@audited
class Release(models.Model):
    """What was decided on a report that leaves the registry only when it may: once, and for good."""

    class Decision(Labeled):
        """Whether it leaves."""

        RELEASED = "released", "Released"
        WITHHELD = "withheld", "Withheld"

    report = models.OneToOneField(
        Report, on_delete=models.PROTECT, related_name="release", help_text="The report decided on."
    )
    decision = models.CharField(max_length=10, choices=Decision, help_text="Whether it leaves.")
    by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who decided; empty where REPORT_RELEASE=automatic did.",
    )
    decided_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Moment of the decision.")
    reason = models.CharField(max_length=LONGEST_REASON, blank=True, default="", help_text="Why.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(decision="released") | (Q(decision="withheld", by__isnull=False) & ~Q(reason="")),
                name="%(app_label)s_%(class)s_withheld_by_somebody_for_a_reason",
            ),
        )
        triggers = (pgtrigger.Protect(name="decided_stays", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.report}: {self.get_decision_display().lower()}"

    @property
    def is_released(self) -> bool:
        """Whether the report may leave."""
        return self.decision == self.Decision.RELEASED
