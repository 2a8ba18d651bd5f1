"""The clinical chapters of a report: patients, operation, early outcome, survival, treatment algorithm.

Pure: numbers in, sentences and tables of strings out.
"""

from __future__ import annotations

from reports import remarks, speech, wording
from reports.content import FlowStep, Group, ReportContent, RuleCount, Share
from reports.printed import Box, Column, Fact, Row, Section, Table
from reports.speech import say, told

MOST_GRADES_IN_WORDS = 2


class Numbers:
    """Hands out table numbers in reading order."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Give the next number."""
        self._last += 1
        return self._last


def grouped(title: str, groups: tuple[Group, ...], number: int, notes: tuple[str, ...]) -> Table:
    """Print Table 1 and its like: a heading with its statistic, then lines; single-line groups stand on one row."""
    rows: list[Row] = []
    for group in groups:
        heading = ", ".join(told(text) for text in (group.heading, group.statistic) if text)
        context = speech.VOCABULARIES.get(group.heading, "")
        remark = _denominator(group)
        if len(group.lines) == 1 and not group.lines[0].label:
            value = group.lines[0].value
            rows.append(
                Row(kind="plain", cells=(heading, wording.main(value), wording.bracket(value)), remark=remark)
            )
            continue
        rows.append(Row(kind="heading", cells=(heading, "", ""), remark=remark))
        rows.extend(
            Row(
                kind="line",
                cells=(told(line.label, context), wording.main(line.value), wording.bracket(line.value)),
            )
            for line in group.lines
        )
    columns = (
        Column(label=say("Item"), align="left", grow=True),
        Column(label=say("Value"), spans=True),
        Column(label="", align="left"),
    )
    footnotes = tuple(told(group.note) for group in groups if group.note)
    return Table(number=number, title=title, columns=columns, rows=tuple(rows), notes=(*footnotes, *notes))


def _denominator(group: Group) -> str:
    """Say how many patients stand behind a group, where that is not all of them."""
    if group.recorded is None or group.applicable is None or group.recorded == group.applicable:
        return ""
    return say(
        "recorded in {n} of {all}", n=wording.number(group.recorded), all=wording.number(group.applicable)
    )


