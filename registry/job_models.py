"""Rows of the background: what comes due and when, and what went wrong."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from registry.audit import audited
from registry.tongues import Labeled


class Slot(models.Model):
    """One time at which something of the schedule was due: a job, and there once however many schedulers run."""

    class State(Labeled):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REPLACED = "replaced", "Replaced by a later one"

    task = models.CharField(max_length=100, help_text="The task that was due.")
    due_at = models.DateTimeField(help_text="The minute, in UTC.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, help_text="How far it is.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times a worker took it.")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it until then.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Finished.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("task", "due_at"), name="%(app_label)s_%(class)s_once"),
        )
        indexes = (
            models.Index(
                fields=("due_at",), condition=Q(state__in=("waiting", "running")), name="registry_slot_to_do"
            ),
        )

    def __str__(self) -> str:
        return f"{self.task} {self.due_at:%Y-%m-%d %H:%M}"


@audited
class Setback(models.Model):
    """Work of the background that went wrong, one row for each job: what it was, how often, and what came of it.

    It holds the class of the last error and never what the error said.
    """

    class State(Labeled):
        """What comes of it."""

        TRIED_AGAIN = "tried_again", "Is tried again"
        SET_ASIDE = "set_aside", "Set aside: nobody tries it any more"
        OVERCOME = "overcome", "Done since"

    job = models.CharField(max_length=60, help_text="Which table the work stands in.")
    job_id = models.BigIntegerField(help_text="Its number there.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often it was begun.")
    error = models.CharField(max_length=100, blank=True, default="", help_text="Kind of the last error.")
    state = models.CharField(max_length=12, choices=State, help_text="What comes of it.")
    at = models.DateTimeField(help_text="Moment of the last failure.")

    class Meta:
        verbose_name = "failed background work"
        verbose_name_plural = "failed background work"
        constraints = (
            models.UniqueConstraint(fields=("job", "job_id"), name="%(app_label)s_%(class)s_once"),
        )

    def __str__(self) -> str:
        return gettext("Work {number}").format(number=self.job_id)
