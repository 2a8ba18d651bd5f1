"""The first recurrence: its kind, its sites and its treatment, and survival from that day on."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from cases.models import Recurrence, SurvivalObservation
from cases.vocabulary import RecurrenceKind, RecurrenceSite, RecurrenceTreatment
from reports import cohorts, estimates, remarks, visits
from reports.aggregates import coded_counts, in_order, share_group
from reports.cohorts import Cut
from reports.content import Group
from reports.endpoints import AFTER_RECURRENCE, DISEASE_FREE
from reports.remarks import mark
from reports.survival_content import Survival


def recurrences(cut: Cut) -> tuple[Group, ...]:
    """Count first recurrences of those made free of tumor; a reconstruction has made-up times of them."""
    if cut.source == "reconstruction":
        return ()
    free = cohorts.main_curve(cut).filter(**DISEASE_FREE)
    recurred = free.filter(cohorts.RECURRED)
    kinds = coded_counts(recurred, "recurrence_kind")
    everybody = recurred.count()
    return (
        *share_group(
            mark("Kind of the first recurrence"),
            in_order(kinds, RecurrenceKind),
            recorded=sum(kinds.values()),
            applicable=everybody,
            note=remarks.WHOSE_RECURRENCE,
        ),
        *_first(cut, recurred, mark("Sites of the first recurrence"), "sites", RecurrenceSite, everybody),
        *_first(
            cut,
            recurred,
            mark("Treatment of the first recurrence"),
            "treatment",
            RecurrenceTreatment,
            everybody,
        ),
    )


def after_recurrence(cut: Cut) -> Survival | None:
    """Estimate overall survival from the first recurrence on."""
    if cut.source == "reconstruction":
        return None
    table = cohorts.life_table(cut, endpoint=AFTER_RECURRENCE)
    return estimates.overall_survival(table, origin=AFTER_RECURRENCE.origin, note=remarks.AFTER_RECURRENCE)


def _first(
    cut: Cut,
    recurred: QuerySet[SurvivalObservation],
    heading: str,
    field: str,
    vocabulary: type[RecurrenceSite] | type[RecurrenceTreatment],
    everybody: int,
) -> tuple[Group, ...]:
    """Count patients by the codes of their first recurrence; what is found on the same day is found with it."""
    every = visits.dated(Recurrence.objects.all(), "detected_on", cut)
    before = every.filter(case_id=OuterRef("case_id"), day__lt=OuterRef("day"))
    rows = every.filter(~Exists(before), case_id__in=recurred.values("case_id")).exclude(**{field: None})
    patients = Count("case_id", distinct=True)
    found = rows.aggregate(
        recorded=patients,
        **{
            f"code_{code}": Count("case_id", distinct=True, filter=Q(**{f"{field}__contains": [code]}))
            for code in vocabulary
        },
    )
    counts = {str(code): found[f"code_{code}"] for code in vocabulary if found[f"code_{code}"]}
    several = sum(counts.values()) > found["recorded"]
    return share_group(
        heading,
        in_order(counts, vocabulary),
        recorded=found["recorded"],
        applicable=max(everybody, found["recorded"]),
        exclusive=not several,
        note=remarks.SEVERAL_LINES.format(heading=heading) if several else "",
    )
