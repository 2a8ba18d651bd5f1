"""Content to printed report: the front page, the order of the chapters, data quality and methods.

Pure: the same content gives the same strings.
"""

from __future__ import annotations

from reports import chapters, survival_chapter, wording
from reports.content import MissingCount, Rate, ReportContent, Share, Value
from reports.printed import Column, Fact, PrintedReport, Row, Section, Table


def printed(content: ReportContent) -> PrintedReport:
    """Lay the content out in the order of the report."""
    numbers = chapters.Numbers()
    sections = [
        chapters.patients(content, numbers),
        chapters.operations(content, numbers),
        chapters.early(content, numbers),
        survival_chapter.chapter(content.survival, numbers.next),
        chapters.rules(content, numbers),
        _missing(content, numbers),
    ]
    return PrintedReport(
        title=content.title,
        subtitle=content.subtitle,
        banner=content.banner,
        cut=wording.day(content.as_of),
        facts=_facts(content),
        headlines=tuple(_headline(item.label, item.value, item.detail) for item in content.headlines),
        figure=survival_chapter.figure(content.survival),
        sections=tuple(section for section in sections if section is not None),
        notes=tuple(Fact(label=note.title, value=note.text) for note in content.notes),
        methods=_methods(content),
    )


def _facts(content: ReportContent) -> tuple[Fact, ...]:
    names = {
        "clinical": "Clinical registry data",
        "literature": "Published cases",
        "reconstruction": "Reconstruction from a published abstract",
        "synthetic": "Synthetic data",
    }
    years = wording.years(content.operated_from, content.operated_to)
    operated = (Fact(label="Operated", value=years),) if years else ()
    scope = () if content.scope == names[content.source] else (Fact(label="Scope", value=content.scope),)
    return (
        Fact(label="Data cut", value=wording.day(content.as_of)),
        Fact(label="Data", value=names[content.source]),
        *scope,
        Fact(label="Centers", value=wording.number(content.centers)),
        *operated,
    )


def _headline(label: str, value: Value, detail: str) -> Fact:
    """Big figure, with what qualifies it underneath."""
    if isinstance(value, Share):
        big = value.hidden or (
            wording.percent(value.n / value.of) if value.n is not None and value.of else "–"
        )
        below = f"{wording.of_total(value)}; 95% CI {wording.limits(value)}"
        return Fact(label=label, value=big, detail=detail or below)
    interval = f"95% CI {wording.limits(value)}" if isinstance(value, Rate) else ""
    return Fact(label=label, value=wording.main(value), detail=detail or interval)


def _missing(content: ReportContent, numbers: chapters.Numbers) -> Section | None:
    if not content.missing:
        return None
    rows: list[Row] = []
    form = ""
    for item in content.missing:
        if item.form != form:
            form = item.form
            rows.append(Row(kind="heading", cells=(form, "", "", "")))
        rows.append(_missing_row(item))
    columns = (
        Column(label="Item", align="left", grow=True),
        Column(label="Recorded"),
        Column(label="Applies to"),
        Column(label="Complete"),
    )
    number = numbers.next()
    table = Table(number=number, title="Completeness of the items used", columns=columns, rows=tuple(rows))
    lead = "No date had to be completed."
    if content.imputed_dates is None:
        lead = "How many dates are known only to the month or year is withheld."
    elif content.imputed_dates:
        dates = wording.counted(content.imputed_dates, "date is", "dates are")
        lead = f"{dates} known only to the month or year; the 15th of the month or 1 July stands in."
    return Section(title="Data quality", lead=lead, tables=(table,))


def _missing_row(item: MissingCount) -> Row:
    applicable = "–" if item.applicable is None else wording.number(item.applicable)
    if item.recorded is None:
        return Row(kind="line", cells=(item.variable, item.hidden or "–", applicable, "–"))
    share = item.recorded / item.applicable if item.applicable else None
    complete = wording.percent(share) if share is not None else wording.NOT_ESTIMABLE
    cells = (item.variable, wording.number(item.recorded), applicable, complete)
    return Row(kind="line", cells=cells, bar=share)


def _methods(content: ReportContent) -> tuple[Fact, ...]:
    methods = content.methods
    facts = [
        Fact(label="Data cut", value=f"{wording.day(content.as_of)}; data digest {methods.data_digest[:16]}"),
        Fact(label="Definitions", value=" ".join(methods.definitions)),
        Fact(label="Intervals", value=methods.intervals),
        Fact(label="Small numbers", value=methods.suppression),
        Fact(label="Rulebooks", value=", ".join(methods.rulebooks)),
        Fact(
            label="Versions",
            value=f"report {methods.report_version}; code {methods.code_version}; {', '.join(methods.software)}",
        ),
    ]
    return tuple(fact for fact in facts if fact.value)
