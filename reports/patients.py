"""Table 1 of a report: the patients of a cut and their tumors, aggregated in the database.

A reconstruction prints only what the publication behind it prints: anything more would show figures that somebody
chose when the rows were made.
"""

from __future__ import annotations

from django.db.models import Count, F, Func, IntegerField, QuerySet
from django.db.models.functions import Coalesce

from cases.models import Case, Pathology, Tumor
from cases.vocabulary import Grade, Growth, Level, PresentationType, Segment, Sex
from reports import cohorts
from reports.aggregates import (
    Size,
    coded_counts,
    coded_group,
    flag_group,
    set_group,
    share_group,
    spread_group,
    spreads,
)
from reports.cohorts import Cut
from reports.content import Group
from reports.remarks import mark

_COUNTED = {
    1: mark("One"),
    2: mark("Two"),
    3: mark("Three"),
    4: mark("Four"),
    5: mark("Five"),
    6: mark("Six"),
    7: mark("Seven"),
}


class CompletedYears(Func):
    """Completed years at one date since another, by the calendar."""

    template = "extract(year FROM age(%(expressions)s))::int"
    output_field = IntegerField()


def patients(cut: Cut) -> tuple[Group, ...]:
    """Table 1: who, and which tumor."""
    cases = cohorts.cases(cut)
    everybody = cases.count()
    tumors = Tumor.objects.filter(case__in=cases)
    groups = [
        *_sex(cases, everybody),
        *_age(cases, everybody, published=cut.source == "reconstruction"),
        *coded_group(mark("Growth pattern"), tumors, "growth_pattern", Growth, everybody),
        *_segment_count(tumors, everybody),
    ]
    if cut.source == "reconstruction":
        return tuple(groups)
    levels = cohorts.observations(cut)
    groups += [
        *set_group(mark("Segments involved"), tumors, "segments", Segment, everybody),
        *coded_group(mark("Most cranial level"), levels, "level", Level, everybody),
        *spread_group(mark("Largest diameter, mm"), spreads(tumors, "max_diameter_mm")["median"], everybody),
        *flag_group(mark("Metastasis at diagnosis"), tumors, "metastasis_at_diagnosis", everybody),
        *coded_group(mark("Presented as"), tumors, "presentation_type", PresentationType, everybody),
        *coded_group(mark("FNCLCC grade"), specimens(cases), "fnclcc_grade", Grade, everybody),
    ]
    return tuple(groups)


def age() -> Coalesce:
    """Completed years of a case at the index resection, else as published (cases/derived.py says the same)."""
    lived = CompletedYears(F("observation__origin_on"), cohorts.ImputedDate("patient__born_on"))
    return Coalesce(lived, "patient__age_at_resection_years", output_field=IntegerField())


def specimens(cases: QuerySet[Case]) -> QuerySet[Pathology]:
    """List the first specimen of each case."""
    return Pathology.objects.filter(case__in=cases, position=0)


def _sex(cases: QuerySet[Case], everybody: int) -> tuple[Group, ...]:
    words = {Sex.FEMALE: mark("Women"), Sex.MALE: mark("Men"), Sex.OTHER: mark("Other")}
    found = coded_counts(cases, "patient__sex")
    counts = [(word, found[code]) for code, word in words.items() if code in found]
    return share_group(mark("Sex"), counts, recorded=sum(n for _, n in counts), applicable=everybody)


def _age(cases: QuerySet[Case], everybody: int, *, published: bool) -> tuple[Group, ...]:
    value = spreads(cases.annotate(age=age()), "age")["median"]
    return spread_group(mark("Age at operation, years"), value, everybody, brackets=not published)


def _segment_count(tumors: QuerySet[Tumor], everybody: int) -> tuple[Group, ...]:
    counted = (
        tumors.exclude(segments=None)
        .annotate(size=Size("segments"))
        .values_list("size")
        .annotate(n=Count("pk"))
    )
    counts = [(_COUNTED[size], n) for size, n in counted.order_by("size")]
    return share_group(
        mark("Segments per patient"), counts, recorded=sum(n for _, n in counts), applicable=everybody
    )
