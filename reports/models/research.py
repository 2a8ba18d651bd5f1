"""A de-identified data set that was handed out: for what, to whom, by which rules; the file while it may be fetched."""

from django.db import models
from django.utils.translation import gettext

from registry.audit import audited_except


@audited_except("content")
class ResearchExport(models.Model):
    """One export for research. The file goes after a week, or when a patient leaves; what it was stays."""

    purpose = models.CharField(max_length=300, help_text="What the recipient wants to find out.")
    recipient = models.CharField(max_length=200, help_text="Who gets it: person and institution.")
    by = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="+", help_text="Who handed it out."
    )
    created_at = models.DateTimeField(help_text="When it was made.")
    expires_at = models.DateTimeField(help_text="Not to be fetched from then on.")
    as_of = models.DateField(help_text="The day up to which patients are followed in it.")
    k = models.PositiveSmallIntegerField(help_text="The least number of patients alike.")
    rows = models.PositiveIntegerField(help_text="Patients in it.")
    dropped = models.PositiveIntegerField(help_text="Patients left out, because too few are like them.")
    steps = models.JSONField(default=list, help_text="How many patients each step of generalizing touched.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    content = models.BinaryField(help_text="The file, a zip; empty once it has expired.")

    class Meta:
        ordering = ("-id",)
        verbose_name = "export for research"
        verbose_name_plural = "exports for research"

    def __str__(self) -> str:
        return gettext("Export for research {number}").format(number=self.pk)
