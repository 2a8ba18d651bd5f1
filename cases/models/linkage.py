"""What the registry notes of linkage, without a word of who the patient is: the vault holds that (registry/vault/)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from registry.access import ScopedQuerySet
from registry.audit import LONGEST_REASON, audited
from registry.tongues import Labeled


class PairVerdict(Labeled):
    """What is thought of two cases of two centers that may be one patient's."""

    OPEN = "open", "Not decided yet"
    SAME = "same", "One patient"
    DIFFERENT = "different", "Two patients"


@audited
class HeldIdentity(models.Model):
    """The vault holds who the patient of this case is. The vault follows this row: without it nothing is held."""

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The case",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Its center",
    )
    has_name = models.BooleanField(help_text="Names and day of birth are held")
    has_number = models.BooleanField(help_text="A national number is held")
    recorded_at = models.DateTimeField(help_text="Last recorded")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = "identity for linkage", "identities for linkage"
        constraints = [models.UniqueConstraint(fields=["case"], name="cases_heldidentity_once")]

    def __str__(self) -> str:
        return gettext("Identity for linkage")


@audited
class PossibleDuplicate(models.Model):
    """One case of two, of two centers, whose patients may be one. The other is the row with the same `pair`.

    Each row belongs to its own center, so a center sees that there is another one and not which. The data manager of
    the registry sees both.
    """

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The case",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Its center",
    )
    pair = models.UUIDField(help_text="Drawn at random; the same in both rows of a pair")
    verdict = models.CharField(
        max_length=10, choices=PairVerdict, default=PairVerdict.OPEN, help_text="What was decided"
    )
    is_counted = models.BooleanField(
        default=True, help_text="Of one patient's two cases the one that reports of the whole registry count"
    )
    found_at = models.DateTimeField(help_text="When the two were found to be alike")
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When it was decided")
    decided_by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who decided",
    )
    reason = models.CharField(
        max_length=LONGEST_REASON, blank=True, default="", help_text="Why, as whoever decided wrote"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["found_at", "id"]
        verbose_name = "possible duplicate"
        constraints = [
            models.UniqueConstraint(fields=["case", "pair"], name="cases_possibleduplicate_once"),
            models.CheckConstraint(
                condition=Q(verdict=PairVerdict.OPEN, decided_at=None)
                | (~Q(verdict=PairVerdict.OPEN) & Q(decided_at__isnull=False)),
                name="cases_possibleduplicate_decided",
            ),
            models.CheckConstraint(
                condition=Q(is_counted=True) | Q(verdict=PairVerdict.SAME),
                name="cases_possibleduplicate_left_out",
            ),
        ]
        indexes = [
            models.Index(fields=["pair"], name="cases_possibleduplicate_pair"),
            models.Index(
                fields=["found_at"],
                condition=Q(verdict=PairVerdict.OPEN),
                name="cases_possibleduplicate_open",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Possible duplicate")
