"""The follow-up of one case on its way to another center, and back."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from cases.querysets import TransferQuerySet
from cases.vocabulary import Sex, TransferState
from registry.audit import LONGEST_REASON, audited

STANDING = (TransferState.OFFERED, TransferState.ACCEPTED)


@audited
class Transfer(models.Model):
    """An offer to follow a patient in another center, and what became of it.

    The case stays where it is: `center` operated, and owns it. Both centers see this row; until it is accepted it is
    all that the receiving one sees, so what it says of the patient is written into it when it is offered.
    """

    # PostgreSQL shows the row to this center, too (registry/walls.py); changed it is from the side that owns it alone.
    also_read_by: ClassVar[str] = "receiving_center"

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="transfers",
        db_constraint=False,  # the key (case, center) holds it
        help_text="The case",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Center that operated and owns the case",
    )
    receiving_center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Center that is to follow the patient",
    )
    registry_id = models.CharField(max_length=9, help_text="The patient's pseudonym, as the offer names it")
    sex = models.CharField(
        max_length=10, choices=Sex, blank=True, default="", help_text="Sex, as the offer says it"
    )
    resected_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Year of the index resection, as the offer says it"
    )
    note = models.CharField(
        max_length=200, blank=True, default="", help_text="Never anything that identifies a person"
    )
    state = models.CharField(
        max_length=10, choices=TransferState, default=TransferState.OFFERED, help_text="How far it is"
    )
    offered_by = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="+", help_text="Who offered it"
    )
    offered_at = models.DateTimeField(help_text="When it was offered")
    accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the receiving center follows the patient"
    )
    decided_by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who brought it to its present state; empty while it is offered, or after a restore",
    )
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When it came to its present state")
    reason = models.CharField(
        max_length=LONGEST_REASON,
        blank=True,
        default="",
        help_text="Why it was declined, withdrawn or returned",
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=STANDING), name="cases_transfer_one_standing"
            ),
            models.CheckConstraint(
                condition=~Q(receiving_center=F("center")), name="cases_transfer_to_another_center"
            ),
            models.CheckConstraint(
                condition=Q(state__in=TransferState.values), name="cases_transfer_known_state"
            ),
            models.CheckConstraint(
                condition=Q(state=TransferState.OFFERED, decided_at__isnull=True)
                | (~Q(state=TransferState.OFFERED) & Q(decided_at__isnull=False)),
                name="cases_transfer_decided_at",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=(TransferState.ACCEPTED, TransferState.RETURNED), accepted_at__isnull=False
                )
                | Q(
                    state__in=(TransferState.OFFERED, TransferState.DECLINED, TransferState.WITHDRAWN),
                    accepted_at__isnull=True,
                ),
                name="cases_transfer_accepted_at",
            ),
        ]
        indexes = [
            models.Index(fields=["receiving_center", "state"], name="cases_transfer_received"),
        ]

    def __str__(self) -> str:
        return gettext("Follow-up of patient {id}").format(id=self.registry_id)
