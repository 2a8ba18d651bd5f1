"""The survival chapter of a report and its figure's caption. Pure: numbers in, sentences and tables of strings out."""

from __future__ import annotations

from collections.abc import Callable

from reports import estimates, wording
from reports.content import CurveTable, Estimate, Survival
from reports.figures import CENSOR_TICKS_UP_TO
from reports.printed import Column, Figure, Row, Section, Table


def chapter(survival: Survival | None, number: Callable[[], int]) -> Section | None:
    """Print the estimates at fixed times, median and follow-up."""
    if survival is None:
        return None
    tables = (_estimates(survival, number()),) if survival.estimates else ()
    return Section(title="Survival", lead=_survival_lead(survival), tables=tables)


def figure(survival: Survival | None) -> Figure | None:
    """Describe the one figure, which stands on the first page."""
    if survival is None or not survival.curves:
        return None
    return Figure(
        number=1,
        title=f"{survival.endpoint} after {survival.origin}",
        caption=_figure_caption(survival),
        alternative=_alternative(survival),
    )


def _figure_caption(survival: Survival) -> str:
    ticks = (
        " Ticks on the curve mark censored patients."
        if any(_shows_censoring(c, survival) for c in survival.curves)
        else ""
    )
    return (
        f"Kaplan–Meier estimate with pointwise {survival.level:.0%} confidence band ({survival.interval}).{ticks} "
        "Below: patients at risk at each time, and patients censored and events before it. "
        f"The curve is drawn while at least {_floor(survival)} remain at risk."
    )


def _shows_censoring(curve: CurveTable, survival: Survival) -> bool:
    if curve.n is None or curve.n > CENSOR_TICKS_UP_TO:
        return False
    pairs = zip(curve.time_days, curve.censored, strict=True)
    return any(count and day <= survival.show_until_days for day, count in pairs)


def _floor(survival: Survival) -> str:
    if survival.n is None:
        return f"{estimates.LEAST_AT_RISK} patients, and a tenth of all,"
    return f"{estimates.least_at_risk(survival.n)} patients"


def _alternative(survival: Survival) -> str:
    points = [
        f"{wording.survival(e)} at {e.months} months" for e in survival.estimates if e.survival is not None
    ]
    counts = "patients" if survival.n is None else wording.counted(survival.n, "patient", "patients")
    return f"Kaplan–Meier curve of {survival.endpoint.lower()} in {counts}: {wording.listed(tuple(points))}."


def _survival_lead(survival: Survival) -> str:
    deaths = "" if survival.events is None else f" {wording.counted(survival.events, 'died', 'died')}."
    patients = (
        "Patients were" if survival.n is None else wording.counted(survival.n, "patient was", "patients were")
    )
    parts = [f"{patients} followed from {survival.origin}{';' if deaths else '.'}{deaths}"]
    shown = [e for e in survival.estimates if e.survival is not None]
    if shown:
        items = tuple(
            f"{wording.survival(e)} ({survival.level:.0%} CI {wording.interval(e.lower, e.upper)}) at {e.months} months"
            for e in shown
        )
        parts.append(f"{survival.endpoint} was {wording.listed(items)}.")
    if survival.median is not None:
        parts.append(f"Median survival: {wording.quantile(survival.median, level=survival.level)}.")
    if survival.follow_up is not None:
        follow_up = wording.quantile(survival.follow_up, level=survival.level)
        parts.append(f"Median follow-up (reverse Kaplan–Meier): {follow_up}.")
    if survival.note:
        parts.append(survival.note)
    return " ".join(parts)


def _estimates(survival: Survival, number: int) -> Table:
    columns = (
        Column(label="Months", align="left", grow=True),
        Column(label="At risk"),
        Column(label="Deaths so far"),
        Column(label="Survival"),
        Column(label=f"{survival.level:.0%} CI, %"),
    )
    rows = tuple(Row(kind="plain", cells=_estimate_cells(estimate)) for estimate in survival.estimates)
    notes: tuple[str, ...] = (
        f"Time zero: {survival.origin}. Event: {survival.event}. Censored: {survival.censoring}. "
        f"12 months = 365.25 days. Interval: {survival.interval}. A dash means not estimable.",
    )
    if any(e.at_risk is not None and e.at_risk < 10 for e in survival.estimates):
        notes = (*notes, "* Fewer than 10 patients at risk: read the interval, not the point.")
    return Table(
        number=number, title=f"{survival.endpoint} at fixed times", columns=columns, rows=rows, notes=notes
    )


def _estimate_cells(estimate: Estimate) -> tuple[str, ...]:
    few = "*" if estimate.at_risk is not None and estimate.at_risk < 10 else ""
    return (
        f"{estimate.months}{few}",
        estimate.hidden or ("–" if estimate.at_risk is None else wording.number(estimate.at_risk)),
        estimate.hidden or ("–" if estimate.died is None else wording.number(estimate.died)),
        wording.survival(estimate),
        wording.interval(estimate.lower, estimate.upper),
    )