def patients(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print the patient flow and Table 1."""
    if not content.patients and not content.flow:
        return None
    notes = (say("Percentages refer to the patients in whom the item is recorded."),)
    tables = (
        (grouped(say("Patients and tumors"), content.patients, numbers.next(), notes),)
        if content.patients
        else ()
    )
    return Section(
        title=say("Patients"), lead="", flow=tuple(_box(step) for step in content.flow), tables=tables
    )


def _box(step: FlowStep) -> Box:
    value = told(step.hidden) or ("–" if step.n is None else wording.number(step.n))
    left = tuple(Fact(label=told(line.label), value=wording.main(line.value)) for line in step.left)
    return Box(label=told(step.label), value=value, left=left)


def operations(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print what was done and how long it took."""
    if not content.operations:
        return None
    notes = (say("Mean and median are named in each row; brackets hold what the row says."),)
    table = grouped(say("Operation and reconstruction"), content.operations, numbers.next(), notes)
    return Section(title=say("Operation"), lead="", tables=(table,))


def interval_table(title: str, group: Group, number: int, first: str, notes: tuple[str, ...]) -> Table:
    """Print shares with their exact intervals."""
    rows = tuple(
        Row(
            kind="plain",
            cells=(
                told(line.label),
                wording.of_total(line.value),
                wording.bracket(line.value).strip("()") or wording.NOT_ESTIMABLE,
                wording.limits(line.value),
            ),
        )
        for line in group.lines
    )
    columns = (
        Column(label=first, align="left", grow=True),
        Column(label=say("Patients")),
        Column(label=say("Share")),
        Column(label=say("{level} CI, %", level="95%")),
    )
    footnotes = (told(group.note), *notes) if group.note else notes
    return Table(number=number, title=title, columns=columns, rows=rows, notes=footnotes)


def early(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print complications and early events with exact intervals."""
    if content.complications is None and content.early_events is None:
        return None
    tables: list[Table] = []
    if content.complications is not None:
        title = say("Highest Clavien–Dindo grade per patient")
        tables.append(interval_table(title, content.complications, numbers.next(), say("Grade"), ()))
    if content.early_events is not None:
        notes = (
            say(
                "Intervals: Clopper and Pearson. None observed does not mean none possible: the upper limit says how"
                " many."
            ),
        )
        tables.append(
            interval_table(say("Early events"), content.early_events, numbers.next(), say("Event"), notes)
        )
    return Section(title=say("Early outcome"), lead=_early_lead(content), tables=tuple(tables))


def _early_lead(content: ReportContent) -> str:
    sentences: list[str] = []
    if content.complications:
        sentences += _complications_said(content.complications)
    if content.early_events:
        values = [line.value for line in content.early_events.lines if isinstance(line.value, Share)]
        if values and all(value.n == 0 for value in values):
            fewest = min(values, key=lambda value: value.of or 0)
            upper = wording.percent(fewest.upper) if fewest.upper is not None else wording.NOT_ESTIMABLE
            sentences.append(
                say(
                    "No thrombosis, embolism or early death was recorded ({n}, upper 95% bound {upper}).",
                    n=wording.of_total(fewest),
                    upper=upper,
                )
            )
    return " ".join(sentences)


def _complications_said(group: Group) -> list[str]:
    """Name each grade while there are few of them, then only all and major complications."""
    graded = {line.label: line.value for line in group.lines if line.label.startswith("Grade")}
    shares = {label: value for label, value in graded.items() if isinstance(value, Share)}
    seen = {label: value for label, value in shares.items() if value.n}
    if len(seen) <= MOST_GRADES_IN_WORDS:
        return [
            say(
                "Clavien–Dindo grade {grade} was the highest grade in {n} ({share}; 95% CI {interval}).",
                grade=label.partition(" ")[2].removesuffix(" (death)"),
                n=wording.of_total(value),
                share=wording.percent((value.n or 0) / value.of),
                interval=wording.limits(value),
            )
            for label, value in seen.items()
            if value.of
        ]
    if any(value.hidden or not value.of for value in shares.values()):
        return []
    major = sum(value.n or 0 for label, value in shares.items() if label.partition(" ")[2] not in ("I", "II"))
    every, of = sum(value.n or 0 for value in seen.values()), group.recorded or 0
    return [
        say(
            "{n} of {all} patients ({share}) had a complication, {major} ({of_them}) a major one, Clavien–Dindo grade"
            " IIIa or higher.",
            n=wording.number(every),
            all=wording.number(of),
            share=wording.percent(every / of),
            major=wording.number(major),
            of_them=wording.percent(major / of),
        )
    ]


def rules(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print the verdicts of each rule with their denominators."""
    if not content.rules:
        return None
    common = _common_source(content.rules)
    justified = any(rule.justified for rule in content.rules)
    labels = (
        say("Deviation"),
        *((say("Justified"),) if justified else ()),
        say("Not\nassessable"),
        say("Not\napplicable"),
    )
    columns = (
        Column(label=say("Rule"), align="left"),
        Column(label=say("What it expects"), align="left", grow=True),
        Column(label=say("Concordant"), spans=True),
        Column(label="", align="right"),
        *(Column(label=label) for label in labels),
    )
    sources: tuple[str, ...] = ()
    if common:
        sources = (
            say("Source: {source}; the words in quotation marks are the paper's.", source=told(common)),
        )
    if any(rule.sentinel for rule in content.rules):
        sources = (
            say("Of a sentinel rule, the deviations are events to look at, whatever care was given."),
            *sources,
        )
    table = Table(
        number=numbers.next(),
        title=say("Care against the treatment algorithm"),
        wide=True,
        columns=columns,
        rows=tuple(_rule_row(rule, common, justified=justified) for rule in content.rules),
        notes=(
            say(
                "Percentages: concordant of those judged, that is concordant, deviating or justified. Not assessable: "
                "the rule applies or may apply, but a needed item is not recorded. The counts of a row add up to all "
                "patients read."
            ),
            say(
                "A deviation is a prompt for review, not a judgment of care; most rules rest on very few patients."
            ),
            *sources,
        ),
    )
    read = content.rules_read
    lead = ""
    if read is not None:
        lead = say("Each rule was read over {patients}.", patients=wording.counted(read, *remarks.PATIENTS))
    return Section(title=say("Treatment algorithm"), lead=lead, tables=(table,))


def _common_source(rules: tuple[RuleCount, ...]) -> str:
    """Find the reference that all rules share, to print it once below the table."""
    references = {rule.source.partition(": ")[0] for rule in rules}
    return references.pop() if len(references) == 1 else ""


def _rule_row(rule: RuleCount, common: str, *, justified: bool) -> Row:
    said = rule.source.removeprefix(common).removeprefix(": ") if common else rule.source
    counts = (
        rule.deviation,
        *((rule.justified,) if justified else ()),
        rule.not_assessable,
        rule.not_applicable,
    )
    share = ""
    if rule.concordant is not None and rule.deviation is not None and rule.justified is not None:
        judged = rule.concordant + rule.deviation + rule.justified
        share = f"({wording.percent(rule.concordant / judged)})" if judged else ""
    cells = (
        rule.rule,
        told(rule.title),
        _counted(rule, rule.concordant),
        share,
        *(_counted(rule, n) for n in counts),
    )
    remark = " · ".join(part for part in (told(rule.severity, "severity"), told(said)) if part)
    return Row(kind="plain", cells=cells, remark=remark)


def _counted(rule: RuleCount, n: int | None) -> str:
    return (told(rule.hidden) or wording.NOT_ESTIMABLE) if n is None else wording.number(n)
