"""What the chain is kept in: links, the seals that added them, what was found when it was looked through, erasures."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from registry.access import ScopedQuerySet
from registry.audit import LONGEST_REASON, audited
from registry.tongues import Labeled


def append_only() -> pgtrigger.Protect:
    """Refuse even the owner to change or remove a row, unless a trigger is switched off first."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class Fault(Labeled):
    """What can be wrong with the trail."""

    CHANGED = "changed", "This event was changed"
    DELETED = "deleted", "This event is gone"
    INSERTED = "inserted", "This event was put in between later"
    UNEXPLAINED = "unexplained", "The salt of this event was removed without an erasure"
    LINK_CHANGED = "link_changed", "This link does not follow from the one before"
    LINK_DELETED = "link_deleted", "Links are missing before this one"
    CUT_OFF = "cut_off", "The end of the chain is missing"
    OTHER_HEAD = "other_head", "The chain is another one than at an earlier time"
    ROW_CHANGED = "row_changed", "This row is not as its newest event left it"
    ROW_DELETED = "row_deleted", "This row was removed without an event"
    ROW_INSERTED = "row_inserted", "This row came without an event"
    REPEATED = "repeated", "This event changes nothing, so no trigger wrote it"


class Read(Labeled):
    """What can be read or taken out."""

    CASE = "case", "Case"
    CASES = "cases", "List of cases"
    REPORT = "report", "Report"
    SURVIVAL = "survival", "Survival file"
    TRAIL = "trail", "Audit trail"
    RESEARCH = "research", "Export for research"
    IDENTITY = "identity", "Identity for linkage"


class AuditForm(models.Model):
    """The columns that a table of the trail had when events of it were sealed; migrations add to them."""

    table = models.CharField(max_length=63, help_text="Table of the events.")
    columns = ArrayField(
        models.CharField(max_length=63), help_text="Its columns, in the order of the digest."
    )

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)
        constraints = (
            models.UniqueConstraint(fields=("table", "columns"), name="%(app_label)s_%(class)s_once"),
        )

    def __str__(self) -> str:
        return self.table


class AuditLink(models.Model):
    """One event in the chain: a salted digest of what it says, and a digest of that and of the link before.

    Who, when and where are repeated from the event, so that the whole trail is listed from one table.
    """

    sequence = models.BigIntegerField(primary_key=True, help_text="Place in the chain, from 1, without gaps.")
    form = models.ForeignKey(
        AuditForm,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Table of the event and its columns at the time.",
    )
    event_id = models.BigIntegerField(help_text="The event in its table.")
    salt = models.BinaryField(
        max_length=16, null=True, help_text="What keeps the digest from being guessed; empty once erased."
    )
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of salt and event.")
    link = models.BinaryField(max_length=32, help_text="SHA-256 of the link before and of this row.")
    at = models.DateTimeField(help_text="Moment of the event.")
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
        help_text="Center of the event; empty for what is the registry's.",
    )
    by = models.ForeignKey(
        "registry.User",
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
        help_text="Who did it; empty for the registry itself.",
    )
    door = models.CharField(max_length=40, help_text="By which way; empty at the database itself.")
    label = models.CharField(max_length=10, help_text="What was done.")
    case_id = models.BigIntegerField(null=True, help_text="The case that it is about, if any.")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)
        constraints = (
            models.UniqueConstraint(fields=("form", "event_id"), name="%(app_label)s_%(class)s_once"),
        )
        indexes = (
            models.Index(fields=["case_id"], name="registry_auditlink_of_case", condition=Q(case_id__gt=0)),
        )

    def __str__(self) -> str:
        return str(self.sequence)


class AuditSeal(models.Model):
    """One addition to the chain, with what is needed to find the events of transactions that ended later."""

    sealed_at = models.DateTimeField(help_text="Moment, by the clock of the database.")
    sequence = models.BigIntegerField(help_text="The last link.")
    oldest = models.BigIntegerField(help_text="All transactions before this one had ended.")
    newest = models.BigIntegerField(
        null=True, help_text="All transactions that held an event up to `reached` came before this one."
    )
    reached = models.JSONField(help_text="The highest event of each table.")

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)

    def __str__(self) -> str:
        return f"{self.sequence} {self.sealed_at}"


class AuditCheck(models.Model):
    """What was found when the whole trail was looked through; its head is compared with the chain at the next time."""

    checked_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Moment of the result.")
    sequence = models.BigIntegerField(help_text="The last link then.")
    link = models.BinaryField(max_length=32, help_text="Its digest: the head of the chain.")
    found = models.IntegerField(help_text="How many things were wrong.")
    first = models.JSONField(help_text="The first of them: table, event and kind.")

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)

    def __str__(self) -> str:
        return f"{self.checked_at}: {self.found}"


@audited
class Erasure(models.Model):
    """An event whose content had to go, and why. The chain keeps the digest, which without its salt tells nothing."""

    table = models.CharField(max_length=63, help_text="Table of the event.")
    event_id = models.BigIntegerField(help_text="The event.")
    row_id = models.BigIntegerField(help_text="The row that it told of: what is left is no whole history.")
    reason = models.CharField(max_length=200, help_text="Why it had to go, and who decided it.")
    erased_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When it was erased.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("table", "event_id"), name="%(app_label)s_%(class)s_once"),
        )

    def __str__(self) -> str:
        return gettext("Erasure {number}").format(number=self.pk)


class Reading(models.Model):
    """Something that somebody read or took out: who, when, of which center, how much; never what it said."""

    at = models.DateTimeField(db_default=Now(), editable=False, help_text="Moment of the reading.")
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
        help_text="Center of what was read; empty for several at once.",
    )
    by = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Who read it."
    )
    door = models.CharField(max_length=20, help_text="By which way.")
    what = models.CharField(max_length=10, choices=Read, help_text="What kind of thing.")
    case_id = models.BigIntegerField(null=True, help_text="The case, if it was one.")
    number = models.BigIntegerField(null=True, help_text="The id of another single thing.")
    count = models.PositiveIntegerField(default=1, help_text="How many of them.")
    note = models.CharField(
        max_length=LONGEST_REASON, blank=True, default="", help_text="In which form; of an identity, why."
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers = (append_only(),)

    def __str__(self) -> str:
        return gettext("Reading {number}").format(number=self.pk)
