"""The endpoints beside overall survival, each with figure and table, and how those who lived on fared. Pure."""

from __future__ import annotations

from collections.abc import Callable

from reports import survival_chapter, wording
from reports.figures import CENSOR_TICKS_UP_TO
from reports.printed import Column, Figure, Row, Section, Table
from reports.remarks import mark_many
from reports.speech import say, say_many, told
from reports.survival_content import Outcome, OutcomeEstimate, Prognosis, Survival
from reports.wording import DAYS_PER_MONTH

HAD_EVENT = mark_many("{n} had the event: {event}", "{n} had the event: {event}")
COMPETED = mark_many("{n} another that competes: {competitor}", "{n} another that competes: {competitor}")
FEW = 10  # below, the interval says more than the point

Next = Callable[[], int]


def from_diagnosis(found: Survival | None, table: Next, figure: Next) -> Section | None:
    """Print overall survival from diagnosis."""
    if found is None:
        return None
    drawn = (survival_chapter.figure(found, "from_diagnosis", figure()),) if found.curves else ()
    return Section(
        title=survival_chapter.title(found),
        lead=survival_chapter.lead(found),
        figures=drawn,
        tables=(survival_chapter.fixed_times(found, table()),) if found.estimates else (),
    )


def chapter(outcome: Outcome, table: Next, figure: Next) -> Section:
    """Print one endpoint."""
    drawn = (_figure(outcome, figure()),) if outcome.curves else ()
    tables = (_fixed_times(outcome, table()),) if outcome.estimates else ()
    return Section(title=told(outcome.endpoint), lead=_lead(outcome), figures=drawn, tables=tables)


def _lead(outcome: Outcome) -> str:
    level = f"{outcome.level:.0%}"
    parts = [_followed(outcome)]
    if outcome.whom:
        parts.insert(0, say("Patients: {whom}.", whom=told(outcome.whom)))
    shown = [e for e in outcome.estimates if e.estimate is not None]
    if shown:
        items = tuple(
            say(
                "{share} ({level} CI {interval}) at {months} months",
                share=_share(e),
                level=level,
                interval=wording.interval(e.lower, e.upper),
                months=e.months,
            )
            for e in shown
        )
        said = wording.listed(items)
        parts.append(
            say("Cumulative incidence was {estimates}.", estimates=said)
            if outcome.kind == "incidence"
            else say("{endpoint} was {estimates}.", endpoint=told(outcome.endpoint), estimates=said)
        )
    if outcome.median is not None:
        parts.append(say("Median: {time}.", time=wording.quantile(outcome.median, level=outcome.level)))
    if outcome.follow_up is not None:
        time = wording.quantile(outcome.follow_up, level=outcome.level)
        parts.append(say("Median follow-up (reverse Kaplan–Meier): {time}.", time=time))
    if outcome.note:
        parts.append(told(outcome.note))
    return " ".join(parts)


def _followed(outcome: Outcome) -> str:
    """Say how many were followed, had the event, or one that competes with it."""
    followed = survival_chapter.followed(outcome.n, outcome.origin)
    if outcome.n is None or outcome.events is None:
        return followed
    said = [followed.removesuffix(".")]
    event = told(outcome.event)
    said.append(
        say_many(*HAD_EVENT, outcome.events, n=wording.number(outcome.events), event=event)
        if outcome.events
        else say("none had the event: {event}", event=event)
    )
    if outcome.competing:
        competitor = told(outcome.competitor)
        n = wording.number(outcome.competing)
        said.append(say_many(*COMPETED, outcome.competing, n=n, competitor=competitor))
    return "; ".join(said) + "."


def _share(estimate: OutcomeEstimate) -> str:
    return wording.NOT_ESTIMABLE if estimate.estimate is None else wording.percent(estimate.estimate)


def _figure(outcome: Outcome, number: int) -> Figure:
    return Figure(
        number=number,
        name=outcome.name,
        title=survival_chapter.title(outcome),
        caption=caption(outcome),
        alternative=_alternative(outcome),
    )


def caption(outcome: Outcome) -> str:
    """Say how the figure of an outcome was estimated, and what is drawn of it."""
    parts = [survival_chapter.estimator(outcome)]
    if any(
        curve.n is not None and curve.n <= CENSOR_TICKS_UP_TO and any(curve.censored)
        for curve in outcome.curves
    ):
        parts.append(say("Ticks on the curve mark censored patients."))
    if outcome.competitor:
        parts.append(
            say(
                "Below: patients at risk at each time, and patients censored, events and competing events before it."
                " Competing: {competitor}.",
                competitor=told(outcome.competitor),
            )
        )
    else:
        parts.append(say("Below: patients at risk at each time, and patients censored and events before it."))
    if outcome.events is None:
        parts.append(say("The curve is known at its steps alone; where it is level, it may have changed."))
    parts.append(survival_chapter.drawn_while(outcome.n))
    return " ".join(parts)


