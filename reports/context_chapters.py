"""What a report's figures stand beside: the report before, the subgroups, published series, and reporting standards.

Pure: numbers in, sentences and tables of strings out.
"""

from __future__ import annotations

from collections.abc import Callable

from reports import remarks, wording
from reports.content import Changes, CountChange, Note, PublishedRate, PublishedSeries, SurvivalChange
from reports.printed import Column, Figure, Row, Section, Table
from reports.remarks import mark_many
from reports.speech import VOCABULARIES, say, say_many, told
from reports.survival_content import GroupTest, Stratum, Subgroups, Survival

TESTED = mark_many("log-rank p {p}, {n} death", "log-rank p {p}, {n} deaths")
LEAST_IN_BAND = 8  # patients of a series; smaller ones print 100% or 25%

Next = Callable[[], int]


# --- the report before -----------------------------------------------------------------------------------------------


def changes(found: Changes | None, number: Next) -> Section | None:
    """Print what differs from the report before."""
    if found is None:
        return None
    title = say("Since the last report")
    if found.since is None:
        return Section(
            title=title,
            lead=say(
                "There is no report of the same data, scope and readers with an earlier data cut to compare with."
            ),
        )
    lead = [say("Compared with the report on the data cut of {day}.", day=wording.day(found.since))]
    rows_told: tuple[CountChange | SurvivalChange, ...] = (*found.counts, *found.survival)
    if not any(_differs(row) for row in rows_told):
        lead.append(say("Nothing shown here has changed."))
    rows = [Row(kind="plain", cells=_count_cells(row)) for row in found.counts]
    if found.survival:
        rows.append(Row(kind="heading", cells=(say("Overall survival"), "", "", "")))
        rows += [Row(kind="line", cells=_survival_cells(row)) for row in found.survival]
    columns = (
        Column(label=say("Item"), align="left", grow=True),
        Column(label=say("Then")),
        Column(label=say("Now")),
        Column(label=say("Change")),
    )
    notes = [say("Changes are net: cases that left the registry or were corrected count, too.")]
    if found.survival:
        notes.append(say("Changes of survival are percentage points."))
    if found.note:
        notes.append(told(found.note))
    table = Table(
        number=number(), title=say("Then and now"), columns=columns, rows=tuple(rows), notes=tuple(notes)
    )
    return Section(title=title, lead=" ".join(lead), tables=(table,), is_whole=True)


def _differs(row: CountChange | SurvivalChange) -> bool:
    return row.before != row.now or (isinstance(row, CountChange) and bool(row.hidden))


def _count_cells(row: CountChange) -> tuple[str, ...]:
    hidden = told(row.hidden) or wording.NOT_ESTIMABLE
    before, now = (wording.NOT_ESTIMABLE if n is None else wording.number(n) for n in (row.before, row.now))
    change = hidden if row.before is None or row.now is None else _signed(row.now - row.before)
    return told(row.label), before, now, change


def _survival_cells(row: SurvivalChange) -> tuple[str, ...]:
    before, now = (
        wording.NOT_ESTIMABLE if share is None else wording.percent(share) for share in (row.before, row.now)
    )
    change = (
        wording.NOT_ESTIMABLE
        if row.before is None or row.now is None
        else _signed(100 * (row.now - row.before), 1)
    )
    return say("at {months} months", months=row.months), before, now, change


def _signed(value: float, decimals: int = 0) -> str:
    said = wording.number(value, decimals)
    return f"+{said}" if value > 0 and said != wording.number(0, decimals) else said


# --- subgroups -------------------------------------------------------------------------------------------------------


def subgroups(
    groups: tuple[Subgroups, ...], whole: Survival | None, table: Next, figure: Next
) -> Section | None:
    """Print survival by subgroup, as forest and as table."""
    if not groups:
        return None
    months = subgroup_months(groups)
    drawn: tuple[Figure, ...] = ()
    if is_drawn(groups):
        drawn = (
            Figure(
                number=figure(),
                name="subgroups",
                title=say("Survival at {months} months by subgroup", months=months),
                caption=_forest_caption(whole),
                alternative=_forest_alternative(groups),
            ),
        )
    lead = say(
        "What tumor and resection were like, one characteristic at a time. This describes and does not compare: groups"
        " differ in more than one thing."
    )
    return Section(
        title=say("Subgroups"), lead=lead, figures=drawn, tables=(_subgroup_table(groups, months, table()),)
    )


def subgroup_months(groups: tuple[Subgroups, ...]) -> int:
    """Find the time at which subgroups are read; 0 where everything is withheld."""
    return next((s.at.months for group in groups for s in group.strata if s.at), 0)


def is_drawn(groups: tuple[Subgroups, ...]) -> bool:
    """Tell whether there is anything to draw."""
    return any(s.at is not None and s.at.survival is not None for group in groups for s in group.strata)


def stratum_label(group: Subgroups, stratum: Stratum) -> str:
    """Name a stratum in the language of its vocabulary."""
    return told(stratum.label, VOCABULARIES.get(group.heading, ""))


def _forest_caption(whole: Survival | None) -> str:
    level = f"{whole.level:.0%}" if whole else "95%"
    return say(
        "Kaplan–Meier estimate with {level} interval; right, deaths and patients. The broken line is survival of all.",
        level=level,
    )


