"""Kidney injury within 90 days, creatinine and filtration before and after the resection, and the renal veins."""

from __future__ import annotations

from typing import Any

from django.db.models import Case as Choose
from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Cast, Greatest, Least, Power

from cases.models import Case, VeinHandling
from cases.vocabulary import ComplicationSeverity, ComplicationType, Handling, Sex, Vein
from reports import cohorts, outcomes, patients, remarks
from reports.aggregates import coded_group, share, share_group, spread_group, spreads_of, worked_out
from reports.cohorts import Cut, ImputedDate
from reports.content import Group, Line
from reports.operations import index_operations
from reports.remarks import mark

UMOL_L_PER_MG_DL = 88.4
RISEN = 1.5  # times the creatinine before: KDIGO 1
STAGES: tuple[tuple[int, str], ...] = (
    (1, mark("KDIGO 1")),
    (2, mark("KDIGO 2")),
    (3, mark("KDIGO 3")),
    (0, mark("Stage not recorded")),
)


def kidneys(cut: Cut) -> tuple[Group, ...]:
    """Say how kidneys fared, and what was done to their veins; a reconstruction prints none of it."""
    if cut.source == "reconstruction":
        return ()
    everybody = cohorts.main_curve(cut).count()
    return (*_injury(cut, everybody), *_function(cut, everybody), *_veins(cut, everybody))


def _injury(cut: Cut, everybody: int) -> tuple[Group, ...]:
    """Count patients by the highest stage within 90 days; dialysis is stage 3."""
    stage = Choose(
        When(type=ComplicationType.DIALYSIS, then=3),
        When(severity=ComplicationSeverity.KDIGO_1, then=1),
        When(severity=ComplicationSeverity.KDIGO_2, then=2),
        When(severity=ComplicationSeverity.KDIGO_3, then=3),
        default=0,
        output_field=IntegerField(),
    )
    rows = outcomes.early(cut).filter(type__in=(ComplicationType.AKI, ComplicationType.DIALYSIS))
    highest = rows.values("case_id").annotate(stage=Max(stage)).values_list("stage", flat=True)
    counts: dict[int, int] = {}
    for place in highest:
        counts[place] = counts.get(place, 0) + 1
    recorded = outcomes.judged(cut, rows).count()
    lines = [(mark("No acute kidney injury"), recorded - sum(counts.values()))]
    lines += [(label, counts.get(place, 0)) for place, label in STAGES if place or counts.get(0)]
    heading = mark("Acute kidney injury within 90 days")
    return share_group(heading, lines, recorded=recorded, applicable=everybody, exact=True)


def _function(cut: Cut, everybody: int) -> tuple[Group, ...]:
    rows = _measured(cut)
    both = Q(before__isnull=False, after__isnull=False)
    risen = worked_out(rows).aggregate(
        of=Count("pk", filter=both), n=Count("pk", filter=both & Q(after__gte=RISEN * F("before")))
    )
    measures = (
        (mark("Creatinine before, µmol/L"), "before"),
        (mark("Creatinine at discharge, µmol/L"), "after"),
        (mark("eGFR before, mL/min/1.73 m²"), "filtered_before"),
        (mark("eGFR at discharge, mL/min/1.73 m²"), "filtered_after"),
        (mark("Change of the eGFR, mL/min/1.73 m²"), "change"),
    )
    notes = {"filtered_before": remarks.FILTRATION}
    found = spreads_of(worked_out(rows), {name: 0 for _, name in measures})
    groups = [
        group
        for heading, name in measures
        for group in spread_group(heading, found[name]["quartiles"], everybody, note=notes.get(name, ""))
    ]
    if risen["of"]:
        line = Line(label="", value=share(risen["n"], risen["of"], exact=True))
        groups.append(
            Group(
                heading=mark("Creatinine at discharge at least 1.5 times that before"),
                statistic="n (%)",
                lines=(line,),
                recorded=risen["of"],
                applicable=everybody,
                exclusive=False,
            )
        )
    return tuple(groups)


def _measured(cut: Cut) -> Any:
    """Put creatinine and filtration before and at discharge on each resected case; change where both are known."""
    has_left = Q(discharge_rows__discharged_on=None) | Q(left_on__lte=cut.as_of)
    rows: Any = Case.objects.filter(pk__in=cohorts.main_curve(cut).values("case_id")).annotate(
        age=patients.age(),
        before=Cast("presentation_rows__creatinine_preop_umol_l", FloatField()),
        left_on=ImputedDate("discharge_rows__discharged_on"),
    )
    rows = rows.annotate(
        after=Choose(
            When(has_left, then=Cast("discharge_rows__creatinine_discharge_umol_l", FloatField())),
            output_field=FloatField(),
        )
    )
    rows = rows.annotate(filtered_before=filtration("before"), filtered_after=filtration("after"))
    return rows.annotate(change=F("filtered_after") - F("filtered_before"))


def filtration(creatinine: str) -> Any:
    """CKD-EPI 2021 without race (Inker, N Engl J Med 385:1737): cases.derived.egfr_ml_min in SQL."""

    def by_sex(female: float, male: float) -> Choose:
        return Choose(
            When(patient__sex=Sex.FEMALE, then=Value(female)),
            When(patient__sex=Sex.MALE, then=Value(male)),
            output_field=FloatField(),
        )

    ratio = F(creatinine) / UMOL_L_PER_MG_DL / by_sex(0.7, 0.9)
    low, high = Least(ratio, 1.0, output_field=FloatField()), Greatest(ratio, 1.0, output_field=FloatField())
    value = (
        by_sex(142 * 1.012, 142.0)
        * Power(low, by_sex(-0.241, -0.302))
        * Power(high, -1.2)
        * Power(Value(0.9938), Cast("age", FloatField()))
    )
    # LEAST and GREATEST pass over a null: without a creatinine there is no filtration.
    return Choose(When(**{f"{creatinine}__isnull": False}, then=value), output_field=FloatField())


def _veins(cut: Cut, everybody: int) -> tuple[Group, ...]:
    of_index = index_operations(cut).filter(
        case_id=OuterRef("case_id"), position=OuterRef("operation_position")
    )
    rows = VeinHandling.objects.filter(Exists(of_index))
    return (
        *coded_group(
            mark("Left renal vein"), rows.filter(vein=Vein.LEFT_RENAL), "handling", Handling, everybody
        ),
        *coded_group(
            mark("Right renal vein"), rows.filter(vein=Vein.RIGHT_RENAL), "handling", Handling, everybody
        ),
    )
