"""The first 90 days after the index resection: complications by Clavien and Dindo, early events, with exact intervals.

Nobody counts as free of something unless that was recorded: the denominator of each line is who could be judged.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case as Choose
from django.db.models import (
    Count,
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from cases.endpoints import EARLY_DAYS
from cases.models import Complication, Discharge, Operation, SurvivalObservation
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    VENOUS_THROMBOSES,
    ClavienDindo,
    ComplicationType,
    IntraoperativeEvent,
    OperationType,
)
from reports import cohorts, remarks
from reports.aggregates import share
from reports.cohorts import Cut, DaysBetween, ImputedDate
from reports.content import Group, Line
from reports.operations import index_operations
from reports.remarks import mark

EVENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (mark("Pulmonary embolism"), (ComplicationType.PE,)),
    (mark("Venous thrombosis"), tuple(sorted(VENOUS_THROMBOSES))),
    (mark("Graft thrombosis"), (ComplicationType.GRAFT_THROMBOSIS,)),
)
DEATH_DAYS = (30, EARLY_DAYS)
NINETY_DAYS_PASSED = Q(cut_days=None) | Q(cut_days__gte=EARLY_DAYS)


def complications(cut: Cut) -> Group | None:
    """Count patients by their highest Clavien-Dindo grade within 90 days; None when nothing was recorded."""
    rank = Choose(
        *(When(clavien_dindo=grade, then=place) for grade, place in CLAVIEN_DINDO_RANK.items()),
        output_field=IntegerField(),
    )
    highest = (
        early(cut)
        .exclude(clavien_dindo=None)
        .values("case_id")
        .annotate(rank=Max(rank))
        .values_list("rank", flat=True)
    )
    counts: dict[int, int] = {}
    for place in highest:
        counts[place] = counts.get(place, 0) + 1
    free = free_of_complications(cut).exclude(case_id__in=early(cut).values("case_id")).count()
    recorded = free + sum(counts.values())
    if not recorded:
        return None
    lines = [Line(label=mark("No complication"), value=share(free, recorded, exact=True))]
    for grade, place in CLAVIEN_DINDO_RANK.items():
        label = (remarks.FATAL_GRADE if grade == ClavienDindo.V else remarks.GRADE).format(grade=grade)
        lines.append(Line(label=label, value=share(counts.get(place, 0), recorded, exact=True)))
    return Group(
        heading=mark("Highest grade within 90 days"),
        statistic="n (%)",
        lines=tuple(lines),
        recorded=recorded,
        applicable=cohorts.main_curve(cut).count(),
    )


def early_events(cut: Cut) -> Group | None:
    """Count embolism, thrombosis and death within 90 days, each among those in whom it is known."""
    lines = []
    for label, types in EVENTS:
        events = early(cut).filter(type__in=types)
        if known := judged(cut, events).count():
            n = events.values("case_id").distinct().count()
            lines.append(Line(label=label, value=share(n, known, exact=True)))
    lines += _deaths(cut)
    if not lines:
        return None
    note = remarks.WITHIN.format(days=EARLY_DAYS)
    return Group(
        heading=mark("Early events"),
        statistic="n",
        lines=tuple(lines),
        recorded=None,
        applicable=None,
        exclusive=False,
        note=note,
    )


def early(cut: Cut) -> QuerySet[Any]:
    """Keep complications of resected patients from day 0 to 90 and to the cut.

    A graded one without a day is early by definition, once the 90 days have passed.
    """
    graded = Q(day=None, clavien_dindo__isnull=False) & NINETY_DAYS_PASSED
    on_time = Q(day__gte=0, day__lte=EARLY_DAYS) & (Q(cut_days=None) | Q(day__lte=F("cut_days")))
    return _complications(cut).filter(on_time | graded)


def _complications(cut: Cut) -> QuerySet[Any]:
    """List the complications of resected patients with their day, as cases.endpoints.onset_day counts it."""
    origin = F("case__observation__origin_on")
    return Complication.objects.filter(case_id__in=cohorts.main_curve(cut).values("case_id")).annotate(
        cut_days=DaysBetween(Value(cut.as_of, output_field=DateField()), origin),
        day=OnsetDay("onset_on", "onset_days_after_resection", origin, "case_id"),
    )


class OnsetDay(Func):
    """Day of a complication: cases.endpoints.onset_day in SQL.

    The few before the resection have their dates compared as they are written (PartialDate.surely_before). One
    expression instead of a tree of them, which Django copies over and over while it puts queries together.
    """

    output_field = IntegerField()
    arity = 4  # onset, days as told, day of the index resection, case
    template = """(CASE
        WHEN {onset} IS NULL OR {origin} IS NULL THEN {days}
        WHEN {counted} >= 0 OR (
            SELECT left({onset}, length(written)) < left(written, length({onset}))
            FROM (SELECT coalesce((
                SELECT operated_on FROM {operations} WHERE case_id = {case} AND operation_type = '{index}'
                ORDER BY position LIMIT 1
            ), {origin}::text)) AS resection(written)
        ) THEN {counted}
        ELSE 0 END)"""

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[()]]:  # type: ignore[override]
        """Put the columns in their places."""
        compiled = [compiler.compile(one) for one in self.get_source_expressions()]
        assert not any(parameters for _, parameters in compiled), "columns have none"
        onset, days, origin, case = (sql for sql, _ in compiled)
        told = self.template.format(
            onset=onset,
            days=days,
            origin=origin,
            case=case,
            counted=f"({ImputedDate.template % {'expressions': onset}} - {origin})",
            operations=connection.ops.quote_name(Operation._meta.db_table),
            index=OperationType.INDEX_RESECTION.value,
        )
        return told, ()


def free_of_complications(cut: Cut) -> QuerySet[SurvivalObservation]:
    """Keep those of whom it is said that there was no complication, once the 90 days have passed."""
    said_so = Discharge.objects.filter(case_id=OuterRef("case_id"), no_complication_90d=True)
    return cohorts.main_curve(cut).filter(NINETY_DAYS_PASSED, Exists(said_so))


def judged(cut: Cut, events: QuerySet[Any]) -> QuerySet[SurvivalObservation]:
    """Keep those with the event, and those of whom all complications of the 90 days are known.

    Known are they by the statement that there was none, or by rows that say which and when: that there was one,
    without a row, says nothing of its kind.
    """
    rows = _complications(cut)
    undated = rows.filter(day=None, clavien_dindo=None).values("case_id")
    known = Q(case_id__in=free_of_complications(cut).values("case_id")) | Q(
        case_id__in=rows.values("case_id")
    )
    whole = NINETY_DAYS_PASSED & known & ~Q(case_id__in=undated)
    return cohorts.main_curve(cut).filter(whole | Q(case_id__in=events.values("case_id")))


def _deaths(cut: Cut) -> list[Line]:
    """Deaths by day 0, 30 and 90; who was not followed that far, or died on a day nobody knows, is not judged."""
    on_table = Q(
        case_id__in=index_operations(cut)
        .filter(intraop_events__contains=[IntraoperativeEvent.DEATH])
        .values("case_id")
    )
    dated = Q(death_days=None) | Q(death_is_dated=True)
    died = {day: cohorts.DIED & dated & Q(days__lte=day) for day in DEATH_DAYS}
    lived = {day: Q(days__gte=day) & (dated | Q(followed_days__gte=day)) for day in (1, *DEATH_DAYS)}
    found: dict[str, Any] = cohorts.followed(cut).aggregate(
        operation=Count("case_id", filter=on_table),
        everybody=Count("case_id", filter=on_table | died[30] | lived[1]),
        **{f"died_{day}": Count("case_id", filter=died[day]) for day in DEATH_DAYS},
        **{f"known_{day}": Count("case_id", filter=died[day] | lived[day]) for day in DEATH_DAYS},
    )
    counted = [(mark("Death during the operation"), found["operation"], found["everybody"])]
    counted += [
        (remarks.DEATH_WITHIN.format(days=day), found[f"died_{day}"], found[f"known_{day}"])
        for day in DEATH_DAYS
    ]
    return [Line(label=label, value=share(n, of, exact=True)) for label, n, of in counted if of]
