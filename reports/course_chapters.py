"""What followed the operation: the first 90 days, recurrence, graft, kidneys. Pure: numbers in, strings out."""

from __future__ import annotations

from reports import chapters, survival_chapter
from reports.chapters import Numbers
from reports.content import Group
from reports.printed import Figure, Section, Table
from reports.speech import say, told
from reports.survival_content import Survival


def graft(groups: tuple[Group, ...], numbers: Numbers) -> Section | None:
    """Print what befell graft and veins; how long grafts stay open is a chapter of its own."""
    if not groups:
        return None
    lead = say("How long grafts stay open is told under graft occlusion.")
    early, others = _apart(groups)
    tables = _intervals(early, numbers)
    if others:
        title = say("Graft, leg edema and antithrombotic treatment")
        tables = (*tables, chapters.grouped(title, others, numbers.next(), ()))
    return Section(title=say("Graft and veins"), lead=lead, tables=tables)


def _apart(groups: tuple[Group, ...]) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Groups whose lines each have a denominator of their own, which has to be printed; and the others."""
    own = tuple(group for group in groups if not group.exclusive and group.statistic == "n")
    return own, tuple(group for group in groups if group not in own)


def _intervals(groups: tuple[Group, ...], numbers: Numbers) -> tuple[Table, ...]:
    return tuple(
        chapters.interval_table(told(group.heading), group, numbers.next(), say("Event"), ())
        for group in groups
    )


def kidneys(groups: tuple[Group, ...], numbers: Numbers) -> Section | None:
    """Print kidney injury, function before and after, and what was done to the renal veins."""
    if not groups:
        return None
    lead = say("Stages are those of KDIGO; dialysis is stage 3.")
    table = chapters.grouped(say("Kidney injury, renal function and renal veins"), groups, numbers.next(), ())
    return Section(title=say("Renal function"), lead=lead, tables=(table,))


def short_term(groups: tuple[Group, ...], numbers: Numbers) -> tuple[Table, ...]:
    """Print shares with their exact intervals, then what was measured."""
    shares, measured = _apart(groups)
    tables = _intervals(shares, numbers)
    if measured:
        tables = (
            *tables,
            chapters.grouped(say("Stay and burden of complications"), measured, numbers.next(), ()),
        )
    return tables


def recurrence(
    groups: tuple[Group, ...], after: Survival | None, numbers: Numbers, pictures: Numbers
) -> Section | None:
    """Print the first recurrence, and survival from there on."""
    if not groups and after is None:
        return None
    tables = (chapters.grouped(say("First recurrence"), groups, numbers.next(), ()),) if groups else ()
    lead = ""
    figures: tuple[Figure, ...] = ()
    if after is not None:
        lead = survival_chapter.lead(after)
        figures = (
            (survival_chapter.figure(after, "after_recurrence", pictures.next()),) if after.curves else ()
        )
        if after.estimates:
            tables = (*tables, survival_chapter.fixed_times(after, numbers.next()))
    return Section(title=say("Recurrence"), lead=lead, figures=figures, tables=tables)
