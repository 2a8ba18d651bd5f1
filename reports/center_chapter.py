"""The page of one center beside all others. Pure: numbers in, strings out."""

from __future__ import annotations

from collections.abc import Callable

from reports import remarks, wording
from reports.content import CenterPage, Compared, Funnel, Share
from reports.printed import Column, Figure, Row, Section, Table
from reports.speech import say, told

Next = Callable[[], int]


def chapter(
    page: CenterPage | None, funnels: tuple[Funnel, ...], number: Next, picture: Next
) -> Section | None:
    """Print the shares of the center, of all others, and the limits of chance."""
    if page is None:
        return None
    columns = (
        Column(label=say("Item"), align="left", grow=True),
        Column(label=say("This center")),
        Column(label=say("{level} CI, %", level="95%")),
        Column(label=say("All others")),
        Column(label=say("Limits of {level}, %", level="95%")),
        Column(label=say("Limits of {level}, %", level=f"{wording.number(99.8, 1)}%")),
    )
    follow_up = (
        say("Completeness of follow-up"),
        _percent(page.follow_up, 1),
        wording.NOT_ESTIMABLE,
        _percent(page.others_follow_up, 0),
        wording.NOT_ESTIMABLE,
        wording.NOT_ESTIMABLE,
    )
    table = Table(
        number=number(),
        title=say("This center and all others"),
        columns=columns,
        rows=(
            *(Row(kind="plain", cells=_cells(line)) for line in page.lines),
            Row(kind="plain", cells=follow_up),
        ),
        notes=(
            say(
                "Intervals of Clopper and Pearson. Limits, from 10 patients of the center and 5 centers on: where a"
                " share of as many patients lies by chance, were the share of all others true of them"
                " (Spiegelhalter). Nothing is adjusted for risk."
            ),
            say(
                "A share beyond the limits asks for a check of the data first, then for an answer of the center."
                " Centers are never ranked."
            ),
        ),
        wide=True,
    )
    drawn = (_figure(funnels, picture()),) if funnels else ()
    return Section(title=say("This center"), lead=_lead(page), figures=drawn, tables=(table,), is_whole=True)


def funnel_title() -> str:
    """Name the figure of the funnels."""
    return say("This center within the limits of chance")


def _figure(funnels: tuple[Funnel, ...], number: int) -> Figure:
    return Figure(
        number=number,
        name="funnels",
        title=funnel_title(),
        caption=say(
            "Square: this center. Lines: the share of all others (broken), and the limits between which a center of any"
            " size lies by chance, were it true of that center (inner 95%, outer 99.8%). No other center is drawn."
        ),
        alternative=" ".join(told_of(funnel) for funnel in funnels),
    )


def told_of(funnel: Funnel) -> str:
    """Say where the center stands, for those who do not see the figure."""
    place = funnel.sizes.index(funnel.of)
    low, high = funnel.lower[place], funnel.upper[place]
    own = funnel.n / funnel.of
    words = {
        "item": told(funnel.label),
        "share": wording.percent(own),
        "interval": wording.interval(low, high),
    }
    if low <= own <= high:
        return say("{item}: {share}, within the limits of {interval}%.", **words)
    return say("{item}: {share}, beyond the limits of {interval}%.", **words)


def _lead(page: CenterPage) -> str:
    own = wording.counted(page.patients, *remarks.PATIENTS)
    if page.others is None:
        return say("{patients} with an index resection. Others are too few to be shown.", patients=own)
    others = wording.counted(page.others, *remarks.PATIENTS)
    return say(
        "{patients} with an index resection, beside {others} of all other centers together, rounded to 5.",
        patients=own,
        others=others,
    )


def _cells(line: Compared) -> tuple[str, ...]:
    return (
        told(line.label),
        _share(line.own),
        wording.limits(line.own),
        wording.NOT_ESTIMABLE if line.others is None else _share(line.others),
        *(
            wording.interval(*limits) if limits else wording.NOT_ESTIMABLE
            for limits in (line.limits, line.outer_limits)
        ),
    )


def _share(share: Share) -> str:
    return f"{wording.of_total(share)} {wording.bracket(share)}".strip()


def _percent(share: float | None, decimals: int) -> str:
    return wording.NOT_ESTIMABLE if share is None else wording.percent(share, decimals)
