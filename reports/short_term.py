"""Beyond grades: reoperation, readmission, failure to rescue, stay, burden of complications, and textbook outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Case as Choose
from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Least, Length, Sqrt

from cases.endpoints import EARLY_DAYS
from cases.models import Discharge, Operation
from cases.vocabulary import (
    CLAVIEN_DINDO_RANK,
    ClavienDindo,
    ComplicationTreatment,
    DischargeTo,
    Margin,
    OperationType,
)
from registry import access
from reports import cohorts, outcomes, remarks
from reports.aggregates import Percentile, measured, share, spread_group, spreads_in, worked_out
from reports.coarse_survival import LEAST_PATIENTS
from reports.cohorts import Cut, DaysBetween, ImputedDate
from reports.content import Group, Line
from reports.disclosure import LEAST_CENTERS
from reports.remarks import mark

MAJOR = tuple(
    grade for grade, rank in CLAVIEN_DINDO_RANK.items() if rank >= CLAVIEN_DINDO_RANK[ClavienDindo.IIIA]
)
# Comprehensive Complication Index: half the root of the sum of these, at most 100 (Slankamenac 2013, Ann Surg 258:1).
WEIGHTS = {"I": 300, "II": 1750, "IIIa": 2750, "IIIb": 4550, "IVa": 7200, "IVb": 8550}
MOST_BURDEN = 100.0
LONGEST_STAY = 0.75  # quantile of the registry
EXACT = 10  # letters of a date with a day


def short_term(cut: Cut) -> tuple[Group, ...]:
    """Say what followed the operation, from one query; a reconstruction prints none of it."""
    if cut.source == "reconstruction":
        return ()
    longest = longest_stay(cut)
    parts = {} if longest is None else _textbook(longest)
    found = worked_out(_patients(cut)).aggregate(
        everybody=Count("case_id"),
        **_counts(AFTER),
        **_counts(parts),
        **measured(LENGTHS),
    )
    groups = _group(
        mark("After the operation"), AFTER_LABELS, found, remarks.RESCUE if found["lost_of"] else ""
    )
    if longest is not None:
        note = remarks.TEXTBOOK_OF.format(days=round(longest))
        groups = (*groups, *_group(mark("Textbook outcome"), TEXTBOOK_LABELS, found, note))
    return (*groups, *_lengths(found))


DATED = Q(death_days=None) | Q(death_is_dated=True)
DIED = cohorts.DIED & DATED & Q(days__lte=EARLY_DAYS)
LIVED = Q(days__gte=EARLY_DAYS) & (DATED | Q(followed_days__gte=EARLY_DAYS))
# Reoperation, readmission, and death after a major complication: what happened, and in whom it is known.
AFTER = {
    "reoperated": (Q(is_reoperated=True), Q(is_reoperated=True) | Q(is_reoperation_known=True)),
    "month": (Q(readmitted_30d=True), Q(readmitted_30d__isnull=False)),
    "quarter": (Q(readmitted_90d=True), Q(readmitted_90d__isnull=False)),
    "lost": (Q(is_major=True) & DIED, Q(is_major=True) & (DIED | LIVED)),
}
AFTER_LABELS = {
    "reoperated": remarks.REOPERATED_WITHIN.format(days=EARLY_DAYS),
    "month": remarks.READMITTED_WITHIN.format(days=30),
    "quarter": remarks.READMITTED_WITHIN.format(days=EARLY_DAYS),
    "lost": remarks.FAILED_TO_RESCUE,
}
TEXTBOOK_LABELS = {
    "margin": mark("Margin R0 or R1"),
    "minor": remarks.NO_MAJOR,
    "short": mark("Stay no longer than the upper quartile of the registry"),
    "home": mark("No readmission within 90 days"),
    "alive": mark("Alive on day 90"),
    "all": mark("Textbook outcome: all of these"),
}
LENGTHS = {"stay": 0, "icu_days": 0, "burden": 1}  # columns, and the decimals of each


def _textbook(longest: float) -> dict[str, tuple[Q, Q]]:
    """Say of each part, and of all, in whom it went well and in whom it is known.

    Judged as a whole is who is known in every part, or died: nobody who died early has the rest.
    """
    parts = {
        "margin": (Q(margin__in=(Margin.R0, Margin.R1)), Q(margin__in=(Margin.R0, Margin.R1, Margin.R2))),
        "minor": (Q(is_graded=True, is_major=False), Q(is_graded=True)),
        "short": (Q(stay__lte=longest), Q(stay__isnull=False)),
        "home": (Q(readmitted_90d=False), Q(readmitted_90d__isnull=False)),
        "alive": (LIVED & ~DIED, DIED | LIVED),
    }
    good, known = Q(), Q()
    for well, judged in parts.values():
        good, known = good & well, known & judged
    return {**parts, "all": (good, known | DIED)}


def _counts(asked: dict[str, tuple[Q, Q]]) -> dict[str, Count]:
    """Count the events among those in whom they are known, and these."""
    counts = {}
    for name, (events, known) in asked.items():
        counts[f"{name}_n"] = Count("case_id", filter=events & known)
        counts[f"{name}_of"] = Count("case_id", filter=known)
    return counts


def longest_stay(cut: Cut) -> float | None:
    """Find the upper quartile of the stay in the registry; a center of too small a registry has its own."""
    whole = replace(cut, center_id=None)
    with access.everywhere():
        around = _quartile(whole)
    is_enough = around["centers"] >= LEAST_CENTERS and around["n"] >= LEAST_PATIENTS
    if cut.center_id is not None and cut.source == "clinical" and not is_enough:
        around = _quartile(cut)
    return around["longest"]  # type: ignore[no-any-return]


def _quartile(cut: Cut) -> dict[str, Any]:
    stays = _stays(cut).filter(case_id__in=cohorts.main_curve(cut).values("case_id"))
    return stays.aggregate(  # type: ignore[no-any-return]
        longest=Percentile("stay", LONGEST_STAY),
        n=Count("case_id"),
        centers=Count("center_id", distinct=True),
    )


def _lengths(found: dict[str, Any]) -> tuple[Group, ...]:
    everybody, spreads = found["everybody"], spreads_in(found, LENGTHS)
    stay, intensive, burden = (spreads[name]["quartiles"] for name in LENGTHS)
    return (
        *spread_group(mark("Length of stay, days"), stay, everybody),
        *spread_group(mark("Days in intensive care"), intensive, everybody),
        *spread_group(
            mark("Comprehensive Complication Index"), burden, everybody, note=remarks.COMPLICATION_INDEX
        ),
    )


def _patients(cut: Cut) -> Any:
    """Put on each patient what is known of the first 90 days; null where nothing is."""
    own = {"case_id": OuterRef("case_id")}
    early = outcomes.early(cut).filter(**own)
    graded = early.exclude(clavien_dindo=None)
    free = outcomes.free_of_complications(cut).filter(**own)
    reoperated = Operation.objects.filter(
        **own, operation_type=OperationType.REOPERATION_COMPLICATION
    ).annotate(day=DaysBetween(ImputedDate("operated_on"), F("case__observation__origin_on")))
    untreated = early.filter(treatment=None)
    weight = Choose(
        *(When(clavien_dindo=grade, then=points) for grade, points in WEIGHTS.items()),
        default=int(4 * MOST_BURDEN**2),
        output_field=IntegerField(),
    )
    points = graded.order_by().values("case_id").annotate(points=Sum(weight)).values("points")
    discharge = Discharge.objects.filter(**own)
    burden = Least(
        Sqrt(Cast(Coalesce(Subquery(points), 0), FloatField())) / 2.0,
        Value(MOST_BURDEN),
        output_field=FloatField(),
    )
    rows: Any = cohorts.with_days(cohorts.main_curve(cut))
    return rows.annotate(
        is_graded=Exists(graded) | Exists(free),
        is_major=Exists(early.filter(clavien_dindo__in=MAJOR)),
        is_reoperated=Exists(early.filter(treatment__contains=[ComplicationTreatment.REOPERATION]))
        | Exists(reoperated.filter(day__gte=0, day__lte=EARLY_DAYS)),
        is_reoperation_known=Exists(free) | (Exists(early) & ~Exists(untreated)),
        readmitted_30d=Subquery(discharge.values("readmitted_30d")[:1]),
        readmitted_90d=Subquery(discharge.values("readmitted_90d")[:1]),
        icu_days=Subquery(discharge.values("icu_days")[:1]),
        stay=Subquery(_stays(cut).filter(**own).values("stay")[:1]),
        burden=Choose(
            When(Exists(graded) | Exists(free), then=burden), default=None, output_field=FloatField()
        ),
    )


def _stays(cut: Cut) -> Any:
    """Days from the resection to the discharge of those who left alive by the cut, where both are known to the day."""
    rows: Any = Discharge.objects.annotate(
        left_letters=Length("discharged_on"),
        left_on=ImputedDate("discharged_on"),
        operated_letters=Subquery(
            Operation.objects.filter(
                case_id=OuterRef("case_id"), operation_type=OperationType.INDEX_RESECTION
            )
            .annotate(letters=Length("operated_on"))
            .values("letters")[:1]
        ),
    )
    return (
        rows.filter(left_letters=EXACT, operated_letters=EXACT, left_on__lte=cut.as_of)
        .exclude(discharge_to=DischargeTo.DIED)
        .annotate(stay=DaysBetween(F("left_on"), F("case__observation__origin_on")))
        .filter(stay__gte=0)
    )


def _group(heading: str, labels: dict[str, str], found: dict[str, int], note: str) -> tuple[Group, ...]:
    lines = tuple(
        Line(label=label, value=share(found[f"{name}_n"], found[f"{name}_of"], exact=True))
        for name, label in labels.items()
        if found[f"{name}_of"]
    )
    if not lines:
        return ()
    return (
        Group(
            heading=heading,
            statistic="n",
            lines=lines,
            recorded=None,
            applicable=None,
            exclusive=False,
            note=note,
        ),
    )
