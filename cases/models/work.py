"""What people leave on the way: entries not saved yet, attempts to reach a patient, files taken out."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases.vocabulary import AttemptOutcome, ContactType
from registry.access import ScopedQuerySet
from registry.audit import audited


class EntryDraft(models.Model):
    """What a person has typed on the page of a case and not saved: kept on the server, for that person alone.

    It is no part of the case: no rule reads it and no report counts it. Saving or discarding removes it.
    """

    token = models.UUIDField(
        unique=True, default=uuid.uuid4, help_text="Names the entry; one page in one tab has one"
    )
    center = models.ForeignKey(
        "registry.Center", on_delete=models.PROTECT, related_name="+", help_text="Center of the case"
    )
    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.CASCADE,
        related_name="entry_drafts",
        null=True,
        blank=True,
        db_constraint=False,
        help_text="The case that is corrected; empty for a new one",
    )
    by = models.ForeignKey(
        "registry.User", on_delete=models.CASCADE, related_name="+", help_text="Who typed it"
    )
    fields = models.JSONField(default=dict, help_text="The form as a browser sends it: name, list of values")
    updated_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Last kept")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["by", "-updated_at"], name="cases_entrydraft_of_person")]

    def __str__(self) -> str:
        return f"Entry {self.token}"


@audited
class ContactAttempt(models.Model):
    """One attempt to learn how a patient is, also when it failed. What was learned stands in the case's follow-up."""

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="contact_attempts",
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
    tried_on = models.DateField(help_text="Day of the attempt")
    contact_type = models.CharField(max_length=20, choices=ContactType, help_text="How it was tried")
    outcome = models.CharField(max_length=12, choices=AttemptOutcome, help_text="What came of it")
    note = models.CharField(
        max_length=200, blank=True, default="", help_text="Never anything that identifies a person"
    )
    by = models.ForeignKey("registry.User", on_delete=models.PROTECT, related_name="+", help_text="Who tried")
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Written down")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-tried_on", "-id"]
        indexes = [models.Index(fields=["case", "-tried_on"], name="cases_contactattempt_of_case")]

    def __str__(self) -> str:
        told = gettext("Attempt of {day} on case {case}")
        return told.format(day=f"{self.tried_on:%Y-%m-%d}", case=self.case_id)


@audited
class ListExport(models.Model):
    """A list of cases that somebody took out as a file: who, how many of which center, and what was asked for.

    One row for each center with cases in it. What was typed into the search is not kept, only that there was a search.
    """

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"

    center = models.ForeignKey(
        "registry.Center", on_delete=models.PROTECT, related_name="+", help_text="Center of the cases"
    )
    by = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="+", help_text="Who took it"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When it was taken")
    format = models.CharField(max_length=4, choices=Format, help_text="Kind of file")
    rows = models.PositiveIntegerField(help_text="Cases of this center in it")
    filters = models.JSONField(default=dict, help_text="What the list was narrowed to")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "export"

    def __str__(self) -> str:
        return gettext("Export {number}").format(number=self.pk)
