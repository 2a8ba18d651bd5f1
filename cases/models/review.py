"""What the rulebooks said of a case: assessments that stay, deviations and data queries that open and close."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases.models.algorithm import LONGEST_VERSION
from cases.querysets import AssessmentQuerySet, FindingQuerySet
from cases.vocabulary import Answer, Decision, ReviewState, Severity, Verdict
from registry.access import ScopedQuerySet
from registry.audit import audited
from registry.tongues import Labeled


def rules_said(verdict: Verdict, also: str = "", told: str = "") -> models.GeneratedField:
    """List the ids of the rules with this verdict, written by PostgreSQL: counting them must not unpack findings.

    `also` is another condition of their findings, in the words of a JSON path, and `told` says it to people.

    An array of texts is counted five times as fast as one of JSON, hence the way over the text.
    """
    path = models.Value(f'$[*] ? (@.verdict == "{verdict}"{also}).rule')
    found = models.Func(models.F("findings"), path, function="jsonb_path_query_array")
    listed = models.Func(found, template="translate(%(expressions)s #>> '{}', '[]\" ', '')")
    return models.GeneratedField(
        expression=models.Func(listed, models.Value(","), function="string_to_array"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
        help_text=f"The rules of which it says: {verdict.english.lower()}{told}",
    )


class Assessment(models.Model):
    """Every rule's verdict on one version of a case, under one version of the algorithm.

    Rows are added, never overwritten; a re-reading that says the same adds nothing. `findings` is a list of
    {rule, verdict, severity, values, missing, sentence}.
    """

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="assessments",
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
    algorithm_version = models.CharField(max_length=LONGEST_VERSION, help_text="Version of the algorithm")
    case_version = models.PositiveIntegerField(help_text="Version of the case that was read")
    as_of = models.DateField(help_text="The day the rules were read for")
    assessed_at = models.DateTimeField(help_text="When they were read")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the findings: equal digests say the same")
    is_current = models.BooleanField(default=True, help_text="The latest reading")
    findings = models.JSONField(help_text="The verdicts")
    concordant = rules_said(Verdict.CONCORDANT)
    deviating = rules_said(Verdict.DEVIATION)
    not_assessable = rules_said(Verdict.NOT_ASSESSABLE)
    not_applicable = rules_said(Verdict.NOT_APPLICABLE)
    # Nobody is asked about those, so no row of a deviation says that they are explained.
    historical = rules_said(
        Verdict.DEVIATION,
        f' && @.severity == "{Severity.INFO}" && @.historical == true',
        ", for information, of an operation older than the rule",
    )

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(is_current=True), name="cases_assessment_one_current"
            )
        ]
        indexes = [models.Index(fields=["center", "is_current"], name="cases_assessment_center")]

    def __str__(self) -> str:
        return f"Assessment of case {self.case_id} under {self.algorithm_version}"


# What people said to a finding is theirs: a reading of the rulebooks writes it only where nobody has answered.
ANSWERS = ("answer", "answer_text", "answered_by_id", "answered_at")
DECISIONS = ("decision", "decision_text", "decided_by_id", "decided_at")
HISTORIC = "historical"  # among the terms of a rule: the operation is older than it


class ReviewItem(models.Model):
    """A finding that a person should see: one row per case, rule and place, which is never deleted.

    open -> answered by its center -> decided by a second person. It goes back to open when the decision is that the
    data are wrong, and when the values or the rule change that it was answered on; it closes by itself when corrected
    data no longer call for it. Answer and decision stay on the row until others take their place; the history has all.
    """

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="%(class)s_rows",
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
    rule_id = models.CharField(max_length=40, help_text="The rule")
    pointer = models.CharField(max_length=200, blank=True, default="", help_text="Where in the case document")
    rulebook_version = models.CharField(
        max_length=LONGEST_VERSION, help_text="Version of the rulebook that said it"
    )
    severity = models.CharField(max_length=10, choices=Severity, help_text="How much it matters")
    sentence = models.TextField(help_text="What was found")
    values = models.JSONField(default=dict, help_text="The values used")
    rule_terms = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="The rule as it was read: its edition and its thresholds",
    )
    state = models.CharField(
        max_length=10, choices=ReviewState, default=ReviewState.OPEN, help_text="Open or closed"
    )
    opened_at = models.DateTimeField(help_text="First found")
    waiting_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it last became open: found, returned or sent back; empty if that was before this was noted",
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="No longer found")
    answer = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        choices=Answer,
        help_text="What the center says to it",
    )
    answer_text = models.CharField(
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        help_text="In the center's words; never anything that identifies a person",
    )
    answered_by = models.ForeignKey(
        "registry.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who answered",
    )
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When it was answered")
    decision = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=Decision,
        help_text="What a second person makes of the answer",
    )
    decision_text = models.CharField(
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        help_text="In that person's words; never anything that identifies a person",
    )
    decided_by = models.ForeignKey(
        "registry.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who decided; never who answered",
    )
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When it was decided")

    objects = FindingQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["case", "rule_id", "pointer"], name="%(app_label)s_%(class)s_once_per_place"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReviewState.values), name="%(app_label)s_%(class)s_known_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ReviewState.ANSWERED) | ~models.Q(answer=""),
                name="%(app_label)s_%(class)s_answered_by_an_answer",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ReviewState.DECIDED)
                | (~models.Q(decision="") & ~models.Q(answer="")),
                name="%(app_label)s_%(class)s_decided_by_a_decision",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="") | ~models.Q(decided_by=models.F("answered_by")),
                name="%(app_label)s_%(class)s_decided_by_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["center", "-state", "-opened_at", "-id"], name="%(app_label)s_%(class)s_center"
            ),
            models.Index(fields=["-state", "-opened_at", "-id"], name="%(app_label)s_%(class)s_recent"),
        ]

    def __str__(self) -> str:
        return gettext("{rule} on case {case}").format(rule=self.rule_id, case=self.case_id)

    @property
    def is_historical(self) -> bool:
        """Whether the operation is older than the rule."""
        return bool(self.rule_terms.get(HISTORIC))

    @property
    def is_returned(self) -> bool:
        """Whether it was answered, and then came back: the data or the rule changed since, or the data are wrong."""
        return self.state == ReviewState.OPEN and bool(self.answer)

    @property
    def is_sent_back(self) -> bool:
        """Whether a second person said that the data are wrong, and nobody has answered since."""
        return self.state == ReviewState.OPEN and self.decision == Decision.DATA_WRONG


@audited
class Deviation(ReviewItem):
    """The algorithm expected something else."""


@audited
class DataQuery(ReviewItem):
    """The data are implausible: to be confirmed or corrected."""

    class Meta(ReviewItem.Meta):
        verbose_name_plural = "data queries"


class AssessmentRun(models.Model):
    """A reading of both rulebooks over cases of a center: a row first, so that a lost message loses nothing.

    Reading a case twice adds nothing, so a run that was cut off simply goes on after the last case it noted.
    """

    class State(Labeled):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REPLACED = "replaced", "Replaced"

    center = models.ForeignKey(
        "registry.Center", on_delete=models.PROTECT, related_name="assessment_runs", help_text="The center"
    )
    as_of = models.DateField(help_text="The center's day the rules are read for")
    algorithm_version = models.CharField(
        max_length=LONGEST_VERSION,
        db_default="",
        help_text="Version of the algorithm in force when it was asked for",
    )
    after_case_id = models.BigIntegerField(
        default=0, db_default=0, help_text="It reads the cases after this one"
    )
    up_to_case_id = models.BigIntegerField(
        null=True, blank=True, help_text="It reads the cases up to this one; empty: to the last"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, help_text="How far it is")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times a worker took it")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it until then")
    last_case_id = models.BigIntegerField(default=0, help_text="All cases up to this one have been read")
    cases_read = models.PositiveIntegerField(default=0, help_text="Cases read")
    cases_changed = models.PositiveIntegerField(default=0, help_text="Cases of which something new was said")
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Asked for")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Finished")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["center", "as_of", "after_case_id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="cases_assessmentrun_one_to_do",
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Assessment run of {self.as_of} ({self.get_state_display()})"
