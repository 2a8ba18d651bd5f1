"""A report as plain strings in reading order, the common ground of PDF, HTML and text.

Three skins over one PrintedReport cannot say different things. Values only: `printing` makes them, `documents`
draws them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right", "center"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A table column; `grow` lets it take the width that is left, `spans` puts its label over the next one too."""

    label: str
    align: Align = "right"
    grow: bool = False
    spans: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A table row: a heading over lines, a line under a heading, or a plain row. `bar` draws a share from 0 to 1."""

    kind: Literal["heading", "line", "plain"]
    cells: tuple[str, ...]
    remark: str = ""
    bar: float | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A numbered table."""

    number: int
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    wide: bool = False  # takes the whole width of the page


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A numbered figure; `name` finds what is drawn, `alternative` is read to those who do not see it."""

    number: int
    name: str
    title: str
    caption: str
    alternative: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A labeled value of the summary box; `detail` is its interval or denominator."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box of the patient flow and who left before the next one."""

    label: str
    value: str
    left: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A chapter: a heading, a paragraph that says it in words, the patient flow in the first, figures, then tables."""

    title: str
    lead: str
    flow: tuple[Box, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    is_whole: bool = False  # stands on one page
    in_mail: bool = False  # a mail program cuts long mails off: they carry these alone, and the whole as PDF


@dataclass(frozen=True, kw_only=True)
class Words:
    """What every report says around its content."""

    kind: str
    registry: str
    cut: str
    footer: str
    attached: str
    without_figure: str
    table: str
    figure: str
    notes: str
    methods: str
    left: str
    left_begins: str  # the same at the beginning of a line
    pages: str  # with {page} and {pages}


@dataclass(frozen=True, kw_only=True)
class PrintedReport:
    """All strings of a report in reading order, in one language."""

    language: str
    region: str
    words: Words
    title: str
    subtitle: str
    banner: str
    cut: str
    facts: tuple[Fact, ...]
    headlines: tuple[Fact, ...]
    figures: tuple[Figure, ...]  # of the first page
    sections: tuple[Section, ...]
    notes: tuple[Fact, ...]
    methods: tuple[Fact, ...]
    standards: tuple[Table, ...] = ()  # below the methods

    @property
    def every_figure(self) -> tuple[Figure, ...]:
        """All figures in reading order."""
        return (*self.figures, *(figure for section in self.sections for figure in section.figures))