def _forest_alternative(groups: tuple[Subgroups, ...]) -> str:
    said = tuple(
        f"{told(group.heading)}: "
        + ", ".join(
            f"{stratum_label(group, s)} {wording.percent(s.at.survival, 0)}"
            for s in group.strata
            if s.at is not None and s.at.survival is not None
        )
        for group in groups
        if is_drawn((group,))
    )
    return "; ".join(said) + "."


def _subgroup_table(groups: tuple[Subgroups, ...], months: int, number: int) -> Table:
    rows: list[Row] = []
    for group in groups:
        remark = _tested(group.test) if group.test else ""
        rows.append(Row(kind="heading", cells=(told(group.heading), *[""] * 5), remark=remark))
        rows += [Row(kind="line", cells=_stratum_cells(group, stratum)) for stratum in group.strata]
    columns = (
        Column(label=say("Subgroup"), align="left", grow=True),
        Column(label=say("Patients")),
        Column(label=say("Deaths")),
        Column(label=say("At risk")),
        Column(label=say("Survival")),
        Column(label=say("{level} CI, %", level="95%")),
    )
    notes: list[str] = []
    if months:
        notes.append(
            say(
                "At risk and survival: at {months} months after resection, where at least 5 patients are at risk.",
                months=months,
            )
        )
    if any(group.is_rounded for group in groups):
        notes.append(say("Counts are rounded to 5 and percentages to whole ones; nothing is tested."))
    else:
        notes.append(
            say(
                "Tested where each group has 10 patients and all have 10 deaths, without those not recorded or not"
                " assessed; p-values are not adjusted for their number."
            )
        )
    title = say("Overall survival by subgroup")
    return Table(number=number, title=title, columns=columns, rows=tuple(rows), notes=tuple(notes))


def _tested(test: GroupTest) -> str:
    return say_many(*TESTED, test.events, p=wording.p_value(test.p_value), n=wording.number(test.events))


def _stratum_cells(group: Subgroups, stratum: Stratum) -> tuple[str, ...]:
    hidden = told(stratum.hidden) or wording.NOT_ESTIMABLE
    at, decimals = stratum.at, 0 if group.is_rounded else 1
    return (
        stratum_label(group, stratum),
        hidden if stratum.n is None else wording.number(stratum.n),
        hidden if stratum.events is None else wording.number(stratum.events),
        hidden if at is None or at.at_risk is None else wording.number(at.at_risk),
        wording.NOT_ESTIMABLE
        if at is None or at.survival is None
        else wording.percent(at.survival, decimals),
        wording.NOT_ESTIMABLE if at is None else wording.interval(at.lower, at.upper, decimals),
    )


# --- published series ------------------------------------------------------------------------------------------------


def series(found: tuple[PublishedSeries, ...], number: Next) -> Section | None:
    """Print what published series say of survival, with the warning."""
    if not found:
        return None
    years = (1, 3, 5, 10)
    columns = (
        Column(label=say("Series"), align="left", grow=True),
        Column(label=say("Patients")),
        Column(label=say("Operated"), align="left"),
        *(Column(label=say("{years} y, %", years=year)) for year in years),
    )
    rows = tuple(
        Row(
            kind="plain",
            cells=(
                one.citation,
                wording.number(one.n),
                told(one.period) or wording.NOT_ESTIMABLE,
                *map(_rate, one.at_years),
            ),
            remark=" · ".join(part for part in (one.source, told(one.remark)) if part),
        )
        for one in found
    )
    table = Table(
        number=number(),
        title=say("Survival in published series"),
        columns=columns,
        rows=rows,
        wide=True,
        notes=(say("As printed in the abstracts or papers that were read; a dash means not printed there."),),
    )
    band = say(
        "In series of {least} or more patients, survival was {three} at 3 years and {five} at 5 years.",
        least=LEAST_IN_BAND,
        three=_band(found, 1),
        five=_band(found, 2),
    )
    return Section(
        title=say("Published series"), lead=f"{band} {told(remarks.SERIES_WARNING)}", tables=(table,)
    )


def _band(found: tuple[PublishedSeries, ...], place: int) -> str:
    rates = [rate for one in found if one.n >= LEAST_IN_BAND and (rate := one.at_years[place])]
    if not rates:
        return wording.NOT_ESTIMABLE
    return _range(min(rate.low for rate in rates), max(rate.high for rate in rates)) + "%"


def _rate(rate: PublishedRate | None) -> str:
    return wording.NOT_ESTIMABLE if rate is None else _range(rate.low, rate.high)


def _range(low: float, high: float) -> str:
    """Write percentages with the digits they were printed with."""
    written = [wording.number(value, 0 if value.is_integer() else 1) for value in (low, high)]
    return written[0] if low == high else "–".join(written)


# --- reporting standards ---------------------------------------------------------------------------------------------


def standards(found: tuple[Note, ...], number: Next) -> Table | None:
    """Print where the items of STROBE and RECORD are answered."""
    if not found:
        return None
    return Table(
        number=number(),
        title=say("Items of STROBE and RECORD"),
        columns=(
            Column(label=say("Item"), align="left"),
            Column(label=say("Where"), align="left", grow=True),
        ),
        rows=tuple(Row(kind="plain", cells=(told(item.title), told(item.text))) for item in found),
        wide=True,
    )
