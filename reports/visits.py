"""The days of visits and recurrences at a cut, and what the last visit found, in the database."""

from __future__ import annotations

from typing import Any

from django.db.models import Case as Choose
from django.db.models import (
    Count,
    DateField,
    F,
    FloatField,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Greatest, Round

from cases.endpoints import DAYS_PER_MONTH
from cases.models import FollowUp, SurvivalObservation
from reports.cohorts import Cut, DaysBetween, ImputedDate


def dated(rows: QuerySet[Any], on: str, cut: Cut) -> Any:
    """Put the day of a date, or of a published interval, on each row, as cases.endpoints.day counts it.

    Rows after the cut, and those of which no day is known, are left out.
    """
    origin = F("case__observation__origin_on")
    printed = Cast(Round(Cast("months_after_resection", FloatField()) * DAYS_PER_MONTH), IntegerField())
    counted = Greatest(DaysBetween(ImputedDate(on), origin), 0)
    is_printed = Q(**{on: None}) | Q(case__observation__origin_on=None)
    found: Any = rows.annotate(
        day=Choose(When(is_printed, then=printed), default=counted, output_field=IntegerField()),
        cut_days=DaysBetween(Value(cut.as_of, output_field=DateField()), origin),
    )
    return found.filter(day__isnull=False).filter(Q(cut_days=None) | Q(day__lte=F("cut_days")))


def last_found(
    cut: Cut, patients: QuerySet[SurvivalObservation], field: str, codes: tuple[str, ...]
) -> dict[str, int]:
    """Count the patients by what the last visit says that says one of these codes."""
    seen = FollowUp.objects.filter(case_id__in=patients.values("case_id"), **{f"{field}__in": codes})
    last = dated(seen, "visit_on", cut).order_by("case_id", "-day", "-position").distinct("case_id")
    counted = FollowUp.objects.filter(pk__in=last.values("pk")).values_list(field)
    return dict(counted.annotate(n=Count("pk")).order_by(field))
