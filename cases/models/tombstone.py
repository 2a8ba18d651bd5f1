"""What is left of an erased case: that it was there, where, when, on what basis, and why it went."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext

from cases.vocabulary import ConsentBasis
from registry.access import ScopedQuerySet
from registry.audit import LONGEST_REASON, audited
from registry.fields import PartialDateField


@audited
class Tombstone(models.Model):
    """One erased case. Nothing in it is about the patient's health, and it never changes.

    Its numbers were the database's own. With `registered_at` they find the same case in a backup that is older than
    the erasure; the keyed digest of the case number keeps the case from being sent in again.
    """

    center = models.ForeignKey(
        "registry.Center", on_delete=models.PROTECT, related_name="+", help_text="Center that owned the case"
    )
    case_id = models.BigIntegerField(help_text="Number that the case had in the database")
    patient_id = models.BigIntegerField(help_text="Number that the patient had in the database")
    registered_at = models.DateTimeField(help_text="When the case was first saved")
    number_digest = models.CharField(max_length=64, help_text="Keyed digest of the case number")
    basis = models.CharField(
        max_length=40, choices=ConsentBasis, blank=True, default="", help_text="Legal basis until then"
    )
    withdrawn_on = PartialDateField("Withdrawn", "Day of the patient's wish")
    erased_at = models.DateTimeField(help_text="When it was erased")
    reason = models.CharField(max_length=LONGEST_REASON, help_text="Why, as whoever carried it out wrote")
    by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who carried it out; empty after a restore",
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case_id", "registered_at"], name="cases_tombstone_once"),
        ]
        indexes = [
            models.Index(fields=["center", "number_digest"], name="cases_tombstone_of_number"),
        ]
        triggers = [pgtrigger.Protect(name="for_ever", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return gettext("Erased case {number}").format(number=self.pk)
