"""Who wants which report, how often, and how it should come."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from registry import access
from registry.access import Action
from registry.audit import audited
from registry.tongues import Labeled
from reports.querysets import SubscriptionQuerySet


@audited
class Subscription(models.Model):
    """A person who wants the report of a center, or of the whole registry, at the end of each period."""

    class Cadence(Labeled):
        """How often."""

        MONTHLY = "monthly", "Each month"
        QUARTERLY = "quarterly", "Each quarter"
        YEARLY = "yearly", "Each year"
        ON_RELEASE = "on_release", "Whenever one is released"

    class Format(Labeled):
        """How it comes."""

        ATTACHED = "attached", "In the mail, with the PDF attached"
        LINK = "link", "As a link, to be read after signing in"

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
    language = models.CharField(
        max_length=8,
        choices=settings.LANGUAGES,
        blank=True,
        default="",
        help_text="Language of the report; empty for the person's own.",
    )
    format = models.CharField(
        max_length=10, choices=Format, default=Format.ATTACHED, help_text="How it comes."
    )
    is_active = models.BooleanField(default=True, help_text="Is the report still wanted?")
    paused_until = models.DateField(
        null=True, blank=True, help_text="No report before this day; empty where there is no pause."
    )

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "center", "cadence"),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once",
                violation_error_message=gettext_lazy("This person already gets this report."),
            ),
            models.CheckConstraint(
                condition=Q(center__isnull=True) | ~Q(cadence="on_release"),
                name="%(app_label)s_%(class)s_only_the_registrys_are_released",
                violation_error_message=gettext_lazy(
                    "A center's own report is not released: choose each month, quarter or year."
                ),
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
