"""Versions of the treatment algorithm: its thresholds as data, who changed them and why, and what a change would do."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases.vocabulary import Severity, Verdict
from registry.access import ScopedQuerySet
from registry.audit import audited
from registry.tongues import Labeled

LONGEST_VERSION = (
    60  # a stored version beside the code's own: 20 characters, a plus, and what the code is named
)

LONGEST_NOTE = 2000


@audited
class AlgorithmVersion(models.Model):
    """One version of the algorithm: the rules of the code with these thresholds. A second person puts it in force.

    Without an active one the algorithm is as the code declares it. Never deleted: assessments name their version.
    """

    class State(Labeled):
        """draft -> active -> retired by the next one; a draft that is not wanted is withdrawn."""

        DRAFT = "draft", "Draft"
        ACTIVE = "active", "In force"
        RETIRED = "retired", "Retired"
        WITHDRAWN = "withdrawn", "Withdrawn"

    version = models.CharField(max_length=20, unique=True, help_text="Such as 2027.1; never used again")
    base = models.CharField(max_length=20, help_text="Version of the rules in the code that it was made for")
    thresholds = models.JSONField(
        default=dict, help_text="Numbers that are not those of the code, by rule and name"
    )
    valid_from = models.DateField(help_text="First day on which cases are read under it")
    note = models.TextField(max_length=LONGEST_NOTE, help_text="What changes and why, with the source")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, help_text="Where it stands")
    made_by = models.ForeignKey(
        "registry.User", on_delete=models.PROTECT, related_name="+", help_text="Who drafted it"
    )
    made_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When it was drafted")
    activated_by = models.ForeignKey(
        "registry.User",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who put it in force; never who drafted it",
    )
    activated_at = models.DateTimeField(null=True, blank=True, help_text="When it was put in force")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",),
                condition=models.Q(state="active"),
                name="cases_algorithmversion_one_active",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("active", "retired"))
                | models.Q(activated_by__isnull=False, activated_at__isnull=False),
                name="cases_algorithmversion_activated_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(activated_by=models.F("made_by")),
                name="cases_algorithmversion_activated_by_another",
            ),
        )

    def __str__(self) -> str:
        return gettext("version {version}").format(version=self.version)


class AlgorithmPreview(models.Model):
    """A draft read over the whole registry beside the version in force: a job that goes on where it was cut off."""

    class State(Labeled):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REPLACED = "replaced", "Replaced"

    draft = models.ForeignKey(
        AlgorithmVersion, on_delete=models.PROTECT, related_name="previews", help_text="The draft"
    )
    against = models.CharField(
        max_length=LONGEST_VERSION, help_text="The version in force that it is compared with"
    )
    as_of = models.DateField(help_text="The day the rules are read for")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, help_text="How far it is")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times a worker took it")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it until then")
    last_case_id = models.BigIntegerField(default=0, help_text="All cases up to this one have been read")
    cases_total = models.PositiveIntegerField(default=0, help_text="Cases when it began")
    cases_read = models.PositiveIntegerField(default=0, help_text="Cases read")
    cases_changed = models.PositiveIntegerField(default=0, help_text="Cases with another verdict")
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Asked for")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Finished")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("draft",),
                condition=models.Q(state__in=("waiting", "running")),
                name="cases_algorithmpreview_one_to_do",
            ),
        )

    def __str__(self) -> str:
        return gettext("Preview of {draft}").format(draft=self.draft)


class PreviewedChange(models.Model):
    """A rule that would say something else of a case."""

    preview = models.ForeignKey(
        AlgorithmPreview, on_delete=models.CASCADE, related_name="changes", help_text="The preview"
    )
    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The case",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Its center",
    )
    rule_id = models.CharField(max_length=40, help_text="The rule")
    before = models.CharField(max_length=20, choices=Verdict, help_text="The verdict in force")
    severity_before = models.CharField(
        max_length=10, choices=Severity, blank=True, default="", help_text="How much a deviation matters"
    )
    after = models.CharField(max_length=20, choices=Verdict, help_text="The verdict of the draft")
    severity_after = models.CharField(
        max_length=10,
        choices=Severity,
        blank=True,
        default="",
        help_text="How much a deviation would matter",
    )
    sentence = models.TextField(help_text="What the draft says")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("preview", "rule_id", "center"), name="cases_previewedchange_rule"),)

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.before} -> {self.after}"
