"""The case itself, and the rows derived from it or wrapped around it."""

from django.db import models
from django.db.models.functions import Collate

from cases.querysets import CaseQuerySet
from cases.vocabulary import Source, Status
from registry.access import ScopedQuerySet
from registry.audit import audited
from registry.dates import PartialDate


@audited
class Case(models.Model):
    """One patient's one primary tumor, from presentation to last contact.

    (center, case_number) is its natural key for ever; `version` grows by one with every change.
    """

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="cases",
        db_index=False,  # the natural key begins with it
        help_text="Center that owns the case",
    )
    patient = models.ForeignKey(
        "cases.Patient",
        on_delete=models.PROTECT,
        related_name="cases",
        db_constraint=False,  # the key (patient, center) holds it
        help_text="The patient",
    )
    case_number = models.CharField(
        max_length=40, help_text="The center's own number for this case; never a hospital or national id"
    )
    status = models.CharField(
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        help_text="Draft until every required answer is there",
    )
    source = models.CharField(max_length=20, choices=Source, help_text="Door or origin of the case")
    citation = models.CharField(
        max_length=400, blank=True, default="", help_text="The publication, for a case from the literature"
    )
    note = models.CharField(
        max_length=1000,
        blank=True,
        default="",
        help_text="What no field says; never anything that identifies a person",
    )
    is_counted_elsewhere = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Another center's case is the same patient's, and reports of the whole registry count that one",
    )
    version = models.PositiveIntegerField(default=1, help_text="Grows by one with each change")
    created_at = models.DateTimeField(help_text="First saved")
    updated_at = models.DateTimeField(help_text="Last changed")

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["center", "case_number"], name="cases_case_number_once_per_center"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=Source.values), name="cases_case_known_source"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="cases_case_known_status"
            ),
        ]
        indexes = [
            models.Index(fields=["center", "-updated_at"], name="cases_case_center_recent"),
            models.Index(fields=["-updated_at", "-id"], name="cases_case_recent"),
            models.Index(
                fields=["-updated_at", "-id"],
                condition=models.Q(status="draft"),
                name="cases_case_draft_recent",
            ),
            # Code points: begins-with becomes a range, which row security lets an index answer (LIKE it does not).
            models.Index(Collate("case_number", "C"), name="cases_case_number_code_points"),
        ]
        ordering = ["-updated_at", "-id"]

    def __str__(self) -> str:
        return self.case_number


