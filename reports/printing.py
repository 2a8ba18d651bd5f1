"""Content to printed report: the front page, the order of the chapters, data quality and methods.

Pure: the same content gives the same strings.
"""

from __future__ import annotations

from dataclasses import replace

from reports import (
    center_chapter,
    chapters,
    context_chapters,
    course_chapters,
    outcome_chapters,
    regression_chapter,
    speech,
    survival_chapter,
    wording,
)
from reports.content import Group, MissingCount, Rate, ReportContent, Share, Value
from reports.printed import Column, Fact, Figure, PrintedReport, Row, Section, Table, Words
from reports.remarks import mark, mark_many
from reports.speech import say, told, voice

IMPUTED = mark_many(
    "{n} date is known only to the month or year; the 15th of the month or 1 July stands in.",
    "{n} dates are known only to the month or year; the 15th of the month or 1 July stands in.",
)


def printed(content: ReportContent) -> PrintedReport:
    """Lay the content out in the order of the report."""
    numbers, pictures = chapters.Numbers(), chapters.Numbers()
    first = _first_page(content, pictures)
    sections = [
        _mailed(context_chapters.changes(content.changes, numbers.next)),
        center_chapter.chapter(content.center_page, content.funnels, numbers.next, pictures.next),
        chapters.patients(content, numbers),
        chapters.operations(content, numbers),
        _mailed(_early(content, numbers)),
        _mailed(_survival(content, numbers, pictures)),
        outcome_chapters.from_diagnosis(content.from_diagnosis, numbers.next, pictures.next),
        *(_mailed(outcome_chapters.chapter(one, numbers.next, pictures.next)) for one in content.outcomes),
        course_chapters.recurrence(content.recurrences, content.after_recurrence, numbers, pictures),
        course_chapters.graft(content.graft, numbers),
        course_chapters.kidneys(content.kidneys, numbers),
        context_chapters.subgroups(content.subgroups, content.survival, numbers.next, pictures.next),
        regression_chapter.chapter(content.regression, numbers.next),
        chapters.rules(content, numbers),
        _missing(content, numbers),
        context_chapters.series(content.series, numbers.next),
    ]
    standards = context_chapters.standards(content.standards, numbers.next)
    return PrintedReport(
        language=voice().language,
        region=voice().region,
        words=_words(has_more=any(section.figures for section in sections if section)),
        title=told(content.title),
        subtitle=told(content.subtitle),
        banner=told(content.banner),
        cut=wording.day(content.as_of),
        facts=_facts(content),
        headlines=tuple(_headline(item.label, item.value, item.detail) for item in content.headlines),
        figures=first,
        sections=tuple(section for section in sections if section is not None),
        notes=tuple(Fact(label=told(note.title), value=told(note.text)) for note in content.notes),
        methods=_methods(content),
        standards=() if standards is None else (standards,),
    )


def for_mail(report: PrintedReport) -> PrintedReport:
    """Keep the sections that a mail carries; one sentence names the others."""
    left = tuple(section.title for section in report.sections if not section.in_mail)
    parts = wording.listed((*left, report.words.methods))
    return replace(
        report,
        words=replace(report.words, attached=say("In the attached PDF: {parts}.", parts=parts)),
        sections=tuple(section for section in report.sections if section.in_mail),
        methods=(),
        standards=(),
    )


def _mailed(section: Section | None) -> Section | None:
    return replace(section, in_mail=True) if section else None


def _first_page(content: ReportContent, pictures: chapters.Numbers) -> tuple[Figure, ...]:
    """Overall survival stands on the first page."""
    if content.survival is None or not content.survival.curves:
        return ()
    return (survival_chapter.figure(content.survival, "survival", pictures.next()),)


def _early(content: ReportContent, numbers: chapters.Numbers) -> Section | None:
    section = chapters.early(content, numbers)
    more = course_chapters.short_term(content.short_term, numbers)
    if section is None:
        return Section(title=say("Early outcome"), lead="", tables=more) if more else None
    return replace(section, tables=(*section.tables, *more))


def _survival(
    content: ReportContent, numbers: chapters.Numbers, pictures: chapters.Numbers
) -> Section | None:
    section = survival_chapter.chapter(content.survival, numbers.next)
    if section is None:
        return None
    more = outcome_chapters.prognosis(content.prognosis, numbers.next)
    late = content.from_day_90
    lead = f"{section.lead} {told(late.note)}" if late and late.curves else section.lead
    drawn = (survival_chapter.figure(late, "from_day_90", pictures.next()),) if late and late.curves else ()
    return replace(section, lead=lead, figures=drawn, tables=(*section.tables, *more))


def _words(*, has_more: bool) -> Words:
    return Words(
        kind=say("Survival report"),
        registry=say("Registry of leiomyosarcoma of the inferior vena cava"),
        cut=say("Data cut"),
        footer=say("Aggregate figures only; no individual patient is shown."),
        attached=say("The same report is attached as PDF."),
        without_figure=say("The PDF shows the figures.")
        if has_more
        else say("The PDF shows the survival curve."),
        table=say("Table"),
        figure=say("Figure"),
        notes=say("Notes"),
        methods=say("Methods"),
        left=say("left:"),
        left_begins=say("Left:"),
        pages=say("{page} of {pages}", page="{page}", pages="{pages}"),
    )


