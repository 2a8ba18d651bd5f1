"""Who was counted in a report: what the next report of the same data is held against."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext

from registry.access import ScopedQuerySet
from reports.models.report import Report


class ReportCases(models.Model):
    """The cases of one cut, by the database's own numbers: a case that was erased since leaves its number here."""

    report = models.OneToOneField(
        Report,
        on_delete=models.CASCADE,
        related_name="report_cases",
        help_text="The report that counted them",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The center of the report; empty for the whole registry.",
    )
    case_ids = ArrayField(models.BigIntegerField(), help_text="The cases, in order.")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "report cases"

    def __str__(self) -> str:
        return gettext("Cases of report {number}").format(number=self.report_id)
