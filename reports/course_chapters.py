"""The chapters of what came after the operation: graft and veins, kidneys. Pure: numbers in, strings out."""

from __future__ import annotations

from reports import chapters
from reports.chapters import Numbers
from reports.content import Group
from reports.printed import Section
from reports.speech import say


def graft(groups: tuple[Group, ...], numbers: Numbers) -> Section | None:
    """Print what befell graft and veins; how long grafts stay open is a chapter of its own."""
    if not groups:
        return None
    lead = say("How long grafts stay open is told under graft occlusion.")
    table = chapters.grouped(say("Graft, leg edema and antithrombotic treatment"), groups, numbers.next(), ())
    return Section(title=say("Graft and veins"), lead=lead, tables=(table,))


def kidneys(groups: tuple[Group, ...], numbers: Numbers) -> Section | None:
    """Print kidney injury, function before and after, and what was done to the renal veins."""
    if not groups:
        return None
    lead = say("Stages are those of KDIGO; dialysis is stage 3.")
    table = chapters.grouped(say("Kidney injury, renal function and renal veins"), groups, numbers.next(), ())
    return Section(title=say("Renal function"), lead=lead, tables=(table,))
