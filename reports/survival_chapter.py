"""The survival chapter of a report, and what is said of any curve. Pure: numbers in, strings out."""

from __future__ import annotations

from collections.abc import Callable

from reports import estimates, remarks, wording
from reports.figures import BANDS_UP_TO, CENSOR_TICKS_UP_TO
from reports.printed import Column, Figure, Row, Section, Table
from reports.remarks import mark, mark_many
from reports.speech import say, say_many, told
from reports.survival_content import CurveTable, Estimate, Outcome, Survival

_SURVIVAL = (
    mark("Kaplan–Meier estimate with pointwise {level} confidence band ({interval})."),
    mark("Kaplan–Meier estimate."),
)
_INCIDENCE = (
    mark(
        "Aalen–Johansen estimate of the cumulative incidence with pointwise {level} confidence band ({interval})."
    ),
    mark("Aalen–Johansen estimate of the cumulative incidence."),
)
DIED = mark_many("{n} died", "{n} died")


def chapter(survival: Survival | None, number: Callable[[], int]) -> Section | None:
    """Print the estimates at fixed times, median and follow-up."""
    if survival is None:
        return None
    tables = (fixed_times(survival, number()),) if survival.estimates else ()
    return Section(title=say("Survival"), lead=lead(survival), tables=tables)


def figure(survival: Survival, name: str, number: int) -> Figure:
    """Describe the figure of a curve."""
    return Figure(
        number=number,
        name=name,
        title=title(survival),
        caption=caption(survival),
        alternative=_alternative(survival),
    )


def title(survival: Survival | Outcome) -> str:
    """Name the figure."""
    return say("{endpoint} after {origin}", endpoint=told(survival.endpoint), origin=_origin(survival))


def _origin(survival: Survival | Outcome) -> str:
    """The time zero as it follows "after" or "since": many languages inflect it."""
    return told(survival.origin, "after")


def estimator(drawn: Survival | Outcome) -> str:
    """Say how curves were estimated, and their bands, which are left out where there are many curves."""
    is_incidence = isinstance(drawn, Outcome) and drawn.kind == "incidence"
    banded, plain = _INCIDENCE if is_incidence else _SURVIVAL
    pattern = banded if len(drawn.curves) <= BANDS_UP_TO else plain
    return say(pattern, level=f"{drawn.level:.0%}", interval=drawn.interval)


def caption(survival: Survival) -> str:
    """Say how the figure was estimated, and what is drawn of it."""
    parts = [estimator(survival)]
    if any(_shows_censoring(c, survival) for c in survival.curves):
        parts.append(say("Ticks on the curve mark censored patients."))
    parts.append(say("Below: patients at risk at each time, and patients censored and events before it."))
    parts.append(drawn_while(survival.n))
    return " ".join(parts)


def drawn_while(n: int | None) -> str:
    """Say where a curve of so many patients ends."""
    if n is None:
        return say(
            "The curve is drawn while at least {n} patients, and a tenth of all, remain at risk.",
            n=estimates.LEAST_AT_RISK,
        )
    return say("The curve is drawn while at least {n} patients remain at risk.", n=estimates.least_at_risk(n))


def _shows_censoring(curve: CurveTable, survival: Survival) -> bool:
    if curve.n is None or curve.n > CENSOR_TICKS_UP_TO:
        return False
    pairs = zip(curve.time_days, curve.censored, strict=True)
    return any(count and day <= survival.show_until_days for day, count in pairs)


def _alternative(survival: Survival) -> str:
    points = [
        say("{share} at {months} months", share=wording.survival(e), months=e.months)
        for e in survival.estimates
        if e.survival is not None
    ]
    counts = say("patients") if survival.n is None else wording.counted(survival.n, *remarks.PATIENTS)
    return say(
        "Kaplan–Meier curve of {endpoint} in {patients}: {points}.",
        endpoint=told(survival.endpoint).lower(),
        patients=counts,
        points=wording.listed(tuple(points)),
    )


def lead(survival: Survival) -> str:
    """Say in words what the table says."""
    level = f"{survival.level:.0%}"
    parts = [_followed(survival)]
    shown = [e for e in survival.estimates if e.survival is not None]
    if shown:
        items = tuple(
            say(
                "{share} ({level} CI {interval}) at {months} months",
                share=wording.survival(e),
                level=level,
                interval=wording.interval(e.lower, e.upper),
                months=e.months,
            )
            for e in shown
        )
        said = say(
            "{endpoint} was {estimates}.", endpoint=told(survival.endpoint), estimates=wording.listed(items)
        )
        parts.append(said)
    if survival.median is not None:
        time = wording.quantile(survival.median, level=survival.level)
        parts.append(say("Median survival: {time}.", time=time))
    if survival.follow_up is not None:
        time = wording.quantile(survival.follow_up, level=survival.level)
        parts.append(say("Median follow-up (reverse Kaplan–Meier): {time}.", time=time))
    if survival.note:
        parts.append(told(survival.note))
    return " ".join(parts)


def _followed(survival: Survival) -> str:
    """Say how many were followed, and how many of them died."""
    said = followed(survival.n, survival.origin)
    if survival.n is None or survival.events is None:
        return said
    return f"{said.removesuffix('.')}; {wording.counted(survival.events, *DIED)}."


def followed(n: int | None, origin: str) -> str:
    """Say how many were followed, if that may be said."""
    since = told(origin, "after")
    if n is None:
        return say("Patients were followed from {origin}.", origin=since)
    said = say_many(
        "{n} patient was followed from {origin}",
        "{n} patients were followed from {origin}",
        n,
        n=wording.number(n),
        origin=since,
    )
    return f"{said}."


def few_at_risk() -> str:
    """Explain the star."""
    return say("* Fewer than 10 patients at risk: read the interval, not the point.")


def fixed_times(survival: Survival, number: int) -> Table:
    """Print the estimates at fixed times."""
    columns = (
        Column(label=say("Months"), align="left", grow=True),
        Column(label=say("At risk")),
        Column(label=say("Deaths so far")),
        Column(label=say("Survival")),
        Column(label=say("{level} CI, %", level=f"{survival.level:.0%}")),
    )
    rows = tuple(Row(kind="plain", cells=_estimate_cells(estimate)) for estimate in survival.estimates)
    notes: tuple[str, ...] = (
        say(
            "Time zero: {origin}. Event: {event}. Censored: {censoring}. 12 months = 365.25 days. Interval: {interval}."
            " A dash means not estimable.",
            origin=told(survival.origin),
            event=told(survival.event),
            censoring=told(survival.censoring),
            interval=survival.interval,
        ),
    )
    if any(e.at_risk is not None and e.at_risk < 10 for e in survival.estimates):
        notes = (*notes, few_at_risk())
    named = told(survival.endpoint) if survival.origin == estimates.ORIGIN else title(survival)
    heading = say("{endpoint} at fixed times", endpoint=named)
    return Table(number=number, title=heading, columns=columns, rows=rows, notes=notes)


def _estimate_cells(estimate: Estimate) -> tuple[str, ...]:
    few = "*" if estimate.at_risk is not None and estimate.at_risk < 10 else ""
    hidden = told(estimate.hidden) or wording.NOT_ESTIMABLE
    return (
        f"{estimate.months}{few}",
        *(hidden if n is None else wording.number(n) for n in (estimate.at_risk, estimate.died)),
        wording.survival(estimate),
        wording.interval(estimate.lower, estimate.upper),
    )
