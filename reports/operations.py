"""Table 2 of a report: index resections, their reconstruction, time and blood loss, aggregated in the database."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Value

from cases.models import Operation, Reconstruction, VeinHandling
from cases.vocabulary import (
    Approach,
    Bypass,
    GrossResult,
    Handling,
    IvcMethod,
    Margin,
    Material,
    OperationType,
    Organ,
    ResectionType,
    Vein,
)
from reports import cohorts, remarks
from reports.aggregates import (
    coded_counts,
    coded_group,
    set_group,
    share_group,
    spread_group,
    spreads,
    spreads_of,
)
from reports.cohorts import Cut
from reports.content import Group
from reports.remarks import mark

IMPLANTED = (Handling.REIMPLANTED_GRAFT, Handling.REIMPLANTED_IVC, Handling.INTERPOSITION)
WITH_MATERIAL = (IvcMethod.TUBE_GRAFT, IvcMethod.BIFURCATED_GRAFT, IvcMethod.AUTOLOGOUS_TUBE, IvcMethod.PATCH)
TUBES = WITH_MATERIAL[:3]
_RESECTIONS: dict[str, str] = {
    ResectionType.CIRCUMFERENTIAL: mark("Circular resection"),
    ResectionType.TANGENTIAL_WALL: mark("Resection of part of the wall"),
    ResectionType.THROMBECTOMY_ONLY: mark("Thrombectomy only"),
    ResectionType.NONE: mark("No resection of the vein"),
}


def operations(cut: Cut, *, brands: bool = True) -> tuple[Group, ...]:
    """Table 2: index resections, their reconstruction, time and blood loss.

    Brands are free text of a center: readers outside it get the materials alone.
    """
    rows = index_operations(cut)
    everybody = cohorts.main_curve(cut).count()
    published = cut.source == "reconstruction"
    minutes, blood = spreads_of(rows, {"skin_to_skin_min": 0, "blood_loss_ml": 0}).values()
    loss = spread_group(mark("Blood loss, mL"), blood["mean"], everybody)
    if not published:
        loss = (*spread_group(mark("Blood loss, mL"), blood["median"], everybody), *loss)
    groups = [
        *set_group(mark("Approach"), rows, "approach", Approach, everybody),
        *_procedures(rows, everybody),
        *_prostheses(cut, brands=brands),
        *spread_group(mark("Operating time, min"), minutes["median"], everybody),
        *loss,
        *_radicality(rows, everybody),
    ]
    if not published:
        groups += [
            *coded_group(mark("Margin"), cohorts.main_curve(cut), "margin", Margin, everybody),
            *set_group(mark("Organs resected"), rows, "organs_resected", Organ, everybody),
            *set_group(mark("Bypass"), rows, "bypass", Bypass, everybody),
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


@dataclass(frozen=True, kw_only=True)
class _Procedure:
    """One combination of resection, reconstruction and renal veins."""

    resection: str | None
    method: str | None
    left: bool
    right: bool

    def words(self) -> str:
        parts = [
            _RESECTIONS.get(self.resection or "", mark("Resection not specified")),
            _method_words(self.method),
            _renal_words(left=self.left, right=self.right),
        ]
        return ", ".join(part for part in parts if part)


def _method_words(method: str | None) -> str:
    if method is None:
        return mark("reconstruction not recorded")
    if method == IvcMethod.NOT_NEEDED:
        return mark("no reconstruction needed")
    return str(IvcMethod(method).label).lower()


def _renal_words(*, left: bool, right: bool) -> str:
    if left and right:
        return mark("both renal veins implanted")
    if left:
        return mark("left renal vein implanted")
    return mark("right renal vein implanted") if right else ""


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
    return share_group(mark("Procedure"), counts, recorded=sum(n for _, n in counts), applicable=everybody)


def _prostheses(cut: Cut, *, brands: bool) -> tuple[Group, ...]:
    """Material and brand are two things: a brand is named behind its material."""
    rows = index_reconstructions(cut)
    with_material = rows.filter(ivc_method__in=WITH_MATERIAL).count()
    tubes = rows.filter(ivc_method__in=TUBES)
    counted = (
        rows.exclude(material=None)
        .values_list("material", F("brand") if brands else Value(""))
        .annotate(n=Count("pk"))
        .order_by("-n", "material")
    )
    counts = [(_prosthesis_words(material, brand), n) for material, brand, n in counted]
    kind = "range" if cut.source == "reconstruction" else "median"
    recorded = sum(n for _, n in counts)
    return (
        *share_group(
            mark("Prosthesis or patch"), counts, recorded=recorded, applicable=max(with_material, recorded)
        ),
        *spread_group(mark("Graft diameter, mm"), spreads(tubes, "diameter_mm")[kind], tubes.count()),  # type: ignore[index]
    )


def _prosthesis_words(material: str, brand: str | None) -> str:
    label = str(Material(material).label).partition(",")[0]
    return remarks.BRAND.format(material=label, brand=brand) if brand else label


def _radicality(rows: QuerySet[Operation], everybody: int) -> tuple[Group, ...]:
    words = {
        GrossResult.COMPLETE: mark("Radical: no visible tumor left"),
        GrossResult.MACROSCOPIC_RESIDUE: mark("Visible tumor left"),
    }
    found = coded_counts(rows, "gross_result")
    counts = [(word, found.get(code, 0)) for code, word in words.items()]
    return share_group(
        mark("Result of the resection"), counts, recorded=sum(found.values()), applicable=everybody
    )