def _alternative(outcome: Outcome) -> str:
    points = tuple(
        say("{share} at {months} months", share=_share(e), months=e.months)
        for e in outcome.estimates
        if e.estimate is not None
    )
    endpoint = told(outcome.endpoint).lower()
    if not points:
        return say("Curve of {endpoint}.", endpoint=endpoint)
    return say("Curve of {endpoint}: {points}.", endpoint=endpoint, points=wording.listed(points))


def _fixed_times(outcome: Outcome, number: int) -> Table:
    competes = bool(outcome.competitor)
    columns = (
        Column(label=say("Months"), align="left", grow=True),
        Column(label=say("At risk")),
        Column(label=say("Events\nso far")),
        *((Column(label=say("Competing\nso far")),) if competes else ()),
        Column(label=say("Incidence") if outcome.kind == "incidence" else say("Survival")),
        Column(label=say("{level} CI, %", level=f"{outcome.level:.0%}")),
    )
    rows = tuple(Row(kind="plain", cells=_cells(e, competes=competes)) for e in outcome.estimates)
    notes = [
        say(
            "Time zero: {origin}. Event: {event}. 12 months = 365.25 days. Interval: {interval}."
            " A dash means not estimable.",
            origin=told(outcome.origin),
            event=told(outcome.event),
            interval=outcome.interval,
        )
    ]
    if competes:
        notes.append(say("Competing: {competitor}.", competitor=told(outcome.competitor)))
    if any(e.at_risk is not None and e.at_risk < FEW for e in outcome.estimates):
        notes.append(survival_chapter.few_at_risk())
    title = say("{endpoint} at fixed times", endpoint=told(outcome.endpoint))
    return Table(number=number, title=title, columns=columns, rows=rows, notes=tuple(notes))


def _cells(estimate: OutcomeEstimate, *, competes: bool) -> tuple[str, ...]:
    few = "*" if estimate.at_risk is not None and estimate.at_risk < FEW else ""
    counts = (estimate.at_risk, estimate.events, *((estimate.competing,) if competes else ()))
    hidden = told(estimate.hidden) or wording.NOT_ESTIMABLE
    return (
        f"{estimate.months}{few}",
        *(hidden if n is None else wording.number(n) for n in counts),
        _share(estimate),
        wording.interval(estimate.lower, estimate.upper),
    )


# --- those who lived on ----------------------------------------------------------------------------------------------


def prognosis(found: Prognosis | None, number: Next) -> tuple[Table, ...]:
    """Print survival of those who lived past day 90 or one to three years, and the mean time lived."""
    if found is None or not (found.onward or found.means):
        return ()
    rows: list[Row] = []
    since = 0.0
    for row in found.onward:
        if row.since_days != since:
            since = row.since_days
            rows.append(Row(kind="heading", cells=(_past(since, row.alive), "", "", "")))
        cells = (
            say("to {months} months", months=row.months),
            wording.number(row.at_risk),
            wording.percent(row.survival),
            wording.interval(row.lower, row.upper),
        )
        rows.append(Row(kind="line", cells=cells))
    if found.means:
        rows.append(Row(kind="heading", cells=(say("Mean time lived, months"), "", "", "")))
    rows += [
        Row(
            kind="line",
            cells=(
                say("within {months} months", months=mean.months),
                wording.number(mean.at_risk),
                _months(mean.days),
                f"{_months(mean.lower)}–{_months(mean.upper)}",
            ),
        )
        for mean in found.means
    ]
    columns = (
        Column(label=say("Months since resection"), align="left", grow=True),
        Column(label=say("At risk")),
        Column(label=say("Estimate")),
        Column(label=say("{level} CI", level=f"{found.level:.0%}")),
    )
    notes = (
        say(
            "Survival of those alive and followed past a day, to a month after the resection: S(t) / S(s), limits of a"
            " fresh start, in percent. Past day 90, deaths of the operation are out. Mean time lived: area under the"
            " curve, with normal limits."
        ),
        *((told(found.note),) if found.note else ()),
    )
    title = say("Survival of those who lived on, and mean time lived")
    return (Table(number=number(), title=title, columns=columns, rows=tuple(rows), notes=notes),)


def _past(days: float, alive: int) -> str:
    n, months = wording.number(alive), days / DAYS_PER_MONTH
    if months.is_integer():
        return say("Alive past {months} months (n = {n})", months=int(months), n=n)
    return say("Alive past day {days} (n = {n})", days=int(days), n=n)


def _months(days: float) -> str:
    return wording.number(days / DAYS_PER_MONTH, 1)
