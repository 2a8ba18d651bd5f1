"""The first 90 days after the index resection: complications by Clavien and Dindo, early events, with exact intervals.

Nobody counts as free of something unless that was recorded: the denominator of each line is who could be judged.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case as Choose
from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from cases.endpoints import EARLY_DAYS
from cases.models import Complication, Discharge, SurvivalObservation
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    VENOUS_THROMBOSES,
    ClavienDindo,
    ComplicationType,
    IntraoperativeEvent,
)
from reports import cohorts
from reports.aggregates import share
from reports.cohorts import Cut, DaysBetween, ImputedDate
from reports.content import Group, Line
from reports.operations import index_operations

EVENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Pulmonary embolism", (ComplicationType.PE,)),
    ("Venous thrombosis", tuple(sorted(VENOUS_THROMBOSES))),
    ("Graft thrombosis", (ComplicationType.GRAFT_THROMBOSIS,)),
)


def complications(cut: Cut) -> Group | None:
    """Count patients by their highest Clavien-Dindo grade within 90 days; None when nothing was recorded."""
    rank = Choose(
        *(When(clavien_dindo=grade, then=place) for grade, place in CLAVIEN_DINDO_RANK.items()),
        output_field=IntegerField(),
    )
    highest = (
        _early(cut)
        .exclude(clavien_dindo=None)
        .values("case_id")
        .annotate(rank=Max(rank))
        .values_list("rank", flat=True)
    )
    counts: dict[int, int] = {}
    for place in highest:
        counts[place] = counts.get(place, 0) + 1
    graded = _early(cut).exclude(clavien_dindo=None).values("case_id")
    free = _free_of_complications(cut).exclude(case_id__in=graded).count()
    recorded = free + sum(counts.values())
    if not recorded:
        return None
    lines = [Line(label="No complication", value=share(free, recorded, exact=True))]
    for grade, place in CLAVIEN_DINDO_RANK.items():
        label = f"Grade {grade}" + (" (death)" if grade == ClavienDindo.V else "")
        lines.append(Line(label=label, value=share(counts.get(place, 0), recorded, exact=True)))
    return Group(
        heading="Highest grade within 90 days",
        statistic="n (%)",
        lines=tuple(lines),
        recorded=recorded,
        applicable=cohorts.main_curve(cut).count(),
    )


def early_events(cut: Cut) -> Group | None:
    """Count embolism, thrombosis and death within 90 days, each among those in whom it is known."""
    judged = _judged(cut).count()
    lines = [
        Line(
            label=label,
            value=share(
                _early(cut).filter(type__in=types).values("case_id").distinct().count(), judged, exact=True
            ),
        )
        for label, types in EVENTS
        if judged
    ]
    lines += _deaths(cut)
    if not lines:
        return None
    note = f"Within {EARLY_DAYS} days of the operation, among patients in whom it is known."
    return Group(
        heading="Early events",
        statistic="n",
        lines=tuple(lines),
        recorded=None,
        applicable=None,
        exclusive=False,
        note=note,
    )


def _early(cut: Cut) -> QuerySet[Complication]:
    """Keep complications of resected patients within 90 days; a graded one without a day is early by definition."""
    within = Coalesce(
        DaysBetween(ImputedDate("onset_on"), F("case__observation__origin_on")),
        F("onset_days_after_resection"),
        output_field=IntegerField(),
    )
    rows = Complication.objects.filter(case_id__in=cohorts.main_curve(cut).values("case_id")).annotate(
        day=within
    )
    return rows.filter(Q(day__lte=EARLY_DAYS) | Q(day=None, clavien_dindo__isnull=False))


def _free_of_complications(cut: Cut) -> QuerySet[SurvivalObservation]:
    said_so = Discharge.objects.filter(case_id=OuterRef("case_id"), no_complication_90d=True)
    return cohorts.main_curve(cut).filter(Exists(said_so))


def _judged(cut: Cut) -> QuerySet[SurvivalObservation]:
    """Keep those whose complications were recorded: at least one early row, or the statement that there was none."""
    said = Discharge.objects.filter(case_id=OuterRef("case_id"), no_complication_90d__isnull=False)
    return cohorts.main_curve(cut).filter(Exists(said) | Q(case_id__in=_early(cut).values("case_id")))


def _deaths(cut: Cut) -> list[Line]:
    """Deaths by day 0, 30 and 90; someone not followed that far and alive is not judged."""
    rows = cohorts.followed(cut)
    on_table = Q(
        case_id__in=index_operations(cut)
        .filter(intraop_events__contains=[IntraoperativeEvent.DEATH])
        .values("case_id")
    )
    found: dict[str, Any] = rows.aggregate(
        operation=Count("case_id", filter=on_table),
        everybody=Count("case_id", filter=on_table | Q(days__gt=0) | Q(days=0) & cohorts.DIED),
        **{
            f"died_{day}": Count("case_id", filter=cohorts.DIED & Q(days__lte=day))
            for day in (30, EARLY_DAYS)
        },
        **{
            f"known_{day}": Count("case_id", filter=(cohorts.DIED & Q(days__lte=day)) | Q(days__gte=day))
            for day in (30, EARLY_DAYS)
        },
    )
    counted = [
        ("Death during the operation", found["operation"], found["everybody"]),
        ("Death within 30 days", found["died_30"], found["known_30"]),
        (f"Death within {EARLY_DAYS} days", found[f"died_{EARLY_DAYS}"], found[f"known_{EARLY_DAYS}"]),
    ]
    return [Line(label=label, value=share(n, of, exact=True)) for label, n, of in counted if of]
