"""A handmade content with the founding cohort's figures (Rusin 2021, doi 10.26779/2522-1396.2021.9-10.44)."""

from dataclasses import replace
from datetime import date

from reports import estimates
from reports.aggregates import share
from reports.content import (
    REPORT_VERSION,
    FlowStep,
    Group,
    Headline,
    Line,
    Methods,
    MissingCount,
    Note,
    Rate,
    ReportContent,
    RuleCount,
    Spread,
)
from reports.lifetable import LifeTable
from tests.reports.cohort import MONTH, MONTHS

PUBLISHED_MONTHS = (7, 12, 12, 12, 16, 18, 19, 24, 24, 24, 30, 36, 36, 37, 44, 60, 84, 144)
PUBLISHED_DIED = (1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0)


def founding_survival():
    """Three deaths in eight, as printed."""
    days = [round(months * MONTH) for months in MONTHS]
    return estimates.overall_survival(LifeTable.from_arrays(days, [1, 1, 1, 0, 0, 0, 0, 0]))


def published_survival():
    """The 18 published cases with time and vital status that were resected for a primary tumor."""
    days = [round(months * MONTH) for months in PUBLISHED_MONTHS]
    return estimates.overall_survival(LifeTable.from_arrays(days, list(PUBLISHED_DIED)))


def group(heading, *counts, of=8, exact=False, exclusive=True, statistic="n (%)"):
    lines = tuple(Line(label=label, value=share(n, of, exact=exact)) for label, n in counts)
    recorded = sum(n for _, n in counts) if exclusive else None
    return Group(
        heading=heading,
        statistic=statistic,
        lines=lines,
        recorded=recorded,
        applicable=of if exclusive else None,
        exclusive=exclusive,
    )


def measured(heading, center, value, low=None, high=None):
    brackets = "none" if low is None else "range"
    statistic = {("median", "none"): "median", ("none", "range"): "range"}.get(
        (center, brackets), f"{center} (range)"
    )
    line = Line(
        label="", value=Spread(center=center, value=value, brackets=brackets, low=low, high=high, n=8)
    )
    return Group(heading=heading, statistic=statistic, lines=(line,), recorded=8, applicable=8)


def founding_content(**changes):
    """The whole report on the founding cohort."""
    survival = founding_survival()
    content = ReportContent(
        title="Survival after resection",
        subtitle="The founding cohort",
        scope="Demonstration",
        source="reconstruction",
        as_of=date(2026, 11, 22),
        operated_from=1991,
        operated_to=2021,
        centers=1,
        banner="Reconstruction: no patient.",
        headlines=(
            *(
                Headline(
                    label=f"alive at {e.months} months", value=Rate(estimate=e.survival, lower=e.lower, upper=e.upper)
                )
                for e in survival.estimates
            ),
            Headline(label="died within 90 days", value=share(0, 8, exact=True)),
        ),
        flow=(FlowStep(label="Registered", n=8), FlowStep(label="Followed", n=8)),
        patients=(
            group("Sex", ("Women", 7), ("Men", 1)),
            measured("Age at operation, years", "median", 57),
            group("Growth pattern", ("Intravasal", 3), ("Extravasal", 1), ("Mixed", 4)),
        ),
        operations=(
            group("Approach", ("Chevron", 7), ("Median laparotomy", 1)),
            group("Prosthesis", ("PTFE", 6), ("PTFE, brand Gore-Tex", 2)),
            measured("Graft diameter, mm", "none", None, 18, 22),
            group("Procedure", ("Circular resection", 5), ("Both renal veins", 2), ("Left renal vein", 1)),
            measured("Operating time, min", "median", 215, 160, 320),
            measured("Blood loss, mL", "mean", 305, 250, 500),
            group("Result", ("Radical", 7), ("Visible tumor left", 1)),
        ),
        complications=group("Highest grade", ("No complication", 6), ("Grade II", 2), ("Grade V", 0), exact=True),
        early_events=group(
            "Early events", ("Pulmonary embolism", 0), ("Death within 90 days", 0), exact=True, exclusive=False
        ),
        survival=survival,
        rules=(
            RuleCount(
                rule="S-04", title="Chevron approach", source="Rusin 2021", severity="minor",
                concordant=6, deviation=1, justified=0, not_applicable=0, not_assessable=1,
            ),
        ),
        rules_read=8,
        missing=(MissingCount(form="Tumor", variable="Largest diameter", recorded=0, applicable=8),),
        imputed_dates=0,
        notes=(Note(title="Two papers", text="A later paper prints other figures."),),
        methods=Methods(
            data_digest="0" * 64, code_version="test", report_version=REPORT_VERSION, rulebooks=("algorithm 1",),
            software=("numpy",), intervals="log-log", definitions=("Time zero is the resection.",), suppression="None.",
        ),
    )  # fmt: skip
    return replace(content, **changes)
