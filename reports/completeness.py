"""How good the data behind a report are: items recorded of those applicable, open data queries, late entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Count, DateField, F, Model, Q, QuerySet
from django.db.models.functions import Cast

from cases.models import Case, DataQuery, Operation, Pathology, Reconstruction, Tumor
from cases.rulebook.validity import VALIDITY
from reports import cohorts
from reports.aggregates import spread_group, spreads
from reports.cohorts import Cut, DaysBetween
from reports.content import Group, MissingCount, QueryCount
from reports.operations import TUBES, WITH_MATERIAL, index_operations, index_reconstructions
from reports.remarks import mark

Whom = Literal["registered", "resected", "with material", "with tube"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A field that the report uses and the patients to whom it applies."""

    model: type[Model]
    field: str
    whom: Whom


ITEMS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        mark("Tumor"),
        tuple(
            Item(model=Tumor, field=name, whom="registered")
            for name in (
                "segments",
                "growth_pattern",
                "max_diameter_mm",
                "metastasis_at_diagnosis",
                "origin_certainty",
            )
        ),
    ),
    (
        mark("Operation"),
        tuple(
            Item(model=Operation, field=name, whom="resected")
            for name in (
                "operated_on",
                "approach",
                "exposure_steps",
                "resection_type",
                "resected_segments",
                "organs_resected",
                "bypass",
                "gross_result",
                "skin_to_skin_min",
                "blood_loss_ml",
            )
        ),
    ),
    (
        mark("Reconstruction"),
        (
            Item(model=Reconstruction, field="ivc_method", whom="resected"),
            Item(model=Reconstruction, field="material", whom="with material"),
            Item(model=Reconstruction, field="diameter_mm", whom="with tube"),
        ),
    ),
    (
        mark("Pathology"),
        tuple(Item(model=Pathology, field=name, whom="resected") for name in ("margin", "fnclcc_grade")),
    ),
)


def missing(cut: Cut) -> tuple[MissingCount, ...]:
    """Count recorded and applicable for every item, one query a form."""
    resected = cohorts.main_curve(cut)
    cases = cohorts.cases(cut)
    reconstructions = index_reconstructions(cut)
    applicable: dict[Whom, int] = {
        "registered": cases.count(),
        "resected": resected.count(),
        "with material": reconstructions.filter(ivc_method__in=WITH_MATERIAL).count(),
        "with tube": reconstructions.filter(ivc_method__in=TUBES).count(),
    }
    rows: dict[type[Model], QuerySet[Any]] = {
        Tumor: Tumor.objects.filter(case__in=cases),
        Operation: index_operations(cut),
        Reconstruction: reconstructions,
        Pathology: Pathology.objects.filter(case_id__in=resected.values("case_id"), position=0),
    }
    found = [_patient(cases, applicable["registered"])]
    for form, items in ITEMS:
        counts = rows[items[0].model].aggregate(
            **{item.field: Count("pk", filter=Q(**{f"{item.field}__isnull": False})) for item in items}
        )
        found.append(
            tuple(
                _counted(form, item.model, item.field, counts[item.field], applicable[item.whom])
                for item in items
                if applicable[item.whom]
            )
        )
    followed = MissingCount(
        form=mark("Follow-up"),
        variable=mark("Death, or a day last known alive"),
        recorded=cohorts.followed(cut).count(),
        applicable=applicable["resected"],
    )
    return (
        *(count for counts in found for count in counts),
        *((followed,) if applicable["resected"] else ()),
    )


def queries(cut: Cut) -> tuple[QueryCount, ...]:
    """Count the data queries that are open today by their rule, the most frequent first."""
    titles = {rule.id: str(rule.title) for rule in reversed(VALIDITY.rules)}
    counted = (
        DataQuery.objects.open()
        .filter(case__in=cohorts.cases(cut))
        .values("rule_id")
        .annotate(queries=Count("pk"), cases=Count("case_id", distinct=True))
        .order_by("-queries", "rule_id")
        .values_list("rule_id", "queries", "cases")
    )
    return tuple(
        QueryCount(rule=rule, title=titles.get(rule, ""), queries=n, cases=cases)
        for rule, n, cases in counted
    )


def entry(cut: Cut) -> Group | None:
    """Measure the days from the index resection to the first entry; published cases cannot be late."""
    if cut.source != "clinical":
        return None
    resected = cohorts.main_curve(cut)
    entered = DaysBetween(Cast("case__created_at", DateField()), F("origin_on"))
    value = spreads(resected.annotate(entered=entered), "entered")["median"]
    found = spread_group(mark("From resection to first entry, days"), value, resected.count())
    return found[0] if found else None


def _patient(cases: QuerySet[Case], everybody: int) -> tuple[MissingCount, ...]:
    counts = cases.aggregate(
        sex=Count("pk", filter=Q(patient__sex__isnull=False) & ~Q(patient__sex="unknown")),
        age=Count(
            "pk", filter=Q(patient__born_on__isnull=False) | Q(patient__age_at_resection_years__isnull=False)
        ),
    )
    labels = {"sex": mark("Sex"), "age": mark("Date of birth or age")}
    return tuple(
        MissingCount(form=mark("Patient"), variable=label, recorded=counts[name], applicable=everybody)
        for name, label in labels.items()
        if everybody
    )


def _counted(form: str, model: type[Model], field: str, recorded: int, applicable: int) -> MissingCount:
    label = str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    # A graft whose method is not recorded has a material all the same: never more recorded than applicable.
    return MissingCount(form=form, variable=label, recorded=recorded, applicable=max(applicable, recorded))