def _facts(content: ReportContent) -> tuple[Fact, ...]:
    names = {
        "clinical": mark("Clinical registry data"),
        "literature": mark("Published cases"),
        "reconstruction": mark("Reconstruction from a published abstract"),
        "synthetic": mark("Synthetic data"),
    }
    years = wording.years(content.operated_from, content.operated_to)
    operated = (Fact(label=say("Operated"), value=years),) if years else ()
    scope = (
        ()
        if content.scope == names[content.source]
        else (Fact(label=say("Scope"), value=speech.told_scope(content.scope)),)
    )
    return (
        Fact(label=say("Data cut"), value=wording.day(content.as_of)),
        Fact(label=say("Data"), value=told(names[content.source])),
        *scope,
        Fact(label=say("Centers"), value=wording.number(content.centers)),
        *operated,
    )


def _headline(label: str, value: Value, detail: str) -> Fact:
    """Big figure, with what qualifies it underneath."""
    if isinstance(value, Share):
        big = told(value.hidden) or (
            wording.percent(value.n / value.of) if value.n is not None and value.of else "–"
        )
        limits = wording.limits(value)
        below = say("{n}; 95% CI {interval}", n=wording.of_total(value), interval=limits)
        return Fact(label=told(label), value=big, detail=told(detail) or below)
    interval = say("95% CI {interval}", interval=wording.limits(value)) if isinstance(value, Rate) else ""
    return Fact(label=told(label), value=wording.main(value), detail=told(detail) or interval)


def _missing(content: ReportContent, numbers: chapters.Numbers) -> Section | None:
    if not content.missing:
        return None
    rows: list[Row] = []
    form = ""
    for item in content.missing:
        if item.form != form:
            form = item.form
            rows.append(Row(kind="heading", cells=(told(form), "", "", "")))
        rows.append(_missing_row(item))
    columns = (
        Column(label=say("Item"), align="left", grow=True),
        Column(label=say("Recorded")),
        Column(label=say("Applies to")),
        Column(label=say("Complete")),
    )
    number = numbers.next()
    table = Table(
        number=number, title=say("Completeness of the items used"), columns=columns, rows=tuple(rows)
    )
    lead = say("No date had to be completed.")
    if content.imputed_dates is None:
        lead = say("How many dates are known only to the month or year is withheld.")
    elif content.imputed_dates:
        lead = wording.counted(content.imputed_dates, *IMPUTED)
    if content.entry is not None:
        lead = f"{_entry(content.entry)} {lead}".strip()
    if content.follow_up is not None:
        lead = f"{_follow_up(content.follow_up)} {lead}"
    return Section(title=say("Data quality"), lead=lead, tables=(table, *_queries(content, numbers)))


def _entry(group: Group) -> str:
    """Say how late cases were entered; nothing where that is withheld."""
    (line,) = group.lines
    if line.value.hidden:
        return ""
    days = f"{wording.main(line.value)} {wording.bracket(line.value)}".strip()
    return say(
        "{what}: {statistic} {days}.", what=told(group.heading), statistic=told(group.statistic), days=days
    )


def _queries(content: ReportContent, numbers: chapters.Numbers) -> tuple[Table, ...]:
    if not content.queries:
        return ()
    columns = (
        Column(label=say("Rule"), align="left"),
        Column(label=say("What is asked"), align="left", grow=True),
        Column(label=say("Open")),
        Column(label=say("Cases")),
    )
    rows = tuple(
        Row(
            kind="plain",
            cells=(one.rule, told(one.title), wording.number(one.queries), wording.number(one.cases)),
        )
        for one in content.queries
    )
    note = say("Open when the report was made, whatever its data cut.")
    title = say("Open data queries")
    return (Table(number=numbers.next(), title=title, columns=columns, rows=rows, notes=(note,)),)


def _follow_up(share: float) -> str:
    return say(
        "Follow-up is {share} complete: so much of the time until death or the data cut was observed (Clark).",
        share=wording.percent(share, 0),
    )


def _missing_row(item: MissingCount) -> Row:
    applicable = "–" if item.applicable is None else wording.number(item.applicable)
    if item.recorded is None:
        return Row(kind="line", cells=(told(item.variable), told(item.hidden) or "–", applicable, "–"))
    share = item.recorded / item.applicable if item.applicable else None
    complete = wording.percent(share) if share is not None else wording.NOT_ESTIMABLE
    cells = (told(item.variable), wording.number(item.recorded), applicable, complete)
    return Row(kind="line", cells=cells, bar=share)


def _methods(content: ReportContent) -> tuple[Fact, ...]:
    methods = content.methods
    facts = [
        Fact(
            label=say("Data cut"),
            value=say(
                "{day}; data digest {digest}",
                day=wording.day(content.as_of),
                digest=methods.data_digest[:16],
            ),
        ),
        Fact(label=say("Definitions"), value=" ".join(map(told, methods.definitions))),
        Fact(label=say("Intervals"), value=told(methods.intervals)),
        Fact(label=say("Small numbers"), value=told(methods.suppression)),
        Fact(label=say("Rulebooks"), value=", ".join(map(told, methods.rulebooks))),
        Fact(
            label=say("Versions"),
            value=say(
                "report {report}; code {code}; {software}",
                report=methods.report_version,
                code=methods.code_version,
                software=", ".join(methods.software),
            ),
        ),
    ]
    return tuple(fact for fact in facts if fact.value)