class SurvivalObservation(models.Model):
    """What estimates need of a case, and nothing else; derived at intake (see cases/endpoints.py).

    Days count from the index resection. At a cut, time is the least of death, last contact and cut.
    """

    case = models.OneToOneField(
        "cases.Case",
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="observation",
        db_constraint=False,
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
    source = models.CharField(max_length=20, choices=Source, help_text="Origin of the case")
    in_main_curve = models.BooleanField(help_text="Index resection of an eligible primary tumor")
    origin_on = models.DateField(null=True, help_text="Day of the index resection, imputed when partial")
    followed_days = models.IntegerField(null=True, help_text="Last day known alive")
    death_days = models.IntegerField(null=True, help_text="Day of death")
    death_is_dated = models.BooleanField(
        default=False,
        help_text="The day of death is known to the day; otherwise it was imputed, or is the day it was heard of",
    )
    death_cause = models.CharField(
        max_length=20, blank=True, default="", help_text="Category of the cause of death"
    )
    recurrence_days = models.IntegerField(null=True, help_text="Day of the first recurrence")
    last_contact_on = models.DateField(
        null=True, help_text="Last day that the last sign of life can have been; decides who is waited for"
    )
    last_contact_precision = models.CharField(
        max_length=5,
        blank=True,
        default="",
        db_default="",
        help_text="How exactly it was recorded: day, month or year; empty where no reading has said so yet",
    )
    is_followed = models.BooleanField(
        default=False, help_text="News is expected: not known dead, and consent not withdrawn"
    )
    in_reports = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Consent covers reports of the whole registry; what is published or invented needs none",
    )
    in_research = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Consent covers handing out de-identified data; what is published or invented needs none",
    )
    recurrence_kind = models.CharField(
        max_length=10, blank=True, default="", help_text="Kind of the first recurrence"
    )
    local_recurrence_days = models.IntegerField(null=True, help_text="Day of the first local recurrence")
    distant_metastasis_days = models.IntegerField(null=True, help_text="Day of the first distant metastasis")
    graft_occlusion_days = models.IntegerField(
        null=True, help_text="First day on which the graft was found thrombosed or occluded"
    )
    graft_removal_days = models.IntegerField(
        null=True, help_text="First day on which the graft was found removed"
    )
    made_disease_free = models.BooleanField(
        default=False,
        db_default=False,
        help_text="All visible tumor resected with margin R0 or R1, and no metastasis at diagnosis",
    )
    days_from_diagnosis = models.IntegerField(
        null=True, help_text="Days from the diagnosis to the resection; 0 for one made on the specimen"
    )
    diagnosis_is_dated = models.BooleanField(
        default=False, db_default=False, help_text="The diagnosis is known to the day"
    )
    imputed_dates = models.PositiveSmallIntegerField(
        default=0, help_text="How many dates behind these days lack a day"
    )
    sex = models.CharField(max_length=10, blank=True, default="", help_text="Stratum")
    level = models.CharField(max_length=10, blank=True, default="", help_text="Stratum: most cranial level")
    segment = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Stratum: most cranial segment"
    )
    size = models.CharField(
        max_length=2, blank=True, default="", db_default="", help_text="Stratum: T1 to T4 by largest diameter"
    )
    growth_pattern = models.CharField(max_length=12, blank=True, default="", help_text="Stratum")
    margin = models.CharField(max_length=4, blank=True, default="", help_text="Stratum")
    grade = models.CharField(max_length=4, blank=True, default="", help_text="Stratum")
    resection_type = models.CharField(max_length=20, blank=True, default="", help_text="Stratum")
    ivc_method = models.CharField(max_length=20, blank=True, default="", help_text="Stratum")
    material = models.CharField(max_length=40, blank=True, default="", help_text="Stratum")
    era = models.CharField(
        max_length=10, blank=True, default="", help_text="Stratum: decade of the resection"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(death_days__isnull=True) | models.Q(death_days__gte=0),
                name="cases_observation_death_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(followed_days__isnull=True) | models.Q(followed_days__gte=0),
                name="cases_observation_followed_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["center", "source"], name="cases_observation_center"),
            models.Index(fields=["center", "origin_on"], name="cases_observation_resected"),
            # All that a life table of overall survival reads, by any stratum: counted from the index alone.
            models.Index(
                fields=["center", "source", "origin_on"],
                include=[
                    *(
                        "case",
                        "death_days",
                        "followed_days",
                        "sex",
                        "level",
                        "segment",
                        "size",
                        "growth_pattern",
                    ),
                    *("margin", "grade", "resection_type", "ivc_method", "material", "era", "in_reports"),
                ],
                condition=models.Q(in_main_curve=True),
                name="cases_observation_main_curve",
            ),
            models.Index(
                fields=["center", "last_contact_on", "case"],
                condition=models.Q(is_followed=True),
                name="cases_observation_followed",
            ),
            models.Index(
                fields=["last_contact_on", "case"],
                condition=models.Q(is_followed=True),
                name="cases_observation_longest_ago",
            ),
        ]

    def __str__(self) -> str:
        return f"Observation of case {self.case_id}"

    @property
    def last_contact(self) -> PartialDate | None:
        """The last sign of life as it was recorded: what people are shown."""
        on = self.last_contact_on
        return PartialDate.ending(on, self.last_contact_precision) if on else None
