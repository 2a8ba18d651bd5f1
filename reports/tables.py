"""The patients and the operations of a cut as table groups, aggregated in the database.

A reconstruction prints only what the publication behind it prints: anything more would show figures that somebody
chose when the rows were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from cases.models import Case, Operation, Pathology, Reconstruction, Tumor, VeinHandling
from cases.vocabulary import (
    Approach,
    Bypass,
    Grade,
    GrossResult,
    Growth,
    Handling,
    IvcMethod,
    Level,
    Margin,
    Material,
    OperationType,
    Organ,
    PresentationType,
    ResectionType,
    Segment,
    Sex,
    Vein,
)
from reports import cohorts
from reports.aggregates import (
    Size,
    coded_counts,
    in_order,
    set_counts,
    share_group,
    spread_group,
    spreads,
)
from reports.cohorts import Cut
from reports.content import Group

IMPLANTED = (Handling.REIMPLANTED_GRAFT, Handling.REIMPLANTED_IVC, Handling.INTERPOSITION)
WITH_MATERIAL = (IvcMethod.TUBE_GRAFT, IvcMethod.BIFURCATED_GRAFT, IvcMethod.AUTOLOGOUS_TUBE, IvcMethod.PATCH)
TUBES = WITH_MATERIAL[:3]
_RESECTIONS: dict[str, str] = {
    ResectionType.CIRCUMFERENTIAL: "Circular resection",
    ResectionType.TANGENTIAL_WALL: "Resection of part of the wall",
    ResectionType.THROMBECTOMY_ONLY: "Thrombectomy only",
    ResectionType.NONE: "No resection of the vein",
}
_COUNTED = {1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven"}


class ImputedDate(Func):
    """The day that stands for a partial date: registry.dates.PartialDate.imputed in SQL."""

    template = (
        "(CASE length(%(expressions)s) WHEN 10 THEN %(expressions)s WHEN 7 THEN %(expressions)s || '-15' "
        "ELSE %(expressions)s || '-07-01' END)::date"
    )


def patients(cut: Cut) -> tuple[Group, ...]:
    """Table 1: who, and which tumor."""
    cases = cohorts.cases(cut)
    everybody = cases.count()
    tumors = Tumor.objects.filter(case__in=cases)
    groups = [
        *_sex(cases, everybody),
        *_age(cases, everybody, published=cut.source == "reconstruction"),
        *_coded("Growth pattern", tumors, "growth_pattern", Growth, everybody),
        *_segment_count(tumors, everybody),
    ]
    if cut.source == "reconstruction":
        return tuple(groups)
    levels = cohorts.observations(cut)
    groups += [
        *_set("Segments involved", tumors, "segments", Segment, everybody),
        *_coded("Most cranial level", levels, "level", Level, everybody),
        *spread_group("Largest diameter, mm", spreads(tumors, "max_diameter_mm")["median"], everybody),
        *_flag("Metastasis at diagnosis", tumors, "metastasis_at_diagnosis", everybody),
        *_coded("Presented as", tumors, "presentation_type", PresentationType, everybody),
        *_coded("FNCLCC grade", _specimens(cases), "fnclcc_grade", Grade, everybody),
    ]
    return tuple(groups)


def operations(cut: Cut) -> tuple[Group, ...]:
    """Table 2: index resections, their reconstruction, time and blood loss."""
    rows = index_operations(cut)
    everybody = cohorts.main_curve(cut).count()
    published = cut.source == "reconstruction"
    minutes, blood = spreads(rows, "skin_to_skin_min"), spreads(rows, "blood_loss_ml")
    loss = spread_group("Blood loss, mL", blood["mean"], everybody)
    if not published:
        loss = (*spread_group("Blood loss, mL", blood["median"], everybody), *loss)
    groups = [
        *_set("Approach", rows, "approach", Approach, everybody),
        *_procedures(rows, everybody),
        *_prostheses(cut),
        *spread_group("Operating time, min", minutes["median"], everybody),
        *loss,
        *_radicality(rows, everybody),
    ]
    if not published:
        groups += [
            *_coded("Margin", _specimens(cohorts.cases(cut)), "margin", Margin, everybody),
            *_set("Organs resected", rows, "organs_resected", Organ, everybody),
            *_set("Bypass", rows, "bypass", Bypass, everybody),
        ]
    return tuple(groups)


def index_operations(cut: Cut) -> QuerySet[Operation]:
    """List the index resections of the main curve."""
    return Operation.objects.filter(
        operation_type=OperationType.INDEX_RESECTION, case_id__in=cohorts.main_curve(cut).values("case_id")
    )


def index_reconstructions(cut: Cut) -> QuerySet[Reconstruction]:
    """List the reconstructions of the index resections."""
    of_index = index_operations(cut).filter(
        case_id=OuterRef("case_id"), position=OuterRef("operation_position")
    )
    return Reconstruction.objects.filter(Exists(of_index))


# --- patients --------------------------------------------------------------------------------------------------------


def _sex(cases: QuerySet[Case], everybody: int) -> tuple[Group, ...]:
    words = {Sex.FEMALE: "Women", Sex.MALE: "Men", Sex.OTHER: "Other"}
    found = coded_counts(cases, "patient__sex")
    counts = [(word, found[code]) for code, word in words.items() if code in found]
    return share_group("Sex", counts, recorded=sum(n for _, n in counts), applicable=everybody)


def _age(cases: QuerySet[Case], everybody: int, *, published: bool) -> tuple[Group, ...]:
    """Completed years at the index resection from the dates, else as published (cases/derived.py says the same)."""
    lived = ExpressionWrapper(
        cohorts.DaysBetween(F("observation__origin_on"), ImputedDate("patient__born_on")) * 4 / 1461,
        output_field=IntegerField(),
    )
    aged = cases.annotate(age=Coalesce(lived, "patient__age_at_resection_years", output_field=IntegerField()))
    value = spreads(aged, "age")["median"]
    return spread_group("Age at operation, years", value, everybody, brackets=not published)


def _segment_count(tumors: QuerySet[Tumor], everybody: int) -> tuple[Group, ...]:
    counted = (
        tumors.exclude(segments=None)
        .annotate(size=Size("segments"))
        .values_list("size")
        .annotate(n=Count("pk"))
    )
    counts = [(_COUNTED[size], n) for size, n in counted.order_by("size")]
    return share_group(
        "Segments per patient", counts, recorded=sum(n for _, n in counts), applicable=everybody
    )


def _specimens(cases: QuerySet[Case]) -> QuerySet[Pathology]:
    return Pathology.objects.filter(case__in=cases, position=0)


# --- operations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Procedure:
    """One combination of resection, reconstruction and renal veins."""

    resection: str | None
    method: str | None
    left: bool
    right: bool

    def words(self) -> str:
        parts = [
            _RESECTIONS.get(self.resection or "", "Resection not specified"),
            _method_words(self.method),
        ]
        return ", ".join(parts) + _renal_words(left=self.left, right=self.right)


def _method_words(method: str | None) -> str:
    if method is None:
        return "reconstruction not recorded"
    if method == IvcMethod.NOT_NEEDED:
        return "no reconstruction needed"
    return str(IvcMethod(method).label).lower()


def _renal_words(*, left: bool, right: bool) -> str:
    if left and right:
        return ", both renal veins implanted"
    if left or right:
        return f", {'left' if left else 'right'} renal vein implanted"
    return ""


def _procedures(rows: QuerySet[Operation], everybody: int) -> tuple[Group, ...]:
    """Count what was done to vein, reconstruction and renal veins together, the most frequent first."""

    def implanted(vein: Vein) -> Exists:
        return Exists(
            VeinHandling.objects.filter(
                case_id=OuterRef("case_id"),
                operation_position=OuterRef("position"),
                vein=vein,
                handling__in=IMPLANTED,
            )
        )

    method = Reconstruction.objects.filter(
        case_id=OuterRef("case_id"), operation_position=OuterRef("position")
    )
    counted = (
        rows.annotate(
            method=Subquery(method.values("ivc_method")[:1]),
            left=implanted(Vein.LEFT_RENAL),
            right=implanted(Vein.RIGHT_RENAL),
        )
        .exclude(resection_type=None, method=None)
        .values_list("resection_type", "method", "left", "right")
        .annotate(n=Count("pk"))
        .order_by("-n", "resection_type", "method", "-left", "right")
    )
    counts = [
        (_Procedure(resection=resection, method=method, left=left, right=right).words(), n)
        for resection, method, left, right, n in counted
    ]
    return share_group("Procedure", counts, recorded=sum(n for _, n in counts), applicable=everybody)


def _prostheses(cut: Cut) -> tuple[Group, ...]:
    """Material and brand are two things: a brand is named behind its material."""
    rows = index_reconstructions(cut)
    with_material = rows.filter(ivc_method__in=WITH_MATERIAL).count()
    tubes = rows.filter(ivc_method__in=TUBES)
    counted = (
        rows.exclude(material=None)
        .values_list("material", "brand")
        .annotate(n=Count("pk"))
        .order_by("-n", "material")
    )
    counts = [(_prosthesis_words(material, brand), n) for material, brand, n in counted]
    kind = "range" if cut.source == "reconstruction" else "median"
    recorded = sum(n for _, n in counts)
    return (
        *share_group(
            "Prosthesis or patch", counts, recorded=recorded, applicable=max(with_material, recorded)
        ),
        *spread_group("Graft diameter, mm", spreads(tubes, "diameter_mm")[kind], tubes.count()),  # type: ignore[index]
    )


def _prosthesis_words(material: str, brand: str | None) -> str:
    label = str(Material(material).label).partition(",")[0]
    return f"{label}, brand {brand}" if brand else label


def _radicality(rows: QuerySet[Operation], everybody: int) -> tuple[Group, ...]:
    words = {
        GrossResult.COMPLETE: "Radical: no visible tumor left",
        GrossResult.MACROSCOPIC_RESIDUE: "Visible tumor left",
    }
    found = coded_counts(rows, "gross_result")
    counts = [(word, found.get(code, 0)) for code, word in words.items()]
    return share_group("Result of the resection", counts, recorded=sum(found.values()), applicable=everybody)


# --- both ------------------------------------------------------------------------------------------------------------


def _coded(
    heading: str, rows: QuerySet[Any], field: str, vocabulary: Any, everybody: int
) -> tuple[Group, ...]:
    found = coded_counts(rows, field)
    return share_group(
        heading,
        in_order(found, vocabulary),
        recorded=sum(found.values()),
        applicable=max(everybody, sum(found.values())),
    )


def _set(heading: str, rows: QuerySet[Any], field: str, vocabulary: Any, everybody: int) -> tuple[Group, ...]:
    found, recorded = set_counts(rows, field)
    several = sum(found.values()) > recorded
    note = f"{heading}: a patient may count in more than one line." if several else ""
    return share_group(
        heading,
        in_order(found, vocabulary),
        recorded=recorded,
        applicable=everybody,
        exclusive=not several,
        note=note,
    )


def _flag(heading: str, rows: QuerySet[Any], field: str, everybody: int) -> tuple[Group, ...]:
    yes, no = rows.filter(**{field: True}).count(), rows.filter(**{field: False}).count()
    return share_group(heading, [("Yes", yes), ("No", no)], recorded=yes + no, applicable=everybody)
