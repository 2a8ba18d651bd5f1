"""The clinical chapters of a report: patients, operation, early outcome, survival, treatment algorithm.

Pure: numbers in, sentences and tables of strings out.
"""

from __future__ import annotations

from reports import wording
from reports.content import FlowStep, Group, ReportContent, RuleCount, Share
from reports.printed import Box, Column, Fact, Row, Section, Table

MOST_GRADES_IN_WORDS = 2


class Numbers:
    """Hands out table numbers in reading order."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Give the next number."""
        self._last += 1
        return self._last


def _grouped(title: str, groups: tuple[Group, ...], number: int, notes: tuple[str, ...]) -> Table:
    """Table 1 and Table 2: a heading with its statistic, then lines; single-line groups stand on one row."""
    rows: list[Row] = []
    for group in groups:
        heading = f"{group.heading}, {group.statistic}" if group.statistic else group.heading
        remark = _denominator(group)
        if len(group.lines) == 1 and not group.lines[0].label:
            value = group.lines[0].value
            rows.append(
                Row(kind="plain", cells=(heading, wording.main(value), wording.bracket(value)), remark=remark)
            )
            continue
        rows.append(Row(kind="heading", cells=(heading, "", ""), remark=remark))
        rows.extend(
            Row(kind="line", cells=(line.label, wording.main(line.value), wording.bracket(line.value)))
            for line in group.lines
        )
    columns = (
        Column(label="Item", align="left", grow=True),
        Column(label="Value", spans=True),
        Column(label="", align="left"),
    )
    footnotes = tuple(group.note for group in groups if group.note)
    return Table(number=number, title=title, columns=columns, rows=tuple(rows), notes=(*footnotes, *notes))


def _denominator(group: Group) -> str:
    """Say how many patients stand behind a group, where that is not all of them."""
    if group.recorded is None or group.applicable is None or group.recorded == group.applicable:
        return ""
    return f"recorded in {wording.number(group.recorded)} of {wording.number(group.applicable)}"


def patients(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print the patient flow and Table 1."""
    if not content.patients and not content.flow:
        return None
    notes = ("Percentages refer to the patients in whom the item is recorded.",)
    tables = (
        (_grouped("Patients and tumors", content.patients, numbers.next(), notes),)
        if content.patients
        else ()
    )
    return Section(title="Patients", lead="", flow=tuple(_box(step) for step in content.flow), tables=tables)


def _box(step: FlowStep) -> Box:
    value = step.hidden or ("–" if step.n is None else wording.number(step.n))
    left = tuple(Fact(label=line.label, value=wording.main(line.value)) for line in step.left)
    return Box(label=step.label, value=value, left=left)


def operations(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print what was done and how long it took."""
    if not content.operations:
        return None
    notes = ("Mean and median are named in each row; brackets hold what the row says.",)
    table = _grouped("Operation and reconstruction", content.operations, numbers.next(), notes)
    return Section(title="Operation", lead="", tables=(table,))


def _interval_table(title: str, group: Group, number: int, first: str, notes: tuple[str, ...]) -> Table:
    rows = tuple(
        Row(
            kind="plain",
            cells=(
                line.label,
                wording.of_total(line.value),
                wording.bracket(line.value).strip("()") or wording.NOT_ESTIMABLE,
                wording.limits(line.value),
            ),
        )
        for line in group.lines
    )
    columns = (
        Column(label=first, align="left", grow=True),
        Column(label="Patients"),
        Column(label="Share"),
        Column(label="95% CI, %"),
    )
    footnotes = (group.note, *notes) if group.note else notes
    return Table(number=number, title=title, columns=columns, rows=rows, notes=footnotes)


def early(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print complications and early events with exact intervals."""
    if content.complications is None and content.early_events is None:
        return None
    tables: list[Table] = []
    if content.complications is not None:
        title = "Highest Clavien–Dindo grade per patient"
        tables.append(_interval_table(title, content.complications, numbers.next(), "Grade", ()))
    if content.early_events is not None:
        notes = (
            "Intervals: Clopper and Pearson. None observed does not mean none possible: the upper limit says how many.",
        )
        tables.append(_interval_table("Early events", content.early_events, numbers.next(), "Event", notes))
    return Section(title="Early outcome", lead=_early_lead(content), tables=tuple(tables))


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
                "No thrombosis, embolism or early death was recorded "
                f"({wording.of_total(fewest)}, upper 95% bound {upper})."
            )
    return " ".join(sentences)


def _complications_said(group: Group) -> list[str]:
    """Name each grade while there are few of them, then only all and major complications."""
    graded = {line.label: line.value for line in group.lines if line.label.startswith("Grade")}
    shares = {label: value for label, value in graded.items() if isinstance(value, Share)}
    seen = {label: value for label, value in shares.items() if value.n}
    if len(seen) <= MOST_GRADES_IN_WORDS:
        return [
            f"Clavien–Dindo {label[0].lower()}{label[1:]} was the highest grade in {wording.of_total(value)} "
            f"({wording.percent((value.n or 0) / value.of)}; 95% CI {wording.limits(value)})."
            for label, value in seen.items()
            if value.of
        ]
    if any(value.hidden or not value.of for value in shares.values()):
        return []
    major = sum(value.n or 0 for label, value in shares.items() if label.partition(" ")[2] not in ("I", "II"))
    every, of = sum(value.n or 0 for value in seen.values()), group.recorded or 0
    return [
        f"{wording.number(every)} of {wording.number(of)} patients ({wording.percent(every / of)}) had a complication, "
        f"{wording.number(major)} ({wording.percent(major / of)}) a major one, Clavien–Dindo grade IIIa or higher."
    ]


def rules(content: ReportContent, numbers: Numbers) -> Section | None:
    """Print the verdicts of each rule with their denominators."""
    if not content.rules:
        return None
    common = _common_source(content.rules)
    justified = any(rule.justified for rule in content.rules)
    labels = ("Deviation", *(("Justified",) if justified else ()), "Not\nassessable", "Not\napplicable")
    columns = (
        Column(label="Rule", align="left"),
        Column(label="What it expects", align="left", grow=True),
        Column(label="Concordant", spans=True),
        Column(label="", align="right"),
        *(Column(label=label) for label in labels),
    )
    sources = (f"Source: {common}; the words in quotation marks are the paper's.",) if common else ()
    if any(rule.sentinel for rule in content.rules):
        sources = (
            "Of a sentinel rule, the deviations are events to look at, whatever care was given.",
            *sources,
        )
    table = Table(
        number=numbers.next(),
        title="Care against the treatment algorithm",
        wide=True,
        columns=columns,
        rows=tuple(_rule_row(rule, common, justified=justified) for rule in content.rules),
        notes=(
            "Percentages: concordant of those judged, that is concordant, deviating or justified. Not assessable: the "
            "rule applies or may apply, but a needed item is not recorded. The counts of a row add up to all "
            "patients read.",
            "A deviation is a prompt for review, not a judgment of care; most rules rest on very few patients.",
            *sources,
        ),
    )
    read = content.rules_read
    lead = "" if read is None else f"Each rule was read over {wording.counted(read, 'patient', 'patients')}."
    return Section(title="Treatment algorithm", lead=lead, tables=(table,))


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
        rule.title,
        _counted(rule, rule.concordant),
        share,
        *(_counted(rule, n) for n in counts),
    )
    return Row(kind="plain", cells=cells, remark=" · ".join(part for part in (rule.severity, said) if part))


def _counted(rule: RuleCount, n: int | None) -> str:
    return (rule.hidden or wording.NOT_ESTIMABLE) if n is None else wording.number(n)
